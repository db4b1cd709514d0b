"""What versions hold: entries, in sections that versions share.

The entries of a version, sorted by path, are cut into **sections** of about a hundred; where,
the paths alone say. A section is named by the digest of what is in it and never changes, so
that a version of ten thousand files of which one changed has the sections of the one before,
but for one. A version that is deleted keeps its sections, as it keeps its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any
from zlib import crc32

from artnb.catalog.session import Many, Session
from artnb.digest import canonical_json, digest_bytes
from artnb.model import PlainManifest

__all__ = [
    "CONTENTS",
    "Sections",
    "add_contents",
    "add_fingerprints",
    "add_sections",
    "cut",
    "has_contents",
    "link_sections",
]

CONTENTS = (
    "(select l.version_id, e.path, e.digest from version_sections l "
    "join section_entries e on e.section_id = l.section_id)"
)
"""To be selected from: version_id, path, digest."""

Entry = tuple[Any, ...]
Section = tuple[Sequence[str], Sequence[str]]
Sections = dict[str, Section]
"""Name -> the paths and the digests of the entries."""

_MASK = 127  # one path in so many ends a section


def add_contents(db: Session, version_id: int, entries: Iterable[Entry]) -> None:
    """Write the path and the digest, the first two of each entry, of all that a version holds."""
    link_sections(db, version_id, add_sections(db, cut(entries)))


def cut(entries: Iterable[Entry]) -> Sections:
    """Return the sections, by their names, of what has these paths and digests."""
    if not isinstance(entries, PlainManifest):
        rows = sorted(entries, key=itemgetter(0))
        entries = PlainManifest([row[0] for row in rows], [row[1] for row in rows], ())
    paths, digests = entries.paths, entries.digests
    ends = [n for n, crc in enumerate(map(crc32, _encoded(paths)), 1) if not crc & _MASK]
    spans = [(start, end) for start, end in pairwise((0, *ends, len(paths))) if start < end]
    sections = ((paths[start:end], digests[start:end]) for start, end in spans)
    return {_digest(section): section for section in sections}


def add_sections(db: Session, sections: Sections) -> list[int]:
    """Write what is in the sections that are not there yet, and return the ids of all."""
    known = _ids(db, sections)
    # Sorted: two writers of the same sections wait for each other in one order.
    new = sorted(sections.keys() - known.keys())
    if new:
        db.executemany(
            "insert into sections (digest) values (?) on conflict do nothing",
            [(digest,) for digest in new],
        )
        known.update(_ids(db, new))
        # Where another writer was quicker, all of these are there already.
        db.executemany(
            "insert into section_entries values (?, ?, ?) on conflict do nothing",
            [(known[n], *entry) for n in new for entry in zip(*sections[n], strict=True)],
        )
    return [known[digest] for digest in sections]


def link_sections(db: Session, version_id: int, sections: Iterable[int]) -> None:
    """Write that a version holds what is in the sections."""
    db.executemany(
        "insert into version_sections values (?, ?) on conflict do nothing",
        [(version_id, section) for section in sections],
    )


def has_contents(db: Session, version_id: int) -> bool:
    """Return whether it is written what a version holds: not if its manifest was once lost."""
    query = "select 1 from version_sections where version_id = ? limit 1"
    return db.execute(query, (version_id,)).fetchone() is not None


def add_fingerprints(db: Session, version_id: int, marks: Iterable[tuple[str, str | None]]) -> None:
    """Write the (path, fingerprint) of those entries of a version that have one."""
    db.executemany(
        "insert into fingerprints values (?, ?, ?) "
        "on conflict (version_id, path) do update set fingerprint = excluded.fingerprint",
        [(version_id, path, mark) for path, mark in marks if mark],
    )


def _ids(db: Session, digests: Iterable[str]) -> dict[str, int]:
    query = "select digest, id from sections where digest in many(?)"
    return dict(db.execute(query, (Many(digests),)).fetchall())


def _encoded(paths: Sequence[str]) -> list[bytes]:
    encoded = "\0".join(paths).encode("utf-8", "surrogatepass").split(b"\0")
    if len(encoded) == len(paths):
        return encoded
    return [path.encode("utf-8", "surrogatepass") for path in paths]


def _digest(section: Section) -> str:
    texts = [*section[0], *section[1]]
    joined = "\0".join(texts)  # a sixth of what JSON takes
    if joined.count("\0") == len(texts) - 1:
        return digest_bytes(joined.encode("utf-8", "surrogatepass"))
    # What stands for the bytes of a reference may be any text.
    return digest_bytes(canonical_json(texts))
