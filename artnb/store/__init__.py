"""Content-addressed bytes on any filesystem; knows nothing of names and versions."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from artnb.keys import object_key
from artnb.store.base import Backend, ObjectStat, Part, Slice, Staged
from artnb.store.cache import Cache, CachedBackend, CacheUsage, index_of, pack_spans, uncached
from artnb.store.local import LocalBackend
from artnb.store.objects import ObjectStore
from artnb.store.packs import PackIndex, pack_index
from artnb.store.proving import Finding, prove
from artnb.store.recipes import Recipe, read_recipe
from artnb.store.splitting import digest_parts
from artnb.store.staging import StagingArea
from artnb.store.statcache import StatCache

__all__ = [
    "Backend",
    "Cache",
    "CacheUsage",
    "CachedBackend",
    "Finding",
    "LocalBackend",
    "ObjectStat",
    "ObjectStore",
    "PackIndex",
    "Part",
    "Recipe",
    "Slice",
    "Staged",
    "StagingArea",
    "StatCache",
    "digest_parts",
    "index_of",
    "object_key",
    "open_backend",
    "pack_index",
    "pack_spans",
    "prove",
    "read_recipe",
    "refuse_foreign",
    "uncached",
]


def refuse_foreign(backend: Backend) -> None:
    """Raise StoreError where a folder that is to be written is no store of artnb's."""
    if isinstance(backend, LocalBackend):
        backend.refuse_foreign()


CLOUD_PROTOCOLS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss")


def open_backend(
    url: str, durability: str = "full", *, cache: Cache | None = None, uploads: Path | None = None
) -> Backend:
    """Return the backend for a folder or a URL.

    Parameters
    ----------
    durability : {'full', 'batch', 'none'}
        Of a folder: see `artnb.store.syncing`. A service promises what it promises.
    cache : Cache, optional
        Where to keep on this machine what comes from, and goes to, a store elsewhere.
    uploads : Path, optional
        Where to remember the parts of large uploads that were cut off.

    Examples
    --------
    >>> open_backend("memory://team/artnb").location
    'memory://team/artnb'
    """
    if url.startswith("file://"):
        return LocalBackend(Path(url.removeprefix("file://")), durability)
    if "://" not in url:
        return LocalBackend(Path(url).expanduser(), durability)
    backend = _open_elsewhere(url, uploads)
    return CachedBackend(backend, cache) if cache is not None and cache.limit else backend


def _open_elsewhere(url: str, uploads: Path | None) -> Backend:
    """Return the backend of a URL: by obstore where that is installed, else by fsspec."""
    # What a protocol needs loads only where it is used.
    protocol = url.partition("://")[0]
    if protocol in CLOUD_PROTOCOLS and find_spec("obstore") is not None:
        from artnb.store.cloud import CloudBackend

        return CloudBackend(url, uploads=uploads)
    from artnb.store.remote import FsspecBackend

    return FsspecBackend(url)
