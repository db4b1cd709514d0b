"""The other side of an exchange: a repository, or a bare store and the journals in it.

A bare store has no catalogue. Whoever pushes to one writes a **journal** of its own there,
as a repository does beside its objects, so that writers never meet; who reads it makes
the catalogues of all journals again and merges them.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from artnb.catalog import Catalog, catalog_path, open_catalog
from artnb.catalog.locks import locked_file
from artnb.digest import digest_bytes
from artnb.environment import HOST
from artnb.errors import ArtnbError, CommError, InvalidValueError, StoreError, StoreReadOnlyError
from artnb.exchange.checks import check_parcel
from artnb.exchange.kept import KeptCatalogs
from artnb.ingest import Ingest, Parts
from artnb.maintenance import blob_places, compact_journal, journal_names, rebuild
from artnb.repository import Repository
from artnb.secrets import hidden, secrets_of, without_secrets
from artnb.settings import FOLDER, Settings
from artnb.store import Backend, ObjectStore, StagingArea, StatCache, refuse_foreign

__all__ = ["receiving_side", "sending_side"]


@contextmanager
def sending_side(repository: Repository, url: str, projects: Iterable[str]) -> Iterator[Parts]:
    """Yield the store at a URL to copy projects from, or all; none there is changed."""
    with _told_plainly(url):
        folder = _repository_at(url)
        _refuse_itself(repository, folder, url)
        if folder is None:
            with _bare(repository, url, None, projects) as parts:
                yield parts
            return
        settings = _settings_of(folder)
        path = catalog_path(settings.catalog)
        if path is not None and not path.is_file():
            raise CommError(
                f"{folder} has no catalogue ({path} is missing). If its objects are there, run "
                "`artnb rebuild` in that project, then pull again."
            )
        with _scratch() as (place, stats):
            catalog = open_catalog(settings.catalog, patience=settings.lock_seconds)
            try:
                yield _parts(
                    repository.open_store(settings.store), catalog, stats, StagingArea(place)
                )
            finally:
                catalog.close()


@contextmanager
def receiving_side(repository: Repository, url: str, projects: Iterable[str]) -> Iterator[Parts]:
    """Yield the store at a URL to copy projects to."""
    with _told_plainly(url):
        folder = _repository_at(url)
        _refuse_itself(repository, folder, url)
        if folder is None:
            with _bare(repository, url, _journal_of(repository), projects) as parts:
                yield parts
            return
        other = Repository(_settings_of(folder))
        try:
            if other.read_only:
                raise _read_only(str(folder))
            yield other.parts
        finally:
            other.close()


# which kind ---------------------------------------------------------------------------


def _repository_at(url: str) -> Path | None:
    """Return the `.artnb` folder that a URL names or holds; None if it names a bare store."""
    if "://" in url and not url.startswith("file://"):
        return None
    path = Path(url.removeprefix("file://")).expanduser().absolute()
    if path.name == FOLDER and path.is_dir():
        return path
    if (path / FOLDER).is_dir():
        return path / FOLDER
    if url.startswith("file://"):
        return None
    what = f"a folder without {FOLDER}" if path.is_dir() else "not a folder"
    raise InvalidValueError(
        f"{path} is no repository: it is {what}. Name the folder of a project that has {FOLDER}, "
        f"or a store by its URL, such as file://{path} or s3://bucket/prefix."
    )


def _settings_of(folder: Path) -> Settings:
    return Settings.resolve(folder.parent, {"ARTNB_DIR": str(folder)})


def _refuse_itself(repository: Repository, folder: Path | None, url: str) -> None:
    if folder is not None:
        same = folder.resolve() == repository.root.resolve()
    else:
        same = _plain(url) == _plain(repository.settings.store)
    if same:
        raise _itself(url)


def _itself(url: str) -> InvalidValueError:
    return InvalidValueError(
        f"{without_secrets(url)} is this repository's own store. Name another one."
    )


def _is_own(repository: Repository, backend: Backend) -> bool:
    """Return whether a store is the repository's own under another spelling of its address.

    Both have its journal then, as a copy of the store has: only what is written to one of them
    tells these apart.
    """
    ours = repository.parts.store.backend
    if ours.read_only or repository.parts.catalog.identity not in journal_names(backend):
        return False
    mark = f"tmp/{os.getpid()}-push-{time.time_ns()}"
    ours.put_bytes(mark, b"artnb push")
    try:
        return backend.exists(mark)
    finally:
        ours.delete(mark)


def _plain(url: str) -> str:
    if "://" in url and not url.startswith("file://"):
        return url.rstrip("/")
    return str(Path(url.removeprefix("file://")).expanduser().resolve())


def _read_only(place: str) -> StoreReadOnlyError:
    return StoreReadOnlyError(
        f"{place} may not be written, so nothing can be pushed there. Change its permissions, or "
        "push to another store."
    )


# bare stores --------------------------------------------------------------------------


def _journal_of(repository: Repository) -> str:
    """Return the name of the journal that this repository, at this place, writes elsewhere."""
    # A copy of the folder must not write to the same one: their rows would mix.
    name = f"push {repository.parts.catalog.identity} {HOST} {repository.root}"
    return digest_bytes(name.encode())[:32]


@contextmanager
def _bare(
    repository: Repository, url: str, own: str | None, projects: Iterable[str]
) -> Iterator[Parts]:
    """Yield a bare store with what its journals say.

    Parameters
    ----------
    own : str or None
        The journal to go on with; None: only read.
    projects : iterable of str
        Which ones to merge; none: all.
    """
    backend = repository.open_store(url)
    _check_place(backend, url, own)
    if _is_own(repository, backend):
        raise _itself(url)
    with _scratch() as (place, stats), _alone(repository, own):
        # Large files wait where there is room for them.
        staging = StagingArea(place) if repository.read_only else repository.staging
        folder = repository.root / "cache" / "catalogs"
        kept = KeptCatalogs(folder, backend, (own or "", *sorted(projects)))
        catalog = kept.take(place / "merged.db")
        if catalog is None:
            catalog = _merged(ObjectStore(backend, stats), place, own, projects)
        catalog.location = f"what was pushed from {HOST}"
        try:
            yield _parts(backend, catalog, stats, staging)
            if own:
                compact_journal(backend, catalog)
        finally:
            catalog.close()
        if not repository.read_only:
            kept.keep(place / "merged.db")


@contextmanager
def _scratch() -> Iterator[tuple[Path, StatCache]]:
    """Yield a folder and a cache that are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        stats = StatCache(Path(folder) / "files.db")
        try:
            yield Path(folder), stats
        finally:
            stats.close()


