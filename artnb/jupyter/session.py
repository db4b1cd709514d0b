"""What the extension knows between cells: the project, and which version holds which variable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from artnb import _api
from artnb.artifact import Artifact
from artnb.capture import FileState, FileWatcher, Holder, Input, Roster
from artnb.capture.modes import otherwise_set
from artnb.errors import ArtnbError, CommError, TypeMismatchError
from artnb.jupyter.adopting import Adoptable
from artnb.jupyter.saving import Saver
from artnb.model import VersionRecord
from artnb.repository import Repository

__all__ = ["Held", "Session"]

_DEFAULT_PROJECT = "uncategorized"


@dataclass(frozen=True, slots=True)
class Held:
    """The version that a variable's value was saved in, or loaded from."""

    version: VersionRecord
    path: str
    fingerprint: str | None
    object: Holder

    def holds(self, found: Input, value: Any) -> bool:
        """Return whether the value that a cell reads is the one that was saved."""
        hashed = found.fingerprint is not None or self.fingerprint is not None
        if hashed and not found.over_budget:
            return found.fingerprint == self.fingerprint
        return self.object.is_same(value)


class Session:
    """One kernel's memory of its artifact cells.

    Attributes
    ----------
    automatic : bool
        Whether cells are runs without a first line.
    held : dict
        By the variable's name.
    adoptable : Adoptable
        What restored values hold of variables that may be restored after them.
    file_digests : dict
        By path, how a file was when it was last hashed, and its digest.
    others : set of str
        Files of other programs of which a cell has told.
    over_budget : dict
        Why a variable is not hashed, by its name.
    saver : Saver
        What goes on after its cell.
    """

    def __init__(self) -> None:
        self.automatic = False
        self.held: dict[str, Held] = {}
        self.adoptable = Adoptable()
        self.file_digests: dict[str, tuple[FileState, str]] = {}
        self.others: set[str] = set()
        self.over_budget: dict[str, str] = {}
        self.saver = Saver()
        self._project: str | None = None
        self._expected: dict[str, object] = {}
        self._types: dict[tuple[Repository, str, str], str] = {}
        self._watchers: list[FileWatcher] = []
        self._roster: Roster | None = None

    @property
    def repository(self) -> Repository:
        """The open run's repository, else the working directory's."""
        return _api.current_repository()

    @property
    def project(self) -> str:
        """Where cells go that name no project.

        The first of: ``%artnb project``, the project of the open run, the setting.
        """
        return self.project_in(self.repository)

    @project.setter
    def project(self, name: str) -> None:
        self._project = name

    def project_in(self, repository: Repository) -> str:
        """Return `project`, where the repository is known."""
        if self._project is not None:
            return self._project
        run = _api.current_run()
        return run.project if run else repository.settings.project or _DEFAULT_PROJECT

    def roster(self, shell: Any) -> Roster:
        """Return what tells which of a shell's names are the person's."""
        namespace = shell.user_ns
        if self._roster is None or self._roster.namespace is not namespace:
            self._roster = Roster(namespace, shell.user_ns_hidden)
        return self._roster

    def file_watcher(self) -> FileWatcher:
        """Return a watcher that no other cell uses; give it back with `keep_watcher`."""
        return self._watchers.pop() if self._watchers else FileWatcher()

    def keep_watcher(self, watcher: FileWatcher) -> None:
        """Keep a watcher for the next cell."""
        self._watchers.append(watcher)

    def close(self) -> None:
        """Wait for what is being saved, and give back what the session holds of the system."""
        self.saver.close()
        while self._watchers:
            self._watchers.pop().close()

    def remember(
        self, name: str, version: VersionRecord, path: str, fingerprint: str | None, value: Any
    ) -> None:
        """Note that `version` holds the value of the variable `name`."""
        self.hold(name, Held(version, path, fingerprint, Holder(value)))

    def note_type(self, repository: Repository, version: VersionRecord) -> None:
        """Remember the type of a version's artifact, which stays while it has a version."""
        self._types[repository, version.project, version.name] = version.type

    def type_for(
        self, repository: Repository, project: str, name: str, wanted: str | None
    ) -> str | None:
        """Return the type that is given or that an artifact has; they must agree.

        Raises
        ------
        TypeMismatchError
        """
        known = self._types.get((repository, project, name))
        if known is None or wanted not in (None, known):
            known = repository.collection_type(project, name)
        if None not in (known, wanted) and known != wanted:
            raise TypeMismatchError(
                f"The artifact {name!r} of project {project!r} has the type {known!r}, not "
                f"{wanted!r}. Leave --type out, or choose another name."
            )
        return known or wanted

    def expect(self, names: Iterable[str], by: object) -> None:
        """Note that `by` will say which version holds these variables."""
        self._expected |= dict.fromkeys(names, by)

    def hold(self, name: str, held: Held, by: object = None) -> None:
        """Note what holds a variable, unless a later cell has said so meanwhile."""
        if by is None or self._expected.get(name) is by:
            self._expected.pop(name, None)
            self.held[name] = held

    def captured(self, namespace: Mapping[str, Any]) -> set[str]:
        """Return the names of the variables that some version holds, or is about to hold."""
        held = {n for n, each in self.held.items() if each.object.is_same(namespace.get(n))}
        return held | self._expected.keys()

    def saved_mark(self, name: str, value: Any) -> str | None:
        """Return the fingerprint under which a version holds this very object, or None."""
        held = self.held.get(name)
        return held.fingerprint if held is not None and held.object.is_same(value) else None

    def holds_now(self, name: str, mark: str | None) -> bool:
        """Return whether the session knows a version that holds what a variable is now.

        Parameters
        ----------
        mark : str or None
            The fingerprint of its value.
        """
        held = self.held.get(name)
        if held is None or mark is None or held.fingerprint != mark:
            return False
        return _still_there(self.repository, held.version) is not None

    def versions_read(
        self,
        inputs: Mapping[str, Input],
        namespace: Mapping[str, Any],
        repository: Repository,
        project: str,
    ) -> dict[str, VersionRecord]:
        """Return, by name of the input, the version that holds its value.

        Known from the session by name, else looked for by content in `project`.
        """
        found = {}
        for name, read in inputs.items():
            held = self.held.get(name)
            version = None
            if read.role == "handle":
                version = _of_handle(repository, read.handle, project)
            elif held is not None and held.holds(read, namespace.get(name)):
                version = _still_there(repository, held.version)
            elif read.role == "variable" and read.fingerprint is not None:
                # Not of small values: a number is the same by chance in many versions.
                version = _by_content(repository, project, name, read.fingerprint)
                if version is None and held is not None:
                    version = _set_otherwise(repository, held, namespace.get(name))
            if version is not None:
                found[name] = version
        return found


def _of_handle(repository: Repository, handle: Any, project: str) -> VersionRecord | None:
    if not isinstance(handle, Artifact) or handle.is_draft():
        return None
    try:
        return repository.resolve(handle.qualified_name, project)
    except ArtnbError:
        return None  # a handle of another repository


def _set_otherwise(repository: Repository, held: Held, value: Any) -> VersionRecord | None:
    """Return the version of a module that no recorded cell has set otherwise since."""
    if not held.object.is_same(value) or held.fingerprint not in list(otherwise_set(value)):
        return None
    return _still_there(repository, held.version)


def _by_content(
    repository: Repository, project: str, name: str, print_: str
) -> VersionRecord | None:
    places = repository.find_fingerprint(project, print_)
    same_name = [version for version, path in places if path.partition(".")[0] == name]
    newest = same_name or [version for version, _ in places]
    return newest[0] if newest else None


def _still_there(repository: Repository, version: VersionRecord) -> VersionRecord | None:
    try:
        now = repository.version(version.id)
    except CommError:
        return None  # the repository was removed or changed meanwhile
    return now if now.digest == version.digest else None
