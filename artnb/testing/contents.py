"""What every database must do with what versions hold: part of `CatalogSuite`."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from artnb.catalog import Catalog, NewVersion
from artnb.keys import object_key
from artnb.model import Location, VersionRecord

__all__ = ["ContentsSuite"]

_FILES = {f"{n % 7}/{n:04}.bin": f"{n}" for n in range(1_000)}


class ContentsSuite:
    """Of large folders that change a little, and of what is still needed of them."""

    def test_a_folder_of_which_one_file_changed_takes_few_rows(self, catalog: Catalog) -> None:
        """And each version holds what it was logged with."""
        changed = {**_FILES, "3/0500.bin": "other"}
        more = {**changed, "3/0500-more.bin": "more"}
        less = {path: text for path, text in more.items() if path != "0/0000.bin"}
        versions = [_log(catalog, _FILES)]
        for files in (changed, more, less):
            before = _rows(catalog)
            versions.append(_log(catalog, files))
            assert _rows(catalog) - before < len(_FILES) // 2
        for version, files in zip(versions, (_FILES, changed, more, less), strict=True):
            assert catalog.upkeep.contents(version.id) == _digests(files)
        assert _versions_with(catalog, "500") == {(versions[0].id, "3/0500.bin")}
        assert _versions_with(catalog, "7") == {(v.id, "0/0007.bin") for v in versions}

    def test_what_a_version_alone_held_is_free_when_it_is_deleted(self, catalog: Catalog) -> None:
        """What others share with it is needed."""
        first = _log(catalog, _FILES)
        _log(catalog, {**_FILES, "3/0500.bin": "other"})
        catalog.delete_version(first.id, delete_aliases=True, run_id=None)
        keys = {object_key(digest): [digest] for digest in _digests(_FILES).values()}
        alone = _digest("500")
        assert set(keys) - {object_key(d) for d in catalog.upkeep.needed(_later())} == {
            object_key(alone)
        }
        assert catalog.upkeep.former_holders()[alone] == "p"
        assert catalog.upkeep.bury(keys, _later(), lambda pid: True) == [object_key(alone)]

    def test_what_is_needed_is_what_live_versions_hold(self, catalog: Catalog) -> None:
        """Whatever was logged and deleted, in whatever collections."""
        rng = random.Random(0)
        live: dict[int, tuple[str, set[str]]] = {}
        for n in range(24):
            files = dict(rng.sample(sorted(_FILES.items()), rng.choice((1, 3, 400, 900))))
            files.update({path: f"{rng.randrange(3)}" for path in rng.sample(sorted(files), 1)})
            name = rng.choice("xy")
            version = _log(catalog, files, name)
            live[version.id] = (name, {version.digest, *_digests(files).values()})
            if n % 3 == 0:
                gone = rng.choice(sorted(live))
                catalog.delete_version(gone, delete_aliases=True, run_id=None)
                del live[gone]
        held = {digest for _, digests in live.values() for digest in digests}
        kept = catalog.upkeep.kept()
        assert catalog.upkeep.needed(_later()) - kept == held
        holders = {(hold.name, hold.digest) for hold in catalog.upkeep.holders()}
        assert {(name, d) for name, d in holders if d not in kept} == {
            (name, digest) for name, digests in live.values() for digest in digests
        }
        blobs = set(catalog.locate(map(_digest, _FILES.values())))
        dead = catalog.upkeep.bury({object_key(d): [d] for d in blobs}, _later(), lambda pid: True)
        assert set(dead) == {object_key(digest) for digest in blobs - held}

    def test_a_blob_that_many_versions_share_damages_them_all(self, catalog: Catalog) -> None:
        """But for the one that does not hold it."""
        first = _log(catalog, _FILES)
        second = _log(catalog, {**_FILES, "3/0500.bin": "other"})
        marked = catalog.mark_versions(_digest("7"), "damaged")
        assert {version.id for version in marked} == {first.id, second.id}
        assert [v.id for v in catalog.mark_versions(_digest("500"), "damaged")] == [first.id]

    def test_writers_of_the_same_folder_do_not_hinder_each_other(self, catalog: Catalog) -> None:
        """Into collections of their own; each has all of it."""

        def log(n: int) -> list[VersionRecord]:
            files = [{**_FILES, f"1/{m:04}.bin": f"{n} {m}"} for m in range(3)]
            return [_log(catalog, each, f"thing-{n}") for each in files]

        with ThreadPoolExecutor(4) as pool:
            logged = list(pool.map(log, range(4)))
        for n, versions in enumerate(logged):
            for m, version in enumerate(versions):
                files = {**_FILES, f"1/{m:04}.bin": f"{n} {m}"}
                assert catalog.upkeep.contents(version.id) == _digests(files)

    def test_what_was_lost_of_a_version_is_written_when_it_is_logged_again(
        self, catalog: Catalog
    ) -> None:
        """Else a collector would take what it holds."""
        version = _log(catalog, {"a": "1"})
        catalog.upkeep.set_state([version.id], "damaged")
        with catalog._db.transaction() as db:  # as where its manifest could not be read
            db.execute("delete from version_sections where version_id = ?", (version.id,))
        assert _digest("1") not in catalog.upkeep.needed(_later())
        again = _log(catalog, {"a": "1"})
        assert (again.id, again.state) == (version.id, "live")
        assert _digest("1") in catalog.upkeep.needed(_later())

    def test_large_folders_travel_whole(self, catalogs: Sequence[Catalog]) -> None:
        """The receiver cuts them as the sender did, so that its next version shares them."""
        here, there = catalogs
        version = _log(here, _FILES)
        there.receive(here.parcel("p"), {}, there.take_lease(()), take_aliases=False)
        (arrived,) = there.versions("p")
        assert there.upkeep.contents(arrived.id) == here.upkeep.contents(version.id)
        before = _rows(there)
        _log(there, {**_FILES, "3/0500.bin": "other"})
        assert _rows(there) - before < len(_FILES) // 2


def _log(catalog: Catalog, files: Mapping[str, str], name: str = "thing") -> VersionRecord:
    digest = _digest(f"manifest {sorted(files.items())}")
    held = _digests(files)
    new = NewVersion(
        project="p", name=name, type="dataset", digest=digest, record=_digest(f"{name} {digest}"),
        size=1, entries=len(files), description=None, metadata=None, aliases=(), tags=(),
        contents=list(held.items()),
        locations={d: Location(object_key(d), 0, 1) for d in held.values()},
    )  # fmt: skip
    lease = catalog.take_lease([digest, new.record, *held.values()])
    return catalog.version(catalog.commit(new, None, lease).version_id)


def _digests(files: Mapping[str, str]) -> dict[str, str]:
    return {path: _digest(text) for path, text in files.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _versions_with(catalog: Catalog, text: str) -> set[tuple[int, str]]:
    return {(version.id, path) for version, path in catalog.find_digest(_digest(text))}


def _rows(catalog: Catalog) -> int:
    """Return how many rows say what versions hold."""
    tables = ("sections", "section_entries", "version_sections", "fingerprints")
    counts = (catalog._db.row(f"select count(*) from {table}") for table in tables)
    return sum(row[0] for row in counts if row is not None)


def _later() -> float:
    return time.time() + 1.0
