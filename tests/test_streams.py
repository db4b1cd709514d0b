"""Reading and writing all that is wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artnb.streams import WholeWriter, read_all, write_all


class Miser:
    """A stream that takes a few bytes at a time, and notes how many it was offered."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.offered: list[int] = []
        self.data = b""

    def write(self, data: memoryview) -> int:
        self.offered.append(len(data))
        self.data += bytes(data[: self.takes])
        return min(len(data), self.takes)


@pytest.mark.parametrize("size", [0, 1, 1000, 256 * 1024, 256 * 1024 + 1, 1_000_000])
def test_write_all_in_small_pieces(size: int) -> None:
    data = os.urandom(size)
    stream = Miser(takes=100_000)
    write_all(stream, data)
    assert stream.data == data
    assert max(stream.offered, default=0) <= 256 * 1024


def test_whole_writer_counts_bytes() -> None:
    stream = Miser(takes=10)
    assert WholeWriter(stream).write(b"x" * 25) == 25
    assert stream.data == b"x" * 25


def test_read_all_of_a_pipe_which_gives_parts() -> None:
    out, into = os.pipe()
    try:
        os.write(into, b"abc")
        os.write(into, b"def")
        os.close(into)
        assert read_all(out, 100, 100) == b"abcdef"
    finally:
        os.close(out)


def test_read_all_stops_at_most(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abcdef")
    handle = os.open(tmp_path / "f", os.O_RDONLY)
    try:
        assert read_all(handle, 4, 4) == b"abcd"
    finally:
        os.close(handle)
