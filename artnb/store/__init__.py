"""Content-addressed bytes on any filesystem; knows nothing of names and versions."""

from __future__ import annotations

from pathlib import Path

from artnb.keys import object_key
from artnb.store.base import Backend, ObjectStat, Part, Slice, Staged
from artnb.store.local import LocalBackend
from artnb.store.objects import ObjectStore, pack_index
from artnb.store.proving import Finding, prove
from artnb.store.recipes import Recipe, read_recipe
from artnb.store.splitting import digest_parts
from artnb.store.staging import StagingArea
from artnb.store.statcache import StatCache

__all__ = [
    "Backend",
    "Finding",
    "LocalBackend",
    "ObjectStat",
    "ObjectStore",
    "Part",
    "Recipe",
    "Slice",
    "Staged",
    "StagingArea",
    "StatCache",
    "digest_parts",
    "object_key",
    "open_backend",
    "pack_index",
    "prove",
    "read_recipe",
]


def open_backend(url: str, durability: str = "full") -> Backend:
    """Return the backend for a folder or a URL.

    Parameters
    ----------
    durability : {'full', 'batch', 'none'}
        Of a folder: see `artnb.store.syncing`. A service promises what it promises.

    Examples
    --------
    >>> open_backend("memory://team/artnb").location
    'memory://team/artnb'
    """
    if url.startswith("file://"):
        return LocalBackend(Path(url.removeprefix("file://")), durability)
    if "://" in url:
        from artnb.store.remote import FsspecBackend  # fsspec loads only where it is used

        return FsspecBackend(url)
    return LocalBackend(Path(url).expanduser(), durability)
