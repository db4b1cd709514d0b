"""``%artnb load`` and ``%artnb restore``: values of a version back into the notebook."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from artnb.capture import fingerprint
from artnb.display import Table
from artnb.errors import ArtnbError, UntrustedError, UsageError
from artnb.jupyter.choosing import SECRET
from artnb.jupyter.session import Session
from artnb.model import Entry, VersionRecord
from artnb.repository import Repository
from artnb.serializers import is_safe
from artnb.serializers.linked import HELD, is_held
from artnb.serializers.torch_sharing import is_loose, torch_shares
from artnb.texts import Message
from artnb.together import PLAIN, InPlace

__all__ = [
    "Loaded",
    "about_problems",
    "about_state",
    "bind",
    "held_paths",
    "known_values",
    "load_values",
    "refuse_to_lose",
    "restore",
    "variable_of",
    "would_lose",
]

_NOT_KEPT = {
    "code": "a function or class: run the cell that defines it",
    "private": "begins with _, and so was not kept: name it with --out to keep it",
    "temporary": "left over by a loop, with or except: run the cell again for it",
    "handle": "an object of artnb's: make it again",
    "shell": "the shell's: run the cell again for it",
    "part of a figure": "part of a figure: run the cell again for it",
    SECRET: f"{SECRET}: set it again",
}
_NO_LONGER = {
    "figure": "a picture of it: run the cell again for the figure",
    "altair": "drawn alike: its data are rows of its specification, no frame",
}
"""What is said of a value by the format in which it is kept."""
_CODE = ("code", "handle")
_OVER_BUDGET = "over the budget"


@dataclass
class Loaded:
    """The values of a version.

    Attributes
    ----------
    values, entries : dict
        By the variable's name.
    problems : dict
        Why a variable could not be loaded, by its name.
    held : dict
        What they hold in the places of other cells' variables, by the name of that.
    """

    values: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    held: dict[str, InPlace] = field(default_factory=dict)


def load_values(
    repository: Repository,
    version: VersionRecord,
    *,
    trust: bool,
    known: Mapping[str, tuple[str, Any]] | None = None,
) -> Loaded:
    """Return the values of a version; what of them was one object is one again."""
    entries = [entry for entry in repository.manifest(version) if _is_value(entry)]
    if not entries:
        raise UsageError(
            Message(
                "{0} holds files, no values. Get them with artnb.Api().artifact({1}).download().",
                version.ref,
                repr(version.ref),
            )
        )
    paths = [entry.path for entry in entries]
    done = repository.load_values(version, paths, trust=trust, known=known)
    loaded = Loaded(held=done.held)
    for entry in entries:
        name = variable_of(entry)
        if entry.path in done.problems:
            loaded.problems[name] = _why(entry, done.problems[entry.path])
        elif is_loose(done.values[entry.path]):
            loaded.problems[name] = Message("a scheduler whose optimizer is not in this version")
        else:
            loaded.values[name], loaded.entries[name] = done.values[entry.path], entry
    return loaded


def held_paths(
    entries: Mapping[str, Entry], known: Mapping[str, tuple[str, Any]]
) -> dict[str, str]:
    """Return, by name, the entries that hold what is known of variables outside the version."""
    named = {(entry.variable or ""): path for path, entry in entries.items()}
    held = {n: named[HELD + n] for n in known if HELD + n in named}
    return {name: path for name, path in held.items() if entries[path].digest == known[name][0]}


def _is_value(entry: Entry) -> bool:
    """Return whether an entry is one that gets a name in the notebook."""
    return entry.format != "file" and not is_held(entry.variable)


def _why(entry: Entry, error: ArtnbError) -> str:
    if isinstance(error, UntrustedError) and not is_safe(entry.format):
        return Message("{0} can run code: add --trust to load it", entry.format)
    return error.message


def variable_of(entry: Entry) -> str:
    """Return the name that an entry's value gets in the notebook."""
    stem = entry.path.rpartition("/")[2].partition(".")[0]
    return entry.variable or (stem if stem.isidentifier() else "value")


def bind(
    session: Session, namespace: dict[str, Any], version: VersionRecord, loaded: Loaded
) -> None:
    """Put the values into the notebook, and note which version holds them."""
    namespace.update(loaded.values)
    by = {loaded.entries[name].path: (name, value) for name, value in loaded.values.items()}
    session.adoptable.note(loaded.held, by)
    for name, value in loaded.values.items():
        session.remember(name, version, loaded.entries[name].path, fingerprint(value), value)


