"""Versions: logged, found by their names, moved between aliases, deleted; and their lineage."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from artnb.catalog import AliasMove, CollectionRecord, Committed, NewRun, NewVersion, RunEnd
from artnb.content import Content, fingerprints_of, manifest_of
from artnb.digest import canonical_json
from artnb.errors import CommError, TypeMismatchError
from artnb.events import Event
from artnb.missing import why_deleted, why_missing
from artnb.model import Edge, Location, Manifest, PlainManifest, RunRecord, VersionRecord
from artnb.refs import (
    ArtifactRef,
    check_collection,
    check_new_aliases,
    check_project,
    check_tag,
    check_type,
    parse_ref,
    version_number,
)
from artnb.repository._base import Base
from artnb.retention import ArtifactTTL
from artnb.store import Staged
from artnb.store.staged_files import present

if TYPE_CHECKING:
    from artnb.lineage import LineageGraph

__all__ = ["Commit", "Versions"]

_JOURNAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Commit:
    """A version, and whether the commit made it or found it there.

    Attributes
    ----------
    run : RunRecord or None
        The run, if its beginning or end was written with the version.
    """

    version: VersionRecord
    created: bool
    run: RunRecord | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of a version that is being logged, all of it checked."""

    project: str
    name: str
    type: str
    run_id: str | None
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    description: str | None
    metadata: Mapping[str, Any] | None
    ttl: float | None
    source: str | None

    def claims(self, catalog: str, manifest: str, marks: Mapping[str, str]) -> dict[str, Any]:
        """Return the version's record object: of it a catalogue can be made again."""
        return {
            "artnb": 1, "catalog": catalog, "project": self.project,
            "name": self.name, "type": self.type, "run": self.run_id, "manifest": manifest,
            "description": self.description, "at": time.time(),
            "metadata": dict(self.metadata or {}), "tags": list(self.tags),
            "aliases": list(self.aliases), "ttl": self.ttl, "fingerprints": marks,
            **({"source": self.source} if self.source else {}),
        }  # fmt: skip

    def new(
        self, manifest: Manifest | PlainManifest, digest: str, record: str, marks: Mapping[str, str]
    ) -> NewVersion:
        """Return the version's row."""
        return NewVersion(
            project=self.project, name=self.name, type=self.type, digest=digest, record=record,
            size=manifest.size, entries=len(manifest), description=self.description,
            metadata=self.metadata, aliases=self.aliases, tags=self.tags,
            contents=manifest, fingerprints=marks, ttl=self.ttl,
        )  # fmt: skip


