"""Which artifacts are out of date, and what became of the inputs of one.

A run wrote down what it read: versions, fingerprints of variables and functions, settings,
digests of files, its cell. Here that is compared with what is there now. Variables and
functions only say something in the notebook that the run was made in.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from artnb.capture import NOT_PLAIN, fingerprint, plain, told
from artnb.capture.code_files import code_digest
from artnb.capture.own_values import value_now
from artnb.comparison import compare
from artnb.diff import compare_values, value_of_file
from artnb.diff.base import short
from artnb.diff.text import unified
from artnb.differences import about_code, changes_table, shown_diff
from artnb.display import Lines, Shown
from artnb.environment import HOST
from artnb.errors import ArtnbError
from artnb.jupyter.code import named_source, source_now
from artnb.jupyter.keyed import is_keyed, is_same
from artnb.jupyter.notebook import body_of, cell_source, notebook_path
from artnb.jupyter.session import Session
from artnb.model import RunRecord, VersionRecord
from artnb.own_texts import changed_since
from artnb.secrets import known_secrets, scrubbed
from artnb.stale import Cell, Kind, Reason, made_instead, newest_of_cells, outdated

__all__ = ["Checker", "InputState"]

_FUNCTIONS = ("function", "_lru_cache_wrapper")
_SAME = "the same"
_CHANGED = "changed"


@dataclass(frozen=True)
class InputState:
    """What became of one input of a run.

    Attributes
    ----------
    then, now : str
    changed : bool
    detail : callable or None
        Returns what can be shown of the change.
    """

    kind: Kind
    name: str
    then: str
    now: str
    changed: bool = False
    detail: Callable[[], Sequence[Shown]] | None = None

    @property
    def reason(self) -> Reason:
        """The same as a reason to be out of date."""
        return Reason(self.kind, self.name, self.then, self.now)


class Checker:
    """Compares what runs read with what is there now.

    Parameters
    ----------
    session : Session
    namespace : mapping
        The notebook's variables.
    """

    def __init__(self, session: Session, namespace: Mapping[str, Any]) -> None:
        self._session = session
        self._namespace = namespace
        self._repository = session.repository
        self._notebook = notebook_path(namespace)
        self._latest: dict[tuple[str, str], VersionRecord | None] = {}
        self._makers: dict[int, RunRecord | None] = {}
        self._renamed: dict[int, VersionRecord | None] = {}

    def outdated(self) -> list[tuple[VersionRecord, list[Reason]]]:
        """Return the current versions that are out of date, oldest collection first."""
        project = self._session.project
        collections = self._repository.collections(project)
        found_current = [self._current(project, collection.name) for collection in collections]
        current = [version for version in found_current if version is not None]
        known = {version.id: self._reasons(version) for version in current}
        found = outdated(
            current,
            used=self._used,
            latest=lambda version: self._current(version.project, version.name),
            known=known,
        )
        return [(version, found[version.id]) for version in current if version.id in found]

    def inputs(self, version: VersionRecord) -> list[InputState]:
        """Return what became of each input of the run that made a version."""
        run = self.maker(version)
        if run is None:
            return []
        states = [*self._versions(version, run), *self._files(run)]
        states += self._own_code(run)
        values = list(self._own_values(run)) if self._is_here(run) else []
        other = {state.name.rpartition(".")[0] for state in values}
        states += [*(each for each in self._surroundings(run) if each.name not in other), *values]
        if self._is_here(run):
            states += self._variables(run)
        return [*states, *self._cell(run)]

    def besides(self, version: VersionRecord) -> list[Reason]:
        """Return why a version is out of date though its own inputs may be the same."""
        found = next((why for each, why in self.outdated() if each.id == version.id), [])
        return [reason for reason in found if reason.kind in ("outdated", "saved")]

    def renamed(self, version: VersionRecord) -> VersionRecord | None:
        """Return what the cell of a version makes now instead, under another name; or None.

        Nothing makes the old artifact any more, so it is not out of date: it is left as it is.
        """
        if version.id not in self._renamed:
            maker = self.maker(version)
            found = made_instead(version, maker, self._newest, self._repository.logged)
            self._renamed[version.id] = found
        return self._renamed[version.id]

    @cached_property
    def _newest(self) -> dict[Cell, RunRecord]:
        return newest_of_cells(self._repository.newest_of_cells(self._session.project))

    def maker(self, version: VersionRecord) -> RunRecord | None:
        """Return the run that logged a version last."""
        if version.id not in self._makers:
            self._makers[version.id] = self._repository.maker(version.id)
        return self._makers[version.id]

    # -- one version

    def _reasons(self, version: VersionRecord) -> list[Reason]:
        reasons = [
            state.reason
            for state in (() if self.renamed(version) else self.inputs(version))
            if state.changed and state.kind != "newer"  # these are found by `outdated`
        ]
        for name, held in self._session.held.items():
            if held.version.id == version.id and self._was_changed(name):
                reasons.append(Reason("saved", name))
        return reasons

    def _was_changed(self, name: str) -> bool:
        """Return whether the object that was saved has other content now; bound anew is not."""
        held = self._session.held[name]
        value = self._namespace.get(name)
        if held.fingerprint is None or not held.object.is_same(value):
            return False
        return fingerprint(value) != held.fingerprint

    def _used(self, version: VersionRecord) -> list[VersionRecord]:
        """Return what a version was made from, also if its run was deleted since."""
        if self.renamed(version):
            return []
        run = self.maker(version) or self._repository.maker(version.id, deleted=True)
        if run is None:
            return []
        used = self._repository.used(run.id)
        made = self._made_of(run, used)
        return [made.get((each.project, each.name), each) for each in used]

    def _made_of(
        self, run: RunRecord, used: Sequence[VersionRecord]
    ) -> dict[tuple[str, str], VersionRecord]:
        """Return what a run made of the artifacts that it used: it went on from these."""
        names = {(each.project, each.name) for each in used}
        made = self._repository.logged(run.id) if used else []
        return {name: each for each in made if (name := (each.project, each.name)) in names}

    def _current(self, project: str, name: str) -> VersionRecord | None:
        """Return the current version of a collection; None where all were deleted."""
        key = (project, name)
        if key not in self._latest:
            self._latest[key] = self._repository.current(project, name)
        return self._latest[key]

    def _is_here(self, run: RunRecord) -> bool:
        if run.environment.get("python") != platform.python_version():
            return False  # fingerprints of code are those of its bytecode
        if run.pid == os.getpid() and run.host == HOST:
            return True
        return self._notebook is not None and run.notebook == self._notebook.name

    # -- kinds of inputs

    def _versions(self, version: VersionRecord, run: RunRecord) -> Iterable[InputState]:
        every = self._repository.used(run.id)
        made = self._made_of(run, every)
        for used in every:
            now = self._current(used.project, used.name)
            own = made.get((used.project, used.name))
            if now is None:
                yield InputState("newer", used.name, used.version, "was deleted")
            elif now.id == used.id:
                yield InputState("newer", used.name, used.version, _SAME)
            elif own is not None and own.id == now.id:
                yield InputState("newer", used.name, used.version, f"{now.version}, made by it")
            elif (used.project, used.name) != (version.project, version.name):
                yield InputState(
                    "newer", used.name, used.version, now.version, True, self._between(used, now)
                )

    def _between(self, old: VersionRecord, new: VersionRecord) -> Callable[[], Sequence[Shown]]:
        return lambda: [shown_diff(compare(self._repository, old, new))]

    def _files(self, run: RunRecord) -> Iterable[InputState]:
        root = Path(run.outputs.get("files_root", ""))
        if not root.is_dir():
            return  # another machine's
        for note in run.outputs.get("reads", ()):
            if "sha256" not in note or note.get("rewritten"):
                continue
            path = root / note["path"]
            now = self._file_now(path, note)
            changed = now != _SAME
            detail = self._file_detail(path, note["sha256"]) if now == _CHANGED else None
            yield InputState("file", note["path"], "", now, changed, detail)

    def _file_now(self, path: Path, note: Mapping[str, Any]) -> str:
        try:
            size = path.stat().st_size
        except OSError:
            return "is gone"
        if size != note.get("size"):
            return _CHANGED
        digest = self._repository.file_digests([path]).get(path)
        return _SAME if digest == note["sha256"] else _CHANGED

    def _file_detail(self, path: Path, digest: str) -> Callable[[], Sequence[Shown]]:
        def detail() -> Sequence[Shown]:
            if not self._repository.find_digest(digest):
                return []  # only the digest of what it was is kept
            old = value_of_file(path.name, self._repository.read_blob(digest))
            return _value_parts(path.name, old, value_of_file(path.name, path.read_bytes()))

        return detail

    def _variables(self, run: RunRecord) -> Iterable[InputState]:
        # Also what it binds and no version keeps: a function that it defines anew.
        own = run.outputs.get("made", {}).keys() | run.outputs.get("left_out", {}).keys()
        for name, note in run.outputs.get("inputs", {}).items():
            if name in own or not note.get("fingerprint"):
                continue
            kind = _kind_of(note)
            if name not in self._namespace:
                yield InputState(kind, name, "", "not in the notebook now")
                continue
            value = self._namespace[name]
            same = self._is_same(note["fingerprint"], fingerprint(value))
            if same:
                yield InputState(kind, name, "", _SAME)
            elif same is not None:
                yield self._changed(run, kind, name, note, value)

    def _is_same(self, then: str, now: str | None) -> bool | None:
        if is_keyed(then):
            return is_same(self._repository.root, then, now)
        return now == then

    def _changed(
        self, run: RunRecord, kind: Kind, name: str, note: Mapping[str, Any], value: Any
    ) -> InputState:
        if newer := self._in_current(note, value):
            return InputState(kind, name, note["version"], f"that of {newer.ref}")
        if kind in ("function", "class"):
            return InputState(kind, name, "", _CHANGED, True, self._function(run, name, value))
        if name in run.config and plain(value) is not NOT_PLAIN:
            now_told = told(name, plain(value), known_secrets())
            then, now = short(run.config[name]), short(now_told)
            return InputState(kind, name, then, now, True)
        return InputState(kind, name, "", _CHANGED, True, self._value(note, name, value))

    def _in_current(self, note: Mapping[str, Any], value: Any) -> VersionRecord | None:
        """Return the current version of the used one's collection, if it holds the value."""
        name, mark = str(note.get("version", "")).partition(":")[0], fingerprint(value)
        for version, _ in self._repository.find_fingerprint(self._session.project, mark or ""):
            current = self._current(version.project, name) if version.name == name else None
            if current is not None and current.id == version.id:
                return version
        return None

    def _value(
        self, note: Mapping[str, Any], name: str, value: Any
    ) -> Callable[[], Sequence[Shown]]:
        def detail() -> Sequence[Shown]:
            places = self._repository.find_fingerprint(self._session.project, note["fingerprint"])
            for version, path in places:
                try:
                    old = self._repository.load_value(version, path)
                except ArtnbError:
                    continue
                return _value_parts(name, old, value)
            return []  # no version holds what it was

        return detail

    def _function(self, run: RunRecord, name: str, value: Any) -> Callable[[], Sequence[Shown]]:
        def detail() -> Sequence[Shown]:
            old, new = named_source(self._repository.code(run.id) or "", name), source_now(value)
            new = None if new is None else scrubbed(new, known_secrets())
            if old is None or new is None:
                return []
            lines = unified(old.splitlines(), new.splitlines())
            return [Lines(name, lines)] if lines else []

        return detail

    # -- code and values of the person's own modules

    def _own_code(self, run: RunRecord) -> Iterable[InputState]:
        """Return what became of the person's own modules, and of files that were run."""
        if "cache" in run.outputs or run.host != HOST:
            return  # with ``--cache`` these are among the surroundings
        same = []
        for path, digest in run.outputs.get("own_code", {}).items():
            now = code_digest(path)
            name = os.path.relpath(path)
            if now is None:
                yield InputState("module", name, "", "is gone", True)
            elif not digest:
                yield InputState("module", name, "", "was edited after it was imported", True)
            elif now != digest:
                detail = self._code_detail(run, path, name)
                yield InputState("module", name, "", _CHANGED, True, detail)
            else:
                same.append(name)
        if same:
            more = f" and {len(same) - 1} more" if len(same) > 1 else ""
            yield InputState("module", f"{same[0]}{more}", "", _SAME)

    def _code_detail(self, run: RunRecord, path: str, name: str) -> Callable[[], Sequence[Shown]]:
        def detail() -> Sequence[Shown]:
            return about_code(name, changed_since(self._repository, run, path))

        return detail

    def _own_values(self, run: RunRecord) -> Iterable[InputState]:
        """Return the values in own modules that are no longer as the run read them."""
        for name, note in run.outputs.get("own_values", {}).items():
            now = value_now(name)
            if now is None or self._is_same(note["fingerprint"], now.fingerprint) is not False:
                continue
            kind: Kind = "setting" if "value" in note else "variable"
            if not now.kind:
                yield InputState(kind, name, "", "is gone", True)
            elif "value" in note and now.plain is not NOT_PLAIN:
                told_now = short(told(name, now.plain, known_secrets()))
                yield InputState(kind, name, short(note["value"]), told_now, True)
            else:
                yield InputState(kind, name, "", _CHANGED, True)

    def _surroundings(self, run: RunRecord) -> Iterable[InputState]:
        """Return what a run with ``--cache`` knows besides, compared as the next such run does."""
        if "cache" not in run.outputs or run.host != HOST:
            return
        from artnb.jupyter.identity import surroundings_now

        noted = {note["path"] for note in run.outputs.get("reads", ())}
        # What it wrote itself is other by that.
        for note in run.outputs.get("writes", ()):
            folders = Path(note["path"]).parents
            noted |= {note["path"], *(f"the folder {each}" for each in folders)}
        for found in surroundings_now(run.outputs["cache"]["identity"]):
            if found.kind in ("module", "package", "file") and found.name not in noted:
                path = os.path.abspath(found.name)  # noqa: PTH100 - as it was noted
                is_file = found.kind == "module" and found.text == _CHANGED
                detail = self._code_detail(run, path, found.name) if is_file else None
                yield InputState(found.kind, found.name, "", found.text, True, detail)  # type: ignore[arg-type]

    def _cell(self, run: RunRecord) -> Iterable[InputState]:
        if self._notebook is None or run.notebook != self._notebook.name:
            return
        count = run.outputs.get("cell_lines")
        source = cell_source(self._notebook, run.cell_id)
        if source is None or not count:
            return
        code = (self._repository.code(run.id) or "").splitlines()
        source = scrubbed(source, known_secrets())  # as the code was recorded
        old, new = body_of("\n".join(code[:count])), body_of(source)
        lines = unified(old, new)
        if lines:
            yield InputState("cell", "", "", "edited", True, lambda: [Lines("the cell", lines)])
        else:
            yield InputState("cell", "", "", _SAME)


def _kind_of(note: Mapping[str, Any]) -> Kind:
    if note["role"] == "code":
        return "function" if note["kind"] in _FUNCTIONS else "class"
    return "setting" if note["role"] == "config" else "variable"


def _value_parts(name: str, old: Any, new: Any) -> list[Shown]:
    found = compare_values(old, new)
    parts: list[Shown] = []
    if found.changes:
        parts.append(changes_table(f"{name}: {found.summary}", found.changes))
    if found.lines:
        parts.append(Lines(f"{name}: {found.summary}", found.lines))
    if found and not parts:
        parts.append(Lines(f"{name}: {found.summary}", ()))
    return parts
