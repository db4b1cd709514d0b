"""What is synced when, and that a sync which failed is never taken for one that did not."""

import os

import pytest

from artnb.errors import StoreError
from artnb.repository import Content, Repository
from artnb.settings import Settings
from artnb.store import syncing


@pytest.fixture
def events(monkeypatch):
    """The syncs of files and folders, of the whole filesystem, and the commits, in order."""
    from artnb.catalog import Catalog

    seen = []
    real_fsync, real_syncfs, real_commit = os.fsync, syncing.syncfs, Catalog.commit

    def fsync(handle):
        seen.append("fsync")
        real_fsync(handle)

    def syncfs(folder):
        seen.append("syncfs")
        real_syncfs(folder)

    def commit(self, *args, **given):
        seen.append("commit")
        return real_commit(self, *args, **given)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(syncing, "syncfs", syncfs)
    monkeypatch.setattr(Catalog, "commit", commit)
    return seen


def opened(tmp_path, durability):
    return Repository(Settings.resolve(tmp_path, {"ARTNB_DURABILITY": durability}))


def log(repository, *, events=None):
    run = repository.start_run("demo")
    if events is not None:
        events.clear()
    contents = [Content(f"{n}", os.urandom(300_000)) for n in range(5)]
    version = repository.commit("demo", "thing", "d", contents, run_id=run.id).version
    return run, version


def test_full_syncs_each_file_before_the_commit(tmp_path, events):
    repository = opened(tmp_path, "full")
    log(repository, events=events)
    assert events.index("commit") >= 2 * 5
    assert "syncfs" not in events
    repository.close()


@pytest.mark.skipif(syncing._syncfs() is None, reason="this system has no syncfs")
def test_batch_syncs_once_before_the_commit(tmp_path, events):
    repository = opened(tmp_path, "batch")
    log(repository, events=events)
    assert events[: events.index("commit")] == ["syncfs"]
    assert "fsync" not in events
    assert repository._catalog._db.row("pragma synchronous")[0] == 2
    repository.close()


@pytest.mark.skipif(syncing._syncfs() is None, reason="this system has no syncfs")
def test_batch_records_nothing_when_the_sync_fails(tmp_path, events, monkeypatch):
    repository = opened(tmp_path, "batch")
    run, _ = log(repository)

    def broken(folder):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(syncing, "syncfs", broken)
        with pytest.raises(StoreError, match="Input/output error"):
            repository.commit("demo", "thing", "d", [Content("x", b"1")], run_id=run.id)
    assert len(repository.versions("demo", "thing")) == 1
    repository.commit("demo", "thing", "d", [Content("x", b"1")], run_id=run.id)
    assert repository.maintenance.verify().damage == ()
    repository.close()


def test_the_call_tells_that_it_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(syncing, "_syncfs", lambda: lambda handle: -1)
    with pytest.raises(OSError):
        syncing.syncfs(tmp_path)


def test_without_the_call_batch_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(syncing, "_syncfs", lambda: None)
    sync = syncing.Syncing(tmp_path, "batch")
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    sync.folder(tmp_path)
    sync.flush()
    assert len(synced) == 1


def test_none_syncs_nothing_and_keeps_the_catalogue_sound(tmp_path, events):
    repository = opened(tmp_path, "none")
    log(repository, events=events)
    assert set(events) == {"commit"}
    assert repository._catalog._db.row("pragma synchronous")[0] == 1
    assert repository.maintenance.verify().damage == ()
    repository.close()
