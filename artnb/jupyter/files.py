"""The files of one cell: those it reads as versions or notes, those it writes as entries."""

from __future__ import annotations

import io
import os
import stat
import types
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from tempfile import _TemporaryFileWrapper
from typing import Any, cast

from artnb.capture import FileUse, Touched
from artnb.errors import InvalidPathError, InvalidValueError
from artnb.jupyter.session import Session
from artnb.model import VersionRecord
from artnb.refs import check_entry_path
from artnb.repository import Content, Repository
from artnb.store import Staged

__all__ = ["CellFiles", "guess_type_of_files"]

_MOST_NOTED = 1_000
_MOST_HASHED = 2 << 30
"""Bytes of files read that are hashed after one cell; what is known already does not count."""

_BY_CHANCE = 64
"""Bytes below which a file is taken for a version's only if its name is the same, too."""

_RECORDERS = "recorders"
"""The folder in the repository where kernels tell each other what their cells open."""

_NO_FILES = frozenset((
    int, float, bool, complex, str, bytes, list, dict, tuple, set, frozenset, type, type(None),
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType,
))  # fmt: skip
"""What variables mostly are."""

_FILES = frozenset((_TemporaryFileWrapper, io.IOBase.__base__))
"""Of which every file's type is, also those that are only registered with `io.IOBase`."""

_KINDS = {
    "dataset": (".csv", ".tsv", ".parquet", ".feather", ".arrow", ".npy", ".npz", ".db", ".sqlite"),
    "model": (".pt", ".pth", ".safetensors", ".onnx", ".keras", ".h5", ".pkl", ".joblib"),
    "figure": (".png", ".jpg", ".jpeg", ".svg", ".pdf", ".gif", ".webp"),
}


_NOTHING = FileUse()


