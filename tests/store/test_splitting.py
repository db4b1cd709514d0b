"""Where a file is cut, and what is kept whole because its header is not to be believed."""

import hashlib
import json
import random
import struct
import sys

import checkpoints
import pytest

from artnb.errors import MissingExtraError
from artnb.store.splitting import split, tensor_lengths

DATA = b"x" * 1000


def file(tmp_path, data):
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    return path


def of_header(tmp_path, header, data=DATA):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return tensor_lengths(file(tmp_path, struct.pack("<Q", len(text)) + text + data))


def at(first, last):
    return {"dtype": "U8", "shape": [last - first], "data_offsets": [first, last]}


def test_each_tensor_is_a_part_and_the_parts_are_the_file(tmp_path):
    content = checkpoints.tensors(layers=5, size=1000)
    path = checkpoints.write(tmp_path / "m.safetensors", content, metadata={"format": "pt"})
    parts = split(path, path.name)
    assert [p.digest for p in parts[1:]] == [
        hashlib.sha256(data).hexdigest() for data in content.values()
    ]
    whole = path.read_bytes()
    assert b"".join(whole[p.offset : p.offset + p.length] for p in parts) == whole


def test_the_library_s_own_files_are_cut_at_their_tensors(tmp_path):
    np = pytest.importorskip("numpy")
    from safetensors.numpy import save_file

    path = tmp_path / "m.safetensors"
    arrays = {f"t{n}": np.full((n + 1, 7), n, dtype="f4") for n in range(9)}
    save_file(arrays, path)
    lengths = {part.length for part in split(path, path.name)}
    assert {a.nbytes for a in arrays.values()} <= lengths


def test_gaps_and_what_follows_the_last_tensor_are_parts_too(tmp_path):
    header = {"a": at(100, 200), "b": at(300, 400)}
    assert of_header(tmp_path, header)[1:] == [100, 100, 100, 100, 600]


def test_empty_tensors_and_their_order_in_the_header_do_not_matter(tmp_path):
    header = {"b": at(500, 1000), "empty": at(500, 500), "a": at(0, 500)}
    assert of_header(tmp_path, header)[1:] == [500, 500]


@pytest.mark.parametrize(
    "header",
    [
        {"a": at(0, 600), "b": at(500, 1000)},
        {"a": at(0, 1001)},
        {"a": at(-1, 10)},
        {"a": at(10, 5)},
        {"a": {"data_offsets": [0.0, 5.0]}},
        {"a": {"data_offsets": [0, True]}},
        {"a": {"data_offsets": [0]}},
        {"a": {"data_offsets": [0, 1 << 80]}},
        {"a": {}},
        {"a": None},
        [1, 2],
        b"not json",
        b"\xff\xfe\xff\xfe",
        b"[" * 100_000,
        b"{}"[:1],
    ],
    ids=repr,
)
def test_a_header_that_lies_is_not_believed(tmp_path, header):
    assert of_header(tmp_path, header) == []


@pytest.mark.parametrize("length", [0, 1, 993, 1 << 25, 1 << 63, (1 << 64) - 1])
def test_a_header_longer_than_the_file_is_not_read(tmp_path, length):
    assert tensor_lengths(file(tmp_path, struct.pack("<Q", length) + DATA[:992])) == []


@pytest.mark.parametrize("size", range(10))
def test_a_file_that_ends_in_its_header_is_not_cut(tmp_path, size):
    assert tensor_lengths(file(tmp_path, checkpoints.framed(b"{}")[:size])) == []


def test_one_tensor_alone_and_other_files_stay_whole(tmp_path):
    path = checkpoints.write(tmp_path / "m.safetensors", {"a": DATA})
    assert split(path, path.name) == ()
    several = checkpoints.write(tmp_path / "m.bin", {"a": DATA, "b": DATA})
    assert split(several, several.name) == ()


def test_chunks_are_the_file_and_stay_where_bytes_are_put_before_them(tmp_path):
    data = random.Random(1).randbytes(4 << 20)
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_bytes(data)
    second.write_bytes(b"a line more\n" + data)
    cut = split(first, first.name, ("csv",))
    again = split(second, second.name, ("csv",))
    assert b"".join(data[p.offset : p.offset + p.length] for p in cut) == data
    assert 30 < len(cut) < 130
    new = {p.digest: p.length for p in again}.items() - {p.digest: p.length for p in cut}.items()
    assert sum(length for _, length in new) < 400_000


def test_chunks_without_the_package_say_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyfastcdc", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'artnb\[chunks\]'"):
        split(file(tmp_path, DATA), "a.csv", ("csv",))
