"""What is kept of a store elsewhere: proved, bounded, shared by processes, never blamed on it."""

import os
import subprocess
import sys
import textwrap
import time

import pytest

from artnb.digest import digest_bytes
from artnb.errors import CorruptObjectError
from artnb.keys import object_key
from artnb.model import Location
from artnb.store import (
    Cache,
    CachedBackend,
    LocalBackend,
    ObjectStore,
    StagingArea,
    StatCache,
    pack_spans,
)


class Counting(LocalBackend):
    """A backend that counts what it is asked for."""

    def __init__(self, root):
        super().__init__(root)
        self.opened = []

    def open(self, key, offset=0, length=None):
        self.opened.append((key, offset, length))
        return super().open(key, offset, length)


@pytest.fixture
def origin(tmp_path):
    return Counting(tmp_path / "objects")


@pytest.fixture
def stats(tmp_path):
    made = StatCache(tmp_path / "files.db")
    yield made
    made.close()


@pytest.fixture
def cached(origin, stats, tmp_path):
    return CachedBackend(origin, Cache(tmp_path / "cache", 1 << 20, stats))


def put(backend, data):
    key = object_key(digest_bytes(data))
    backend.put_bytes(key, data)
    return key


def read(backend, key, *span):
    with backend.open(key, *span) as stream:
        return stream.read()


def age(cache, key, seconds):
    path = cache.folder / key
    stat = path.stat()
    os.utime(path, ns=(int((time.time() - seconds) * 1e9), stat.st_mtime_ns))


def test_what_was_read_or_written_is_not_fetched_again(cached, origin):
    written = put(cached, b"written")
    fetched = put(origin, b"fetched")
    assert [read(cached, written), read(cached, fetched), read(cached, fetched, 1, 3)] == [
        b"written", b"fetched", b"etc",
    ]  # fmt: skip
    assert origin.opened == [(fetched, 0, None)]


def test_damage_here_is_fetched_anew_and_the_store_is_not_blamed(cached, origin, stats):
    data = b"sound" * 100_000
    key = put(cached, data)
    entry = cached.cache.folder / key
    entry.chmod(0o644)
    entry.write_bytes(b"spoilt" * 10)
    store = ObjectStore(cached, stats)
    staged = StagingArea(origin.root.parent / "stage").stage_bytes(data)
    place = store.publish([staged])[staged.digest]
    assert store.read(staged.digest, place) == data
    assert store.proven_file(staged.digest, place).read_bytes() == data
    assert origin.exists(key)


def test_damage_in_the_store_is_never_kept(cached, origin, stats):
    key = put(origin, b"sound")
    (origin.root / key).chmod(0o644)
    (origin.root / key).write_bytes(b"other")
    with pytest.raises(CorruptObjectError):
        ObjectStore(cached, stats).read(digest_bytes(b"sound"), Location(key, 0, 5))
    assert cached.cache.usage().entries == 0


def test_a_pack_is_fetched_whole_at_the_third_span(cached, origin, stats, tmp_path):
    stage = StagingArea(tmp_path / "stage")
    items = [stage.stage_bytes(bytes([n]) * 1000) for n in range(50)]
    places = ObjectStore(origin, stats).publish(items)
    origin.opened.clear()
    store = ObjectStore(cached, stats)
    for item in items:
        assert store.read(item.digest, places[item.digest]) == item.source
    assert len(origin.opened) == 3
    assert origin.opened[-1][1:] == (0, None)


def test_the_index_of_a_pack_is_read_from_its_end_once(cached, origin, stats, tmp_path):
    stage = StagingArea(tmp_path / "stage")
    items = [stage.stage_bytes(os.urandom(200_000)) for _ in range(5)]
    places = ObjectStore(origin, stats).publish(items)
    (key,) = {place.object for place in places.values()}
    origin.opened.clear()
    spans = pack_spans(cached, key)
    assert {digest for digest, *_ in spans} == set(places)
    assert pack_spans(cached, key) == spans
    assert sum(length for _, _, length in origin.opened) < 100_000
    assert len(origin.opened) == 1


def test_the_least_recently_used_go_first(cached, origin):
    keys = [put(origin, bytes([n]) * 300_000) for n in range(5)]
    cache = cached.cache
    for key in keys[:3]:
        read(cached, key)
    for ago, key in zip((5000, 4000, 3000), keys[:3], strict=True):
        age(cache, key, ago)
    read(cached, keys[0])  # used just now
    age(cache, keys[0], 2000)
    cache._evicted_at = None
    read(cached, keys[3])
    assert cache.usage().bytes <= cache.limit
    there = [(cache.folder / key).exists() for key in keys]
    assert there == [True, False, True, True, False]


def test_what_was_used_just_now_stays_though_the_limit_is_passed(cached, origin):
    keys = [put(origin, bytes([n]) * 300_000) for n in range(5)]
    for key in keys:
        read(cached, key)
    assert cached.cache.usage().entries == 5
    for key in keys:
        age(cached.cache, key, 5000)
    assert cached.cache.evict() == 600_000
    assert cached.cache.usage().bytes == 900_000


def test_what_is_larger_than_the_limit_is_read_but_not_kept(cached, origin):
    data = b"x" * (2 << 20)
    assert read(cached, put(origin, data)) == data
    assert cached.cache.usage().entries == 0


def test_clearing_leaves_the_store(cached, origin):
    key = put(cached, b"data")
    assert cached.cache.clear().entries == 1
    assert cached.cache.usage().entries == 0
    assert read(cached, key) == b"data"


def test_a_folder_that_may_not_be_written_only_costs_time(origin, stats, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder would be")
    cached = CachedBackend(origin, Cache(tmp_path / "cache", 1 << 20, stats))
    assert read(cached, put(cached, b"data")) == b"data"


def test_processes_that_fetch_and_evict_at_once_read_what_is_there(origin, tmp_path):
    keys = [put(origin, bytes([n]) * 100_000) for n in range(12)]
    script = textwrap.dedent("""
        import random, sys
        from pathlib import Path
        from artnb.digest import digest_bytes
        from artnb.keys import object_key
        from artnb.store import Cache, CachedBackend, LocalBackend, StatCache, cache
        cache._SPARED_SECONDS = 0
        objects, folder, seed, *keys = sys.argv[1:]
        stats = StatCache(Path(folder).parent / "shared.db")
        backend = CachedBackend(LocalBackend(Path(objects)), Cache(Path(folder), 350_000, stats))
        rolls = random.Random(seed)
        for _ in range(150):
            key = rolls.choice(keys)
            with backend.open(key) as stream:
                assert object_key(digest_bytes(stream.read())) == key
            if rolls.random() < 0.2:
                backend.cache.evict(200_000)
    """)
    command = [sys.executable, "-c", script, origin.root, tmp_path / "cache"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [subprocess.Popen([*command, str(n), *keys], env=env) for n in range(4)]
    assert [process.wait() for process in running] == [0] * 4
