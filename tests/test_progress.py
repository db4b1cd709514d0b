"""Progress is told while work is going on, shown to people only, and never in the way."""

import io
import sys
import threading

import pytest

from artnb import progress as module
from artnb.progress import Progress, Stopped
from artnb.repository import Content
from artnb.store.working import each

MIB = 1 << 20


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def terminal(monkeypatch):
    """Puts a terminal in the place of stderr; in the test, for pytest does so too before it."""

    def put():
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        return stream

    return put


def test_short_work_shows_and_tells_nothing(clock, terminal):
    terminal, told = terminal(), []
    with Progress("Adding x", 10, lambda *seen: told.append(seen), quiet=False) as progress:
        for _ in range(10):
            progress.advance(1)
    assert (told, terminal.getvalue()) == ([], "")


def test_long_work_shows_a_line_and_wipes_it(clock, terminal):
    terminal, told = terminal(), []
    with Progress("Adding x", 8 * MIB, lambda *seen: told.append(seen), quiet=False) as progress:
        for _ in range(8):
            clock[0] += 0.3
            progress.advance(MIB)
    text = terminal.getvalue()
    assert "Adding x:  50% of 8.0 MiB, 3.3 MiB/s" in text
    assert text.endswith("\r" + " " * 78 + "\r")
    assert all(len(line) <= 78 for line in text.split("\r"))
    assert told[0] == (MIB, 8 * MIB)
    assert told[-1] == (8 * MIB, 8 * MIB)
    assert len(told) == 9


@pytest.mark.parametrize("where", ["quiet", "file", "none"])
def test_nothing_is_shown_where_nobody_looks(clock, monkeypatch, terminal, where):
    stream = {"quiet": terminal(), "file": io.StringIO(), "none": None}[where]
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("Adding x", 900 * MIB, quiet=where == "quiet") as progress:
        clock[0] += 5
        progress.advance(MIB)
    assert stream is None or stream.getvalue() == ""


def test_a_closed_terminal_is_no_error(clock, terminal):
    terminal = terminal()
    with Progress("Adding x", 900 * MIB, quiet=False) as progress:
        terminal.close()
        clock[0] += 5
        progress.advance(MIB)


def test_workers_learn_that_the_work_is_given_up():
    """The others end at their next step, and those that wait never begin."""
    begun, ended = [], []
    reached = threading.Barrier(2, timeout=60)

    def work(item):
        begun.append(item)
        if item < 2:
            reached.wait()
        if item == 0:
            raise KeyboardInterrupt
        try:
            while True:
                progress.advance(0)
        except Stopped:
            ended.append(item)
            raise

    with Progress() as progress, pytest.raises(KeyboardInterrupt):
        each(work, range(50), workers=2, progress=progress)
    # A worker that is free may begin another before the interrupt is seen.
    assert sorted(ended) == sorted(begun)[1:]
    assert 1 in ended
    assert len(begun) < 50
    assert each(lambda n: n * n, range(9), workers=3) == [n * n for n in range(9)]


def test_events_say_which_artifact_of_which_run(repository, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_EVERY", 0.0)
    seen = []
    stop = repository.subscribe(lambda event: event.kind == "progress" and seen.append(event))
    run = repository.start_run("demo")
    path = tmp_path / "big.bin"
    path.write_bytes(bytes(9 * MIB))
    staged = repository.stage(path, "thing")
    adding = list(seen)
    made = repository.commit("demo", "thing", "dataset", [Content("b", staged)], run_id=run.id)
    logging = seen[len(adding) :]
    repository.download(made.version, tmp_path / "out")
    downloading = seen[len(adding) + len(logging) :]
    stop()
    for events, name, owner in (
        (adding, "thing", run.id),
        (logging, "thing", run.id),
        (downloading, "thing:v0", None),
    ):
        assert {(e.project, e.run, e.name) for e in events} == {("demo", owner, name)}
        assert events[-1].done == events[-1].total >= 9 * MIB
        assert [e.done for e in events] == sorted(e.done for e in events)
    repository.finish_run(run.id)
    repository.stage(path, "thing")
