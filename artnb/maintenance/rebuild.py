"""The catalogue made again from the store alone.

The rows come from the journal's entries, the later one over the earlier; where the blobs
lie, from the objects and the packs' own indexes; what a version holds, from its manifest.
A version that was logged after the last entry was written has its record object: it gets
the next number of its collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any

from artnb import ownjson as json
from artnb.belonging import succeeded
from artnb.catalog import Catalog
from artnb.digest import digest_bytes
from artnb.errors import ArtnbError, CatalogError, ObjectMissingError
from artnb.keys import base_of, generation_of, is_pack, is_recipe, journal_key
from artnb.model import Location, Manifest
from artnb.store import Backend, ObjectStore, index_of, read_recipe

__all__ = ["Rebuilt", "blob_places", "journal_names", "rebuild"]

Row = dict[str, Any]
_FORMAT = 1
_MOST_BYTES = 512 << 20
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuilt catalogue holds.

    Attributes
    ----------
    late : tuple of str
        ``project/name:vN`` of versions that only their records told of.
    damaged : tuple of str
        Versions whose manifest is not in the store.
    """

    projects: int
    runs: int
    versions: int
    late: tuple[str, ...]
    damaged: tuple[str, ...]


@dataclass(slots=True)
class _Journal:
    """All entries of one catalogue, read in order."""

    name: str
    entries: int = 0
    at: float = 0.0
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    edges: dict[str, list[Row]] = field(default_factory=dict)
    fingerprints: dict[str, Mapping[str, str]] = field(default_factory=dict)
    dead: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Mapping[str, Any]) -> None:
        self.entries, self.at = entry["entry"], max(self.at, entry["at"])
        for subject in entry.get("released", ()):
            digest, _, run_id = subject.partition(" ")
            self.table("kept").pop(_key("kept", {"digest": digest, "run_id": run_id}), None)
        for source, rows in entry["rows"].items():
            for row in rows:
                key = _key(source, row)
                self.rows.setdefault(source, {})[key] = row
                if source == "runs":
                    self.edges[key] = []
        for edge in entry["edges"]:
            self.edges.setdefault(edge["run_id"], []).append(edge)
        self.fingerprints.update(entry["fingerprints"])
        for key, last in entry.get("dead", {}).items():
            self.dead[key] = max(last, self.dead.get(key, -1))

    def table(self, name: str) -> dict[str, Row]:
        return self.rows.setdefault(name, {})


def rebuild(
    store: ObjectStore,
    target: Callable[[], AbstractContextManager[Catalog]],
    *,
    catalog: str | None = None,
    name: str | None = None,
) -> Rebuilt:
    """Make the catalogue of a store again, in an empty one.

    Parameters
    ----------
    target : callable
        Opens the empty catalogue; called when all that the store knows has been read.
    catalog : str, optional
        Which catalogue's journal to read, where several wrote to the store.
    name : str, optional
        The identity of the new one, if it is to go on by itself; default: as that which it was
        made from, whose journal it goes on with.

    Raises
    ------
    CatalogError
        The store has no journal, or several.
    """
    journal = _read_journal(store.backend, catalog)
    held = _held_in(store.backend, journal.dead)
    places = held.places
    late = _add_late(store, journal, held)
    contents, damaged = _contents(store, journal, places)
    rows = _consistent(journal)
    known = {row["id"] for row in rows["versions"]}
    contents = {version: held for version, held in contents.items() if version in known}
    marks = {int(version): marks for version, marks in journal.fingerprints.items()}
    with target() as made:
        made.journal.restore(
            name or journal.name, 0 if name else journal.entries,
            rows, contents, marks, places, journal.dead,
        )  # fmt: skip
    return Rebuilt(
        projects=len(journal.table("projects")),
        runs=len(journal.table("runs")),
        versions=len(journal.table("versions")),
        late=tuple(late),
        damaged=tuple(damaged),
    )


def _consistent(journal: _Journal) -> dict[str, list[Row]]:
    """Return all rows; those that refer to a row which was never written down are left out."""
    for source, column, other in (
        ("runs", "project_id", "projects"),
        ("collections", "project_id", "projects"),
        ("versions", "collection_id", "collections"),
        ("alias_moves", "collection_id", "collections"),
        ("alias_moves", "version_id", "versions"),
    ):
        known = journal.table(other)
        journal.rows[source] = {
            key: row
            for key, row in journal.table(source).items()
            if row[column] is None or str(row[column]) in known
        }
    rows = {source: list(found.values()) for source, found in journal.rows.items()}
    rows["edges"] = [
        edge
        for run, edges in journal.edges.items()
        for edge in edges
        if run in journal.table("runs") and str(edge["version_id"]) in journal.table("versions")
    ]
    records = {version["record"] for version in rows["versions"]}
    kept = {_key("kept", record): record for record in ({"digest": d} for d in records)}
    rows["kept"] = list({**kept, **journal.table("kept")}.values())
    return rows


