"""A catalogue is made again while processes that worked with the former one hang, and then go on.

They are real processes, stopped by SIGSTOP where it is worst.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from artnb import remaking
from artnb.belonging import marks_in
from artnb.cli import main
from artnb.errors import CatalogError, StoreError
from artnb.maintenance import journal_names
from artnb.repository import Content, Repository

STOPS = {
    "when it has marked": "stop_after(Upkeep, 'bury')",
    "when it has written that down": "stop_after(Ingest, 'write_journal', 2)",
    "when it deletes": "stop_before(LocalBackend, 'delete')",
}
COLLECTOR = """
import os, signal, sys
from artnb.catalog.upkeep import Upkeep
from artnb.ingest import Ingest
from artnb.repository import Repository
from artnb.store import LocalBackend

def stop_after(kind, name, time=1):
    do, calls = getattr(kind, name), []
    def done(*args, **kwargs):
        found = do(*args, **kwargs)
        calls.append(1)
        if len(calls) == time:
            os.kill(os.getpid(), signal.SIGSTOP)
        return found
    setattr(kind, name, done)

def stop_before(kind, name):
    do, calls = getattr(kind, name), []
    def stopped(self, key):
        if key.startswith(("pack/", "sha256/")) and not calls:
            calls.append(1)
            os.kill(os.getpid(), signal.SIGSTOP)
        return do(self, key)
    setattr(kind, name, stopped)

repository = Repository()
STOPS
print("freed", repository.maintenance.collect(grace=0).objects)
"""


@contextmanager
def stopped(program):
    """Yield a process that stopped itself, and what it will have said when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        pytest.fail(f"it ended: {process.stderr.read()}")
    said = []
    try:
        yield said
    finally:
        process.send_signal(signal.SIGCONT)
        said += process.communicate(timeout=120)


def lose_catalog(repository, postgres):
    if postgres is None:
        for path in repository.root.glob("catalog.db*"):
            path.unlink()
    else:
        schema = repository.settings.catalog.rpartition("schema=")[2]
        postgres.run(f"drop schema {schema} cascade")


def log(repository, *data):
    run = repository.start_run("demo")
    contents = [Content(f"{n}", each) for n, each in enumerate(data)]
    version = repository.commit("demo", "thing", "dataset", contents, run_id=run.id).version
    repository.finish_run(run.id)
    return version


@pytest.mark.both_catalogs
@pytest.mark.parametrize("lost", [True, False], ids=["lost", "there"])
@pytest.mark.parametrize("where", STOPS)
def test_a_collector_that_wakes_deletes_nothing_that_is_needed_again(
    catalog, lost, where, request, tmp_path
):
    postgres = request.getfixturevalue("postgres") if catalog == "postgresql" else None
    data = (b"a" * 300_000, b"small", b"other")
    repository = Repository()
    repository.delete(log(repository, *data).id, delete_aliases=True)
    repository.close()
    with stopped(COLLECTOR.replace("STOPS", STOPS[where])) as said:
        if lost:
            lose_catalog(repository, postgres)
        assert main(["rebuild"]) == 0
        again = Repository()
        version = log(again, *data)
    try:
        assert again.maintenance.verify().damage == ()
        folder = again.download(version, tmp_path / "out")
        assert [(folder / f"{n}").read_bytes() for n in range(3)] == list(data)
        if where != "when it deletes":
            assert "made again" in " ".join(said[1].split()), said
        again.maintenance.collect(grace=0)  # the mark of the former one is not in the way
        assert again.maintenance.verify().damage == ()
    finally:
        again.close()


def test_who_had_the_former_file_open_records_nothing_in_it_any_more():
    other = Repository()  # as of another process, which has no run open
    log(other, b"first")
    assert main(["rebuild"]) == 0
    with pytest.raises(CatalogError, match="another file"):
        log(other, b"second")
    other.close()
    again = Repository()
    assert [each.version for each in again.versions("demo")] == ["v0"]
    again.close()


