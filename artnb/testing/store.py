"""What every store backend must do, as tests to inherit.

Examples
--------
>>> class TestMyBackend(BackendSuite):          # doctest: +SKIP
...     @pytest.fixture
...     def backend(self, tmp_path):
...         return MyBackend(tmp_path)
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from artnb.errors import ObjectMissingError
from artnb.store.base import Backend

__all__ = ["BackendSuite"]

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
