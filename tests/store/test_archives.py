"""A store in a zip archive is read like any other, and says so where it cannot be written."""

import os
import sys
import threading
import zipfile

import pytest

from artnb.errors import CorruptObjectError, StoreError, StoreReadOnlyError
from artnb.repository import Content, Repository
from artnb.settings import Settings
from artnb.store import Cache, CachedBackend, StatCache, open_backend
from artnb.store.remote import FsspecBackend
from artnb.testing.store import KEY, ReadOnlyBackendSuite


def _packed(path, members, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.mkdir("sha256")
        for name, data in members.items():
            archive.writestr(name, data)
    return f"zip://::file://{path}"


class TestStored(ReadOnlyBackendSuite):
    @pytest.fixture
    def backend(self, tmp_path):
        path = tmp_path / "store.zip"
        url = _packed(path, {KEY: b"0123456789"})
        before = path.read_bytes()
        yield FsspecBackend(url)
        assert path.read_bytes() == before


class TestDeflated(ReadOnlyBackendSuite):
    @pytest.fixture
    def backend(self, tmp_path):
        return FsspecBackend(
            _packed(tmp_path / "store.zip", {KEY: b"0123456789"}, zipfile.ZIP_DEFLATED)
        )


class TestCached(ReadOnlyBackendSuite):
    @pytest.fixture
    def backend(self, tmp_path):
        stats = StatCache(tmp_path / "files.db")
        origin = FsspecBackend(_packed(tmp_path / "store.zip", {KEY: b"0123456789"}))
        backend = CachedBackend(origin, Cache(tmp_path / "cache", 1 << 30, stats))
        yield backend
        assert backend.written == {}
        stats.close()


def test_threads_that_look_first_find_all(tmp_path):
    """fsspec shows an archive's table to other threads while it still fills it."""
    keys = [f"sha256/{n % 256:02x}/{n:062d}" for n in range(2000)]
    url = _packed(tmp_path / "store.zip", dict.fromkeys(keys, b"x"))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        found = []
        together = threading.Barrier(4)
        backend = FsspecBackend(url)

        def look():
            together.wait()
            found.extend(backend.exists(key) for key in keys[-5:])

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [True] * 20


def test_what_is_no_archive_is_named(tmp_path):
    (tmp_path / "store.zip").write_bytes(b"no archive")
    with pytest.raises(StoreError, match=r"store\.zip is no zip archive, or a damaged one"):
        open_backend(f"zip://::file://{tmp_path}/store.zip")
    with pytest.raises(StoreError, match=r"gone\.zip answered FileNotFoundError"):
        open_backend(f"zip://::file://{tmp_path}/gone.zip")


@pytest.fixture
def logged(tmp_path):
    """A repository with a version, and the bytes of its large file."""
    repository = Repository(Settings.resolve(environ={"ARTNB_DIR": str(tmp_path)}))
    large = os.urandom(400_000)
    run = repository.start_run("p")
    contents = [Content("a.txt", b"small"), Content("large.bin", large)]
    repository.commit("p", "data", "dataset", contents, run_id=run.id)
    repository.finish_run(run.id, "finished")
    yield repository, large
    repository.close()


def _members(repository):
    root = repository.root / "objects"
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def _over(repository, url):
    settings = {"ARTNB_DIR": str(repository.root.parent), "ARTNB_STORE": url}
    return Repository(Settings.resolve(environ=settings))


def test_a_repository_over_an_archive_is_read_and_refuses_to_write(logged, tmp_path):
    repository, large = logged
    path = tmp_path / "packed.zip"
    over = _over(repository, _packed(path, _members(repository), zipfile.ZIP_DEFLATED))
    before = path.read_bytes()
    try:
        entries = over.manifest(over.resolve("data", "p")).entries
        assert over.read_blob(entries["large.bin"].digest) == large
        assert over.maintenance.verify().damage == ()
        for write in (
            lambda: over.start_run("p"),
            lambda: over.announce_run("p"),
            lambda: over.commit("p", "data", "dataset", [Content("b", b"other")], run_id="none"),
            lambda: over.put_blob(b"other"),
        ):
            with pytest.raises(StoreReadOnlyError, match=r"packed\.zip can only be read"):
                write()
        assert len(over.runs("p")) == 1
        assert [version.version for version in over.versions("p", "data")] == ["v0"]
    finally:
        over.close()
    assert path.read_bytes() == before


def test_damage_in_an_archive_is_told_as_damage(logged, tmp_path):
    repository, large = logged
    path = tmp_path / "packed.zip"
    url = _packed(path, _members(repository))
    data = bytearray(path.read_bytes())
    data[data.find(large[1000:1100])] ^= 255
    path.write_bytes(data)
    over = _over(repository, url)
    try:
        entry = over.manifest(over.resolve("data", "p")).entries["large.bin"]
        for _ in range(2):  # the first has not made it forget where that lies
            with pytest.raises(CorruptObjectError, match=r"packed\.zip is damaged"):
                over.read_blob(entry.digest)
        assert [each.digest for each in over.maintenance.verify().damage] == [entry.digest]
    finally:
        over.close()
