"""The cache of digests never answers for a file that may have changed."""

import os
import time

import pytest

from artnb.store import StatCache, statcache
from artnb.store.statcache import look_at, unchanged


@pytest.fixture
def cache(tmp_path):
    opened = StatCache(tmp_path / "cache" / "files.db")
    yield opened
    opened.close()


def settled(path, data=b"data"):
    path.write_bytes(data)
    past = time.time() - 60
    os.utime(path, (past, past))
    return path


def test_an_unchanged_file_is_known(cache, tmp_path):
    path = settled(tmp_path / "a")
    cache.record([(path, "digest")])
    assert cache.lookup([path, tmp_path / "other"]) == {path: "digest"}


def test_a_file_that_was_just_written_is_not_remembered(cache, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"data")
    cache.record([(path, "digest")])
    assert cache.lookup([path]) == {}


def test_a_file_that_was_written_to_since_it_was_read_is_not_remembered(
    cache, tmp_path, monkeypatch
):
    path = tmp_path / "a"
    since = time.time_ns()
    path.write_bytes(b"data")
    monkeypatch.setattr(time, "time_ns", lambda: since + 10 * 10**9)
    cache.record([(path, "of what was there before")], since=since)
    assert cache.lookup([path]) == {}
    cache.record([(path, "digest")])
    assert cache.lookup([path]) == {path: "digest"}


@pytest.mark.parametrize("others", [0, 700])
def test_of_many_files_each_is_known_as_if_it_were_alone(cache, tmp_path, others):
    asked = [settled(tmp_path / f"{n:04}", b"x" * n) for n in range(600)]
    between = [settled(tmp_path / f"{n:04}-other") for n in range(others)]
    cache.record((path, path.name) for path in (*asked, *between))
    os.utime(asked[0])
    asked[1].unlink()
    absent = tmp_path / "0300-absent"
    assert cache.lookup([*reversed(asked), absent]) == {path: path.name for path in asked[2:]}
    now = look_at(map(str, asked))
    digests = unchanged(cache.known(list(map(str, asked))), now)
    seen = zip(now.paths, now.sizes, digests, strict=True)
    expected = [(str(path), n, path.name if n else None) for n, path in enumerate(asked) if n != 1]
    assert list(seen) == expected


def test_all_below_a_folder_is_known_unless_it_is_very_much(cache, tmp_path, monkeypatch):
    for name in ("in!", "in.x", "in1"):
        settled(tmp_path / name)
    (tmp_path / "in").mkdir()
    inside = [settled(tmp_path / "in" / name) for name in ("!", "a", "~", "\U0010fffd")]
    cache.record((path, path.name) for path in (*inside, *tmp_path.glob("in?*")))
    below = os.path.join(tmp_path, "in", "")
    assert cache.below(below).digests == [path.name for path in inside]
    monkeypatch.setattr(statcache, "_AT_MOST", 4)
    assert cache.below(below) is None


@pytest.mark.parametrize("change", ["size", "mtime", "inode", "gone"])
def test_a_changed_file_is_not_known(cache, tmp_path, change):
    path = settled(tmp_path / "a")
    stat = path.stat()
    cache.record([(path, "digest")])
    if change == "size":
        path.write_bytes(b"longer data")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif change == "mtime":
        os.utime(path)
    elif change == "inode":
        other = settled(tmp_path / "b")
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        other.replace(path)
    else:
        path.unlink()
    assert cache.lookup([path]) == {}


def test_a_broken_cache_only_costs_time(tmp_path):
    (tmp_path / "files.db").write_bytes(b"this is not a database, not at all" * 100)
    cache = StatCache(tmp_path / "files.db")
    path = settled(tmp_path / "a")
    cache.record([(path, "digest")])
    assert cache.lookup([path]) == {}
    cache.close()