def _key(source: str, row: Row) -> str:
    return f"{row['digest']} {row.get('run_id', '')}" if source == "kept" else str(row["id"])


def journal_names(backend: Backend) -> list[str]:
    """Return the catalogues that wrote to a store and that no other took the place of, sorted.

    Raises
    ------
    CatalogError
        One was written by a newer artnb.
    """
    return _current(backend, _entries(backend))


def _current(backend: Backend, names: Iterable[str]) -> list[str]:
    found = set(names)
    return sorted(found - succeeded(backend, found) if len(found) > 1 else found)


def _entries(backend: Backend) -> dict[str, list[Mapping[str, Any]]]:
    entries: dict[str, list[Mapping[str, Any]]] = {}
    for entry in _notes(backend):
        if entry["artnb"] != _FORMAT:
            raise CatalogError(
                f"The store {backend.location} was written by a newer artnb (its journal has the "
                f"format {entry['artnb']}, not {_FORMAT}). Upgrade: pip install -U artnb. "
                "Nothing was changed."
            )
        entries.setdefault(entry["catalog"], []).append(entry)
    return entries


def _read_journal(backend: Backend, wanted: str | None) -> _Journal:
    entries = _entries(backend)
    names = _current(backend, entries)
    if wanted is None and len(names) > 1:
        raise CatalogError(
            f"{len(names)} catalogues wrote to the store {backend.location}: {', '.join(names)}. "
            "Say which to make again: artnb rebuild --catalog NAME."
        )
    name = wanted or (names[0] if names else "")
    if name not in entries:
        there = f"there is: {', '.join(names)}" if names else "there is none"
        raise CatalogError(
            f"The store {backend.location} has no journal{f' of {wanted}' if wanted else ''}; "
            f"{there}. A catalogue can be made again only from a store that it wrote to."
        )
    journal = _Journal(name)
    for entry in sorted(entries[name], key=lambda entry: (entry["entry"], entry["at"])):
        journal.add(entry)
    return journal


def _notes(backend: Backend) -> Iterator[Mapping[str, Any]]:
    """Yield the contents of the journal's entries that are sound, each once.

    One that vanishes after it was listed was written anew in a later one: what is there is
    listed again, until all that is listed could be read.
    """
    read: set[str] = set()
    for attempt in range(_ATTEMPTS):
        gone = None
        for key, stat in list(backend.listing("journal/")):
            if key in read:
                continue
            if stat.size > _MOST_BYTES:
                raise CatalogError(
                    f"{key} in the store {backend.location} has {stat.size} bytes, which no entry "
                    "of a journal has. Nothing was read; remove that object."
                )
            try:
                with backend.open(key) as stream:
                    data = stream.read()
            except ObjectMissingError as error:
                gone = error
                continue
            read.add(key)
            if journal_key(digest_bytes(data)) == key:
                yield json.loads(data)
        if gone is None:
            return
        if attempt == _ATTEMPTS - 1:
            raise gone


@dataclass(slots=True)
class _Held:
    """What a store holds, by the objects' own account."""

    places: dict[str, Location] = field(default_factory=dict)
    records: set[str] = field(default_factory=set)


def blob_places(backend: Backend) -> dict[str, Location]:
    """Return where each blob lies, by the objects' own account."""
    return _held_in(backend, {}).places


def _held_in(backend: Backend, dead: Mapping[str, int]) -> _Held:
    """Return where each blob lies, and which are versions' records.

    What is dead is none of them: whoever marked it may delete it at any time.

    Of a blob that lies in several objects the newest generation holds, and a recipe only if
    there is nothing else: of what lies somewhere in one piece, too, no part can be missing.
    """
    held = _Held()
    listed = sorted(
        backend.listing(), key=lambda item: (not is_recipe(item[0]), generation_of(item[0]))
    )
    for key, stat in listed:
        if generation_of(key) <= dead.get(base_of(key), -1):
            continue
        if is_recipe(key):
            with suppress(ArtnbError):
                recipe = read_recipe(backend, key)
                parts = tuple(recipe.digests)
                held.places[recipe.digest] = Location(key, 0, recipe.size, parts)
        elif key.startswith(("sha256/", "record/")):
            digest = "".join(base_of(key).split("/")[1:])
            held.places[digest] = Location(key, 0, stat.size)
            if key.startswith("record/"):  # until packs had them, each was an object
                held.records.add(digest)
        elif is_pack(key):
            # If it has no index, what it held is missing: `verify` says which versions that hits.
            with suppress(ArtnbError, OSError, ValueError, KeyError):
                index = index_of(backend, key, stat.size)
                held.places.update((d, Location(key, at, length)) for d, at, length in index.spans)
                held.records |= index.records
    return held


