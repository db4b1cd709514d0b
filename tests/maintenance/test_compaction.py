"""A journal in one object says what it said in many; beside others, nothing is lost."""

import threading

import pytest
from maintenance.test_rebuild import log, opened, rebuilt, rows

from artnb import journal_tail
from artnb.maintenance import compact_journal, journal_names
from artnb.maintenance.compaction import COMPACT_ABOVE
from artnb.maintenance.rebuild import _read_journal


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_tail, "_AT_MOST", 0)  # each entry stays
    repository = opened(tmp_path / "work")
    yield repository
    repository.close()


def runs(repository, count):
    for n in range(count):
        run = repository.start_run("demo")
        log(repository, run, f"{n}".encode())
        repository.finish_run(run.id)


def entries(repository):
    return [key for key, _ in repository._store.backend.listing("journal/")]


def compact(repository, above=3):
    return compact_journal(repository._store.backend, repository._catalog, above=above)


def test_what_it_says_stays(work, tmp_path):
    runs(work, 6)
    version = work.versions("demo")[2]
    work.set_aliases(version.id, ["best"])
    work.delete(work.versions("demo")[-1].id)
    before = len(entries(work))
    assert before > 6
    assert compact(work) == before
    assert len(entries(work)) == 1
    expected, again = rebuilt(work, tmp_path / "work")
    try:
        assert rows(again) == expected
        runs(again, 2)  # and goes on
        expected, third = rebuilt(again, tmp_path / "work")
        assert rows(third) == expected
        third.close()
    finally:
        again.close()


def test_a_short_one_is_left_alone(work):
    runs(work, 2)
    before = entries(work)
    assert compact(work, above=50) == 0
    assert entries(work) == before


def test_gc_does_it(work):
    runs(work, COMPACT_ABOVE + 1)
    done = work.maintenance.collect()
    assert done.compacted > COMPACT_ABOVE
    assert len(entries(work)) == 1
    assert work.maintenance.collect().compacted == 0
    assert work.maintenance.verify().damage == ()


def test_another_catalogues_entries_stay(work, tmp_path):
    from artnb.settings import Settings

    settings = Settings.resolve(
        tmp_path / "two",
        {"ARTNB_DIR": str(tmp_path / "two"), "ARTNB_STORE": work.settings.store},
    )
    (tmp_path / "two").mkdir()
    from artnb.repository import Repository

    two = Repository(settings)
    runs(two, 4)
    theirs = set(entries(two))
    runs(work, 4)
    compact(work)
    assert theirs < set(entries(work))
    assert len(journal_names(work._store.backend)) == 2
    two.close()


@pytest.mark.parametrize("fails", ["put_bytes", "delete"])
def test_killed_half_way_it_still_says_all(work, tmp_path, monkeypatch, fails):
    runs(work, 5)
    backend = work._store.backend
    with monkeypatch.context() as patch:
        patch.setattr(type(backend), fails, _killed)
        with pytest.raises(KeyboardInterrupt):
            compact(work)
    expected, again = rebuilt(work, tmp_path / "work")
    assert rows(again) == expected
    again.close()


def _killed(*_):
    raise KeyboardInterrupt


def test_a_reader_that_had_listed_the_old_ones_lists_again(work, monkeypatch):
    runs(work, 5)
    backend = work._store.backend
    real = type(backend).open
    done = []

    def open_(self, key, *span):
        if key.startswith("journal/") and not done:
            done.append(0)
            done[0] = compact(work)
        return real(self, key, *span)

    monkeypatch.setattr(type(backend), "open", open_)
    listed = list(backend.listing("journal/"))
    monkeypatch.setattr(type(backend), "listing", _stale_once(type(backend).listing, listed))
    journal = _read_journal(backend, None)
    assert len(journal.rows["runs"]) == 5
    assert done == [len(listed)]


def _stale_once(real, listed):
    calls = []

    def listing(self, prefix=""):
        calls.append(prefix)
        return iter(listed) if len(calls) == 1 else real(self, prefix)

    return listing


def test_beside_a_writer_nothing_is_lost(work, tmp_path):
    runs(work, 4)
    stop = threading.Event()
    errors = []

    def write():
        other = opened(tmp_path / "work")
        try:
            while not stop.is_set():
                runs(other, 1)
        except BaseException as error:
            errors.append(error)
        finally:
            other.close()

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(8):
        compact(work, above=1)
    stop.set()
    thread.join()
    assert errors == []
    expected, again = rebuilt(work, tmp_path / "work")
    assert rows(again) == expected
    again.close()