def restore(
    session: Session,
    namespace: dict[str, Any],
    version: VersionRecord,
    *,
    trust: bool = False,
    force: bool = False,
) -> Table:
    """Bind all variables that the run of `version` left, and return what was done.

    Raises
    ------
    UsageError
        A variable of the notebook would be replaced whose value no version holds, and
        `force` is not given; or nothing of the version can be loaded.
    """
    repository = session.repository
    known = known_values(session, namespace, version, own=True)
    loaded = load_values(repository, version, trust=trust, known=known)
    if not loaded.values:
        name, reason = next(iter(loaded.problems.items()))
        raise UsageError(f"Nothing of {version.ref} can be restored: {name}: {reason}")
    if not force:
        refuse_to_lose(session, namespace, loaded.values, "restore")
    notes = {
        name: _note(session, namespace, loaded, name)
        or about_state(loaded.entries[name], value, namespace, trust=trust)
        or _about_class(namespace, type(value))
        for name, value in loaded.values.items()
    }
    for name, others in _left_behind(namespace, loaded.values).items():
        said = f"{', '.join(others)} still of the one before"
        notes[name] = f"{notes[name]}; {said}" if notes[name] else said
    bind(session, namespace, version, loaded)
    rows = [(name, _kind(value), notes[name]) for name, value in loaded.values.items()]
    missing = {**_left_out(repository, version, namespace), **loaded.problems}
    parts = [Table("not restored", ("variable", "why"), list(missing.items()))] if missing else []
    return Table(f"restored {version.ref}", ("variable", "type", ""), rows, parts=parts)


def known_values(
    session: Session, namespace: Mapping[str, Any], version: VersionRecord, *, own: bool = False
) -> dict[str, tuple[str, Any]]:
    """Return, by key, the notebook's values that `version` holds as other cells' variables.

    Parameters
    ----------
    own : bool
        And those which stand for its own variables in what was restored before it.
    """
    found = {}
    manifest = session.repository.manifest(version)
    for entry in manifest:
        if entry.variable is None or not (own or is_held(entry.variable)):
            continue
        name = entry.variable.removeprefix(HELD)
        there = _bound(session, namespace, entry, name) if name != entry.variable else None
        there = there or _orphan(session, namespace, version, entry, name)
        if there is not None:
            found[entry.variable] = entry.digest, there[0]
    for entry in manifest:  # of two names of one object any may be the one that is held
        note = entry.meta.get("shares")
        if isinstance(note, Mapping) and set(note) == {"with"} and entry.variable in found:
            found.setdefault(str(note["with"]), found[entry.variable])
    return found


def _bound(
    session: Session, namespace: Mapping[str, Any], entry: Entry, name: str
) -> tuple[Any] | None:
    """Return the variable of a name, if a version holds it with the bytes of an entry."""
    held = session.held.get(name)
    if held is None or name not in namespace:
        return None
    if entry.format in PLAIN:  # compared as a whole when it is loaded
        return (namespace[name],)
    if held.fingerprint is None:
        return None
    with suppress(ArtnbError):
        there = session.repository.manifest(held.version).entries.get(held.path)
        same = there is not None and there.digest == entry.digest
        if same and fingerprint(namespace[name]) == held.fingerprint:
            return (namespace[name],)
    return None


def _orphan(
    session: Session,
    namespace: Mapping[str, Any],
    version: VersionRecord,
    entry: Entry,
    name: str,
) -> tuple[Any] | None:
    """Return what stands for a variable in restored values, if it is still what an entry holds."""
    orphans = session.adoptable.find(name, namespace)
    same = [each for each in orphans if each.digest == entry.digest]
    for orphan in same or orphans:
        value = orphan.object()
        if entry.format in PLAIN or _holds(session.repository, version, entry, value):
            return (value,)
    return None


def _holds(repository: Repository, version: VersionRecord, entry: Entry, value: Any) -> bool:
    """Return whether a value is what some version of the project has with the bytes of an entry.

    A module with the same tensors may be set otherwise than the version's own variable was.
    """
    mark = fingerprint(value)
    places = repository.find_fingerprint(version.project, mark) if mark else []
    if entry.format == "module" and not is_held(entry.variable):
        return any(place.id == version.id and path == entry.path for place, path in places)
    with suppress(ArtnbError):
        manifests = ((repository.manifest(place).entries, path) for place, path in places)
        return any(entries[path].digest == entry.digest for entries, path in manifests)
    return False


def refuse_to_lose(
    session: Session,
    namespace: Mapping[str, Any],
    values: Mapping[str, Any],
    command: str,
) -> None:
    """Raise UsageError if binding `values` would replace what no version holds."""
    if lost := would_lose(session, namespace, values):
        raise UsageError(
            f"%artnb {command} would replace {', '.join(lost)}, and no version holds what is there "
            "now. Keep it first (%%artifact NAME), or add --force to replace it."
        )


def would_lose(
    session: Session, namespace: Mapping[str, Any], values: Mapping[str, Any]
) -> list[str]:
    """Return the names whose value no version holds, and that binding `values` would replace."""
    return [
        name
        for name, value in values.items()
        if name in namespace and not _is_kept(session, name, namespace[name], value)
    ]


def about_problems(version: VersionRecord, loaded: Loaded) -> Message:
    """Return a sentence that says why nothing of a version could be loaded."""
    reasons = [Message("{0}: {1}", name, why) for name, why in loaded.problems.items()]
    return Message(
        "Nothing of {0} can be loaded: {1}",
        version.ref,
        reduce(lambda before, one: Message("{0}; {1}", before, one), reasons),
    )


