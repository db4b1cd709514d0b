"""A repository whose catalogue is lost or broken, put together again from its store.

The new catalogue has a name of its own, so that what processes of the former one still do to
the store is told from what is the new one's: see `artnb.belonging`. It takes the former one's
place only if that did not change since it was written down, else all is read anew.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass
from pathlib import Path

from artnb.belonging import Mark, leave_mark, marks_in
from artnb.catalog import (
    Catalog,
    catalog_exists,
    catalog_path,
    open_catalog,
    renewed_catalog,
    without_password,
)
from artnb.catalog.locks import locked_file
from artnb.digest import digest_bytes
from artnb.environment import HOST
from artnb.errors import ArtnbError, CatalogError, CatalogLockedError, StoreReadOnlyError
from artnb.keys import catalog_key, journal_key
from artnb.maintenance import Rebuilt, rebuild, write_whole
from artnb.osfaults import translated
from artnb.repository import Repository, close_repositories
from artnb.settings import Settings
from artnb.store import Backend, Cache, ObjectStore, StatCache, open_backend
from artnb.store.staging import process_alive
from artnb.store.syncing import fsync_folder

__all__ = ["Restored", "restore_catalog"]

_PARTS = ("", "-wal", "-shm")
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Restored:
    """What was made, and where the catalogue that was there before is now.

    Attributes
    ----------
    path : str
        The file, or the URL without what is secret.
    before : str or None
        None: there was none.
    others : tuple of Mark
        The catalogues that use the store, too, for all that is known.
    """

    rebuilt: Rebuilt
    path: str
    before: str | None
    others: tuple[Mark, ...] = ()


class _ChangedError(Exception):
    """What was read is not all that there is any more."""


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
        A run is open, the store has no journal, or other processes go on recording. Nothing
        was changed.
    CatalogLockedError
        Another process is at it, too.
    """
    close_repositories()
    path = catalog_path(settings.catalog)
    stats = StatCache(settings.root / "cache" / "files.db")
    try:
        cache = Cache(settings.root / "cache" / "objects", settings.cache_bytes, stats)
        store = ObjectStore(open_backend(settings.store, cache=cache), stats)
        with _one_at_a_time(path, settings.lock_seconds) if path else nullcontext():
            for _ in range(_ATTEMPTS):
                with suppress(_ChangedError):
                    return _Restoring(settings, store).run(path, catalog)
    finally:
        stats.close()
    raise CatalogError(
        f"Other processes go on recording in {without_password(settings.catalog)}, so what was "
        "read of the store was never all of it. End them, then rebuild. Nothing was changed."
    )


@contextmanager
def _one_at_a_time(path: Path, patience: float) -> Iterator[None]:
    with translated(f"make {path.parent}"):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name("rebuild.lock")
    with ExitStack() as stack:
        with translated(f"make {lock}"):
            stack.enter_context(locked_file(lock, f"the lock of rebuilds {lock}", patience))
        yield


