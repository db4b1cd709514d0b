"""What the extension knows between cells: the project, and which version holds which variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artnb import _api
from artnb.artifact import Artifact
from artnb.capture import Input
from artnb.capture.namespace import Holder
from artnb.errors import ArtnbError, CommError
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
        if found.fingerprint is not None or self.fingerprint is not None:
            return found.fingerprint == self.fingerprint
        return self.object.is_same(value)


class Session:
    """One kernel's memory of its artifact cells."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self._project: str | None = None

    @property
    def repository(self) -> Repository:
        """The open run's repository, else the working directory's."""
        return _api.current_repository()

    @property
    def project(self) -> str:
        """Where cells go that name no project.

        The first of: ``%artnb project``, the project of the open run, the setting.
        """
        if self._project is not None:
            return self._project
        run = _api.current_run()
        if run is not None:
            return str(run.project)
        return self.repository.settings.project or _DEFAULT_PROJECT

    @project.setter
    def project(self, name: str) -> None:
        self._project = name

    def remember(
        self, name: str, version: VersionRecord, path: str, fingerprint: str | None, value: Any
    ) -> None:
        """Note that `version` holds the value of the variable `name`."""
        self.held[name] = Held(version, path, fingerprint, Holder(value))

    def versions_read(
        self, inputs: Mapping[str, Input], namespace: Mapping[str, Any], project: str
    ) -> dict[str, VersionRecord]:
        """Return, by name of the input, the version that holds its value.

        Known from the session by name, else looked for by content in `project`.
        """
        found = {}
        for name, read in inputs.items():
            if version := self._version_of(read, namespace.get(name), project):
                found[name] = version
        return found

    def _version_of(self, read: Input, value: Any, project: str) -> VersionRecord | None:
        if read.role == "handle":
            return self._version_of_handle(read.handle, project)
        held = self.held.get(read.name)
        if held is not None and held.holds(read, value):
            return self._still_there(held.version)
        if read.role != "variable" or read.fingerprint is None:
            return None  # a small number is the same by chance in many versions
        places = self.repository.find_fingerprint(project, read.fingerprint)
        by_name = [version for version, path in places if path.partition(".")[0] == read.name]
        newest = by_name or [version for version, _ in places]
        return newest[0] if newest else None

    def _version_of_handle(self, handle: Any, project: str) -> VersionRecord | None:
        if not isinstance(handle, Artifact) or handle.is_draft():
            return None
        try:
            return self.repository.resolve(handle.qualified_name, project)
        except ArtnbError:
            return None  # a handle of another repository

    def _still_there(self, version: VersionRecord) -> VersionRecord | None:
        try:
            now = self.repository.version(version.id)
        except CommError:
            return None  # the repository was removed or changed meanwhile
        return now if now.digest == version.digest else None
