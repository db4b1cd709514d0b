"""A recipe is read as the bytes that it stands for, and anything else is refused."""

import json

import pytest

from artnb.digest import digest_bytes
from artnb.errors import CorruptObjectError, ObjectMissingError
from artnb.keys import recipe_key
from artnb.model import Location
from artnb.store import LocalBackend, ObjectStore, Part, Recipe, Slice, Staged, StatCache

SMALL, LARGE = b"small" * 100, b"large" * 100_000
WHOLE = SMALL + LARGE + SMALL + b"end"


@pytest.fixture
def places():
    return {}


@pytest.fixture
def store(tmp_path, places):
    return ObjectStore(
        LocalBackend(tmp_path / "objects"),
        StatCache(tmp_path / "files.db"),
        lambda digests: {d: places[d] for d in digests if d in places},
    )


@pytest.fixture
def location(store, places, tmp_path):
    path = tmp_path / "whole.bin"
    path.write_bytes(WHOLE)
    spans, offset = [], 0
    for data in (SMALL, LARGE, SMALL, b"end"):
        spans.append(Part(digest_bytes(data), offset, len(data)))
        offset += len(data)
    staged = [Staged(p.digest, p.length, Slice(path, p.offset, p.length)) for p in spans]
    whole = Staged(digest_bytes(WHOLE), len(WHOLE), path, parts=tuple(spans))
    places.update(store.publish([*staged, whole]))
    return places[whole.digest]


def test_parts_lie_where_their_size_says_and_make_the_whole(store, location, places, tmp_path):
    assert store.read(digest_bytes(WHOLE), location) == WHOLE
    assert set(location.parts) == {digest_bytes(d) for d in (SMALL, LARGE, b"end")}
    kinds = {places[digest_bytes(d)].object.split("/")[0] for d in (SMALL, b"end")}
    assert (kinds, places[digest_bytes(LARGE)].object[:7]) == ({"pack"}, "sha256/")
    store.check_out(digest_bytes(WHOLE), location, tmp_path / "out", mtime=0)
    assert (tmp_path / "out").read_bytes() == WHOLE
    assert store.proven_file(digest_bytes(WHOLE), location) is None


def test_reading_follows_a_part_that_a_collector_carried_elsewhere(store, location, places):
    old = places[digest_bytes(SMALL)].object
    moved = store.publish([Staged(digest_bytes(d), len(d), d) for d in (b"end", SMALL, b"new")])
    looked_up = store._locate

    def locate(digests):
        found = looked_up(list(digests))
        if store.backend.exists(old):  # the collector comes between the look-up and the opening
            places.update(moved)
            store.backend.delete(old)
        return found

    store._locate = locate
    assert store.read(digest_bytes(WHOLE), location) == WHOLE


def test_a_part_that_is_gone_or_damaged_is_named(store, location, places, tmp_path):
    path = tmp_path / "objects" / places[digest_bytes(LARGE)].object
    path.chmod(0o644)
    path.write_bytes(b"other" * 100_000)
    with pytest.raises(CorruptObjectError):
        store.read(digest_bytes(WHOLE), location)
    assert store.damaged_part(location)[0] == digest_bytes(LARGE)
    path.unlink()
    with pytest.raises(ObjectMissingError):
        store.read(digest_bytes(WHOLE), location)
    assert store.damaged_part(location)[0] == digest_bytes(LARGE)


def put(store, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    key = recipe_key(digest_bytes(data))
    store.backend.put_bytes(key, data)
    return Location(key, 0, 3)


DIGEST = "ab" * 32


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100_000,
        b"\xff",
        [],
        {"artnb": 2, "digest": DIGEST, "parts": []},
        {"artnb": 1, "digest": "../../etc", "parts": []},
        {"artnb": 1, "digest": DIGEST, "parts": [["../x", 3]]},
        {"artnb": 1, "digest": DIGEST, "parts": [[DIGEST, -3]]},
        {"artnb": 1, "digest": DIGEST, "parts": [[DIGEST, 3.5]]},
        {"artnb": 1, "digest": DIGEST, "parts": [[DIGEST, True]]},
        {"artnb": 1, "digest": DIGEST, "parts": [[DIGEST]]},
        {"artnb": 1, "digest": DIGEST, "parts": 7},
    ],
    ids=lambda body: repr(body)[:60],
)
def test_a_recipe_that_is_none_is_refused(store, body):
    with pytest.raises(CorruptObjectError):
        store.recipe(put(store, body))


def test_a_recipe_of_itself_or_of_recipes_is_not_followed(store, places):
    recipe = Recipe(DIGEST, ((DIGEST, 3),))
    at = put(store, recipe.to_bytes())
    places[DIGEST] = at
    with pytest.raises(ObjectMissingError):
        store.read(DIGEST, at)


def test_a_recipe_under_another_key_is_damaged(store, location):
    key = recipe_key(DIGEST)
    store.backend.put_bytes(key, Recipe(DIGEST, ()).to_bytes())
    with pytest.raises(CorruptObjectError):
        store.recipe(Location(key, 0, 0))
