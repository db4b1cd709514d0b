"""What every part of an artifact stands on: the draft, then the version, and what it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from artnb.absent import Advising
from artnb.draft import Draft, check_metadata
from artnb.errors import ArtifactFinalizedError, ArtifactNotLoggedError, InvalidValueError
from artnb.model import Manifest, VersionRecord
from artnb.refs import check_new_aliases
from artnb.repository import Repository
from artnb.retention import ArtifactTTL

__all__ = ["ArtifactBase"]


class ArtifactBase(Advising, owner="Artifact"):
    """A draft or a version, and what of it a person reads and sets."""

    _draft: Draft | None
    _repository: Repository
    _version: VersionRecord | None
    _manifest: Manifest | None
    _metadata: dict[str, Any]
    _description: str | None
    _aliases: list[str]
    _tags: list[str]
    _ttl: float | None

    @property
    def name(self) -> str:
        """``name`` of a draft, ``name:vN`` of a version."""
        return self._version.ref if self._version else self._drafted().name

    @property
    def type(self) -> str:
        """The type that all versions of the name share."""
        return self._version.type if self._version else self._drafted().type

    @property
    def description(self) -> str | None:
        """Text for people; assign, then `save`."""
        return self._description

    @description.setter
    def description(self, text: str | None) -> None:
        self._description = text

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted about it; change or assign, then `save`."""
        return self._metadata

    @metadata.setter
    def metadata(self, value: Mapping[str, Any]) -> None:
        self._metadata = check_metadata(value)

    @property
    def aliases(self) -> list[str]:
        """The aliases without ``vN``; change the list, then `save`."""
        self._logged("aliases")
        return self._aliases

    @aliases.setter
    def aliases(self, aliases: Iterable[str]) -> None:
        self._logged("aliases")
        self._aliases = check_new_aliases(aliases)

    @property
    def tags(self) -> list[str]:
        """The tags; change the list, then `save`."""
        return self._tags

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        self._tags = list(tags)

    @property
    def project(self) -> str:
        """The project that the version belongs to."""
        return self._logged("project").project

    @property
    def version(self) -> str:
        """``vN``."""
        return self._logged("version").version

    @property
    def qualified_name(self) -> str:
        """``project/name:vN``."""
        record = self._logged("qualified_name")
        return f"{record.project}/{record.ref}"

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest: equal digests, equal content."""
        return self._logged("digest").digest

    @property
    def state(self) -> str:
        """``PENDING`` before it is logged, then ``COMMITTED``, or ``DAMAGED``."""
        if self._version is None:
            return "PENDING"
        return {"live": "COMMITTED"}.get(self._version.state, self._version.state.upper())

    @property
    def digest_algorithm(self) -> str:
        """How `digest` is computed."""
        return "sha256"

    @property
    def commit_hash(self) -> str:
        """SHA-256 of the version's record, which says who logged which content when."""
        return self._logged("commit_hash").record

    @property
    def incremental(self) -> bool:
        """False: each version holds all of its files."""
        return False

    @property
    def use_as(self) -> None:
        """None: W&B has no use for it either any more."""

    @property
    def id(self) -> str:
        """What the catalogue calls the version."""
        return str(self._logged("id").id)

    @property
    def entity(self) -> str:
        """Empty: there are no accounts."""
        return ""

    @property
    def file_count(self) -> int:
        """How many files the version has."""
        return self._logged("file_count").entries

    def finalize(self) -> None:
        """Do nothing: a draft takes more until it is logged."""

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return self._logged("size").size

    @property
    def created_at(self) -> str:
        """When the version was made, ISO 8601, UTC."""
        from datetime import UTC, datetime

        return datetime.fromtimestamp(self._logged("created_at").created_at, UTC).isoformat()

    @property
    def manifest(self) -> Manifest:
        """The entries of the version by path."""
        if self._manifest is None:
            self._manifest = self._repository.manifest(self._logged("manifest"))
        return self._manifest

    @property
    def ttl(self) -> timedelta | None:
        """How long the version stays from when it was made; None: for ever.

        Assign a positive timedelta, None, or ``ArtifactTTL.INHERIT`` (the default: what the
        settings say), then log or `save`. `artnb gc` deletes what is over.
        """
        seconds = self._repository.settings.ttl_seconds if self._ttl is None else self._ttl
        return timedelta(seconds=seconds) if seconds else None

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        if ttl is None or isinstance(ttl, ArtifactTTL):
            self._ttl = 0.0 if ttl is None else None
        elif not isinstance(ttl, timedelta) or ttl <= timedelta(0):
            raise InvalidValueError(
                f"ttl {ttl!r}: use a positive timedelta, None (for ever) or ArtifactTTL.INHERIT."
            )
        else:
            self._ttl = ttl.total_seconds()

    @property
    def ttl_is_inherited(self) -> bool:
        """Whether the ttl is that of the settings."""
        return self._ttl is None

    def is_draft(self) -> bool:
        """Return whether it is not logged yet."""
        return self._version is None

    def _drafted(self, doing: str = "that") -> Draft:
        if self._draft is None:
            raise ArtifactFinalizedError(
                f"{self.name} is logged and cannot be changed: {doing} is for drafts. Call "
                "new_draft(), change that, and log it as the next version."
            )
        return self._draft

    def _logged(self, doing: str) -> VersionRecord:
        if self._version is None:
            raise ArtifactNotLoggedError(
                f"The artifact {self.name!r} is not logged yet, so it has no {doing!r}. Call "
                "run.log_artifact(artifact) or artifact.save() first."
            )
        return self._version

    def _show(self, version: VersionRecord) -> None:
        self._version = version
        self._draft = None
        self._description = version.description
        self._metadata = dict(version.metadata)
        self._aliases = list(version.aliases)
        self._tags = list(version.tags)
        self._ttl = version.ttl
