"""The frozen records that every layer speaks: entries, manifests, versions, runs, edges.

A **manifest** is the content of a version: paths and, for each, an **entry**
(digest, size, format). A **version** is a manifest under a collection's name and
number. A **run** makes (*logged*) and takes (*used*) versions; each such relation
is an **edge**, and runs and versions are the two sides of the lineage graph.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from artnb.digest import canonical_json, digest_bytes
from artnb.errors import CatalogError

__all__ = [
    "NO_META",
    "Edge",
    "EdgeKind",
    "Entry",
    "Location",
    "Manifest",
    "PlainManifest",
    "RunRecord",
    "RunState",
    "VersionRecord",
    "VersionState",
]

EdgeKind = Literal["logged", "used"]
RunState = Literal["running", "finished", "failed", "crashed", "deleted"]
VersionState = Literal["live", "damaged", "deleted"]

NO_META: Mapping[str, Any] = {}
"""What an entry has that nothing is noted of: one for all, for there are many. Read only."""

_ADDED = ("alerts", "files", "metrics", "preempting")
"""Outputs that a run's own code adds while it is open, in its process or in a worker."""

_MANIFEST_FORMAT = 1
_path = attrgetter("path")
_quoted = json.encoder.encode_basestring  # as `canonical_json` writes a string


@dataclass(frozen=True, slots=True)
class Location:
    """Where a blob's bytes lie: a span of an object.

    Attributes
    ----------
    object : str
        The object's key in the store, such as ``sha256/ab/cdef...`` or ``pack/12/34...``.
    offset, length : int
        In bytes. A blob that is an object of its own starts at 0.
    parts : tuple of str
        Where the object is a recipe and the place is new: the digests of the blobs of which
        the recipe makes this one. Of a place that was looked up the recipe itself says them.
    """

    object: str
    offset: int
    length: int
    parts: tuple[str, ...] = ()


class Entry(NamedTuple):  # a frozen dataclass takes five times as long to make, per file
    """One file of a version.

    Attributes
    ----------
    path : str
        Relative POSIX path inside the artifact.
    digest : str
        SHA-256 of the bytes, hex. For a reference: the checksum that stands for them.
    size : int
        In bytes; 0 where a reference does not say.
    format : str
        ``file`` for what a person added as a file, else the serializer's name.
    variable : str or None
        The notebook variable whose value this is.
    ref : str or None
        URL of the bytes, where the store does not hold them.
    meta : mapping
        What the serializer or the media type notes: shape, dtype, class, caption, ...
    """

    path: str
    digest: str
    size: int
    format: str = "file"
    variable: str | None = None
    ref: str | None = None
    meta: Mapping[str, Any] = NO_META

    def to_json(self) -> dict[str, Any]:
        """Return the entry as the manifest writes it, without what is empty."""
        record: dict[str, Any] = {"digest": self.digest, "size": self.size}
        if self.format != "file":
            record["format"] = self.format
        if self.variable is not None:
            record["variable"] = self.variable
        if self.ref is not None:
            record["ref"] = self.ref
        if self.meta:
            record["meta"] = dict(self.meta)
        return record

    def to_text(self) -> str:
        """Return the path and the canonical JSON of the entry, as the manifest has them."""
        path, digest, size, format, variable, ref, meta = self
        if format == "file" and variable is None and ref is None and not meta:
            return f'{_quoted(path)}:{{"digest":{_quoted(digest)},"size":{size}}}'
        return f"{_quoted(path)}:{canonical_json(self.to_json()).decode('utf-8', 'surrogatepass')}"

    @classmethod
    def from_json(cls, path: str, record: Mapping[str, Any]) -> Entry:
        """Return the entry that `to_json` wrote."""
        return cls(
            path,
            str(record["digest"]),
            int(record["size"]),
            str(record.get("format", "file")),
            record.get("variable"),
            record.get("ref"),
            record.get("meta", NO_META),
        )


