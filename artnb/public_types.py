"""Projects, types and collections as `Api` gives them, by W&B's names."""

from __future__ import annotations

from typing import Any

from artnb.artifact import Artifact
from artnb.errors import CommError, nearest
from artnb.repository import Repository

__all__ = ["ArtifactCollection", "ArtifactType", "Project"]


class Project(str):
    """A project's name, which says what is in it.

    It is text, and has W&B's attributes besides.
    """

    __slots__ = ("_repository",)

    _repository: Repository

    @classmethod
    def _of(cls, name: str, repository: Repository) -> Project:
        self = cls(name)
        self._repository = repository
        return self

    @property
    def name(self) -> str:
        """The name itself."""
        return str(self)

    @property
    def entity(self) -> str:
        """Empty: there are no accounts."""
        return ""

    @property
    def path(self) -> list[str]:
        """The name alone."""
        return [self.name]

    def artifacts_types(self, per_page: int | None = None) -> list[ArtifactType]:
        """Return the types that its collections have, oldest first."""
        types = dict.fromkeys(each.type for each in self._repository.collections(self))
        return [ArtifactType(self._repository, self.name, type) for type in types]


class ArtifactType:
    """A type of a project, such as ``dataset``: ``name``, ``project`` and its collections."""

    def __init__(self, repository: Repository, project: str, name: str) -> None:
        self._repository = repository
        self.project = project
        self.name = name

    def collections(self, filters: Any = None, **_: Any) -> list[ArtifactCollection]:
        """Return its collections, oldest first; what W&B's server would filter is not."""
        return [
            ArtifactCollection(self._repository, self.project, each.name, self.name)
            for each in self._repository.collections(self.project)
            if each.type == self.name
        ]

    def collection(self, name: str) -> ArtifactCollection:
        """Return one of its collections; CommError if it has none of that name."""
        names = {each.name: each for each in self.collections()}
        if name not in names:
            raise CommError(
                f"Project {self.project!r} has no {self.name} {name!r}; {nearest(name, names)}"
            )
        return names[name]

    def __repr__(self) -> str:
        return f"<ArtifactType {self.name!r} project={self.project!r}>"


class ArtifactCollection:
    """All versions of an artifact: ``name``, ``type``, ``project``."""

    def __init__(self, repository: Repository, project: str, name: str, type: str) -> None:
        self._repository = repository
        self.project = project
        self.name = name
        self.type = type

    @property
    def entity(self) -> str:
        """Empty: there are no accounts."""
        return ""

    @property
    def aliases(self) -> list[str]:
        """The aliases of all versions."""
        return [alias for version in self.artifacts() for alias in version.aliases]

    def artifacts(self, per_page: int | None = None) -> list[Artifact]:
        """Return the versions, newest first."""
        found = self._repository.versions(self.project, self.name)
        return [Artifact._of(version, self._repository) for version in found]

    versions = artifacts

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self.name!r} type={self.type!r} project={self.project!r}>"
