"""Keys of objects: where a blob or a pack lies in a store, and which generation of it.

An object that was collected never comes back under its key: whoever writes those bytes
again writes the next **generation**, so that a deletion that comes late harms nothing.
Generation 0 has the plain key, later ones ``KEY.gN``.
"""

from __future__ import annotations

import re

__all__ = ["FOLDERS", "base_of", "catalog_key", "generation_of", "in_generation", "is_blobs",
           "is_journal", "is_pack", "is_recipe", "journal_key", "object_key",
           "pack_key", "recipe_key", "record_key"]  # fmt: skip

_MARK = ".g"
_BLOBS = re.compile(r"(?:sha256|pack|recipe)/[0-9a-f]{2}/[0-9a-f]{62}(?:\.g[0-9]+)?")


def object_key(digest: str) -> str:
    """Return the key of the object that holds just this blob."""
    return f"sha256/{digest[:2]}/{digest[2:]}"


def pack_key(name: str) -> str:
    """Return the key of the pack whose index has the digest `name`."""
    return f"pack/{name[:2]}/{name[2:]}"


def recipe_key(name: str) -> str:
    """Return the key of the recipe whose text has the digest `name`."""
    return f"recipe/{name[:2]}/{name[2:]}"


def catalog_key(identity: str) -> str:
    """Return the key by which a catalogue says that it uses a store."""
    return f"catalog/{identity[:2]}/{identity[2:]}"


def record_key(digest: str) -> str:
    """Return the key of a version's record: listed, so that a lost catalogue can be rebuilt."""
    return f"record/{digest[:2]}/{digest[2:]}"


def journal_key(digest: str) -> str:
    """Return the key of what was written down of a catalogue's rows."""
    return f"journal/{digest[:2]}/{digest[2:]}"


FOLDERS = ("sha256", "pack", "recipe", "catalog", "record", "journal", "tmp", "quarantine")
"""What is at the top of a store."""


def is_pack(key: str) -> bool:
    """Return whether the object under `key` holds spans of blobs rather than one blob."""
    return key.startswith("pack/")


def is_recipe(key: str) -> bool:
    """Return whether the object under `key` says of which other blobs one blob is made."""
    return key.startswith("recipe/")


def is_blobs(key: str) -> bool:
    """Return whether the object under `key` holds blobs, rather than a note about the store.

    Just the names that are made here: git's ``pack/``, too, is full of files.
    """
    return bool(_BLOBS.fullmatch(key))


def is_journal(key: str) -> bool:
    """Return whether the object under `key` is an entry of a catalogue's journal."""
    return key.startswith("journal/")


def in_generation(base: str, generation: int) -> str:
    """Return the key of a generation.

    Examples
    --------
    >>> in_generation("sha256/ab/cd", 0), in_generation("sha256/ab/cd", 2)
    ('sha256/ab/cd', 'sha256/ab/cd.g2')
    """
    return f"{base}{_MARK}{generation}" if generation else base


def base_of(key: str) -> str:
    """Return the key without its generation."""
    return key.partition(_MARK)[0]


def generation_of(key: str) -> int:
    """Return the generation that a key says."""
    mark = key.partition(_MARK)[2]
    return int(mark) if mark else 0