def test_who_waits_for_a_rebuild_does_not_commit_into_the_former_file(monkeypatch):
    other = Repository()
    version = log(other, b"first")
    errors = []

    opened, begin = threading.Event(), threading.Event()

    def commit():
        other.version(version.id)  # each thread has a connection of its own
        opened.set()
        begin.wait()
        try:
            other.update_version(version.id, description="late")
        except CatalogError as error:
            errors.append(error)

    def replace(*paths):
        begin.set()  # it waits for the catalogue, or comes when all is done
        return done(*paths)

    done = remaking._replace
    monkeypatch.setattr(remaking, "_replace", replace)
    thread = threading.Thread(target=commit)
    thread.start()
    opened.wait()
    assert main(["rebuild"]) == 0
    thread.join()
    assert "another file" in str(errors[0])
    other.close()


def beside(monkeypatch, act, times):
    """Let something happen each time when a rebuild has read the store."""

    def rebuild(store, target, **kwargs):
        @contextmanager
        def late():
            if len(done) < times:
                done.append(act())
            with target() as made:
                yield made

        return remake(store, late, **kwargs)

    done, remake = [], remaking.rebuild
    monkeypatch.setattr(remaking, "rebuild", rebuild)
    return done


@pytest.mark.both_catalogs
def test_what_is_committed_while_the_store_is_read_is_not_lost(catalog, monkeypatch):
    other = Repository()
    log(other, b"first")
    done = beside(monkeypatch, lambda: log(other, b"late"), times=1)
    assert main(["rebuild"]) == 0
    other.close()
    assert len(done) == 1
    again = Repository()
    assert [each.version for each in again.versions("demo")] == ["v1", "v0"]
    assert again.maintenance.verify().damage == ()
    again.close()


@pytest.mark.both_catalogs
def test_a_rebuild_gives_up_beside_who_never_rests_and_leaves_nothing(catalog, monkeypatch, capsys):
    other = Repository()
    log(other, b"first")
    name = other._catalog.identity
    monkeypatch.setattr(remaking, "_ATTEMPTS", 2)
    made = beside(monkeypatch, lambda: log(other, b"late %d" % len(made)), times=99)
    assert main(["rebuild"]) == 1
    assert "go on recording" in capsys.readouterr().err
    backend = other._store.backend
    assert [mark.identity for mark in marks_in(backend)] == journal_names(backend) == [name]
    assert not list(other.root.glob("*.rebuilt*"))
    log(other, b"last")
    assert len(other.versions("demo")) == len(made) + 2
    assert other._catalog.identity == name
    other.close()


@pytest.mark.both_catalogs
def test_of_two_rebuilds_at_once_one_waits(catalog):
    repository = Repository()
    log(repository, b"first")
    former = repository._catalog.identity
    repository.close()
    command = [sys.executable, "-m", "artnb", "rebuild"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    again = Repository()
    assert [each.version for each in again.versions("demo")] == ["v0"]
    assert again.maintenance.verify().damage == ()
    backend = again._store.backend
    assert [mark.identity for mark in marks_in(backend)] == journal_names(backend)
    assert former not in journal_names(backend)
    again.maintenance.collect(grace=0)
    again.close()


def test_two_machines_that_make_the_catalogue_of_one_store_are_two_catalogues(
    tmp_path, monkeypatch, capsys
):
    first = Repository()
    log(first, b"first")
    monkeypatch.setenv("ARTNB_STORE", f"file://{first.location}")
    monkeypatch.setenv("ARTNB_DIR", str(tmp_path / "second"))
    assert main(["rebuild"]) == 0
    assert f"beside      {first.root / 'catalog.db'}" in capsys.readouterr().out
    second = Repository()
    assert second._catalog.identity != first._catalog.identity
    assert [each.version for each in second.versions("demo")] == ["v0"]
    log(first, b"of one")
    log(second, b"of the other")
    for each in (first, second):  # neither knows what the other one needs
        with pytest.raises(StoreError, match="another catalogue"):
            each.maintenance.collect(grace=0)
        assert each.maintenance.verify().damage == ()
        each.close()
    assert main(["rebuild"]) == 1  # whose, is for the person to say
    assert "--catalog" in capsys.readouterr().err
    assert main(["rebuild", "--catalog", second._catalog.identity]) == 0
    again = Repository()
    assert {"v0", "v1"} == {each.version for each in again.versions("demo")}
    again.close()
