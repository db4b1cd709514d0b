"""Small entries of the journal give way to the next, and nothing that they say is lost."""

import sqlite3

import pytest
from maintenance.test_rebuild import log, opened, rebuilt, rows

from artnb import journal_tail
from artnb.errors import StoreError


@pytest.fixture
def work(tmp_path):
    repository = opened(tmp_path / "work")
    yield repository
    repository.close()


def runs(repository, count=1):
    for _ in range(count):
        run = repository.start_run("demo", config={"lr": 0.1})
        log(repository, run, run.id.encode())
        repository.finish_run(run.id)


def entries(repository):
    return [key for key, _ in repository._store.backend.listing("journal/")]


def is_all_there(repository):
    expected, again = rebuilt(repository, repository.root)
    found = rows(again)
    again.close()
    return found == expected


def test_many_runs_are_one_object_and_come_back(work):
    runs(work, 5)
    version = work.versions("demo")[2]
    work.set_aliases(version.id, ["best"])
    work.delete(work.versions("demo")[-1].id)
    assert len(entries(work)) == 1
    assert is_all_there(work)


def test_the_next_process_goes_on_with_it(work):
    runs(work)
    first = entries(work)
    again = opened(work.root)
    runs(again)
    assert len(entries(again)) == 1
    assert entries(again) != first
    again.close()
    assert is_all_there(work)


def test_a_large_entry_stays(work, monkeypatch):
    runs(work)
    (first,) = entries(work)
    monkeypatch.setattr(journal_tail, "_AT_MOST", work._store.backend.stat(first).size - 1)
    runs(work)
    assert first in entries(work)
    assert is_all_there(work)


@pytest.mark.parametrize("fails", [KeyboardInterrupt, StoreError("may not be deleted")])
def test_where_the_old_one_stays_the_later_one_holds(work, monkeypatch, fails):
    runs(work)

    def delete(*_):
        raise fails

    run = work.start_run("demo")
    with monkeypatch.context() as patch:
        patch.setattr(type(work._store.backend), "delete", delete)
        if fails is KeyboardInterrupt:
            with pytest.raises(KeyboardInterrupt):
                work.finish_run(run.id)
        else:
            work.finish_run(run.id)
    assert len(entries(work)) == 2
    runs(work)
    assert len(entries(work)) == 2
    assert is_all_there(work)


@pytest.mark.parametrize(
    "remembered", ["", "journal/ab/" + "c" * 62, "../../catalog.db", "sha256/ab/cd", None]
)
def test_a_file_that_is_lost_or_names_another_object_costs_an_object_only(work, remembered):
    runs(work)
    path = work.root / "cache" / "journal"
    path.unlink() if remembered is None else path.write_text(remembered)
    runs(work)
    assert len(entries(work)) == 2
    assert is_all_there(work)


def test_a_damaged_entry_is_left_where_it_is(work):
    runs(work)
    (key,) = entries(work)
    path = work._store.backend.local_path(key)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"demo", b"dumm"))
    runs(work)
    assert key in entries(work)
    assert len(entries(work)) == 2


def test_another_catalogues_entry_is_left_where_it_is(work, tmp_path):
    other = opened(tmp_path / "other")
    runs(other)
    (key,) = entries(other)
    work._store.backend.put_bytes(key, other._store.backend.open(key).read())
    (work.root / "cache").mkdir(exist_ok=True)
    (work.root / "cache" / "journal").write_text(key)
    other.close()
    runs(work)
    assert key in entries(work)


def test_what_an_older_copy_of_the_catalogue_has_not_is_said_again(work):
    runs(work)
    work.close()
    copy = (work.root / "catalog.db").read_bytes()
    again = opened(work.root)
    runs(again)
    lost = again.runs("demo")[0]
    again.close()
    for path in work.root.glob("catalog.db*"):
        path.unlink()
    (work.root / "catalog.db").write_bytes(copy)
    with sqlite3.connect(work.root / "catalog.db") as db:
        db.execute("update projects set next_run = next_run + 1")  # so that numbers do not clash
    db.close()
    third = opened(work.root)
    runs(third)
    assert lost.id not in {run.id for run in third.runs("demo")}
    _, made = rebuilt(third, work.root)
    assert lost.id in {run.id for run in made.runs("demo")}
    made.close()
