"""Whether a catalogue is sound, agrees with its store, and what processes left in both."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from artnb.catalog import Catalog, catalog_path, open_catalog
from artnb.environment import HOST
from artnb.keys import is_journal
from artnb.maintenance.findings import Finding, fail, ok, warn
from artnb.settings import Settings
from artnb.store import open_backend
from artnb.store.staging import is_abandoned, process_alive

__all__ = ["examine_catalogue", "examine_leftovers"]

_WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))


def examine_catalogue(settings: Settings) -> Iterator[Finding]:
    """Yield what was found of SQLite, the catalogue's file, its rows and the store's journal."""
    version = sqlite3.sqlite_version
    low, high = _WAL_RESET_BUG
    if low <= sqlite3.sqlite_version_info <= high:
        yield ok("SQLite", f"{version}: may damage WAL files, so writers take turns")
    else:
        yield ok("SQLite", version)
    path = catalog_path(settings.catalog)
    if path is not None and not path.exists():
        if _has_objects(settings):
            advice = "`artnb rebuild` makes it from the store."
            yield warn("catalogue", f"{path} is not there", advice)
        else:
            yield ok("catalogue", f"{path} is not there: no run yet")
        return
    if path is not None:
        yield from _integrity(path)
    catalog = open_catalog(settings.catalog, patience=settings.lock_seconds)
    try:
        yield from _rows(settings, catalog)
    finally:
        catalog.close()


def _integrity(path: Path) -> Iterator[Finding]:
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        (mode,) = db.execute("pragma journal_mode").fetchone()
        (told,) = db.execute("pragma quick_check(1)").fetchone()
    finally:
        db.close()
    if told != "ok":
        yield fail(
            "catalogue",
            f"{path} is damaged: {told}",
            "Keep it aside, then `artnb rebuild` makes it again from the store.",
        )
    else:
        yield ok("catalogue", f"{path} is sound ({mode} mode)")


def _rows(settings: Settings, catalog: Catalog) -> Iterator[Finding]:
    projects = catalog.projects()
    versions = [v for project in projects for v in catalog.versions(project)]
    yield ok("catalogue", f"{len(projects)} projects, {len(versions)} versions")
    damaged = [v for v in versions if v.state == "damaged"]
    if damaged:
        names = ", ".join(f"{v.project}/{v.ref}" for v in damaged[:5])
        yield warn(
            "versions",
            f"{len(damaged)} are damaged: {names}",
            "Log that content again, or `artnb verify --repair FOLDER`.",
        )
    crashed = [run for run, pid in catalog.open_runs(HOST) if not process_alive(pid)]
    if crashed:
        yield warn(
            "runs",
            f"{len(crashed)} are open whose process is gone",
            "The next artnb that opens the repository closes them as crashed.",
        )
    backend = open_backend(settings.store, "none")
    if versions and not any(is_journal(key) for key, _ in backend.listing("journal/")):
        yield warn(
            "journal",
            "the store has no journal, so a lost catalogue could not be made again whole",
            "Finish a run: then it is written. Does ARTNB_STORE name the right place?",
        )
    newest = sorted(versions, key=lambda v: v.created_at)[-20:]
    places = catalog.locate(v.digest for v in newest if v.state == "live")
    gone = [
        v for v in newest
        if v.state == "live"
        and (v.digest not in places or not backend.exists(places[v.digest].object))
    ]  # fmt: skip
    if gone:
        yield fail(
            "versions",
            f"of the newest {len(newest)}, {len(gone)} have no manifest in the store",
            "Does ARTNB_STORE name the right place? `artnb verify` looks at all of them.",
        )


def examine_leftovers(settings: Settings) -> Iterator[Finding]:
    """Yield what processes that are gone left behind."""
    if not settings.root.exists():
        return
    here = [settings.root / "tmp"]
    if "://" not in settings.store:
        here.append(Path(settings.store).expanduser() / "tmp")
    left = [path for folder in here if folder.is_dir() for path in folder.iterdir()
            if is_abandoned(path.name)]  # fmt: skip
    if left:
        yield warn(
            "left over",
            f"{len(left)} temporary files of processes that are gone",
            "The next artnb that opens the repository removes them.",
        )
    path = catalog_path(settings.catalog)
    if path is None or not path.exists():
        return
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        leases = db.execute("select host, pid, expires_at from leases").fetchall()
    except sqlite3.Error:
        leases = []
    finally:
        db.close()
    dead = [
        lease for lease in leases
        if lease[2] < time.time() or (lease[0] == HOST and not process_alive(lease[1]))
    ]  # fmt: skip
    if dead:
        yield warn(
            "leases",
            f"{len(dead)} of writers that are gone or slow",
            "They harm nothing; `artnb gc` takes them away.",
        )
    if not left and not dead:
        yield ok("left over", "nothing")


def _has_objects(settings: Settings) -> bool:
    backend = open_backend(settings.store, "none")
    return next(iter(backend.listing("journal/")), None) is not None
