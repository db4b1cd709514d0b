"""What goes into a version: entries with their bytes, and the manifest that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

from artnb.model import NO_META, Entry, Manifest, PlainManifest
from artnb.refs import check_entry_path, check_entry_paths
from artnb.store import Staged
from artnb.store.staged_files import StagedFiles

__all__ = ["Content", "FolderContents", "fingerprints_of", "manifest_of"]


@dataclass(
    slots=True, eq=False, repr=False
)  # frozen it would take five times as long to make, per file
class Content:
    """One entry on its way into a version.

    Attributes
    ----------
    path : str
        Entry path.
    source : Path, bytes, Staged or None
        The bytes; None where `ref` says where they are.
    fingerprint : str or None
        A quick digest of the value in memory, by which a later run that reads the same
        value finds this version.
    digest, size : str and int
        Of a reference: what stands for its bytes, and how many they are.
    """

    path: str
    source: Path | bytes | Staged | None
    format: str = "file"
    variable: str | None = None
    meta: Mapping[str, Any] = field(default_factory=lambda: NO_META)
    ref: str | None = None
    digest: str | None = None
    fingerprint: str | None = None
    size: int = 0

    def __repr__(self) -> str:
        where = f" ref={self.ref!r}" if self.ref else ""
        return f"<Content {self.path!r} format={self.format!r}{where}>"


@dataclass(frozen=True, slots=True, eq=False)
class FolderContents(Sequence[Content]):
    """The files of a folder as entries, of which nothing more is to be said.

    Attributes
    ----------
    paths : sequence of str
        Entry paths, checked.
    files : StagedFiles
        Their bytes, in the same order.
    """

    paths: Sequence[str]
    files: StagedFiles

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, place: int) -> Content: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Content]: ...
    def __getitem__(self, place: int | slice) -> Content | Sequence[Content]:
        if isinstance(place, slice):
            return [self[n] for n in range(*place.indices(len(self)))]
        return Content(self.paths[place], self.files[place])


def manifest_of(
    contents: Sequence[Content], staged: Sequence[Staged | None]
) -> Manifest | PlainManifest:
    """Return the manifest of a version's contents, whose bytes are these."""
    if isinstance(contents, FolderContents):
        return PlainManifest.of(contents.paths, contents.files.digests, contents.files.sizes)
    paths = check_entry_paths([content.path for content in contents])
    entries = []
    for path, content, item in zip(paths, contents, staged, strict=True):
        if item is None:
            size, digest = content.size, content.digest or content.ref or ""
        else:
            size, digest = item.size, item.digest
        format, variable, ref, meta = content.format, content.variable, content.ref, content.meta
        entries.append(Entry(path, digest, size, format, variable, ref, meta))
    return Manifest.of(entries)


def fingerprints_of(contents: Sequence[Content]) -> dict[str, str]:
    """Return the fingerprints of those entries that have one, by their paths."""
    if isinstance(contents, FolderContents):
        return {}
    return {check_entry_path(c.path): c.fingerprint for c in contents if c.fingerprint}
