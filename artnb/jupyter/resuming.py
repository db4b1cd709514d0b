"""``%artnb resume``: what one cell needs, after the kernel was started anew."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from artnb.capture import fingerprint
from artnb.display import Table
from artnb.errors import ArtnbError, UntrustedError, UsageError
from artnb.jupyter.keyed import is_keyed
from artnb.jupyter.restoring import about_state, held_paths, refuse_to_lose
from artnb.jupyter.session import Session
from artnb.model import Entry, RunRecord, VersionRecord
from artnb.repository import Repository
from artnb.serializers.linked import HELD
from artnb.together import InPlace

__all__ = ["resume"]

_NOT_LOADED = {
    "code": "a function or class: run the cell that defines it",
    "iterator": "an iterator: it cannot be saved; make it again",
    "handle": "an object of artnb's: make it again",
}


@dataclass(frozen=True)
class _Found:
    value: Any
    source: str
    version: VersionRecord | None = None
    path: str = ""
    entry: Entry | None = None
    held: Mapping[str, InPlace] = field(default_factory=dict)


def resume(
    session: Session,
    namespace: dict[str, Any],
    version: VersionRecord,
    *,
    trust: bool = False,
    force: bool = False,
) -> Table:
    """Bind what the run of `version` read, and return what was done.

    Each value is taken from the version that holds it, whichever that is; small settings
    from the run's config.

    Raises
    ------
    UsageError
        A variable of the notebook would be replaced whose value no version holds, and
        `force` is not given; or the run is not one of a cell.
    """
    repository = session.repository
    makers = repository.logged_by(version.id)
    if not makers and (gone := repository.logged_by(version.id, deleted=True)):
        raise UsageError(
            f"The run {gone[-1].name}, which made {version.ref}, was deleted, and with it what its "
            f"code read. Bring its values back: %artnb restore {version.ref}."
        )
    if not makers or "inputs" not in makers[-1].outputs:
        raise UsageError(
            f"{version.ref} was not made by a cell, so what its code reads is not known. Bring its "
            f"values back: %artnb restore {version.ref}."
        )
    found, missing = _inputs(repository, makers[-1], trust, namespace)
    if not force:
        values = {name: each.value for name, each in found.items()}
        refuse_to_lose(session, namespace, values, "resume")
    for name, each in found.items():
        namespace[name] = each.value
        if each.version is not None:
            mark = fingerprint(each.value)
            session.remember(name, each.version, each.path, mark, each.value)
            session.adoptable.note(each.held, {each.path: (name, each.value)})
    rows = [
        (
            name,
            type(each.value).__name__,
            each.source,
            about_state(each.entry, each.value, namespace, trust=trust) if each.entry else "",
        )
        for name, each in found.items()
    ]
    parts = [Table("not loaded", ("variable", "why"), list(missing.items()))] if missing else []
    if imports := _imports(makers[-1], namespace):
        parts.append(Table("run this first", rows=[(line,) for line in imports]))
    title = f"ready for the cell of {version.ref}"
    empty = "" if missing else "It reads no variables."
    return Table(title, ("variable", "type", "from", ""), rows, parts=parts, empty=empty)


def _imports(run: RunRecord, namespace: Mapping[str, Any]) -> list[str]:
    """Return the statements for what the cell reads of libraries and is not there.

    They are not run: an import runs code, and the record may be another person's.
    """
    lines = run.outputs.get("imports", {})
    return sorted({line for name, line in lines.items() if name not in namespace})


def _inputs(
    repository: Repository, run: RunRecord, trust: bool, namespace: Mapping[str, Any]
) -> tuple[dict[str, _Found], dict[str, str]]:
    """Return the values that a run read, and why others are not there."""
    found: dict[str, _Found] = {}
    missing: dict[str, str] = {}
    held = _held(repository, run, trust)
    for name, note in run.outputs["inputs"].items():
        if note["role"] in _NOT_LOADED:
            if name not in namespace or note["role"] == "iterator":  # it may have been consumed
                missing[name] = _NOT_LOADED[note["role"]]
            elif note["role"] == "code" and _is_other(run, note, namespace[name]):
                missing[name] = "not as it was for that run: run the cell that defines it"
            continue
        if is_keyed(note.get("fingerprint")):
            missing[name] = "a password or token, or holds one: it is not kept"
            continue
        known = held.get(name)
        if isinstance(known, _Found):
            found[name] = known
        elif known is not None:
            missing[name] = _reason(known)
        elif name in run.config:
            exact = fingerprint(run.config[name]) == note.get("fingerprint")
            source = "config" if exact else "config, as JSON has it"
            found[name] = _Found(run.config[name], source)
        else:
            missing[name] = "no version holds its value: run the cell that makes it"
    return found, missing


def _is_other(run: RunRecord, note: Mapping[str, Any], value: Any) -> bool:
    """Return whether a function or class is not what a run had; False where that cannot be told."""
    if run.environment.get("python") != platform.python_version():
        return False  # fingerprints of code are those of its bytecode
    then, now = note.get("fingerprint"), fingerprint(value)
    return bool(then and now) and then != now


def _held(repository: Repository, run: RunRecord, trust: bool) -> dict[str, _Found | ArtnbError]:
    """Return the inputs that versions hold, or why none can be loaded."""
    places = {
        name: places
        for name, note in run.outputs["inputs"].items()
        if note["role"] not in _NOT_LOADED and (places := _places(repository, run.project, note))
    }
    done = _together(repository, {name: each[0] for name, each in places.items()}, trust)
    for name, others in places.items():
        for place in others[1:]:
            if not isinstance(done[name], _Found):
                again = _together(repository, {name: place}, trust)[name]
                done[name] = again if isinstance(again, _Found) else done[name]
    return done


def _places(
    repository: Repository, project: str, note: Mapping[str, Any]
) -> list[tuple[VersionRecord, str]]:
    """Return where the value of an input is held: in the version that the run used, else newest."""
    mark = note.get("fingerprint")
    places = repository.find_fingerprint(project, mark) if mark else []
    return sorted(places, key=lambda place: place[0].ref != note.get("version"))


def _together(
    repository: Repository, places: Mapping[str, tuple[VersionRecord, str]], trust: bool
) -> dict[str, _Found | ArtnbError]:
    """Return the values of some places; what was one object in several is one again."""
    versions: dict[int, tuple[VersionRecord, dict[str, str]]] = {}
    for name, (version, path) in places.items():
        versions.setdefault(version.id, (version, {}))[1][name] = path
    done: dict[str, _Found | ArtnbError] = {}
    known: dict[str, tuple[str, Any]] = {}
    for _, (version, paths) in sorted(versions.items()):  # what one holds was made before it
        try:
            entries = repository.manifest(version).entries
            held = held_paths(entries, known)
            wanted = [*held.values(), *paths.values()]
            there = {f"{HELD}{name}": each for name, each in known.items()}
            loaded = repository.load_values(version, wanted, trust=trust, known=there)
        except ArtnbError as error:
            done |= dict.fromkeys(paths, error)
            continue
        for name, path in held.items():
            before = done[name]
            if path in loaded.values and isinstance(before, _Found):
                done[name] = replace(before, value=loaded.values[path])
                known[name] = known[name][0], loaded.values[path]
        for name, path in paths.items():
            if path in loaded.values:
                value, entry = loaded.values[path], entries[path]
                done[name] = _Found(value, version.ref, version, path, entry, loaded.held)
                known[name] = entries[path].digest, loaded.values[path]
            else:
                done[name] = loaded.problems[path]
    return done


def _reason(error: ArtnbError) -> str:
    if isinstance(error, UntrustedError):
        return "its format can run code: add --trust to load it"
    return str(error)