def _contents(
    store: ObjectStore, journal: _Journal, places: Mapping[str, Location]
) -> tuple[dict[int, list[tuple[str, str]]], list[str]]:
    """Return the versions' entries, and the versions of which the manifest is gone."""
    contents: dict[int, list[tuple[str, str]]] = {}
    damaged = []
    for version in journal.table("versions").values():
        manifest = _manifest(store, version["digest"], places)
        if manifest is None and version["state"] != "deleted":
            version["state"] = "damaged"
            collection = journal.table("collections")[str(version["collection_id"])]
            damaged.append(f"{collection['name']}:v{version['number']}")
        contents[version["id"]] = [(entry.path, entry.digest) for entry in manifest or ()]
    return contents, damaged


def _manifest(store: ObjectStore, digest: str, places: Mapping[str, Location]) -> Manifest | None:
    try:
        return Manifest.from_bytes(store.read(digest, places[digest]))
    except (KeyError, ArtnbError):
        return None


def _add_late(store: ObjectStore, journal: _Journal, held: _Held) -> list[str]:
    """Add the versions that were logged after the last entry, in the order of their records."""
    known = {version["record"] for version in journal.table("versions").values()}
    places = held.places
    records = [
        (record["at"], digest, record)
        for digest, record in _records(store, {d: places[d] for d in held.records - known})
        if record.get("catalog") == journal.name
        and record["at"] > journal.at  # else it was never committed, or found its content there
    ]
    added = []
    for _, digest, record in sorted(records, key=lambda item: item[:2]):
        manifest = _manifest(store, record["manifest"], places)
        if manifest is None or not _all_there(manifest, places):
            continue  # the writer died before all was there
        if name := _add_version(journal, digest, record, manifest):
            added.append(name)
    return added


def _records(
    store: ObjectStore, places: Mapping[str, Location]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (digest, content) of records that are sound."""
    for digest, data in store.read_many(
        (digest, at) for digest, at in places.items() if at.length <= _MOST_BYTES
    ):
        yield digest, json.loads(data)


def _all_there(manifest: Manifest, places: Mapping[str, Location]) -> bool:
    return all(
        entry.ref is not None
        or (entry.digest in places and all(p in places for p in places[entry.digest].parts))
        for entry in manifest
    )


def _add_version(
    journal: _Journal, digest: str, record: Mapping[str, Any], manifest: Manifest
) -> str | None:
    at = record["at"]
    project = _row(journal, "projects", {"name": record["project"]}, {"created_at": at})
    collection = _row(
        journal,
        "collections",
        {"project_id": project["id"], "name": record["name"]},
        {"type": record["type"], "description": record["description"], "created_at": at},
    )
    versions = journal.table("versions")
    siblings = [v for v in versions.values() if v["collection_id"] == collection["id"]]
    same = [v for v in siblings if v["digest"] == record["manifest"] and v["state"] != "deleted"]
    number = max((v["number"] for v in siblings), default=-1) + 1
    version = same[0] if same else _row(
        journal,
        "versions",
        {"collection_id": collection["id"], "number": number},
        {
            "digest": record["manifest"], "record": digest, "size": manifest.size,
            "entries": len(manifest), "description": record["description"],
            "metadata": json.dumps(record["metadata"]), "tags": json.dumps(record["tags"]),
            "state": "live", "created_at": at, "ttl": record.get("ttl"),
        },
    )  # fmt: skip
    journal.fingerprints.setdefault(str(version["id"]), record["fingerprints"])
    for alias in dict.fromkeys(("latest", *record["aliases"])):
        _row(
            journal,
            "alias_moves",
            {"collection_id": collection["id"], "alias": alias, "moved_at": at},
            {"version_id": version["id"], "run_id": record["run"]},
        )
    edge = {"run_id": record["run"], "version_id": version["id"], "kind": "logged"}
    if record["run"] in journal.table("runs"):
        edges = journal.edges.setdefault(record["run"], [])
        if not any(edge.items() <= known.items() for known in edges):
            edges.append({**edge, "created_at": at})
    return None if same else f"{record['project']}/{record['name']}:v{number}"


def _row(journal: _Journal, source: str, key: Row, rest: Row) -> Row:
    """Return the row with these values; a new one, with the next id, if there is none."""
    table = journal.table(source)
    for row in table.values():
        if key.items() <= row.items():
            return row
    made = {"id": max((row["id"] for row in table.values()), default=0) + 1, **key, **rest}
    table[str(made["id"])] = made
    return made
