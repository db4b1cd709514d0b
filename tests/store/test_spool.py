"""Copies of small files behind each other in one."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnb.store import Slice, StagingArea, staging
from artnb.store.spool import Spool
from artnb.store.staging import copy_and_hash


@pytest.fixture
def spool(tmp_path):
    return Spool(lambda: tmp_path / f"{len(list(tmp_path.iterdir()))}")


def test_copies_are_read_again_and_go_with_the_last(spool, tmp_path):
    bodies = [b"", b"one", b"\0" * 5000]
    spans = [spool.add(body) for body in bodies]
    assert [span.read() for span in spans] == bodies
    assert len({span.path for span in spans}) == 1
    for span in spans[:2]:
        spool.release(span)
    assert spans[2].read() == bodies[2]
    spool.release(spans[2])
    assert list(tmp_path.iterdir()) == []
    again = spool.add(b"again")
    assert (again.offset, again.read()) == (0, b"again")


def test_what_is_not_its_own_is_left_alone(spool, tmp_path):
    own = spool.add(b"own")
    spool.release(Slice(tmp_path / "other", 0, 3))
    assert own.read() == b"own"


def test_what_a_failed_write_left_is_not_read(spool):
    first = spool.add(b"first")
    with first.path.open("ab") as stream:
        stream.write(b"half of the sec")
    second = spool.add(b"second")
    assert [first.read(), second.read()] == [b"first", b"second"]


def test_once_there_is_much_in_memory_small_files_are_copied_into_one(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "_IN_MEMORY_AT_MOST", 10)
    area = StagingArea(tmp_path / "area")
    paths = [tmp_path / f"{n}" for n in range(5)]
    for n, path in enumerate(paths):
        path.write_bytes(b"%d" % n * 6)
    staged = [area.stage_file(path) for path in paths]
    paths[4].write_bytes(b"other")
    assert [type(item.source) for item in staged] == [bytes, bytes, Slice, Slice, Slice]
    assert [item.source.read() for item in staged[2:]] == [b"222222", b"333333", b"444444"]
    assert [item.digest for item in staged] == [
        hashlib.sha256(b"%d" % n * 6).hexdigest() for n in range(5)
    ]
    for item in staged:
        area.discard(item)
    assert list(area.folder.iterdir()) == []


@given(data=st.binary(max_size=200), reads=st.integers(1, 50))
def test_a_copy_has_the_bytes_and_their_digest_whatever_its_size(data, reads):
    """Sizes on both sides of a piece, and of where a thread begins to hash."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "_PIECE", 16)
        patch.setattr(staging, "_BUFFER", 64)
        target, told = io.BytesIO(), []
        progress = type("Told", (), {"advance": lambda self, count: told.append(count)})()
        digest, size = copy_and_hash(Stuttering(data, reads), target, progress)
    assert (digest, size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert target.getvalue() == data
    assert sum(told) == len(data)


class Stuttering(io.BytesIO):
    """Gives at most so many bytes at once, as a socket does."""

    def __init__(self, data, most):
        super().__init__(data)
        self._most = most

    def read(self, size=-1):
        return super().read(min(size, self._most))

    def readinto(self, buffer):
        return super().readinto(memoryview(buffer)[: self._most])
