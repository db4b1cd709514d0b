"""Artifact: what a person builds, and afterwards the handle on a version.

The class shows three faces and holds none of their logic: a `Draft` before it is logged,
a `VersionRecord` after, and the `Repository` that does the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from artnb.artifact.building import ArtifactBuilding, content_of
from artnb.artifact.origin import ArtifactOrigin
from artnb.artifact.taking import ArtifactTaking
from artnb.draft import Draft, check_metadata
from artnb.errors import ArtifactNotLoggedError, UsageError
from artnb.model import Manifest, RunRecord, VersionRecord
from artnb.refs import check_new_aliases
from artnb.repository import Repository, open_repository
from artnb.retention import ArtifactTTL

__all__ = ["Artifact", "set_run_giver", "set_run_reader"]

RunGiver = Callable[[str | None, Repository | None], AbstractContextManager[Any]]

RunReader = Callable[[RunRecord, Repository], Any]

_run_giver: RunGiver | None = None
_run_reader: RunReader = lambda record, _: record  # noqa: E731 - until a layer above sets it


def set_run_giver(giver: RunGiver) -> None:
    """Say which run logs and links what no run was called for: only a layer above knows.

    Parameters
    ----------
    giver : callable
        Given a project and a repository, or None for any, returns a context manager with the
        open run, or one of its own.
    """
    global _run_giver
    _run_giver = giver


def set_run_reader(reader: RunReader) -> None:
    """Say what stands for a run that made or used a version: only a layer above has it."""
    global _run_reader
    _run_reader = reader


class Artifact(ArtifactBuilding, ArtifactOrigin, ArtifactTaking):
    """A named, typed, versioned set of files and values.

    Parameters
    ----------
    name : str
        1 to 128 letters, digits, ``_``, ``-`` or ``.``.
    type : str
        What it is: ``dataset``, ``model``, ...; one type a name.
    description : str, optional
        For people.
    metadata : mapping, optional
        Whatever JSON can hold.
    incremental, use_as
        Accepted for W&B's sake.

    Examples
    --------
    >>> data = Artifact("mnist-raw", type="dataset", metadata={"source": "MNIST"})  # doctest: +SKIP
    >>> with data.new_file("labels.txt") as file:                                   # doctest: +SKIP
    ...     file.write("0 1 2")
    >>> run.log_artifact(data).version                                              # doctest: +SKIP
    'v0'
    """

    _untracked = False
    """Whether it was given to a run of the mode ``disabled``, which logs nothing."""

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        incremental: bool | None = None,
        use_as: str | None = None,
    ) -> None:
        self._draft: Draft | None = Draft(name, type, open_repository())
        self._repository = self._draft.repository
        self._version: VersionRecord | None = None
        self._manifest: Manifest | None = None
        self._metadata = check_metadata(metadata)
        self._description = description
        self._aliases: list[str] = []
        self._tags: list[str] = []
        self._ttl: float | None = None

    @classmethod
    def _of(cls, version: VersionRecord, repository: Repository) -> Artifact:
        """Return the handle on a version."""
        self = cls.__new__(cls)
        self._draft = None
        self._repository = repository
        self._manifest = None
        self._show(version)
        return self

    def new_draft(self) -> Artifact:
        """Return a draft with this version's content, to change and log as the next one."""
        record = self._logged("new_draft")
        draft = Artifact(record.name, record.type, self.description, self.metadata)
        for entry in self.manifest:
            draft._drafted().add(content_of(entry, self._repository))
        return draft

    def logged_by(self) -> Any:
        """Return the run that made the version, as `Api.run` gives it, or None.

        Examples
        --------
        >>> [used.name for used in artifact.logged_by().used_artifacts()]  # doctest: +SKIP
        ['mnist-raw:v0']
        """
        makers = self._repository.logged_by(self._logged("logged_by").id)
        return _run_reader(makers[0], self._repository) if makers else None

    def used_by(self) -> list[Any]:
        """Return the runs that used the version, as `Api.run` gives them."""
        users = self._repository.used_by(self._logged("used_by").id)
        return [_run_reader(run, self._repository) for run in users]

    def ancestors(self) -> list[Artifact]:
        """Return the versions that this one came from, however far back; oldest first."""
        return self._others(self._repository.ancestors(self._logged("ancestors").id))

    def descendants(self) -> list[Artifact]:
        """Return the versions that came of this one, however far on; oldest first."""
        return self._others(self._repository.descendants(self._logged("descendants").id))

    def link(self, target_path: str, aliases: Sequence[str] | None = None) -> Artifact:
        """Link it to a collection, such as one of a registry; see `Run.link_artifact`.

        Outside of a run, a run of its own does it, of job type ``auto``.
        """
        aliases = check_new_aliases(aliases)
        project = self._version.project if self._version else None
        with _some_run(project, self._repository if self._version else None) as run:
            linked: Artifact = run.link_artifact(self, target_path, aliases)
        return linked

    def unlink(self) -> None:
        """Take a link out of its collection; what it is a link to stays.

        Raises
        ------
        UsageError
            It is no link.
        """
        if not self.is_link:
            raise UsageError(f"{self.name} is no link. To delete it: delete().")
        self.delete(delete_aliases=True)

    def save(self, project: str | None = None, settings: Any = None) -> None:
        """Write changes of aliases, tags, description, metadata and ttl; log a draft.

        A draft logs itself through the open run, else through a run of its own, of job
        type ``auto``.

        Parameters
        ----------
        project : str, optional
            Of that run.
        settings
            Accepted for W&B's sake.
        """
        if self._version is None:
            with _some_run(project) as run:
                run.log_artifact(self)
            return
        now = set(self._version.aliases)
        wanted = check_new_aliases(self._aliases)
        self._repository.update_version(
            self._version.id,
            description=self._description,
            metadata=check_metadata(self._metadata),
            tags=self._tags,
            ttl=ArtifactTTL.INHERIT if self._ttl is None else self._ttl,
        )
        self._show(
            self._repository.set_aliases(
                self._version.id,
                add=[alias for alias in wanted if alias not in now],
                remove=[alias for alias in now if alias not in wanted],
            )
        )

    def delete(self, delete_aliases: bool = False) -> None:
        """Delete this version: its row and lineage stay, `artnb gc` frees its bytes.

        Parameters
        ----------
        delete_aliases : bool
            Delete it though it has aliases; they go with it, and ``latest`` moves to the
            newest version that is left.

        Raises
        ------
        UsageError
            It has aliases, and `delete_aliases` is not set.
        """
        version = self._logged("delete")
        self._show(self._repository.delete(version.id, delete_aliases=delete_aliases))

    def wait(self, timeout: float | None = None) -> Artifact:
        """Return itself: logging is over when `log_artifact` returns."""
        if not self._untracked:
            self._logged("wait")
        return self

    def __repr__(self) -> str:
        if self._version is None:
            entries = len(self._drafted().contents)
            return f"<Artifact {self.name!r} type={self.type!r} draft entries={entries}>"
        record = self._version
        aliases = f" aliases={list(record.aliases)}" if record.aliases else ""
        return f"<Artifact {record.ref!r} type={record.type!r}{aliases} entries={record.entries}>"

    def _others(self, ids: Iterable[int]) -> list[Artifact]:
        found = map(self._repository.version, sorted(ids))
        return [Artifact._of(version, self._repository) for version in found]


def _some_run(
    project: str | None, repository: Repository | None = None
) -> AbstractContextManager[Any]:
    if _run_giver is None:
        raise ArtifactNotLoggedError("Log the artifact with run.log_artifact(artifact).")
    return _run_giver(project, repository)
