"""What a skipped cell leaves, brought back: values, files, displays, random states.

Everything is loaded and proved before the cell is given up; only binding and showing is left
to the call that stands in the cell's place, so that ``_``, ``Out`` and the order of what is
shown are IPython's own.
"""

from __future__ import annotations

import ast
import base64
import itertools
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artnb import serializers
from artnb.capture import fingerprint
from artnb.capture.on_disk import file_digest
from artnb.capture.purity import set_states
from artnb.jupyter.generators import from_state
from artnb.jupyter.inplace import can_take_over, fits, take_over
from artnb.model import Entry, RunRecord, VersionRecord
from artnb.repository import Repository
from artnb.serializers.aliasing import tie
from artnb.serializers.linked import HELD

__all__ = ["Cannot", "NotKept", "Replay", "prepare", "take"]

_MOST_PROVED = 64 << 20
_waiting: dict[int, Replay] = {}
_numbers = itertools.count(1)


class Cannot(Exception):
    """The earlier run cannot stand for this one, and why."""


class NotKept:
    """Stands for the last value of a skipped cell that was shown, and could not be kept."""

    def __init__(self, kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        self._kind = kind
        self._data = dict(data)
        self._metadata = dict(metadata)

    def __repr__(self) -> str:
        return str(self._data.get("text/plain", f"<{self._kind}>"))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return self._data, self._metadata

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            f"The cell was skipped, and its last value, a {self._kind}, was only shown again: it "
            "was not kept. Run the cell with --no-cache to have it."
        )


@dataclass
class Replay:
    """An earlier run's effects, loaded.

    Attributes
    ----------
    bound, changed : dict
        Values to bind, and new contents for objects that are there.
    shares : dict
        With what of the version a value shares its memory, by name.
    """

    shell: Any
    bound: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)
    shares: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    random: dict[str, Any] = field(default_factory=dict)
    files: list[tuple[str, Path]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    result: Any = None
    result_name: str | None = None
    version: VersionRecord | None = None
    repository: Repository | None = None

    def tree(self, cell: ast.Module, kept: list[ast.stmt]) -> ast.Module:
        """Return what runs in the cell's place: what is kept of it, then a call of `take`."""
        number = next(_numbers)
        _waiting[number] = self
        source = f"__import__({__name__!r}, fromlist=['take']).take({number})"
        call = ast.parse(source).body[0]
        place = cell.body[-1]
        for node in ast.walk(call):
            if hasattr(node, "lineno"):
                ast.copy_location(node, place)
        return ast.Module(body=[*kept, call], type_ignores=[])

    def put_back(self) -> None:
        """Put the files back that are gone."""
        assert self.repository is not None
        assert self.version is not None
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)
        for entry, path in self.files:
            self.repository.copy_entry(self.version, entry, path)

    def apply(self) -> Any:
        """Bind, change and show; return the cell's last value."""
        namespace = self.shell.user_ns
        for name, value in self.changed.items():
            if name in namespace:
                take_over(namespace[name], value)
        namespace.update(self.bound)
        for name in self.deleted:
            namespace.pop(name, None)
        set_states(self.random)
        for event in self.shown:
            if "stream" in event:
                getattr(sys, event["stream"]).write(event["text"])
            elif "display" in event:
                self.shell.display_pub.publish(event["display"], event["metadata"])
        return namespace.get(self.result_name) if self.result_name else self.result


def take(number: int) -> Any:
    """Do what a skipped cell would have done; called from the cell's place."""
    return _waiting.pop(number).apply()


def prepare(
    repository: Repository, version: VersionRecord, run: RunRecord, shell: Any, *, trust: bool
) -> Replay:
    """Return what `run` left, loaded and proved; the files that are gone are put back.

    Raises
    ------
    Cannot
        Some of it cannot be brought back as it was.
    """
    record = run.outputs["cache"]
    replay = Replay(shell, deleted=list(record["deleted"]), version=version, repository=repository)
    _load_values(replay, record, trust)
    _tie_again(replay, record)
    replay.shown = _json(repository, record["shown"]) or []
    replay.random = _json(repository, record["random"]) or {}
    _load_result(replay, record["result"])
    _find_files(replay, record)
    replay.put_back()
    return replay


def _load_values(replay: Replay, record: Mapping[str, Any], trust: bool) -> None:
    assert replay.repository is not None
    assert replay.version is not None
    entries = _entries(replay, record, trust)
    known = _known(replay, record)
    paths = [entry.path for entry in entries.values()]
    loaded = replay.repository.load_values(replay.version, paths, trust=trust, known=known)
    for problem in loaded.problems.values():
        raise problem
    for name in sorted(loaded.apart):
        raise Cannot(f"{name}, which a value of the cell holds, is not what it was")
    values = {name: loaded.values[entry.path] for name, entry in entries.items()}
    replay.shares = {name: entry.meta.get("shares") or {} for name, entry in entries.items()}
    for name, note in record["extras"].items():
        values[name] = _extra(replay.repository, note)
    sizes = {name: entry.size for name, entry in entries.items()}
    for name, value in values.items():
        note = record["values"].get(name) or record["extras"][name]
        _prove(name, value, note, sizes.get(name, 0), trust)
    for name, value in values.items():
        note = record["values"].get(name) or record["extras"][name]
        (replay.changed if note["how"] == "changed" else replay.bound)[name] = value
    for name, value in replay.changed.items():
        present = replay.shell.user_ns.get(name)
        if not can_take_over(present) or not fits(present, value):
            raise Cannot(f"{name} was changed in place, and cannot be so again")


