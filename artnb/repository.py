"""Repository: the one place where store, catalogue, serializers and lineage meet.

A commit goes in one order: hash, write the missing blobs, the manifest and the version's
record, then one catalogue transaction. A crash at any point leaves at worst objects that
nothing refers to, never a row without bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artnb.catalog import AliasMove, CollectionRecord, NewVersion, open_catalog
from artnb.catalog.history import Histories, merged_rows, parse_rows, worker_summary
from artnb.checkout import Checkout
from artnb.digest import canonical_json, digest_bytes, digest_file
from artnb.environment import HOST, describe_environment, git_commit
from artnb.errors import (
    CatalogLockedError,
    CommError,
    ReferenceWarning,
    StoreReadOnlyError,
    TypeMismatchError,
    nearest,
)
from artnb.events import Event, Events
from artnb.ingest import Content, Ingest, Parts
from artnb.journalling import JournalWriter
from artnb.maintenance import Maintenance
from artnb.missing import why_deleted, why_missing
from artnb.model import Edge, Entry, Manifest, RunRecord, RunState, VersionRecord
from artnb.progress import Progress
from artnb.provenance import Provenance
from artnb.refs import (
    ArtifactRef,
    check_alias,
    check_entry_path,
    check_name,
    check_project,
    check_tag,
    check_type,
    parse_ref,
    version_number,
)
from artnb.retention import ArtifactTTL
from artnb.secrets import known_secrets, scrubbed, without_secrets
from artnb.settings import Settings
from artnb.signing import Signing, read_key, read_trusted
from artnb.store import (
    Backend,
    Cache,
    ObjectStore,
    Staged,
    StagingArea,
    StatCache,
    open_backend,
    refuse_foreign,
)
from artnb.store.staging import process_alive
from artnb.texts import Message
from artnb.words import new_id, run_name

if TYPE_CHECKING:
    from artnb.lineage import LineageGraph
    from artnb.serializers.linked import Resolve
    from artnb.together import Together

__all__ = ["Commit", "Content", "Event", "Repository", "close_repositories", "open_repository"]

_JOURNAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Commit:
    """A version, and whether the commit made it or found it there."""

    version: VersionRecord
    created: bool


class Repository:
    """Runs and versions of one store and one catalogue. Safe to use from many threads.

    Parameters
    ----------
    settings : Settings, optional
        Default: those of the working directory.

    Examples
    --------
    >>> repository = Repository()                                     # doctest: +SKIP
    >>> repository.resolve("mnist-raw:latest", "artifacts-example")   # doctest: +SKIP
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.resolve()
        self.root = self.settings.root
        self.location = without_secrets(self.settings.store)
        durability = self.settings.durability
        self._catalog = open_catalog(
            self.settings.catalog,
            durable=durability != "none",
            patience=self.settings.lock_seconds,
        )
        self._stats = StatCache(self.root / "cache" / "files.db")
        self.staging = StagingArea(self.root / "tmp", self.settings.chunking)
        self.cache = Cache(self.root / "cache" / "objects", self.settings.cache_bytes, self._stats)
        self._store = ObjectStore(
            self.open_store(self.settings.store), self._stats, self._catalog.locate
        )
        self._ingest = Ingest(self._store, self._catalog, self._stats, self.staging)
        self._checkout = Checkout(self._store, self._catalog, self._stats)
        self.provenance = Provenance(
            Signing(
                read_key(self.settings.sign_key) if self.settings.sign_key else None,
                read_trusted(self.settings.trusted_keys) if self.settings.trusted_keys else (),
                self.settings.signatures,
            ),
            self._checkout.read,
        )
        self.maintenance = Maintenance(
            self._store,
            self._catalog,
            self._ingest,
            self.staging,
            keep=self.settings.keep_rules,
            ttl=self.settings.ttl_seconds,
        )
        self._histories = Histories(self.root / "runs")
        self._events = Events(self.location)
        self._open_runs: dict[str, str] = {}  # of this process: id -> project, in order
        self._waits: list[Callable[[str | None, str | None], None]] = []
        self._journal_writer = JournalWriter(self.root, self._ingest.write_journal)
        if not self.read_only:
            refuse_foreign(self._store.backend)
            self._keep_out_of_git()
            self.staging.remove_abandoned()
            self._store.backend.tidy()
            self._catch_up()

    def open_store(self, url: str) -> Backend:
        """Return the backend of a URL, with this repository's cache if it is elsewhere."""
        uploads = None if self._catalog.read_only else self.root / "cache" / "uploads"
        return open_backend(url, self.settings.durability, cache=self.cache, uploads=uploads)

    @property
    def read_only(self) -> bool:
        """Whether nothing can be recorded here."""
        return self._catalog.read_only or self._store.backend.read_only

    @property
    def parts(self) -> Parts:
        """What `artnb.exchange` copies from and to."""
        return Parts(self._store, self._catalog, self._ingest, self.staging)

    def before_use(self, wait: Callable[[str | None, str | None], None]) -> Callable[[], None]:
        """Call `wait` with a project and an artifact's name before that is used; return the undo.

        For who commits in the background: it returns when what is to be found there is
        there. Both are None where everything is meant.
        """
        self._waits.append(wait)

        def undo() -> None:
            with suppress(ValueError):
                self._waits.remove(wait)

        return undo

    def settle(self, project: str | None = None, name: str | None = None) -> None:
        """Wait for the commits under way in the background: of one artifact, or all."""
        for wait in list(self._waits):
            wait(project, name)

    def close(self) -> None:
        """Write what waits, and close the files."""
        self.settle()
        self._histories.flush()
        if not self.read_only:
            self._journal_writer.close()
        self.staging.close()
        self._stats.close()
        self._catalog.close()

    # runs -----------------------------------------------------------------------------

    def projects(self) -> list[str]:
        """Return the projects' names, oldest first."""
        return self._catalog.projects()

    def start_run(
        self,
        project: str,
        *,
        job_type: str | None = None,
        name: str | None = None,
        run_id: str | None = None,
        group: str | None = None,
        tags: Sequence[str] = (),
        notes: str | None = None,
        config: Mapping[str, Any] | None = None,
        code: str | None = None,
        notebook: str | None = None,
        cell_id: str | None = None,
        environment: Mapping[str, Any] | None = None,
    ) -> RunRecord:
        """Write a new run and return it."""
        self._refuse_if_read_only(f"start a run in project {project!r}")
        now = time.time()
        source = self.staging.stage_bytes(_without_secrets(code)) if code else None
        run = RunRecord(
            id=run_id or new_id(),
            project=check_project(project),
            number=0,
            name=name or "",
            job_type=job_type,
            group=group,
            tags=tuple(check_tag(tag) for tag in tags),
            notes=notes,
            config=dict(config or {}),
            code=source.digest if source else None,
            notebook=notebook,
            cell_id=cell_id,
            git_commit=git_commit(Path.cwd()),
            environment={**describe_environment(), **(environment or {})},
            host=HOST,
            pid=os.getpid(),
            created_at=now,
            heartbeat_at=now,
        )
        if source is None:
            run = self._catalog.add_run(run, name, run_name)
        else:  # in one transaction
            given = run
            run = self._ingest.put_with(
                source, lambda places: self._catalog.add_run(given, name, run_name, places)
            )
        self._open_runs[run.id] = run.project
        self._events.tell(Event("run", run.project, run.id))
        return run

    def update_run(self, run_id: str, **changes: Any) -> RunRecord:
        """Write some fields of a run and return it; `code` is given as text."""
        if isinstance(changes.get("code"), str):
            changes["code"] = self.put_blob(_without_secrets(changes["code"]))
        run = self._catalog.change_run(run_id, {**changes, "heartbeat_at": time.time()})
        assert run is not None  # nothing was gathered
        self._events.tell(Event("run", run.project, run.id))
        return run

    def add_output(
        self, run_id: str, name: str, value: Mapping[str, Any] | Sequence[Any]
    ) -> RunRecord:
        """Add to what a run has put out, and return it; of a mapping, what is there stays."""

        def added(run: RunRecord) -> dict[str, Any]:
            before = run.outputs.get(name)
            merged = {**(before or {}), **value} if isinstance(value, Mapping) else list(value)
            return {"outputs": {**run.outputs, name: merged}, "heartbeat_at": time.time()}

        run = self._catalog.change_run(run_id, added)
        assert run is not None  # nothing was gathered
        self._events.tell(Event("run", run.project, run.id))
        return run

    def finish_run(
        self,
        run_id: str,
        state: RunState = "finished",
        *,
        sum_up: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
        more_follow: bool = False,
        **changes: Any,
    ) -> RunRecord:
        """Close a run: its rows, and those of its workers, become an object; its state is final.

        Parameters
        ----------
        sum_up : callable
            Returns what the summary has of the values of a worker's row. What the run itself
            put there stays.
        more_follow : bool
            Whether such runs come one after another, as cells do: the journal then has them
            together, within seconds.
        """
        given = {"finished_at": time.time(), **changes, "state": state, "heartbeat_at": time.time()}
        run = None
        while run is None:
            if workers := self._catalog.worker_rows(run_id):
                # From here on workers are refused, or the rows of busy ones would never end.
                self._catalog.change_run(run_id, {"finished_at": given["finished_at"]})
                workers = self._catalog.worker_rows(run_id)
            if workers:
                before = given.get("summary", self.run(run_id).summary)
                changes["summary"] = {**worker_summary(workers, sum_up), **before}
                rows = merged_rows(self._own_rows(run_id), workers)
                lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
                changes["history"] = self.put_blob(lines.encode())
            elif spool := self._histories.flushed(run_id):
                changes["history"] = self._ingest.put(self.staging.stage_file(spool))
            run = self._catalog.change_run(run_id, {**given, **changes}, gathered=len(workers))
        self._events.tell(Event("run", run.project, run.id))
        self._histories.drop(run_id)
        self._open_runs.pop(run_id, None)
        if more_follow:
            self._journal_writer.write_soon()
        else:
            self._write_journal()
        return run

    def run(self, run_id: str) -> RunRecord:
        """Return a run; CommError if there is none with that id."""
        return self._catalog.run(run_id)

    def runs(self, project: str) -> list[RunRecord]:
        """Return a project's runs, newest first."""
        return self._catalog.runs(project)

    def log_row(self, run_id: str, row: Mapping[str, Any]) -> None:
        """Append a row of metrics to a running run; durable within half a second."""
        self._histories.append(run_id, row)

    def add_worker_row(self, run_id: str, row: Mapping[str, Any]) -> int:
        """Write a row of another process than the run's own, and return its number.

        Raises
        ------
        RunFinishedError
        """
        self._refuse_if_read_only("log")
        return self._catalog.add_worker_row(run_id, json.dumps(row, separators=(",", ":")))

    def history(self, run_id: str) -> list[dict[str, Any]]:
        """Return the rows of a run, finished or not."""
        run = self.run(run_id)
        if run.history:
            return parse_rows(self.read_blob(run.history))
        return merged_rows(self._own_rows(run_id), self._catalog.worker_rows(run_id))

    def _own_rows(self, run_id: str) -> list[dict[str, Any]]:
        spool = self._histories.flushed(run_id)
        return parse_rows(spool.read_bytes()) if spool else []

    def code(self, run_id: str) -> str | None:
        """Return the source that a run ran, or None if it was not kept."""
        digest = self.run(run_id).code
        return self.read_blob(digest).decode("utf-8", "surrogatepass") if digest else None

    # versions -------------------------------------------------------------------------

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
    ) -> Commit:
        """Log contents as a version of a collection.

        Content that the collection has already makes no new version: the aliases,
        ``latest`` among them, move to the version that holds it.

        Raises
        ------
        InvalidNameError, InvalidPathError, TypeMismatchError, StoreError
            Nothing was recorded.
        """
        self._refuse_if_read_only(f"log {name!r}")
        check_project(project), check_name(name), check_type(type)
        self.settle(project, name)
        self._check_type_kept(project, name, type)
        aliases = tuple(
            alias for alias in map(check_alias, aliases) if version_number(alias) is None
        )
        staged, manifest = self._ingest.prepare(contents)
        body = self.staging.stage_bytes(manifest.to_bytes())
        marks = {check_entry_path(c.path): c.fingerprint for c in contents if c.fingerprint}
        claims = self.provenance.signing.signed(
            {
                "artnb": 1, "catalog": self._catalog.identity, "project": project, "name": name,
                "type": type, "run": run_id, "manifest": body.digest, "description": description,
                "at": time.time(), "metadata": dict(metadata or {}), "tags": list(tags),
                "aliases": list(aliases), "ttl": ttl,
                "fingerprints": marks,
            }
        )  # fmt: skip
        record = canonical_json(claims)
        new = NewVersion(
            project=project, name=name, type=type, digest=body.digest, record=digest_bytes(record),
            size=manifest.size, entries=len(manifest), description=description,
            metadata=metadata, aliases=aliases, tags=tuple(map(check_tag, tags)),
            contents=[(e.path, e.digest, marks.get(e.path)) for e in manifest], ttl=ttl,
        )  # fmt: skip
        with self._working("Logging", name, project, run_id) as progress:
            done = self._ingest.log(
                [*staged, body],
                record,
                lambda places, lease: self._catalog.commit(
                    replace(new, locations=places), run_id, lease
                ),
                progress,
            )
        self._write_journal(after=_JOURNAL_SECONDS)
        version = self._catalog.version(done.version_id)
        self._events.tell(Event("version", project, run_id, version.id))
        return Commit(version, done.created)

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

    def collections(self, project: str) -> list[CollectionRecord]:
        """Return a project's collections, oldest first."""
        return self._catalog.collections(project)

    def collection_type(self, project: str, name: str) -> str | None:
        """Return the type of an artifact that has a version, or None."""
        return self._catalog.collection_type(project, name)

    def use(self, run_id: str, version_id: int) -> None:
        """Record that a run takes a version as input."""
        self._refuse_if_read_only("record that a run uses a version")
        self.provenance.require(self._catalog.version(version_id))
        if self._catalog.add_edge(Edge(run_id, version_id, "used")):
            self._events.tell(Event("used", self.run(run_id).project, run_id, version_id))

    def link_output(self, run_id: str, version_id: int) -> None:
        """Record that a run, too, made a version that is there already."""
        self._refuse_if_read_only("record a run's output")
        if self._catalog.add_edge(Edge(run_id, version_id, "logged")):
            self._events.tell(Event("version", self.run(run_id).project, run_id, version_id))

    def set_aliases(
        self,
        version_id: int,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        *,
        run_id: str | None = None,
    ) -> VersionRecord:
        """Move aliases to a version and take others from it; return it."""
        for alias in map(check_alias, add):
            if version_number(alias) is not None:
                raise CommError(
                    Message("{0} names a version and cannot be moved as an alias.", repr(alias))
                )
        self._settle_version(version_id)
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

    # bytes and values -----------------------------------------------------------------

    def manifest(self, version: VersionRecord) -> Manifest:
        """Return a version's manifest, proved by its digest.

        Raises
        ------
        CommError
            The version is deleted.
        """
        if version.state == "deleted":
            raise CommError(why_deleted(self._catalog, version))
        return Manifest.from_bytes(self.read_blob(version.digest))

    def put_blob(self, data: bytes) -> str:
        """Keep bytes that no version holds (code, pictures of a log) and return the digest."""
        return self._ingest.put(self.staging.stage_bytes(data))

    def read_blob(self, digest: str) -> bytes:
        """Return a blob's bytes, proved; a damaged one is quarantined."""
        return self._checkout.read(digest)

    def download(
        self,
        version: VersionRecord,
        root: Path,
        *,
        path_prefix: str | None = None,
        allow_missing_references: bool = False,
    ) -> Path:
        """Put a version's files under `root` and return it.

        Files that are there with the right bytes stay as they are, others are replaced.
        """
        self.provenance.require(version)
        manifest = self.manifest(version)
        with self._working("Downloading", version.ref, version.project) as progress:
            missing = self._checkout.write(
                version, manifest, root, path_prefix, progress, allow_missing_references
            )
        for text in missing:
            warnings.warn(f"{version.ref}: {text}", ReferenceWarning, stacklevel=3)
        return root

    def load_value(
        self,
        version: VersionRecord,
        path: str,
        *,
        trust: bool = False,
        manifest: Manifest | None = None,
    ) -> object:
        """Return the value of an entry that a serializer wrote.

        Parameters
        ----------
        trust : bool
            Load formats that can run code, too.
        manifest : Manifest, optional
            The version's, where it is at hand.
        """
        done = self.load_values(version, [path], trust=trust, manifest=manifest)
        if path in done.problems:
            raise done.problems[path]
        return done.values[path]

    def load_values(
        self,
        version: VersionRecord,
        paths: Sequence[str],
        *,
        trust: bool = False,
        known: Mapping[str, tuple[str, Any]] | None = None,
        manifest: Manifest | None = None,
    ) -> Together:
        """Return the values of entries; what of them was one object is one again.

        Parameters
        ----------
        known : mapping, optional
            As `artnb.together.load_together` takes it.
        manifest : Manifest, optional
            The version's, where it is at hand.
        """
        from artnb import serializers
        from artnb.together import load_together

        self.provenance.require(version)
        if manifest is None:
            manifest = self.manifest(version)
        for path in paths:
            self._entry(version, path, manifest)

        def read(entry: Entry, resolve: Resolve) -> list[Any]:
            with self.local_file(entry) as file:
                if "links" in entry.meta:
                    form, meta = entry.format, entry.meta
                    return serializers.load_objects(file, form, meta, resolve, trust=trust)
                return [serializers.load(file, entry.format, entry.meta, trust=trust)]

        return load_together(manifest, paths, read, trust=trust, known=known)

    def copy_entry(self, version: VersionRecord, path: str, target: Path) -> None:
        """Put a copy of one entry's bytes, proved, at `target`; it appears whole or not at all."""
        with self._checkout.local_file(self._entry(version, path), self.staging) as file:
            target.parent.mkdir(parents=True, exist_ok=True)
            temp = target.parent / f".{target.name[:100]}.{new_id()}.part"
            try:
                shutil.copyfile(file, temp)
                temp.replace(target)
            finally:
                temp.unlink(missing_ok=True)

    def local_file(self, entry: Entry) -> AbstractContextManager[Path]:
        """Return a context manager with a file to read that has an entry's proved bytes.

        It may be the object itself: only to be read, and only inside the block.
        """
        return self._checkout.local_file(entry, self.staging)

    def find_fingerprint(
        self, project: str, fingerprint: str, name: str | None = None
    ) -> list[tuple[VersionRecord, str]]:
        """Return the versions, with entry paths, that hold a value; newest first.

        Parameters
        ----------
        name : str, optional
            Only those of this artifact.
        """
        return self._catalog.find_fingerprint(project, fingerprint, name)

    def find_digest(self, digest: str) -> list[tuple[VersionRecord, str]]:
        """Return the versions of all projects, with entry paths, that hold bytes; newest first."""
        return self._catalog.find_digest(digest)

    def file_digests(self, paths: Sequence[Path], *, known_only: bool = False) -> dict[Path, str]:
        """Return the SHA-256 of files; one that is as it was when it was last hashed is free.

        Parameters
        ----------
        known_only : bool
            Hash nothing: only files whose digest is known.
        """
        known = self._stats.lookup(paths)
        if known_only:
            return known
        fresh = []
        since = time.time_ns()
        for path in paths:
            with suppress(OSError):  # it has gone, or may not be read: no digest
                if path not in known:
                    fresh.append((path, digest_file(path)[0]))
        self._stats.record(fresh, since=since)
        return {**known, **dict(fresh)}

    # lineage --------------------------------------------------------------------------

    def lineage(self, project: str) -> LineageGraph:
        """Return the graph of a project's runs and the versions that they touch."""
        from artnb.lineage import LineageGraph

        return LineageGraph(
            self._catalog.runs(project)[::-1],
            self._catalog.used_versions(project),
            self._catalog.edges(project),
        )

    def logged_by(self, version_id: int) -> list[RunRecord]:
        """Return the runs that logged a version, oldest first."""
        return self._catalog.runs_of(version_id, "logged")

    def used_by(self, version_id: int) -> list[RunRecord]:
        """Return the runs that used a version, oldest first."""
        return self._catalog.runs_of(version_id, "used")

    def logged(self, run_id: str) -> list[VersionRecord]:
        """Return the versions that a run logged, in order."""
        return self._catalog.versions_of(run_id, "logged")

    def used(self, run_id: str) -> list[VersionRecord]:
        """Return the versions that a run used, in order."""
        return self._catalog.versions_of(run_id, "used")

    def ancestors(self, version_id: int) -> set[int]:
        """Return the versions that led to one, by their catalogue numbers."""
        return self._catalog.ancestors(version_id)

    def descendants(self, version_id: int) -> set[int]:
        """Return the versions that one led to, by their catalogue numbers."""
        return self._catalog.descendants(version_id)

    # events ---------------------------------------------------------------------------

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with each `Event`, in the thread that made it; return the undo."""
        return self._events.subscribe(callback)

    def revisions(self) -> AbstractContextManager[Callable[[], object]]:
        """Yield what returns a value that any process's change makes another one.

        `subscribe` tells of this process's changes only; this is to be asked now and then.
        """
        return self._catalog.revisions()

    def tell_history(self, project: str, run_id: str) -> None:
        """Tell the subscribers that a run has new rows; not at each row, for rows are cheap."""
        self._events.tell(Event("history", project, run_id))

    # inner ----------------------------------------------------------------------------

    def stage(self, path: Path, name: str = "a file") -> Staged:
        """Return a private copy of a file, or its digest where the store has its bytes.

        Parameters
        ----------
        name : str
            The artifact's, for whoever watches the progress.
        """
        return self.stage_many([str(path)], name)[0]

    def stage_many(self, paths: Sequence[str], name: str = "files") -> list[Staged]:
        """Do as `stage`, for many files at once."""
        with self._working("Adding", name) as progress:
            return self._ingest.stage(paths, progress)

    def _working(
        self, doing: str, name: str, project: str | None = None, run: str | None = None
    ) -> Progress:
        """Return the progress of something long; of the newest open run, if none is given."""
        if project is None:
            run, project = next(reversed(self._open_runs.items()), (None, ""))

        def tell(done: int, total: int) -> None:
            event = Event("progress", project, run, name=name, done=done, total=total)
            self._events.tell(event)

        return Progress(f"{doing} {name}", tell=tell, quiet=self.settings.quiet)

    def _entry(self, version: VersionRecord, path: str, manifest: Manifest | None = None) -> Entry:
        entries = (manifest or self.manifest(version)).entries
        if path not in entries:
            raise CommError(
                Message("{0} has no file {1}; {2}", version.ref, repr(path), nearest(path, entries))
            )
        return entries[path]

    def _write_journal(self, *, after: float = 0.0) -> None:
        """Write down what changed, unless that was done less than `after` seconds ago."""
        if not self.read_only:
            self._journal_writer.write(after=after)

    def _settle_version(self, version_id: int) -> None:
        """Wait for commits that move the same aliases."""
        if self._waits:
            version = self._catalog.version(version_id)
            self.settle(version.project, version.name)

    def _changed(self, version_id: int) -> VersionRecord:
        self._write_journal()
        version = self._catalog.version(version_id)
        self._events.tell(Event("version", version.project, None, version.id))
        return version

    def _check_type_kept(self, project: str, name: str, type: str) -> None:
        # Before any byte is written; the transaction checks again.
        known = self.collection_type(project, name)
        if known not in (None, type):
            raise TypeMismatchError(
                f"The artifact {name!r} of project {project!r} has the type {known!r}, not "
                f"{type!r}. Log with type {known!r}, or choose another name."
            )

    def _refuse_if_read_only(self, doing: str) -> None:
        if self.read_only:
            raise StoreReadOnlyError(
                f"Could not {doing}: the repository {self.root} may not be written. Change its "
                "permissions, or set ARTNB_DIR to a folder that you may write."
            )

    def _keep_out_of_git(self) -> None:
        marker = self.root / ".gitignore"
        if not marker.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            marker.write_text("# Made by artnb: its data are not for git.\n*\n", "utf-8")

    def _catch_up(self) -> None:
        """Do what ended processes left undone; who only wants to read need not fail with it."""
        try:
            self._close_crashed_runs()
        except CatalogLockedError as error:
            warnings.warn(f"What ended processes left waits: {error}", stacklevel=4)
        else:
            self._write_journal()

    def _close_crashed_runs(self) -> None:
        for run_id, pid in self._catalog.open_runs(HOST):
            if not process_alive(pid):
                self.finish_run(run_id, "crashed")


_opened: dict[Settings, Repository] = {}
_opened_lock = threading.Lock()


def _without_secrets(code: str) -> bytes:
    """Return source as bytes, without the passwords and tokens that stand in it."""
    return scrubbed(code, known_secrets(os.environ)).encode("utf-8", "surrogatepass")


def open_repository(settings: Settings | None = None) -> Repository:
    """Return the repository of `settings`, opened once a process.

    Parameters
    ----------
    settings : Settings, optional
        Default: those of the working directory.
    """
    settings = settings or Settings.resolve()
    with _opened_lock:
        found = _opened.get(settings)
        if found is not None and not settings.root.is_dir():
            _opened.pop(settings).close()  # the folder was removed to start anew
            found = None
        if found is None:
            found = _opened[settings] = Repository(settings)
        return found


def close_repositories() -> None:
    """Close every repository that `open_repository` opened."""
    with _opened_lock:
        while _opened:
            _opened.popitem()[1].close()


def _after_fork() -> None:
    """Let a child open repositories of its own; the parent's stay untouched, never closed."""
    global _opened_lock
    _opened_lock = threading.Lock()
    _inherited.append(dict(_opened))
    _opened.clear()


_inherited: list[dict[Settings, Repository]] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