@dataclass(frozen=True)
class Manifest:
    """The content of a version: entries by path, sorted.

    Two versions with equal manifests are the same content; the digest of the
    canonical JSON is the version's digest.
    """

    entries: Mapping[str, Entry]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Manifest:
        """Return the manifest of `entries`, whatever their order."""
        return cls({entry.path: entry for entry in sorted(entries, key=_path)})

    def to_bytes(self) -> bytes:
        """Return the canonical JSON that is stored and digested."""
        return _written(entry.to_text() for entry in sorted(self.entries.values(), key=_path))

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Return the manifest that `to_bytes` wrote.

        Raises
        ------
        CatalogError
            A newer artnb wrote it.
        """
        body = json.loads(data)
        if (found := body.get("artnb")) != _MANIFEST_FORMAT:
            raise CatalogError(
                f"The manifest {digest_bytes(data)[:12]} has the format {found!r}, not "
                f"{_MANIFEST_FORMAT}: a newer artnb wrote it. Upgrade: pip install -U artnb."
            )
        return cls.of(Entry.from_json(path, record) for path, record in body["entries"].items())

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return digest_bytes(self.to_bytes())

    @property
    def size(self) -> int:
        """Bytes of all entries together."""
        return sum(entry.size for entry in self.entries.values())

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())


@dataclass(frozen=True, slots=True)
class PlainManifest:
    """A manifest of nothing but files: sorted paths, with the digest and the size of each.

    It is written as the `Manifest` of the same entries is, in a fifth of the time.
    """

    paths: Sequence[str]
    digests: Sequence[str]
    sizes: Sequence[int]

    @classmethod
    def of(
        cls, paths: Sequence[str], digests: Sequence[str], sizes: Sequence[int]
    ) -> PlainManifest:
        """Return the manifest of files, whatever their order."""
        if (order := sorted(paths)) != list(paths):
            places = dict(zip(paths, range(len(paths)), strict=True))
            at = [places[path] for path in order]
            paths, digests, sizes = order, [digests[n] for n in at], [sizes[n] for n in at]
        return cls(paths, digests, sizes)

    def to_bytes(self) -> bytes:
        """Return the canonical JSON that is stored and digested."""
        rows = zip(map(_quoted, self.paths), self.digests, self.sizes, strict=True)
        return _written(
            f'{path}:{{"digest":"{digest}","size":{size}}}' for path, digest, size in rows
        )

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(self.sizes)

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return zip(self.paths, self.digests, strict=True)


def _written(entries: Iterable[str]) -> bytes:
    # What `canonical_json` would give; put together by hand, for it is long.
    text = f'{{"artnb":{_MANIFEST_FORMAT},"entries":{{{",".join(entries)}}}}}'
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version of a collection, as the catalogue knows it.

    Attributes
    ----------
    id : int
        The catalogue's own number, unique over projects.
    project, name, type : str
        The collection's.
    number : int
        N of ``vN``.
    digest : str
        Of the manifest.
    size, entries : int
        Bytes and files.
    aliases : tuple of str
        Without ``vN``, ``latest`` first.
    state : {'live', 'damaged', 'deleted'}
        Damaged: at least one object is known to be missing or corrupt.
    created_at : float
        Seconds since the epoch, UTC.
    record : str
        Digest of the record object: who wrote it, when, in which run.
    ttl : float or None
        Seconds after which `artnb gc` deletes it; 0: never; None: as the settings say.
    """

    id: int
    project: str
    name: str
    type: str
    number: int
    digest: str
    size: int
    entries: int
    description: str | None
    metadata: Mapping[str, Any]
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    state: VersionState
    created_at: float
    ttl: float | None = None
    record: str = ""

    @property
    def version(self) -> str:
        """``vN``."""
        return f"v{self.number}"

    @property
    def ref(self) -> str:
        """``name:vN``."""
        return f"{self.name}:v{self.number}"

    def name_in(self, project: str) -> str:
        """Return the name as it is said in a project: with its own, where that is another."""
        return self.name if self.project == project else f"{self.project}/{self.name}"

    def ref_in(self, project: str) -> str:
        """Return ``name:vN``, or ``project/name:vN`` where that is another project."""
        return f"{self.name_in(project)}:{self.version}"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run, as the catalogue knows it.

    Attributes
    ----------
    id : str
        8 characters, unique.
    number : int
        N of the name ``adjective-noun-N``: the run's place in its project, from 1.
    code, history : str or None
        Digests of the source and of the logged rows (JSON lines), both objects.
    outputs : mapping
        What the run showed: stdout, stderr, displays, error.
    created_at, finished_at, heartbeat_at : float or None
        Seconds since the epoch, UTC. The last is when it was deleted, if it is.
    """

    id: str
    project: str
    number: int
    name: str
    job_type: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    state: RunState = "running"
    code: str | None = None
    history: str | None = None
    notebook: str | None = None
    cell_id: str | None = None
    git_commit: str | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    host: str | None = None
    pid: int | None = None
    created_at: float = 0.0
    finished_at: float | None = None
    heartbeat_at: float | None = None

    def with_changes(self, **changes: Any) -> RunRecord:
        """Return a copy with `changes`."""
        return replace(self, **changes)

    def deleted(self, at: float) -> RunRecord:
        """Return what is left of the run once it is deleted: what its edges are drawn with."""
        return RunRecord(
            self.id, self.project, self.number, self.name, self.job_type, state="deleted",
            created_at=self.created_at, finished_at=self.finished_at, heartbeat_at=at,
        )  # fmt: skip

    def ended(self, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the changes with which the run ends, without loss of what was added to it.

        Whoever ends it need not know of all that: a worker may have added to its outputs.
        """
        if "outputs" not in changes:
            return changes
        added = {name: self.outputs[name] for name in _ADDED if name in self.outputs}
        return {**changes, "outputs": {**changes["outputs"], **added}}


@dataclass(frozen=True, slots=True)
class Edge:
    """``run`` logged or used version ``version``."""

    run: str
    version: int
    kind: EdgeKind