def _is_kept(session: Session, name: str, present: Any, restored: Any) -> bool:
    mark = fingerprint(present)
    if mark is None:
        return present is None
    if mark == fingerprint(restored) or session.holds_now(name, mark):
        return True
    return bool(session.repository.find_fingerprint(session.project, mark))


def _left_out(
    repository: Repository, version: VersionRecord, namespace: Mapping[str, Any]
) -> dict[str, str]:
    """Return the variables of which the run kept nothing, and that are not there, and why."""
    makers = repository.logged_by(version.id)
    left = makers[-1].outputs.get("left_out", {}) if makers else {}
    there = {name for name, why in left.items() if why in _CODE and name in namespace}
    return {name: _why_not(name, str(why)) for name, why in left.items() if name not in there}


def _why_not(name: str, why: str) -> str:
    if why.startswith(_OVER_BUDGET):
        return f"{why}: run the cell again, with --out {name} to keep it"
    return _NOT_KEPT.get(why, why)


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    size = "x".join(map(str, shape)) if isinstance(shape, tuple) else ""
    return f"{type(value).__name__} {size}".rstrip()


def _note(session: Session, namespace: Mapping[str, Any], loaded: Loaded, name: str) -> str:
    entry, value = loaded.entries[name], loaded.values[name]
    for orphan in session.adoptable.find(name, namespace):
        holders = ", ".join(orphan.holders(namespace)[:3])
        if orphan.object() is value:
            return f"the object in {holders}"
        if entry.digest == orphan.digest or fingerprint(value) == orphan.mark is not None:
            set_otherwise = ", which is set otherwise" if entry.format == "module" else ""
            changed = ", which was changed since" if orphan.was_changed else set_otherwise
            return f"not the object in {holders}{changed}"
    note = entry.meta.get("shares") or {}
    owner = str(note.get("with", ""))
    if owner in loaded.values or is_held(owner):
        other, owner = loaded.values.get(owner), owner.removeprefix(HELD)
        if owner.isdigit():  # what no variable is has a number
            return _with_others(loaded, name, note)
        if "moves" in note:
            return f"moves the parameters of {owner}"
        if "steps" in note:
            return f"steps {owner}"
        if "tied" in note:
            return f"has weights of {owner}"
        if "module" in note or "parameter" in note:
            return f"a part of {owner}"
        same = value is other or "offset" not in note
        return f"the same object as {owner}" if same else f"a view of {owner}"
    if entry.meta.get("torn") and hasattr(value, "named_modules"):
        return "of the version are only its tensors: all else is as its class makes it"
    if _is_mapped(value):
        return "mapped: read from the store when it is used"
    return _NO_LONGER.get(entry.format, "")


def about_state(entry: Entry, value: Any, namespace: Mapping[str, Any], *, trust: bool) -> str:
    """Return what is said of a module that came back as its tensors only; else an empty text."""
    if entry.format != "module" or hasattr(value, "parameters"):
        return ""
    home, _, name = str(entry.meta.get("class", "")).rpartition(":")
    said = f"the state of {name or 'a module'}: give it to load_state_dict"
    if home == "__main__" and name.isidentifier() and name not in namespace:
        return f"{said}, or run the cell of {name} and bring it back with --trust"
    return said if trust else f"{said}, or add --trust for the module"


def _about_class(namespace: Mapping[str, Any], kind: type) -> str:
    """Return what is said of a value of a class that came with it, and is not the notebook's."""
    name = kind.__qualname__
    if kind.__module__ != "__main__" or namespace.get(name) is kind or not name.isidentifier():
        return ""
    if name in namespace:
        return f"of {name} as it was: the notebook defines it otherwise now"
    return f"{name} is not defined: run its cell and restore again, for isinstance to hold"


def _with_others(loaded: Loaded, name: str, note: Mapping[str, Any]) -> str:
    """Return what is said of a value that belongs to one which is no variable."""
    found = [
        each
        for each in loaded.values
        if each != name and _owner(loaded.entries[each]) == note["with"]
    ]
    if not found:
        return "a part of what no variable holds"
    return f"shares memory with {', '.join(sorted(found))}"


def _owner(entry: Entry) -> Any:
    return (entry.meta.get("shares") or {}).get("with")


def _left_behind(namespace: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what moves, or is a part of, modules that are to be replaced, by their names."""
    replaced = {n: namespace[n] for n, v in values.items() if namespace.get(n, v) is not v}
    others = {n: v for n, v in namespace.items() if n not in values and not n.startswith("_")}
    found: dict[str, list[str]] = {}
    for name, note in torch_shares({**replaced, **others} if replaced else {}).items():
        if name in others and note["with"] in replaced:
            found.setdefault(note["with"], []).append(name)
    return found


def _is_mapped(value: Any) -> bool:
    """Return whether an array's memory is a file: a memmap, or a view of one."""
    numpy = sys.modules.get("numpy")
    # Only arrays are asked: each number of numpy's has another number as its base, without end.
    while numpy is not None and isinstance(value, numpy.ndarray):
        if isinstance(value, numpy.memmap):
            return True
        value = value.base
    return type(value).__name__ == "mmap"
