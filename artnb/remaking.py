"""A repository whose catalogue is lost or broken, put together again from its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from artnb.catalog import (
    Catalog,
    catalog_exists,
    catalog_path,
    open_catalog,
    renewed_catalog,
    without_password,
)
from artnb.environment import HOST
from artnb.errors import CatalogError, CatalogLockedError, StoreReadOnlyError
from artnb.maintenance import Rebuilt, rebuild
from artnb.osfaults import translated
from artnb.repository import Repository, close_repositories
from artnb.settings import Settings
from artnb.store import Cache, ObjectStore, StatCache, open_backend
from artnb.store.staging import process_alive
from artnb.store.syncing import fsync_folder

__all__ = ["Restored", "restore_catalog"]

_PARTS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was made, and where the catalogue that was there before is now.

    Attributes
    ----------
    path : str
        The file, or the URL without what is secret.
    before : str or None
        None: there was none.
    """

    rebuilt: Rebuilt
    path: str
    before: str | None


def restore_catalog(settings: Settings, *, catalog: str | None = None) -> Restored:
    """Make the catalogue again from the store, and put it in the place of the one there.

    The one that was there is kept beside it. If it can be opened, what it has not yet
    written down in the store is written first.

    Parameters
    ----------
    catalog : str, optional
        Which catalogue's journal to read, where several wrote to the store.

    Raises
    ------
    CatalogError
        A run is open, or the store has no journal. Nothing was changed.
    """
    close_repositories()
    if catalog_exists(settings.catalog):
        _finish_off(settings)
    stats = StatCache(settings.root / "cache" / "files.db")
    try:
        cache = Cache(settings.root / "cache" / "objects", settings.cache_bytes, stats)
        store = ObjectStore(open_backend(settings.store, cache=cache), stats)
        path = catalog_path(settings.catalog)
        if path is None:
            return _on_server(settings, store, catalog)
        return _in_file(path, store, catalog)
    finally:
        stats.close()


def _in_file(path: Path, store: ObjectStore, catalog: str | None) -> Restored:
    made = path.with_name(f"{path.name}.rebuilt")
    with translated(f"make {made}"):
        for part in _PARTS:
            Path(f"{made}{part}").unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        rebuilt = rebuild(store, lambda: closing(open_catalog(made)), catalog=catalog)
    except BaseException:
        for part in _PARTS:
            Path(f"{made}{part}").unlink(missing_ok=True)
        raise
    before = _set_aside(path)
    made.replace(path)
    fsync_folder(path.parent)
    return Restored(rebuilt, str(path), str(before) if before else None)


def _on_server(settings: Settings, store: ObjectStore, catalog: str | None) -> Restored:
    moved: list[str] = []

    @contextmanager
    def renewed() -> Iterator[Catalog]:
        with renewed_catalog(settings.catalog) as (made, before):
            if before:
                moved.append(f"schema {before}")
            yield made

    rebuilt = rebuild(store, renewed, catalog=catalog)
    return Restored(rebuilt, without_password(settings.catalog), moved[0] if moved else None)


def _finish_off(settings: Settings) -> None:
    """Write down what the present catalogue knows, if it can be opened; refuse if it is in use."""
    try:
        old = open_catalog(settings.catalog, patience=settings.lock_seconds)
        try:
            old.wait_for_writers()
            running = [pid for _, pid in old.open_runs(HOST) if process_alive(pid)]
        finally:
            old.close()
        if not running:
            Repository(settings).close()
    except (StoreReadOnlyError, CatalogLockedError):
        raise
    except CatalogError:
        return  # broken: that is why it is made again
    if running:
        raise CatalogError(
            f"Runs are open in {without_password(settings.catalog)} (process "
            f"{', '.join(map(str, running))}). Finish them, then rebuild. Nothing was changed."
        )


def _set_aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    number = 1
    while (aside := path.with_name(f"{path.name}.before-{number}")).exists():
        number += 1
    for part in _PARTS:
        if Path(f"{path}{part}").exists():
            Path(f"{path}{part}").rename(f"{aside}{part}")
    return aside
