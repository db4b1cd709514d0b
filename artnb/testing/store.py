"""What every store backend must do, as tests to inherit.

Examples
--------
>>> class TestMyBackend(BackendSuite):          # doctest: +SKIP
...     @pytest.fixture
...     def backend(self, tmp_path):
...         return MyBackend(tmp_path)
"""

from __future__ import annotations

import io
import random
import threading
import time
from pathlib import Path

import pytest

from artnb.digest import digest_bytes, digest_stream
from artnb.errors import ObjectMissingError, StoreReadOnlyError
from artnb.keys import object_key
from artnb.store.base import Backend

__all__ = ["BackendSuite", "ReadOnlyBackendSuite"]

KEY = "sha256/ab/" + "c" * 62


class BackendSuite:
    """Inherit it, and give a fixture ``backend`` that is empty."""

    @pytest.fixture
    def backend(self) -> Backend:
        """Return the backend under test, empty."""
        raise AttributeError("a class that inherits BackendSuite gives the fixture `backend`")

    def test_what_is_put_is_read(self, backend: Backend) -> None:
        """Bytes come back as they went in, whole and in spans."""
        backend.put_bytes(KEY, b"0123456789")
        backend.flush()
        with backend.open(KEY) as stream:
            assert stream.read() == b"0123456789"
        with backend.open(KEY, 2, 3) as stream:
            assert stream.read() == b"234"
        with backend.open(KEY, 10, 0) as stream:
            assert stream.read() == b""

    @pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5000])
    def test_any_size_is_kept(self, backend: Backend, data: bytes) -> None:
        """Nothing, a byte and a megabyte are alike."""
        backend.put_bytes(KEY, data)
        with backend.open(KEY) as stream:
            assert stream.read() == data

    @pytest.mark.parametrize("move", [True, False])
    def test_a_file_is_put(self, backend: Backend, tmp_path: Path, move: bool) -> None:
        """A file's bytes are kept; the file is given away only with `move`."""
        source = tmp_path / "source"
        source.write_bytes(b"data")
        backend.put_file(KEY, source, move=move)
        with backend.open(KEY) as stream:
            assert stream.read() == b"data"
        assert source.exists() is not move

    def test_the_first_put_of_a_key_stays(self, backend: Backend) -> None:
        """Equal keys mean equal bytes, so a second put writes nothing."""
        backend.put_bytes(KEY, b"first")
        backend.put_bytes(KEY, b"other")
        with backend.open(KEY) as stream:
            assert stream.read() == b"first"

    def test_a_missing_object_is_said_to_be_missing(self, backend: Backend) -> None:
        """The error is the tree's own."""
        assert not backend.exists(KEY)
        with pytest.raises(ObjectMissingError):
            backend.open(KEY).read()

    def test_size_and_age_are_told(self, backend: Backend) -> None:
        """Of what is there; what is not there is said to be missing."""
        before = time.time() - 60
        backend.put_bytes(KEY, b"12345")
        found = backend.stat(KEY)
        assert found.size == 5
        assert found.modified is None or before < found.modified < time.time() + 60
        with pytest.raises(ObjectMissingError):
            backend.stat("sha256/ff/" + "0" * 62)

    def test_keys_are_those_put_and_not_deleted(self, backend: Backend) -> None:
        """Listing shows no temporary and no deleted object."""
        keys = [f"sha256/{n:02x}/{'0' * 62}" for n in range(5)] + ["pack/aa/" + "1" * 62]
        for key in keys:
            backend.put_bytes(key, key.encode())
        backend.delete(keys[0])
        backend.delete(keys[0])
        assert sorted(backend.keys()) == sorted(keys[1:])
        assert not backend.exists(keys[0])

    def test_a_listing_tells_sizes_under_a_prefix(self, backend: Backend) -> None:
        """One call in place of a `stat` for each; a prefix may end within a name."""
        keys = {f"pack/{n:02x}/{'0' * 62}": n for n in range(3)}
        for key, size in keys.items():
            backend.put_bytes(key, b"x" * size)
        backend.put_bytes(KEY, b"other")
        assert {key: stat.size for key, stat in backend.listing("pack/")} == keys
        assert [key for key, _ in backend.listing("pack/01")] == [f"pack/01/{'0' * 62}"]
        assert list(backend.listing("journal/")) == []
        assert len(list(backend.listing())) == 4

    def test_a_large_file_is_read_in_pieces(self, backend: Backend, tmp_path: Path) -> None:
        """More than one part goes up, and any place of it can be read."""
        source = tmp_path / "large"
        data = random.Random(0).randbytes(1 << 20) * 20 + b"end"
        source.write_bytes(data)
        key = object_key(digest_bytes(data))
        backend.put_file(key, source)
        assert backend.stat(key).size == len(data)
        with backend.open(key) as stream:
            assert digest_stream(stream) == (digest_bytes(data), len(data))
            stream.seek(-3, io.SEEK_END)
            assert stream.read() == b"end"
            stream.seek(9_000_000)
            assert stream.read(10) == data[9_000_000:9_000_010]

    def test_a_quarantined_object_is_gone_and_kept(self, backend: Backend) -> None:
        """Its key is free again, and the bytes are still somewhere to look at."""
        backend.put_bytes(KEY, b"damaged")
        assert "quarantine" in backend.quarantine(KEY)
        assert not backend.exists(KEY)
        assert list(backend.keys()) == []
        backend.put_bytes(KEY, b"sound")
        with backend.open(KEY) as stream:
            assert stream.read() == b"sound"

    def test_many_threads_put_the_same_key(self, backend: Backend) -> None:
        """Concurrent puts of equal bytes leave one whole object."""
        data = b"z" * 300_000
        errors: list[BaseException] = []

        def put() -> None:
            try:
                backend.put_bytes(KEY, data)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=put) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        with backend.open(KEY) as stream:
            assert stream.read() == data


