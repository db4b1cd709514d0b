"""Runs that are announced, and written a moment later: in order, once, and before anybody asks."""

from __future__ import annotations

import os
import subprocess
import threading
from types import SimpleNamespace

import pytest

from artnb.catalog import Catalog
from artnb.errors import CommError, InvalidNameError, StoreFullError
from artnb.repository import Content, Repository, RunEnd, _announced


@pytest.fixture
def repository(monkeypatch):
    monkeypatch.setattr(_announced, "_MOMENT", 60)  # nothing is written by the thread
    made = Repository()
    yield made
    made.close()


def announce(repository, **given):
    return SimpleNamespace(id=repository.announce_run("p", **given))


def written(repository):
    """The names of the runs that are in the catalogue."""
    other = Repository(repository.settings)
    try:
        return [run.id for run in other.runs("p")[::-1]]
    finally:
        other._catalog.close()


def commit(repository, run, **given):
    return repository.commit("p", "a", "result", [Content("a", b"1")], run_id=run.id, **given)


END = RunEnd({"state": "finished", "finished_at": 5.0, "outputs": {"made": {"x": "a"}}})


def test_it_is_not_written(repository):
    announce(repository)
    assert written(repository) == []


def test_one_that_may_not_be_called_so_is_refused_at_once(repository):
    with pytest.raises(InvalidNameError):
        repository.announce_run("a/b")


def test_a_thread_writes_it_after_a_moment(repository, monkeypatch):
    monkeypatch.setattr(_announced, "_MOMENT", 0)
    told = threading.Event()
    repository.subscribe(lambda event: told.set() if event.kind == "run" else None)
    run = announce(repository)
    assert told.wait(60)
    assert written(repository) == [run.id]


ASKS = {
    "the run": lambda r, run: r.run(run.id),
    "the runs": lambda r, run: r.runs("p"),
    "the projects": lambda r, run: r.projects(),
    "the code": lambda r, run: r.code(run.id),
    "the lineage": lambda r, run: r.lineage("p"),
    "what is copied": lambda r, run: r.parts,
    "a field": lambda r, run: r.update_run(run.id, notes="n"),
    "an output": lambda r, run: r.add_output(run.id, "o", {"k": 1}),
    "its inputs": lambda r, run: r.used(run.id),
    "its outputs": lambda r, run: r.logged(run.id),
    "the next run": lambda r, run: r.start_run("p"),
    "the end": lambda r, run: r.finish_run(run.id),
    "a version": lambda r, run: commit(r, run),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_it_is_written_before_whoever_asks_for_it_or_adds_to_it(repository, ask):
    run = announce(repository, code="x = 1")
    ask(repository, run)
    assert run.id in written(repository)
    assert repository.run(run.id).number == 1
    assert repository.code(run.id) == "x = 1"


def test_they_are_numbered_in_the_order_in_which_they_began(repository):
    first, second = announce(repository), announce(repository)
    repository.update_run(second.id, notes="first to be asked for")
    assert written(repository) == [first.id, second.id]
    assert [run.number for run in repository.runs("p")] == [2, 1]


def test_a_run_that_ends_at_once_is_written_with_its_version_and_its_end(repository):
    used = commit(repository, repository.start_run("p")).version
    changes = []
    repository.subscribe(lambda event: changes.append(event.kind))
    run = announce(repository, code="y = x", uses=[used.id])
    statements = []
    repository._catalog._db._connection().set_trace_callback(statements.append)
    done = repository.commit("p", "b", "result", [Content("b", b"2")], run_id=run.id, ends=END)
    assert statements.count("commit") == 1
    assert done.run == repository.run(run.id)
    assert (done.run.state, done.run.finished_at, done.run.number) == ("finished", 5.0, 2)
    assert done.run.outputs == {"made": {"x": "a"}}
    assert [version.id for version in repository.used(run.id)] == [used.id]
    assert [version.id for version in repository.logged(run.id)] == [done.version.id]
    assert repository.code(run.id) == "y = x"
    assert changes == ["run", "used", "version", "run"]
    assert repository.maintenance.verify().damage == ()


def test_a_run_that_is_written_already_ends_with_its_version_all_the_same(repository):
    run = repository.start_run("p")
    done = commit(repository, run, ends=END)
    assert done.run == repository.run(run.id)
    assert done.run.state == "finished"


def test_it_does_not_end_with_its_version_if_workers_have_logged(repository):
    run = repository.start_run("p")
    repository.add_worker_row(run.id, {"loss": 1})
    assert commit(repository, run, ends=END).run is None
    assert repository.run(run.id).state == "running"
    assert repository.finish_run(run.id).state == "finished"
    assert repository.history(run.id) == [{"_step": 0, "loss": 1}]


def test_what_it_finds_as_its_own_result_is_no_input(repository):
    run = repository.start_run("p")
    same = commit(repository, run).version
    again = announce(repository)
    commit(repository, again, ends=RunEnd(END.changes, [same.id]))
    assert repository.used(again.id) == []


def test_a_failed_run_is_written_once(repository):
    run = announce(repository)
    ended = repository.finish_run(run.id, "failed", outputs={"error": {"name": "E"}})
    assert (ended.state, ended.number) == ("failed", 1)
    assert repository.run(run.id) == ended


def test_the_commit_of_git_is_that_of_its_beginning(repository, tmp_path, monkeypatch):
    git = tmp_path / "code"
    git.mkdir()
    monkeypatch.chdir(git)
    for command in ("init -q", "commit -q --allow-empty -m one"):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *command.split()])
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    run = announce(repository)
    (git / ".git" / "HEAD").write_text("0" * 40)
    assert repository.run(run.id).git_commit == head