class CellFiles:
    """Watches the files that a cell opens.

    Parameters
    ----------
    session : Session
        Whose watcher is used, and which remembers the digests.
    watched : bool
        False: nothing is watched, and nothing found.

    Attributes
    ----------
    used : dict
        The version whose bytes a file had that the cell read, by path.
    left_out : dict
        Why a file that the cell wrote is no entry, by path.
    others : list of str
        What other programs wrote while the cell ran.
    """

    def __init__(
        self, session: Session, repository: Repository, project: str, *, watched: bool = True
    ) -> None:
        self._session = session
        self._repository = repository
        self._project = project
        self._watcher = session.file_watcher() if watched else None
        self._use = _NOTHING
        self._digests: dict[str, str] = {}
        self._staged: dict[str, Staged] = {}
        self._entries: dict[str, str] = {}
        self.used: dict[str, VersionRecord] = {}
        self.left_out: dict[str, str] = {}
        self.others: list[str] = []

    def start(self) -> None:
        """Begin to watch."""
        if self._watcher is not None:
            store = self._repository.settings.store
            ours = (self._repository.folder, *(() if "://" in store else (store,)))
            self._watcher.start(ours=ours, beside=f"{self._repository.folder}/{_RECORDERS}")

    def stop(self, values: Iterable[object] = ()) -> None:
        """End the watch; a second time does nothing.

        Parameters
        ----------
        values : iterable
            The notebook's variables: what is written to a file that is still open, and waits
            in Python's buffer, is part of what the cell wrote.
        """
        if self._watcher is not None:
            _flush(values)
            watcher, self._watcher = self._watcher, None
            self._use = watcher.stop()
            if self._use.writes:
                self._use = self._without_downloads(self._use)
            self.others = [*map(self._shown, self._use.others)]
            self._session.keep_watcher(watcher)

    @property
    def reads(self) -> bool:
        """Whether the cell read any file."""
        return bool(self._use.reads)

    @property
    def writes(self) -> bool:
        """Whether there are files to commit; known after `stage`."""
        return bool(self._staged)

    def find_versions(self) -> None:
        """Find the versions whose bytes the cell read; what was read is hashed for it."""
        self._hash_reads()
        for read in self._use.reads:
            digest = self._digests.get(read.path)
            version = self._version_of(read, digest) if digest else None
            if version is not None:
                self.used[read.path] = version

    def versions(self) -> Collection[VersionRecord]:
        """Return each version that was found, once."""
        return {version.id: version for version in self.used.values()}.values()

    def stage(self) -> int:
        """Take the files that the cell wrote as they are now; return their bytes."""
        for written in self._use.writes:
            try:
                staged = self._repository.stage(Path(written.path))
            except (InvalidValueError, FileNotFoundError, PermissionError) as error:
                self.left_out[self._shown(written.path)] = _why_not(error)
                continue
            self._staged[written.path] = staged
            self._session.file_digests[written.path] = (written.state, staged.digest)
        return sum(staged.size for staged in self._staged.values()) if self._staged else 0

    def contents(self, taken: Iterable[str]) -> list[Content]:
        """Return the files that the cell wrote as entries.

        Parameters
        ----------
        taken : iterable of str
            Entry paths of the cell's values.

        Raises
        ------
        InvalidValueError
            A commit has failed before, and the file is not what it was any more.
        """
        paths = set(taken)
        found = []
        for file, staged in self._staged.items():
            path = self._entry_path(file, paths)
            paths.add(path)
            self._entries[file] = path
            found.append(Content(path, self._staged_again(file, staged)))
        return found

    def outputs(self) -> dict[str, Any]:
        """Return what the run's record says of files."""
        noted: dict[str, Any] = {}
        if reads := [self._read_note(read) for read in self._use.reads[:_MOST_NOTED]]:
            noted["reads"] = reads
        if writes := [self._write_note(each) for each in self._use.writes[:_MOST_NOTED]]:
            noted["writes"] = writes
        for key, touched in (("reads", self._use.reads), ("writes", self._use.writes)):
            if len(touched) > _MOST_NOTED:
                noted[f"{key}_more"] = len(touched) - _MOST_NOTED
        if self.others:
            noted["others"] = self.others[:_MOST_NOTED]
        if noted:
            noted["files_root"] = self._use.root
            noted |= {"files_partial": self._use.partial} if self._use.partial else {}
        return noted

    # -- parts

    def _without_downloads(self, use: FileUse) -> FileUse:
        """Count files that artnb itself put there as read: it gives them an old time."""
        old = [each for each in use.writes if each.state.modified < use.started]
        if not old:
            return use
        known = self._repository.file_digests([Path(each.path) for each in old], known_only=True)
        placed = [each for each in old if Path(each.path) in known]
        if not placed:
            return use
        gone = {each.path for each in placed}
        return replace(
            use,
            reads=(*(each for each in use.reads if each.path not in gone), *placed),
            writes=tuple(each for each in use.writes if each.path not in gone),
        )

    def _staged_again(self, file: str, staged: Staged) -> Staged:
        if not (staged.owned and isinstance(staged.source, Path)) or staged.source.exists():
            return staged
        again = self._staged[file] = self._repository.stage(Path(file))
        if again.digest != staged.digest:
            raise InvalidValueError(f"{file} has changed since its cell wrote it.")
        return again

    def _hash_reads(self) -> None:
        """Find the digests of what was read, as it was before the cell wrote it anew."""
        whole = []
        for read in self._use.reads:
            known = self._session.file_digests.get(read.path)
            before = read.before if read.rewritten else read.state
            if known and before and before.same_content(known[0]):
                self._digests[read.path] = known[1]
            elif not read.rewritten:
                whole.append(read)
        if not whole:
            return
        paths = [Path(read.path) for read in whole]
        found = self._repository.file_digests(paths, known_only=True)
        room = _MOST_HASHED
        for read in whole:
            if Path(read.path) not in found:
                room -= read.state.size
                if room >= 0:
                    found |= self._repository.file_digests([Path(read.path)])
        for read in whole:
            if digest := found.get(Path(read.path)):
                self._digests[read.path] = digest
                self._session.file_digests[read.path] = (read.state, digest)

    def _version_of(self, read: Touched, digest: str) -> VersionRecord | None:
        """Return the version that holds the bytes: of the same name, of this project, newest."""
        name = PurePath(read.path).name
        size = read.before.size if read.rewritten and read.before else read.state.size
        ranked = []
        for version, path in self._repository.find_digest(digest):
            same_name = PurePath(path).name == name
            if version.state != "deleted" and size and (same_name or size >= _BY_CHANCE):
                downloaded = f"/{version.name}:{version.version}/" in read.path
                rank = (downloaded, same_name, version.project == self._project, version.id)
                ranked.append((rank, version))
        return max(ranked, key=lambda pair: pair[0])[1] if ranked else None

    def _entry_path(self, path: str, taken: Collection[str]) -> str:
        inside = path.startswith(self._use.root + os.sep)
        wanted = path[len(self._use.root) + 1 :] if inside else PurePath(path).name
        wanted = wanted.replace(os.sep, "/")
        try:
            entry = check_entry_path(wanted)
        except InvalidPathError:  # a name that is none on every system
            kept = "".join(c if c.isprintable() and c not in "\\:" else "_" for c in wanted)
            entry = check_entry_path(kept)
        while entry in taken:
            entry = f"files/{entry}"
        return entry

    def _read_note(self, read: Touched) -> dict[str, Any]:
        note: dict[str, Any] = {"path": self._shown(read.path), "size": read.state.size}
        if read.path in self._digests:
            note["sha256"] = self._digests[read.path]
        if read.path in self.used:
            note["version"] = self.used[read.path].ref_in(self._project)
        if read.rewritten:
            note["rewritten"] = True
        return {**note, "by": list(read.by)}

    def _write_note(self, written: Touched) -> dict[str, Any]:
        note: dict[str, Any] = {"path": self._shown(written.path), "size": written.state.size}
        if written.path in self._entries:
            note["entry"] = self._entries[written.path]
        return {**note, "by": list(written.by)}

    def _shown(self, path: str) -> str:
        return path.removeprefix(self._use.root + os.sep)


def _flush(values: Iterable[object]) -> None:
    there = list(values)
    # By types, of which there are few: isinstance would also ask a value that pretends.
    kinds = {kind for kind in set(map(type, there)) - _NO_FILES if _FILES & {*kind.__mro__}}
    for value in there if kinds else ():
        if type(value) not in kinds:
            continue
        file = cast(io.IOBase, _unwrapped(value))
        try:
            # No pipe: a full one would wait for its reader.
            if (
                not file.closed
                and file.writable()
                and stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            ):
                file.flush()
        except (OSError, ValueError):
            pass  # a file of another kind, or a full disk, which its own close will tell of


def _unwrapped(value: Any) -> object:
    return value.file if type(value) is _TemporaryFileWrapper else value


def _why_not(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "gone before it could be read"
    if isinstance(error, PermissionError):
        return "you may not read it"
    return "changed while it was read"


def guess_type_of_files(contents: Iterable[Content]) -> str:
    """Return the artifact type that fits files: model, dataset, figure, else result."""
    suffixes = {PurePath(content.path).suffix.lower() for content in contents}
    for kind in ("model", "dataset", "figure"):
        if suffixes & set(_KINDS[kind]):
            return kind
    return "result"