class ReadOnlyBackendSuite:
    """Inherit it, and give a fixture ``backend``: `KEY` -> ``0123456789``, and nothing else."""

    @pytest.fixture
    def backend(self) -> Backend:
        """Return the backend under test."""
        raise AttributeError("a class that inherits the suite gives the fixture `backend`")

    def test_what_is_there_is_read(self, backend: Backend) -> None:
        """Whole, in spans and in pieces."""
        spans = {(0, None): b"0123456789", (4, None): b"456789", (2, 3): b"234", (10, 0): b""}
        for span, data in spans.items():
            with backend.open(KEY, *span) as stream:
                assert stream.read() == data
        with backend.open(KEY) as stream:
            assert [stream.read(4), stream.read(4), stream.read(4)] == [b"0123", b"4567", b"89"]
            assert stream.seek(-3, io.SEEK_END) == stream.tell() == 7
            assert stream.read() == b"789"
        found = backend.local_path(KEY)
        assert found is None or found.read_bytes() == b"0123456789"

    def test_what_is_there_is_listed(self, backend: Backend) -> None:
        """With its size; a prefix may end within a name, and a folder is no object."""
        assert backend.exists(KEY)
        found = backend.stat(KEY)
        assert found.size == 10
        assert found.modified is None or found.modified < time.time() + 86_400
        assert list(backend.keys()) == [KEY]
        for prefix in ("", "sha256/", KEY[:-3], KEY):
            assert [(key, stat.size) for key, stat in backend.listing(prefix)] == [(KEY, 10)]
        assert list(backend.listing("pack/")) == []
        with pytest.raises(ObjectMissingError):
            backend.stat(KEY.rpartition("/")[0])

    def test_many_threads_read_at_once(self, backend: Backend) -> None:
        """Each reads all, the first look included."""
        together = threading.Barrier(8)
        found: list[object] = []

        def read() -> None:
            together.wait()
            try:
                for _ in range(10):
                    with backend.open(KEY) as stream:
                        found.append(stream.read())
            except BaseException as error:
                found.append(error)

        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [b"0123456789"] * 80

    def test_what_is_not_there_is_said_to_be_missing(self, backend: Backend) -> None:
        """The error is the tree's own."""
        other = "sha256/ff/" + "0" * 62
        assert not backend.exists(other)
        with pytest.raises(ObjectMissingError):
            backend.open(other).read()
        with pytest.raises(ObjectMissingError):
            backend.stat(other)

    def test_nothing_can_be_written(self, backend: Backend, tmp_path: Path) -> None:
        """Each way of writing is refused by one error, and leaves what was there, and no more."""
        assert backend.read_only
        other = "sha256/ff/" + "0" * 62
        source = tmp_path / "source"
        source.write_bytes(b"data")
        for write in (
            lambda: backend.put_bytes(other, b"data"),
            lambda: backend.put_file(other, source),
            lambda: backend.put_file(other, source, move=True),
            lambda: backend.delete(KEY),
            lambda: backend.delete(other),
            lambda: backend.quarantine(KEY),
        ):
            with pytest.raises(StoreReadOnlyError) as refused:
                write()
            assert backend.location in str(refused.value)
            assert refused.value.__context__ is None  # nothing was tried first
            assert source.read_bytes() == b"data"
            assert not backend.exists(other)
            assert [(key, stat.size) for key, stat in backend.listing()] == [(KEY, 10)]
        with backend.open(KEY) as stream:
            assert stream.read() == b"0123456789"

    def test_what_only_keeps_house_does_nothing(self, backend: Backend) -> None:
        """It is called without asking whether the store may be written."""
        backend.flush()
        backend.tidy()
        assert list(backend.keys()) == [KEY]