@pytest.fixture
def full(monkeypatch):
    """Makes writing a run fail, until it is told not to."""
    state = {"full": True}
    add = Catalog.add_run

    def refuse(*args, **kwargs):
        if state["full"]:
            raise StoreFullError("no room left.")
        return add(*args, **kwargs)

    monkeypatch.setattr(Catalog, "add_run", refuse)
    return state


def test_what_keeps_it_from_being_written_is_told_to_who_needs_it(repository, full):
    run = announce(repository)
    with pytest.raises(StoreFullError):
        repository.update_run(run.id, notes="n")
    assert isinstance(repository.run_trouble, StoreFullError)
    assert repository.runs("p") == []  # who only looks is not kept from it
    full["full"] = False
    assert repository.update_run(run.id, notes="n").number == 1
    assert repository.run_trouble is None


def test_a_run_whose_end_could_not_be_written_has_it_the_next_time(repository, full):
    run = announce(repository)
    with pytest.raises(StoreFullError):
        repository.finish_run(run.id, "failed", outputs={"error": {"name": "E"}})
    full["full"] = False
    assert repository.run(run.id).state == "failed"


def test_a_failure_in_the_thread_is_a_warning(repository, full, monkeypatch):
    monkeypatch.setattr(_announced, "_MOMENT", 0)
    said = []
    told = threading.Event()
    monkeypatch.setattr(_announced, "warn", lambda text: (said.append(text), told.set()))
    run = announce(repository)
    assert told.wait(60)
    assert "cannot be recorded yet: no room left." in said[0]
    full["full"] = False
    assert repository.run(run.id).number == 1


def test_an_earlier_one_that_cannot_be_written_keeps_no_later_one(repository, full):
    first, second = announce(repository), announce(repository)
    with pytest.raises(StoreFullError):
        repository.run(second.id)
    full["full"] = False
    assert repository.run(second.id).number == 2
    assert repository.run(first.id).number == 1


def test_one_that_is_not_there_is_said_as_ever(repository):
    announce(repository)
    with pytest.raises(CommError, match="no run with the id 'nope'"):
        repository.run("nope")


def test_closing_writes_it():
    repository = Repository()
    run = announce(repository)
    repository.close()
    assert written(repository) == [run.id]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_finds_it_in_the_catalogue(monkeypatch):
    from artnb.repository import close_repositories, open_repository

    monkeypatch.setattr(_announced, "_MOMENT", 60)
    repository = open_repository()
    run = announce(repository)
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert written(repository) == [run.id]
    close_repositories()
