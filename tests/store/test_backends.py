"""Every backend does what the suite says, and the local one what only it promises."""

import os
import stat

import fsspec
import pytest

from artnb.errors import MissingExtraError, StoreError, StoreFullError
from artnb.store import Cache, CachedBackend, LocalBackend, StatCache, open_backend
from artnb.store.remote import FsspecBackend
from artnb.store.retrying import Retry
from artnb.testing.store import KEY, BackendSuite


class TestLocalBackend(BackendSuite):
    @pytest.fixture
    def backend(self, tmp_path):
        return LocalBackend(tmp_path / "objects")

    def test_objects_are_read_only_files(self, backend):
        backend.put_bytes(KEY, b"data")
        mode = backend.local_path(KEY).stat().st_mode
        assert stat.S_IMODE(mode) == 0o444

    def test_bytes_are_synced_before_the_name_is_there_and_the_folder_after(
        self, backend, monkeypatch
    ):
        events = []
        real_fsync, real_rename = os.fsync, os.rename

        def fsync(handle):
            events.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
            real_fsync(handle)

        def rename(source, target):
            events.append("rename")
            return real_rename(source, target)

        backend.put_bytes(KEY, b"makes the folders")
        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "rename", rename)
        backend.put_bytes("sha256/ab/" + "d" * 62, b"data")
        assert events == ["file", "rename", "folder"]

    def test_a_full_disk_leaves_no_object_and_says_so(self, backend, monkeypatch):
        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreFullError, match="disk is full"):
            backend.put_bytes(KEY, b"data")
        assert not backend.exists(KEY)
        assert [path for path in backend.root.rglob("*") if path.is_file()] == []


class TestFsspecFile(BackendSuite):
    @pytest.fixture
    def backend(self, tmp_path):
        return FsspecBackend(f"file://{tmp_path}/remote")


class TestFsspecMemory(BackendSuite):
    @pytest.fixture
    def backend(self):
        fsspec.filesystem("memory").store.clear()
        return FsspecBackend("memory://bucket/prefix")


class TestCachedBackend(BackendSuite):
    @pytest.fixture
    def backend(self, tmp_path):
        stats = StatCache(tmp_path / "files.db")
        cache = Cache(tmp_path / "cache", 1 << 30, stats)
        yield CachedBackend(LocalBackend(tmp_path / "objects"), cache)
        stats.close()


def test_an_unknown_protocol_is_named():
    with pytest.raises(StoreError, match="wonder://bucket"):
        open_backend("wonder://bucket")


def test_a_missing_package_is_named(monkeypatch):
    def absent(*_, **__):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", absent)
    monkeypatch.setattr("artnb.store.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'artnb\[s3\]'"):
        open_backend("s3://bucket/prefix")
    with pytest.raises(MissingExtraError, match="pip install paramiko"):
        open_backend("sftp://host/folder")


def test_passwords_of_a_url_are_not_shown():
    assert "secret" not in FsspecBackend("memory://user:secret@host/path").location


def test_a_listing_that_fails_is_no_empty_one(monkeypatch, tmp_path):
    """fsspec's own way takes a folder that it cannot list as one without files."""
    backend = FsspecBackend(f"file://{tmp_path}/store", retry=Retry(seconds=0))
    backend.put_bytes("sha256/ab/cd", b"x")

    def refuse(*args, **kwargs):
        raise OSError(5, "connection reset by the other side")

    with monkeypatch.context() as patch:
        patch.setattr(type(backend._fs), "ls", refuse)
        with pytest.raises(StoreError, match="list the objects"):
            list(backend.listing())
    assert [key for key, _ in backend.listing()] == ["sha256/ab/cd"]
    assert list(FsspecBackend(f"file://{tmp_path}/never").listing()) == []