def _entries(replay: Replay, record: Mapping[str, Any], trust: bool) -> dict[str, Entry]:
    """Return the entries of the version's values, by name; Cannot for one that may not be read."""
    assert replay.repository is not None
    assert replay.version is not None
    manifest = replay.repository.manifest(replay.version)
    found = {}
    for name, note in record["values"].items():
        entry = manifest.entries.get(note["path"])
        if entry is None:
            raise Cannot(f"{name} is not in {replay.version.ref}")
        if not serializers.is_safe(entry.format) and not trust:
            raise Cannot(f"{name} is kept as {entry.format}, which can run code: add --trust")
        found[name] = entry
    return found


def _known(replay: Replay, record: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """Return the notebook's values that the cell's values hold, by key, with their digests."""
    assert replay.repository is not None
    assert replay.version is not None
    held = record.get("held", {})
    keys = {entry.variable: entry for entry in replay.repository.manifest(replay.version)}
    known = {}
    for name, mark in held.items():
        value = replay.shell.user_ns.get(name)
        if name not in replay.shell.user_ns or fingerprint(value) != mark:
            raise Cannot(f"{name}, which a value of the cell holds, is not what it was")
        if (entry := keys.get(f"{HELD}{name}")) is None:
            raise Cannot(f"{name} is not in {replay.version.ref}")
        known[f"{HELD}{name}"] = entry.digest, value
    return known


def _prove(name: str, value: Any, note: Mapping[str, Any], size: int, trust: bool) -> None:
    if type(value).__qualname__ != note["kind"]:
        hint = "" if trust else ": add --trust, by which its class is built"
        raise Cannot(f"{name} comes back as {type(value).__name__}, not {note['kind']}{hint}")
    # Of what is large the store has proved the bytes; to read it all would cost what is saved.
    if size <= _MOST_PROVED and note.get("fingerprint") != fingerprint(value):
        raise Cannot(f"{name} does not come back as it was")


def _extra(repository: Repository, note: Mapping[str, Any]) -> Any:
    if "state" in note:
        return from_state(note["state"])
    with tempfile.TemporaryDirectory(prefix="artnb-cell-") as folder:
        suffix = serializers.by_name(note["format"]).suffix
        path = Path(folder) / f"value{suffix}"
        path.write_bytes(repository.read_blob(note["sha256"]))
        value = serializers.load(path, note["format"], note["meta"])
        return value.copy() if hasattr(value, "flags") else value  # not mapped: the file goes


def _tie_again(replay: Replay, record: Mapping[str, Any]) -> None:
    """Make new values share memory with those that were there before, as they did."""
    notes = {
        name: note
        for name, note in record["aliases"].items()
        # Those of one version are tied as they are loaded, and containers hold them by then.
        if note["with"] not in replay.bound or replay.shares.get(name, {}).get("with") is None
    }
    owners = {note["with"] for note in notes.values()} - replay.bound.keys()
    present = {name: replay.shell.user_ns[name] for name in owners}
    together = {**present, **replay.bound}
    tie(together, notes)
    for name in notes:
        replay.bound[name] = together[name]


def _load_result(replay: Replay, note: Mapping[str, Any] | None) -> None:
    assert replay.repository is not None
    if note is None:
        return
    if "name" in note:
        replay.result_name = note["name"]
    elif "sha256" in note:
        replay.result = _extra(replay.repository, note)
        _prove("the last value", replay.result, note, 0, False)
    else:
        shown = [event for event in replay.shown if "result" in event]
        if not shown:
            raise Cannot(f"the last value, a {note['kind']}, was not kept")
        replay.result = NotKept(note["kind"], shown[-1]["result"], shown[-1]["metadata"])


def _find_files(replay: Replay, record: Mapping[str, Any]) -> None:
    assert replay.repository is not None
    assert replay.version is not None
    entries = replay.repository.manifest(replay.version).entries
    for note in record["written"]:
        path, entry = Path(note["path"]), entries.get(note["entry"])
        if entry is None:
            raise Cannot(f"{path.name} is not in {replay.version.ref}")
        if not path.exists() and not path.is_symlink():
            replay.files.append((entry.path, path))
        elif file_digest(str(path)) != entry.digest:
            raise Cannot(f"{path.name} was changed since the cell wrote it: running writes it anew")
    replay.folders = [Path(folder) for folder in record["folders"]]


def _json(repository: Repository, digest: str | None) -> Any:
    if digest is None:
        return None

    def plain(part: dict[str, Any]) -> Any:
        if set(part) == {"base64"}:
            return base64.b64decode(part["base64"])
        return part

    return json.loads(
        repository.read_blob(digest).decode("utf-8", "surrogatepass"), object_hook=plain
    )