def _check_place(backend: Backend, url: str, own: str | None) -> None:
    if own and backend.read_only:
        raise _read_only(backend.location)
    if own:
        refuse_foreign(backend)
    if url.startswith("file://"):
        path = Path(backend.location)
        if not (path.parent if own else path).is_dir():
            raise CommError(f"There is no folder {path}. Name one that is there, or make it.")


def _merged(store: ObjectStore, place: Path, own: str | None, projects: Iterable[str]) -> Catalog:
    """Return a new catalogue with the rows of all journals; those of `own` as they were."""
    backend = store.backend
    names = journal_names(backend)
    if own is None and not names:
        raise CommError(
            f"The store {backend.location} holds nothing that can be pulled: no journal is in it. "
            "Check the address; `artnb push` writes one."
        )
    first = own or names[0]
    if first in names:
        rebuild(store, partial(_opened, place / "merged.db"), catalog=first)
    merged = open_catalog(place / "merged.db", durable=False)
    if first not in names:
        merged.journal.restore(first, 0, {}, {}, {}, blob_places(backend), {})
    for number, name in enumerate(name for name in names if name != first):
        file = place / f"{number}.db"
        rebuild(store, partial(_opened, file), catalog=name)
        other = open_catalog(file)
        wanted = set(projects) or set(other.projects())
        for project in sorted(wanted.intersection(other.projects())):
            parcel = check_parcel(other.parcel(project))
            merged.receive(parcel, {}, merged.take_lease(()), take_aliases=False)
        other.close()
    return merged


def _opened(file: Path) -> closing[Catalog]:
    return closing(open_catalog(file))


@contextmanager
def _alone(repository: Repository, own: str | None) -> Iterator[None]:
    """Keep a second push of this repository from writing to the same journal."""
    if own is None or repository.read_only:
        yield
        return
    lock = repository.root / "push.lock"
    with locked_file(lock, f"the lock of pushes {lock}", repository.settings.lock_seconds):
        yield


def _parts(backend: Backend, catalog: Catalog, stats: StatCache, staging: StagingArea) -> Parts:
    store = ObjectStore(backend, stats, catalog.locate)
    return Parts(store, catalog, Ingest(store, catalog, stats, staging), staging)


# errors -------------------------------------------------------------------------------


@contextmanager
def _told_plainly(url: str) -> Iterator[None]:
    """Raise what goes wrong as artnb's own error, without what is secret in the URL."""
    secrets = secrets_of(url, os.environ)
    try:
        yield
    except ArtnbError as error:
        error.args = (hidden(str(error), secrets), *error.args[1:])
        if secrets:  # a traceback prints the chain, and what a library said may repeat the URL
            error.__cause__ = error.__context__ = None
        raise
    except Exception as error:
        # A filesystem of fsspec raises what its own library raises, of any class.
        reason = hidden(f"{type(error).__name__}: {error}", secrets)
        told = StoreError(
            f"The store {without_secrets(url)} could not be used ({reason}). Check the address, "
            "the credentials and the network, then run the same command again: what has arrived "
            "does not travel twice."
        )
        raise told from (None if secrets else error)
