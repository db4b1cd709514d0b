"""Proving a repository: all bytes read again, damage set aside, repaired where it can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from artnb.catalog import Catalog
from artnb.digest import digest_stream
from artnb.errors import ArtnbError, ObjectMissingError
from artnb.ingest import Ingest
from artnb.keys import is_journal, journal_key
from artnb.maintenance.report import Damage, Hit, VerifyReport, hits
from artnb.model import Manifest, VersionRecord
from artnb.store import Finding, ObjectStore, Staged, digest_parts, prove, uncached

__all__ = ["Verification"]

_OTHER_FILES = "the catalogue lists other files than the manifest"
_JOURNAL = "the journal's entry does not have its digest"
_UNPLACED = "the catalogue does not say where it lies"


class Verification:
    """One pass: first what says what versions hold, then all that they hold."""

    def __init__(
        self,
        store: ObjectStore,
        catalog: Catalog,
        ingest: Ingest,
        find: Callable[[str, int | None], tuple[Staged, str] | None],
        *,
        writes: bool,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._ingest = ingest
        self._find = find
        self._writes = writes
        self._places = catalog.upkeep.places()
        self._made_of = catalog.upkeep.parts()
        self._versions: list[VersionRecord] = []
        self._parts: dict[int, dict[str, str]] = {}
        self._sizes: dict[str, int] = {}
        self._proved: set[str] = set()
        self._damage: list[Damage] = []
        self._objects = self._bytes = 0

    def run(self, project: str | None) -> VerifyReport:
        """Prove a project, or everything, and return what was found."""
        projects = [project] if project else self._catalog.projects()
        self._versions = [v for name in projects for v in self._catalog.versions(name)]
        records = self._catalog.upkeep.records()
        for v in self._versions:
            self._parts[v.id] = {v.digest: "its manifest", records[v.id]: "its record"}
        self._prove({d for held in self._parts.values() for d in held})
        for version in self._versions:
            self._add_entries(version)
        needed = {d for held in self._parts.values() for d in held}
        needed |= self._catalog.upkeep.run_blobs(project)
        if project is None:
            needed |= self._places.keys() | self._catalog.upkeep.kept()
        needed |= {part for digest in needed for part in self._made_of.get(digest, ())}
        self._prove(needed - self._proved)
        if project is None:
            self._prove_journal()
        # Not before: a pack with a manifest in it is proved before the manifest is read.
        self._damage = [
            replace(damage, hits=damage.hits or hits(damage.digest, self._versions, self._parts))
            for damage in self._damage
        ]
        return VerifyReport(
            objects=self._objects,
            blobs=len(self._proved),
            bytes=self._bytes,
            versions=len(self._versions),
            damage=tuple(self._damage),
            healed=tuple(self._mark()),
        )

    def _add_entries(self, version: VersionRecord) -> None:
        """Note what a version's manifest holds, where that can be read."""
        if any(damage.digest == version.digest for damage in self._remaining()):
            return
        at = self._catalog.locate([version.digest])[version.digest]
        manifest = Manifest.from_bytes(self._store.read(version.digest, at))
        for entry in manifest:
            if entry.ref is None:
                self._parts[version.id].setdefault(entry.digest, entry.path)
                self._sizes[entry.digest] = entry.size
                for part in self._made_of.get(entry.digest, ()):
                    self._parts[version.id].setdefault(part, f"a part of {entry.path}")
        listed = {entry.path: entry.digest for entry in manifest}
        if listed != self._catalog.upkeep.contents(version.id):
            self._damage.append(Damage(version.digest, _OTHER_FILES, (Hit(version, "its files"),)))

    def _prove(self, digests: set[str]) -> None:
        """Prove blobs, and with them all that shares a pack with one."""
        # Writers and collectors may be at work: ask again where the rest lies, and whether
        # it is needed, before it counts as lost.
        self._places.update(self._catalog.locate(digests - self._places.keys()))
        if gone := digests - self._places.keys():
            digests = digests - (gone - self._catalog.upkeep.needed(time.time()))
        objects = {self._places[digest].object for digest in digests if digest in self._places}
        places = {d: at for d, at in self._places.items() if at.object in objects}
        self._proved |= digests | places.keys()
        for finding in prove(self._store, places):
            self._objects += 1
            self._bytes += finding.size
            if finding.damaged or finding.index:
                finding = self._as_of_now(finding)
            if finding.damaged or finding.index:
                self._settle(finding)
        for digest in sorted(digests - places.keys()):
            self._found(digest, _UNPLACED, None)

    def _prove_journal(self) -> None:
        """Prove what a rebuild would read; what is damaged is written down anew."""
        backend = self._store.backend
        damaged = []
        for key in filter(is_journal, backend.keys()):
            try:
                with uncached(backend).open(key) as stream:
                    found, size = digest_stream(stream)
            except ObjectMissingError:
                continue  # a later entry took its place since
            self._objects += 1
            self._bytes += size
            if journal_key(found) != key:
                damaged.append(key)
        if damaged and self._writes:
            self._catalog.journal.mark_all()
            self._ingest.write_journal()
        for key in damaged:
            moved_to = backend.quarantine(key) if self._writes else None
            origin = "the catalogue" if self._writes else None
            self._damage.append(Damage(key, _JOURNAL, (), moved_to, origin))

    def _as_of_now(self, finding: Finding) -> Finding:
        """Prove once more what still lies there.

        Meanwhile a collector may have carried it elsewhere, or away, and another process may
        have set it aside and written it anew: that is not to be set aside a second time.
        """
        now = self._catalog.locate({*finding.sound, *finding.damaged})
        places = {digest: at for digest, at in now.items() if at.object == finding.object}
        again = next(prove(self._store, places), None)
        return again or replace(finding, sound=(), damaged={})

    def _settle(self, finding: Finding) -> None:
        """Carry what is sound out of a damaged object, set it aside, and look for the rest."""
        moved_to, key = None, finding.object
        there = self._writes and self._store.backend.exists(key)
        if there and self._ingest.move_out({key: finding.sound}):
            moved_to = self._store.backend.quarantine(key)
        if finding.index:
            origin = "its own blobs" if moved_to else None
            self._damage.append(Damage(finding.object, finding.index, (), moved_to, origin))
        for digest, reason in finding.damaged.items():
            if self._writes:
                self._catalog.forget_location(digest, finding.object)
            self._found(digest, reason, moved_to)

    def _found(self, digest: str, reason: str, moved_to: str | None) -> None:
        origin = None
        if found := self._find(digest, self._size(digest)) or self._find_whole(digest):
            staged, origin = found
            self._ingest.restore(staged)
        self._damage.append(Damage(digest, reason, (), moved_to, origin))

    def _size(self, digest: str) -> int | None:
        at = self._places.get(digest)
        return at.length if at else self._sizes.get(digest)

    def _find_whole(self, part: str) -> tuple[Staged, str] | None:
        """Look for a file of which a damaged blob is a part; cut as its recipe says."""
        for whole in (whole for whole, parts in self._made_of.items() if part in parts):
            found = self._find(whole, self._size(whole))
            if found is None:
                continue
            staged, origin = found
            with suppress(KeyError, ArtnbError):
                recipe = self._store.recipe(self._places[whole])
                if isinstance(staged.source, Path):
                    lengths = [length for _, length in recipe.parts]
                    staged = replace(staged, parts=digest_parts(staged.source, lengths))
            return staged, origin
        return None

    def _mark(self) -> list[VersionRecord]:
        """Mark what is hit, and unmark what is whole again; return the latter."""
        if not self._writes:
            return []
        hit = {hit.version.id for damage in self._remaining() for hit in damage.hits}
        self._catalog.upkeep.set_state(hit, "damaged")
        healed = [v for v in self._versions if v.state == "damaged" and v.id not in hit]
        self._catalog.upkeep.set_state([v.id for v in healed], "live")
        return healed

    def _remaining(self) -> list[Damage]:
        return [damage for damage in self._damage if damage.repaired_from is None]
