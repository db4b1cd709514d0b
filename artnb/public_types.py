"""Projects, types and collections as `Api` gives them, by W&B's names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from artnb.absent import Advising
from artnb.artifact import Artifact
from artnb.catalog import CollectionRecord
from artnb.errors import CommError, nearest
from artnb.link import project_address
from artnb.repository import Repository

__all__ = ["ArtifactCollection", "ArtifactType", "Project", "RunStatus", "Viewer"]


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How far a run's data are on their way: there is no server, so that nothing ever waits.

    Attributes
    ----------
    sync_items_total, sync_items_pending : int
        0.
    sync_time : datetime
        When the run's record was last written.
    """

    sync_items_total: int = 0
    sync_items_pending: int = 0
    sync_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who works here, as far as the system says: there are no accounts.

    Attributes
    ----------
    username : str
        ``user@host``, as it stands with moved aliases.
    entity : str
        Empty.
    """

    username: str
    entity: str = ""


class Project(Advising, str, owner="Project"):
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

    @property
    def id(self) -> str:
        """The name itself."""
        return str(self)

    @property
    def url(self) -> str | None:
        """The project's page, where a Jupyter server of this machine shows it, or None."""
        return project_address(self._repository.root, self)

    def collections(
        self, filters: Any = None, order: Any = None, per_page: int | None = None
    ) -> list[ArtifactCollection]:
        """Return its collections, oldest first; what W&B's server would filter is not."""
        return [
            ArtifactCollection(self._repository, self.name, each.name, each.type)
            for each in self._repository.collections(self)
        ]

    def versions(self) -> list[Artifact]:
        """Return the versions of all its collections, newest first."""
        found = self._repository.versions(self)
        return [Artifact._of(version, self._repository) for version in found]

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

    @property
    def id(self) -> str:
        """The type itself."""
        return self.name

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


class ArtifactCollection(Advising, owner="ArtifactCollection"):
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
    def id(self) -> str:
        """``project/name``."""
        return f"{self.project}/{self.name}"

    @property
    def description(self) -> str | None:
        """Text for people, of its first version; each version has its own."""
        return self._record.description

    @property
    def tags(self) -> list[str]:
        """The tags of all versions, each once; assign those of a version."""
        return list(dict.fromkeys(tag for version in self.artifacts() for tag in version.tags))

    @property
    def created_at(self) -> str:
        """When it was made, ISO 8601, UTC."""
        return _iso(self._record.created_at)

    @property
    def updated_at(self) -> str:
        """When its newest version was made, ISO 8601, UTC."""
        return max(version.created_at for version in self.artifacts())

    @property
    def _record(self) -> CollectionRecord:
        for each in self._repository.collections(self.project):
            if each.name == self.name:
                return each
        raise CommError(f"Project {self.project!r} has no artifact {self.name!r} any more.")

    def is_sequence(self) -> bool:
        """Return whether runs log to it; a collection of links is none."""
        return not any(version.is_link for version in self.artifacts())

    def delete(self) -> None:
        """Delete all of its versions, aliases and all; `artnb gc` frees their bytes."""
        for version in self.artifacts():
            version.delete(delete_aliases=True)

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


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