class _Restoring:
    """One attempt, by a name that no catalogue had before."""

    def __init__(self, settings: Settings, store: ObjectStore) -> None:
        self._settings = settings
        self._store = store
        self._backend: Backend = store.backend
        self._name = uuid.uuid4().hex
        self._location = without_password(settings.catalog)
        self._written: str | None = None
        self._state: tuple[str, int, bool] | None = None

    def run(self, path: Path | None, catalog: str | None) -> Restored:
        if path is not None:
            self._location = str(path)
        old = self._finish_off() if catalog_exists(self._settings.catalog) else None
        with closing(old) if old else nullcontext(), self._marked() as former:
            if path is None:
                rebuilt, before = self._on_server(catalog)
            else:
                rebuilt, before = self._in_file(path, old, catalog)
        for mark in former:
            self._backend.delete(catalog_key(mark.identity))
        return Restored(rebuilt, self._location, before, self._others())

    @contextmanager
    def _marked(self) -> Iterator[list[Mark]]:
        """Leave the new catalogue's mark, and yield those of whose place it takes."""
        if self._backend.read_only or not any(self._backend.listing("journal/")):
            yield []  # nothing can be deleted there, or there is nothing
            return
        former = [mark for mark in marks_in(self._backend) if self._is_former(mark)]
        names = {name for mark in former for name in (mark.identity, *mark.follows)}
        leave_mark(
            self._backend, Mark(self._name, self._location, HOST, follows=tuple(sorted(names)))
        )
        self._backend.flush()
        try:
            yield former
        except BaseException:
            with suppress(ArtnbError):
                if self._written is not None:
                    self._backend.delete(self._written)
                self._backend.delete(catalog_key(self._name))
            raise

    def _is_former(self, mark: Mark) -> bool:
        """Return whether a mark is of a catalogue that was at this very place."""
        if self._state is not None and mark.identity == self._state[0]:
            return True
        return (mark.location, mark.host) == (self._location, HOST)

    def _others(self) -> tuple[Mark, ...]:
        return tuple(mark for mark in marks_in(self._backend) if mark.identity != self._name)

    def _in_file(
        self, path: Path, old: Catalog | None, catalog: str | None
    ) -> tuple[Rebuilt, str | None]:
        made = path.with_name(f"{path.name}.rebuilt")
        with translated(f"make {made}"):
            _remove(made)

        @contextmanager
        def filled() -> Iterator[Catalog]:
            with closing(open_catalog(made)) as new:
                yield new
                self._write_down(new)

        try:
            rebuilt = self._rebuild(filled, catalog)
            before = _put_in_place(made, path, old, self._refuse_if_changed)
        except BaseException:
            _remove(made)
            raise
        return rebuilt, str(before) if before else None

    def _on_server(self, catalog: str | None) -> tuple[Rebuilt, str | None]:
        moved: list[str] = []

        @contextmanager
        def renewed() -> Iterator[Catalog]:
            check = self._refuse_if_changed if self._state is not None else None
            with renewed_catalog(self._settings.catalog, check) as (made, before):
                if before:
                    moved.append(f"schema {before}")
                yield made
                self._write_down(made)

        rebuilt = self._rebuild(renewed, catalog)
        return rebuilt, moved[0] if moved else None

    def _rebuild(
        self, target: Callable[[], AbstractContextManager[Catalog]], catalog: str | None
    ) -> Rebuilt:
        return rebuild(self._store, target, catalog=catalog, name=self._name)

    def _write_down(self, new: Catalog) -> None:
        """Write down all of the new catalogue before anybody can work with it."""
        if self._backend.read_only:
            return
        entry = write_whole(self._backend, new)
        if entry is not None:
            self._written = journal_key(digest_bytes(entry.body))

    def _refuse_if_changed(self, old: Catalog) -> None:
        """Raise _ChangedError if what was read is not all; called while nobody writes."""
        state = old.journal.state
        is_marked = self._backend.read_only or self._backend.exists(catalog_key(self._name))
        if state != self._state or state[2] or not is_marked:
            raise _ChangedError

    def _finish_off(self) -> Catalog | None:
        """Write down what the present catalogue knows, and return it; None if it is broken."""
        settings = self._settings
        old = None
        try:
            old = open_catalog(settings.catalog, patience=settings.lock_seconds)
            with old.held():
                running = [pid for _, pid in old.open_runs(HOST) if process_alive(pid)]
            if not running:
                Repository(settings).close()
                self._state = old.journal.state
                return old
        except (StoreReadOnlyError, CatalogLockedError):
            if old is not None:
                old.close()
            raise
        except CatalogError:
            if old is not None:
                old.close()
            return None  # broken: that is why it is made again
        old.close()
        raise CatalogError(
            f"Runs are open in {without_password(settings.catalog)} (process "
            f"{', '.join(map(str, running))}). Finish them, then rebuild. Nothing was changed."
        )


def _put_in_place(
    made: Path, path: Path, old: Catalog | None, check: Callable[[Catalog], None]
) -> Path | None:
    """Set aside what is there, unless it changed, and return where it is now."""
    if old is None:
        return _replace(made, path)
    with old.held():
        check(old)
        if os.name != "nt":
            return _replace(made, path)
    old.close()  # an open file cannot be renamed there, of this process or another
    return _replace(made, path)


def _replace(made: Path, path: Path) -> Path | None:
    before = _set_aside(path)
    made.replace(path)
    _remove(made)  # its lock
    fsync_folder(path.parent)
    return before


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


def _remove(made: Path) -> None:
    for part in (*_PARTS, ".lock"):
        Path(f"{made}{part}").unlink(missing_ok=True)
