"""Every byte read again and compared with its digest, whatever the caches say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from artnb.digest import digest_bytes, digest_stream
from artnb.errors import CorruptObjectError, ObjectMissingError
from artnb.keys import base_of, is_pack, is_recipe, pack_key
from artnb.model import Location
from artnb.store.base import Backend
from artnb.store.cache import uncached
from artnb.store.objects import ObjectStore
from artnb.store.packs import pack_index

__all__ = ["Finding", "prove"]

CORRUPT = "its bytes do not have their digest"
MISSING = "it is missing from the store"
BAD_INDEX = "the index at its end is damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """What proving one object came to.

    Attributes
    ----------
    sound : tuple of str
        Digests whose bytes are right.
    damaged : mapping
        Digest -> what is wrong.
    index : str or None
        What is wrong with a pack's own index, if anything.
    """

    object: str
    size: int
    sound: tuple[str, ...]
    damaged: Mapping[str, str]
    index: str | None = None


def prove(store: ObjectStore, places: Mapping[str, Location]) -> Iterator[Finding]:
    """Read the objects in which blobs lie, and yield what each is worth; packs span by span.

    Of a recipe that is sound itself, but not a part of it, nothing is said: the part's own
    object tells.

    Parameters
    ----------
    places : mapping
        Digest -> where it should lie.
    """
    store = store.over(uncached(store.backend))
    by_object: dict[str, dict[str, Location]] = {}
    for digest, place in places.items():
        by_object.setdefault(place.object, {})[digest] = place
    for key, blobs in sorted(by_object.items()):
        try:
            if is_recipe(key):
                yield _prove_recipe(store, key, blobs)
            elif is_pack(key):
                yield _prove_pack(store.backend, key, blobs)
            else:
                yield _prove_whole(store.backend, key, blobs)
        except ObjectMissingError:
            yield Finding(key, 0, (), dict.fromkeys(blobs, MISSING))
        except CorruptObjectError:  # an archive that knows it of its members
            yield Finding(key, 0, (), dict.fromkeys(blobs, CORRUPT))


def _prove_whole(backend: Backend, key: str, blobs: Mapping[str, Location]) -> Finding:
    with backend.open(key) as stream:
        found, size = digest_stream(stream)
    sound = tuple(digest for digest in blobs if digest == found)
    return Finding(key, size, sound, {d: CORRUPT for d in blobs if d != found})


def _prove_recipe(store: ObjectStore, key: str, blobs: Mapping[str, Location]) -> Finding:
    size = store.backend.stat(key).size
    ((digest, at), *others) = blobs.items()
    damaged = dict.fromkeys((other for other, _ in others), CORRUPT)
    try:
        if store.recipe(at).digest != digest:
            raise CorruptObjectError(f"The recipe {key} is of another blob.")
        with store.open(at) as stream:
            found, _ = digest_stream(stream)
    except CorruptObjectError:
        return Finding(key, size, (), {**damaged, digest: CORRUPT})
    except ObjectMissingError:
        if not store.backend.exists(key):
            raise
        return Finding(key, size, (), damaged)
    if found == digest:
        return Finding(key, size, (digest,), damaged)
    if store.damaged_part(at) is None:
        damaged[digest] = CORRUPT
    return Finding(key, size, (), damaged)


def _prove_pack(backend: Backend, key: str, blobs: Mapping[str, Location]) -> Finding:
    sound, damaged, size = [], {}, 0
    with backend.open(key) as stream:
        for digest, place in sorted(blobs.items(), key=lambda item: item[1].offset):
            stream.seek(place.offset)
            data = stream.read(place.length)
            size += len(data)
            if digest_bytes(data) == digest:
                sound.append(digest)
            else:
                damaged[digest] = CORRUPT
        try:
            intact = pack_key(pack_index(stream).name) == base_of(key)
        except (CorruptObjectError, ValueError, KeyError, OSError):
            intact = False
    return Finding(key, size, tuple(sound), damaged, None if intact else BAD_INDEX)
