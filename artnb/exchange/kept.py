"""What the journals of a store came to, kept between two pushes or pulls.

To make a store's catalogue from its journals takes as long as the store is large. What it
came to is kept beside the cache under a digest of the store's whole listing: objects never
change, so the same listing means the same catalogue.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from artnb.catalog import Catalog, open_catalog
from artnb.digest import canonical_json, digest_bytes
from artnb.errors import CatalogError
from artnb.store import Backend, CachedBackend

__all__ = ["KeptCatalogs"]

_AT_MOST = 4
_FORMAT = 1


class KeptCatalogs:
    """The catalogues of one store elsewhere, as one repository has seen them.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    view : sequence of str
        What else a catalogue depends on: whose journal leads, which projects are merged.
    """

    def __init__(self, folder: Path, backend: Backend, view: Iterable[str]) -> None:
        self._folder = folder
        self._backend = backend
        self._view = list(view)
        self._seen: dict[str, int] | None = None
        if isinstance(backend, CachedBackend):
            self._seen = {key: stat.size for key, stat in backend.listing()}

    def take(self, target: Path) -> Catalog | None:
        """Return a copy, opened, of what was kept of the store as it is; None if nothing was."""
        if self._seen is None:
            return None
        kept = self._path(self._seen)
        try:
            shutil.copyfile(kept, target)
            os.utime(kept)
            return open_catalog(target, durable=False)
        except (OSError, CatalogError):
            with suppress(OSError):
                kept.unlink(missing_ok=True)
                target.unlink(missing_ok=True)
            return None

    def keep(self, path: Path) -> None:
        """Keep a closed catalogue, if the store holds just what it was made from, and our puts."""
        if self._seen is None or not isinstance(self._backend, CachedBackend):
            return
        written = self._backend.written
        expected = {**self._seen, **{k: size for k, size in written.items() if size is not None}}
        for key in (key for key, size in written.items() if size is None):
            expected.pop(key, None)
        found = {key: stat.size for key, stat in self._backend.listing()}
        if found != expected:
            return  # somebody else has written meanwhile
        with suppress(OSError):  # a full disk: it only takes longer the next time
            self._folder.mkdir(parents=True, exist_ok=True)
            temp = self._folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.part"
            try:
                shutil.copyfile(path, temp)
                temp.replace(self._path(found))
            finally:
                temp.unlink(missing_ok=True)
            self._prune()

    def _path(self, listing: dict[str, int]) -> Path:
        body = [_FORMAT, self._backend.location, self._view, sorted(listing.items())]
        return self._folder / f"{digest_bytes(canonical_json(body))[:40]}.db"

    def _prune(self) -> None:
        """Leave the few that were used last."""
        kept = sorted(self._folder.glob("*.db"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-_AT_MOST]:
            path.unlink(missing_ok=True)
