"""What a version holds: its manifest, its files, and the values that they bring back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artnb.digest import digest_file
from artnb.errors import (
    ArtnbError,
    CommError,
    ReferenceWarning,
    SerializationError,
    nearest,
)
from artnb.missing import why_deleted
from artnb.model import Entry, Manifest, VersionRecord
from artnb.repository._base import Base
from artnb.texts import Message
from artnb.warning import warn
from artnb.words import new_id

if TYPE_CHECKING:
    from artnb.serializers.linked import Resolve
    from artnb.together import Together

__all__ = ["Contents"]


class Contents(Base):
    """The part of a repository that gives back what it has."""

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
            warn(f"{version.ref}: {text}", ReferenceWarning)
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
        from artnb.capture import same_definition
        from artnb.together import load_together

        self.provenance.require(version)
        if manifest is None:
            manifest = self.manifest(version)
        for path in paths:
            self._entry(version, path, manifest)

        def read(entry: Entry, resolve: Resolve) -> list[Any]:
            try:
                return read_file(entry, resolve)
            except ImportError as error:
                if isinstance(error, ArtnbError):
                    raise
                # The other values come back without it.
                text = f"It needs what cannot be imported here: {error}."
                raise SerializationError(text) from error

        def read_file(entry: Entry, resolve: Resolve) -> list[Any]:
            with self.local_file(entry) as file:
                form, meta, alike = entry.format, entry.meta, same_definition
                if "links" in meta:
                    load = serializers.load_objects
                    return load(file, form, meta, resolve, trust=trust, alike=alike)
                return [serializers.load(file, form, meta, trust=trust, alike=alike)]

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

    # inner -----------------------------------------------------------------------------

    def _entry(self, version: VersionRecord, path: str, manifest: Manifest | None = None) -> Entry:
        entries = (manifest or self.manifest(version)).entries
        if path not in entries:
            raise CommError(
                Message("{0} has no file {1}; {2}", version.ref, repr(path), nearest(path, entries))
            )
        return entries[path]
