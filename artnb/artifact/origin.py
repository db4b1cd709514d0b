"""Where a version comes from: its collection, what it is a link to, and what links to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, cast

from artnb.artifact.base import ArtifactBase
from artnb.link import run_address
from artnb.linking import links_to, source_name, source_of
from artnb.refs import parse_ref
from artnb.repository import Repository

if TYPE_CHECKING:
    from artnb.model import VersionRecord

__all__ = ["ArtifactOrigin", "set_collection_reader"]

CollectionReader = Callable[[Repository, str, str, str], Any]

_collection_reader: CollectionReader = lambda *_: None  # noqa: E731 - until a layer above sets it


def set_collection_reader(reader: CollectionReader) -> None:
    """Say what stands for a collection, of a project, name and type: a layer above has it."""
    global _collection_reader
    _collection_reader = reader


class ArtifactOrigin(ArtifactBase):
    """The part of an artifact that knows its collection and its links."""

    @property
    def collection(self) -> Any:
        """The collection that the version is in, as `Api.artifact_collection` gives it."""
        version = self._logged("collection")
        return _collection_reader(self._repository, version.project, version.name, version.type)

    @property
    def source_collection(self) -> Any:
        """The collection that it was logged to: of a link that of its source."""
        ref = parse_ref(self.source_qualified_name)
        return _collection_reader(self._repository, str(ref.project), ref.name, self.type)

    @property
    def is_link(self) -> bool:
        """Whether it is a version of a registry that stands for one logged elsewhere."""
        version = self._logged("is_link")
        return source_name(self._repository, version) is not None

    @property
    def source_name(self) -> str:
        """``name:vN`` of what it is a link to; of any other its own, of a draft ``name``."""
        return self.source_qualified_name.rpartition("/")[2] if self._version else self.name

    @property
    def source_qualified_name(self) -> str:
        """``project/name:vN`` of what it is a link to; of any other its own."""
        version = self._logged("source_qualified_name")
        return source_name(self._repository, version) or self.qualified_name

    @property
    def source_project(self) -> str:
        """The project of what it is a link to; of any other its own."""
        return self.source_qualified_name.rpartition("/")[0]

    @property
    def source_version(self) -> str:
        """``vN`` of what it is a link to; of any other its own."""
        return self.source_qualified_name.rpartition(":")[2]

    @property
    def source_entity(self) -> str:
        """Empty: there are no accounts."""
        return ""

    @property
    def source_artifact(self) -> Self | None:
        """What it is a link to, None if that is gone; of any other itself."""
        if not self.is_link:
            return self
        found = source_of(self._repository, self._logged("source_artifact"))
        return self._handle(found) if found else None

    @property
    def linked_artifacts(self) -> list[Self]:
        """The links to it that are there, oldest first; of a link none."""
        version = self._logged("linked_artifacts")
        return [self._handle(link) for link in links_to(self._repository, version)]

    @property
    def linked_at(self) -> str | None:
        """When the link was made, ISO 8601, UTC; of what is no link None."""
        return self.created_at if self.is_link else None

    @property
    def updated_at(self) -> str:
        """When the version was made, or an alias came to it last, ISO 8601, UTC."""
        version = self._logged("updated_at")
        moves = self._repository.alias_moves(version.project, version.name)
        times = [move.at for move in moves if move.after == version.number]
        return datetime.fromtimestamp(max([version.created_at, *times]), UTC).isoformat()

    @property
    def history_step(self) -> int | None:
        """The last step that its run had logged by then, or None: no run, or no row."""
        version = self._logged("history_step")
        makers = self._repository.logged_by(version.id)
        rows = self._repository.history(makers[0].id) if makers else []
        steps = [
            row["_step"]
            for row in rows
            if isinstance(row.get("_step"), int) and row.get("_timestamp", 0) <= version.created_at
        ]
        return max(steps, default=None)

    @property
    def url(self) -> str | None:
        """The page of the run that made it, where a Jupyter server here shows it, or None."""
        makers = self._repository.logged_by(self._logged("url").id)
        if not makers:
            return None
        return run_address(self._repository.root, makers[0].project, makers[0].id)

    def _handle(self, version: VersionRecord) -> Self:
        return cast(Self, type(self)._of(version, self._repository))  # type: ignore[attr-defined]
