"""Blobs: packed, proved, checked out, and never handed out damaged."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from artnb.errors import CorruptObjectError
from artnb.store import (
    LocalBackend,
    ObjectStore,
    PackIndex,
    Staged,
    StagingArea,
    StatCache,
    index_of,
    pack_index,
)

BIG = 300 * 1024


@pytest.fixture
def staging(tmp_path):
    return StagingArea(tmp_path / "tmp")


@pytest.fixture
def store(tmp_path):
    return ObjectStore(LocalBackend(tmp_path / "objects"), StatCache(tmp_path / "files.db"))


def staged(data):
    return Staged(hashlib.sha256(data).hexdigest(), len(data), data)


def test_small_blobs_share_one_pack_and_large_ones_stand_alone(store):
    items = [staged(b"%d" % n) for n in range(50)] + [staged(b"x" * BIG)]
    places = store.publish(items)
    assert len({place.object for place in places.values()}) == 2
    for item in items:
        assert store.read(item.digest, places[item.digest]) == item.source


def test_a_pack_says_itself_what_it_holds(store):
    places = store.publish([staged(b"one"), staged(b"two")])
    (key,) = {place.object for place in places.values()}
    with open(store.backend.local_path(key), "rb") as stream:
        spans = pack_index(stream).spans
    assert {(d, p.offset, p.length) for d, p in places.items()} == set(spans)


def version(files):
    """The files, the manifest and the record of a version, as they are published together."""
    manifest, record = staged(b"m" * BIG), staged(b"record of %d" % len(files))
    return [*files, replace(manifest, role="manifest"), replace(record, role="record")]


def test_a_version_of_few_small_files_is_one_object_that_says_which_blob_is_its_record(store):
    items = version([staged(b"one"), staged(b"two")])
    places = store.publish(items)
    (key,) = {place.object for place in places.values()}
    index = index_of(store.backend, key)
    assert index.records == {items[-1].digest}
    assert {digest for digest, _, _ in index.spans} == {item.digest for item in items}
    for item in items:
        assert store.read(item.digest, places[item.digest]) == item.source


def test_the_manifest_of_many_small_files_is_not_among_them(store):
    items = version([staged(b"%d" % n + b"x" * 200_000) for n in range(10)])
    places = store.publish(items)
    *files, manifest, record = (places[item.digest].object for item in items)
    assert manifest == record
    assert {manifest}.isdisjoint(files)
    assert len(set(files)) == 1


@pytest.mark.parametrize("role", ["record", "manifest"])
def test_what_leaves_a_pack_does_not_come_back_under_its_key(store, role):
    item = replace(staged(b"again"), role=role)
    first = store.publish([item])[item.digest].object
    second = store.publish([item], avoid={first})[item.digest].object
    third = store.publish([item], avoid={first, second})[item.digest].object
    assert len({first, second, third}) == 3
    assert store.publish([item])[item.digest].object == first


@pytest.mark.parametrize("body", [{"blobs": 1}, {"blobs": [[["a"], 0, 1]]}, {"blobs": [],
                                   "records": 1}, {"blobs": [], "records": [[]]}, []])  # fmt: skip
def test_an_index_that_is_none_is_refused(body):
    with pytest.raises(CorruptObjectError, match="Not a pack"):
        PackIndex.from_bytes(json.dumps(body).encode())


def test_one_small_blob_is_an_object_of_its_own(store):
    item = staged(b"alone")
    assert store.publish([item])[item.digest].object.startswith("sha256/")


@pytest.mark.parametrize("size", [10, BIG])
def test_a_damaged_object_is_never_read_nor_checked_out(store, tmp_path, size):
    item = staged(b"y" * size)
    place = store.publish([item])[item.digest]
    path = store.backend.local_path(place.object)
    path.chmod(0o644)
    path.write_bytes(b"z" * size)
    with pytest.raises(CorruptObjectError):
        store.read(item.digest, place)
    with pytest.raises(CorruptObjectError):
        store.check_out(item.digest, place, tmp_path / "out", mtime=0)
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".out*")) == []


def test_writing_to_a_checked_out_file_leaves_the_object_as_it_was(store, tmp_path):
    item = staged(b"k" * BIG)
    place = store.publish([item])[item.digest]
    target = tmp_path / "out"
    store.check_out(item.digest, place, target, mtime=0)
    try:
        with open(target, "r+b") as stream:
            stream.write(b"changed")
    except PermissionError:
        assert os.geteuid() != 0  # a read-only link: the write was refused
    assert store.read(item.digest, place) == item.source


def test_without_privileges_a_large_file_is_linked_and_cannot_be_written(tmp_path):
    """As another user, where root runs the tests: there the read-only bit protects."""
    program = f"""
import os, pathlib, sys
from artnb.store import *
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
root = pathlib.Path({str(tmp_path)!r})
store = ObjectStore(LocalBackend(root / "objects"), StatCache(root / "files.db"))
data = b"k" * {BIG}
item = StagingArea(root / "tmp").stage_bytes(data)
place = store.publish([item])[item.digest]
target = root / "out"
store.check_out(item.digest, place, target, mtime=0)
shared = target.stat().st_ino == store.backend.local_path(place.object).stat().st_ino
try:
    target.open("r+b").write(b"changed")
    print("written", shared)
except PermissionError:
    print("refused", shared)
assert store.read(item.digest, place) == data
"""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and len(folder.parts) > 2:
            folder.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    # "written": a reflink, a file of its own that shares blocks.
    assert done.stdout.strip() in ("refused True", "written False")


def test_a_file_is_staged_as_it_was(staging, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"a" * BIG)
    item = staging.stage_file(path)
    path.write_bytes(b"b")
    assert item.digest == hashlib.sha256(b"a" * BIG).hexdigest()
    assert item.source.read_bytes() == b"a" * BIG


def test_a_file_that_grows_while_it_is_read_is_refused(staging, tmp_path, monkeypatch):
    path = tmp_path / "data"
    path.write_bytes(b"a" * BIG)
    real = StagingArea._copy

    def growing(self, stream, source, progress):
        result = real(self, stream, source, progress)
        with open(source, "ab") as stream:
            stream.write(b"more")
        return result

    monkeypatch.setattr(StagingArea, "_copy", growing)
    with pytest.raises(ValueError, match="changed while it was read"):
        staging.stage_file(path)
    assert list(staging.folder.iterdir()) == []


def test_folders_of_dead_processes_are_removed_and_others_kept(tmp_path):
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True)  # fmt: skip
    dead = tmp_path / "tmp" / f"{done.stdout.strip()}-aaaa"
    mine = tmp_path / "tmp" / f"{os.getpid()}-bbbb"
    for folder in (dead, mine):
        folder.mkdir(parents=True)
    StagingArea(tmp_path / "tmp").remove_abandoned()
    assert not dead.exists()
    assert mine.exists()