class Versions(Base):
    """The part of a repository that is about versions."""

    def commit(
        self,
        project: str,
        name: str,
        type: str,
        contents: Sequence[Content],
        *,
        run_id: str | None,
        aliases: Sequence[str] = (),
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
        ttl: float | None = None,
        ends: RunEnd | None = None,
        source: str | None = None,
    ) -> Commit:
        """Log contents as a version of a collection.

        Content that the collection has already makes no new version: the aliases,
        ``latest`` among them, move to the version that holds it.

        Parameters
        ----------
        ends : RunEnd, optional
            How the run ends with this version, where it has logged no metrics. If workers have,
            it does not end: `Commit.run` says how it is now.
        source : str, optional
            What the version is a link to; see `artnb.linking`.

        Raises
        ------
        InvalidNameError, InvalidPathError, TypeMismatchError, StoreError
            Nothing was recorded.
        """
        self._refuse_if_read_only(f"log {name!r}")
        check_project(project), check_collection(name), check_type(type)
        self.settle(project, name)
        identity = self._check_type_kept(project, name, type)
        for used in ends.uses if ends is not None else ():
            self.provenance.require(self._catalog.version(used))
        said = _Said(
            project, name, type, run_id, tuple(check_new_aliases(aliases)),
            tuple(map(check_tag, tags)), description, metadata, ttl, source,
        )  # fmt: skip
        staged = self._ingest.staged(contents)
        held = present(staged)
        announced = self._announced.get(run_id)
        new: NewVersion

        def describe() -> list[Staged]:
            nonlocal new
            manifest = manifest_of(contents, staged)
            body = self.staging.stage_bytes(manifest.to_bytes(), role="manifest")
            marks = fingerprints_of(contents)
            claims = self.provenance.signing.signed(said.claims(identity, body.digest, marks))
            record = self.staging.stage_bytes(canonical_json(claims), role="record")
            new = said.new(manifest, body.digest, record.digest, marks)
            if announced is None or announced.code is None:
                return [body, record]
            return [self.staging.stage_bytes(announced.code), body, record]

        begun: list[NewRun] = []

        def enter(
            places: dict[str, Location], leases: list[str], unleased: Collection[str]
        ) -> Committed:
            here = replace(new, locations=places)
            # It may have been written while the bytes were.
            with self._announced.turn(run_id) as start:
                begins = start.run if start is not None else None
                done = self._catalog.commit(
                    here, run_id, *leases, unleased=unleased, begins=begins, ends=ends
                )
            begun.extend([begins] if begins is not None else [])
            return done

        with self._working("Logging", name, project, run_id) as progress:
            done = self._ingest.log(held, describe, enter, progress)
        self._write_journal(after=_JOURNAL_SECONDS)
        self._tell_logged(done, project, run_id, begun, ends)
        return Commit(done.version, done.created, done.run)

    def resolve(
        self, ref: str | ArtifactRef, project: str, *, type: str | None = None
    ) -> VersionRecord:
        """Return the version that a reference names.

        Raises
        ------
        CommError
            The project, the artifact or the alias is not there; the message says which,
            and names the nearest.
        """
        ref = parse_ref(ref) if isinstance(ref, str) else ref
        project = ref.project or project
        self.settle(project, ref.name)
        number = version_number(ref.alias)
        found = self._catalog.find_version(project, ref.name, number=number, alias=ref.alias)
        if found is None:
            raise CommError(why_missing(self._catalog, self.root, ref, project))
        if found.state == "deleted":
            raise CommError(why_deleted(self._catalog, found))
        if type is not None and found.type != type:
            raise CommError(
                f"{found.ref} of project {project!r} has the type {found.type!r}, not {type!r}. "
                f"Leave `type` out, or ask for {found.type!r}."
            )
        return found

    def version(self, version_id: int) -> VersionRecord:
        """Return the version with this catalogue number."""
        return self._catalog.version(version_id)

    def versions(self, project: str, name: str | None = None) -> list[VersionRecord]:
        """Return the versions of a collection, or of the whole project; newest first."""
        if name is not None:
            self.settle(project, name)
        return self._catalog.versions(project, name)

    def current(self, project: str, name: str) -> VersionRecord | None:
        """Return the latest version of a collection; None where there is none, or none any more."""
        self.settle(project, name)
        latest = self._catalog.find_version(project, name, alias="latest")
        # Somebody may have taken that alias from all of them.
        return latest or next(iter(self._catalog.versions(project, name)), None)

    def alike(self, version: VersionRecord) -> list[VersionRecord]:
        """Return the versions of any collection with the content of one, oldest first."""
        self.settle()
        return self._catalog.versions_with(version.digest)

    def collections(self, project: str) -> list[CollectionRecord]:
        """Return a project's collections, oldest first."""
        return self._catalog.collections(project)

    def collection_type(self, project: str, name: str) -> str | None:
        """Return the type of an artifact that has a version, or None."""
        return self._catalog.collection_type(project, name)

    def use(self, run_id: str, version_id: int) -> None:
        """Record that a run takes a version as input."""
        self._refuse_if_read_only("record that a run uses a version")
        self._announced.write(run_id)
        self.provenance.require(self._catalog.version(version_id))
        if self._catalog.add_edge(Edge(run_id, version_id, "used")):
            self._events.tell(Event("used", self._catalog.run(run_id).project, run_id, version_id))

    def link_output(self, run_id: str, version_id: int) -> None:
        """Record that a run, too, made a version that is there already."""
        self._refuse_if_read_only("record a run's output")
        self._announced.write(run_id)
        if self._catalog.add_edge(Edge(run_id, version_id, "logged")):
            self._events.tell(
                Event("version", self._catalog.run(run_id).project, run_id, version_id)
            )

    def set_aliases(
        self,
        version_id: int,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        *,
        run_id: str | None = None,
    ) -> VersionRecord:
        """Move aliases to a version and take others from it; return it."""
        check_new_aliases(add)
        self._settle_version(version_id)
        self.write_runs()
        self._catalog.change_aliases(version_id, add, remove, run_id)
        return self._changed(version_id)

    def alias_moves(self, project: str, name: str) -> list[AliasMove]:
        """Return who moved which alias of an artifact when, newest first.

        Raises
        ------
        CommError
            There is no such artifact, nor was there one.
        """
        self.settle(project, name)
        moves = self._catalog.alias_moves(project, name)
        if not moves:
            ref = ArtifactRef(name, "latest", project)
            raise CommError(why_missing(self._catalog, self.root, ref, project))
        return moves

    def delete(
        self, version_id: int, *, delete_aliases: bool = False, run_id: str | None = None
    ) -> VersionRecord:
        """Mark a version deleted and return it; `Maintenance.collect` frees its bytes.

        Its row and its place in the lineage stay, and its number is never used again.

        Raises
        ------
        UsageError
            It has aliases, and `delete_aliases` is not set.
        """
        self._refuse_if_read_only("delete a version")
        self._settle_version(version_id)
        self.write_runs()
        self._catalog.delete_version(version_id, delete_aliases=delete_aliases, run_id=run_id)
        return self._changed(version_id)

    def update_version(
        self,
        version_id: int,
        *,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        ttl: float | ArtifactTTL | None = None,
    ) -> VersionRecord:
        """Write what is given of a version's description, metadata, tags and ttl; return it."""
        self._catalog.change_version(
            version_id, description=description, metadata=metadata, tags=tags, ttl=ttl
        )
        return self._changed(version_id)

    # lineage ---------------------------------------------------------------------------

    def lineage(self, project: str) -> LineageGraph:
        """Return the graph of a project's runs and the versions that they touch.

        Of a deleted run there is what is left where something came from it that is there. Of
        another project's artifact that they touch there is the current version, too: what was
        made from an older one is out of date.
        """
        from artnb.lineage import LineageGraph

        self.write_runs()
        found = LineageGraph(
            self._catalog.runs(project, deleted=True)[::-1],
            self._catalog.used_versions(project),
            self._catalog.edges(project),
            project,
        ).without_traces()
        there = {(each.project, each.name) for each in found.versions.values()}
        if all(each[0] == project for each in there):
            return found
        latest = self._catalog.latest_elsewhere(project)
        return found.with_versions(v for v in latest if (v.project, v.name) in there)

    def logged_by(self, version_id: int, *, deleted: bool = False) -> list[RunRecord]:
        """Return the runs that logged a version, oldest first; deleted ones if wanted."""
        self.write_runs()
        return self._catalog.runs_of(version_id, "logged", deleted=deleted)

    def maker(self, version_id: int, *, deleted: bool = False) -> RunRecord | None:
        """Return the run that logged a version last, a deleted one if wanted, or None."""
        self.write_runs()
        return self._catalog.maker(version_id, deleted=deleted)

    def used_by(self, version_id: int, *, deleted: bool = False) -> list[RunRecord]:
        """Return the runs that used a version, oldest first; deleted ones if wanted."""
        self.write_runs()
        return self._catalog.runs_of(version_id, "used", deleted=deleted)

    def logged(self, run_id: str) -> list[VersionRecord]:
        """Return the versions that a run logged, in order."""
        self.write_runs()
        return self._catalog.versions_of(run_id, "logged")

    def used(self, run_id: str) -> list[VersionRecord]:
        """Return the versions that a run used, in order."""
        self.write_runs()
        return self._catalog.versions_of(run_id, "used")

    def ancestors(self, version_id: int) -> set[int]:
        """Return the versions that led to one, by their catalogue numbers."""
        return self._catalog.ancestors(version_id)

    def descendants(self, version_id: int) -> set[int]:
        """Return the versions that one led to, by their catalogue numbers."""
        return self._catalog.descendants(version_id)

    # inner -----------------------------------------------------------------------------

    def _tell_logged(
        self, done: Committed, project: str, run_id: str | None, begun: list[NewRun],
        ends: RunEnd | None,
    ) -> None:  # fmt: skip
        """Tell who listens of a version, and of its run where that began or ended with it."""
        if begun and done.run is not None:
            self._tell_begun(done.run, begun[0].uses)
        self._events.tell(Event("version", project, run_id, done.version.id))
        if ends is not None and done.run is not None:
            self._ended(done.run)
            self._journal_writer.write_soon()

    def _changed(self, version_id: int) -> VersionRecord:
        self._write_journal()
        version = self._catalog.version(version_id)
        self._events.tell(Event("version", version.project, None, version.id))
        return version

    def _check_type_kept(self, project: str, name: str, type: str) -> str:
        """Return the catalogue's identity, for it comes along."""
        # Before any byte is written; the transaction checks again.
        known, identity = self._catalog.type_and_identity(project, name)
        if known not in (None, type):
            raise TypeMismatchError(
                f"The artifact {name!r} of project {project!r} has the type {known!r}, not "
                f"{type!r}. Log with type {known!r}, or choose another name."
            )
        return identity
