"""What every database must do with runs of cells, and deleted ones: parts of `CatalogSuite`."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable

import pytest

from artnb.catalog import Catalog, NewVersion
from artnb.errors import InvalidValueError, RunDeletedError, UsageError
from artnb.keys import object_key
from artnb.model import Edge, Location, RunRecord

__all__ = ["CellsSuite", "DeletedRunsSuite"]


class CellsSuite:
    """Of what the runs of cells made, and which is the newest of each."""

    def test_runs_are_counted(self, catalog: Catalog) -> None:
        """Those that were not deleted, of one project."""
        for run_id in ("r", "s", "t"):
            _run(catalog, run_id)
        _run(catalog, "u", project="q")
        catalog.delete_run("s", _anything)
        assert [catalog.count_runs(project) for project in ("p", "q", "none")] == [2, 1, 0]

    def test_the_newest_run_of_each_cell_is_found(self, catalog: Catalog) -> None:
        """Of those that ended and have a job type; a notebook's is one in all kernels."""
        cell = {"cell_id": "c", "job_type": "j", "state": "finished", "pid": 1}
        runs: dict[str, dict[str, object]] = {
            "old": {**cell, "notebook": "n"},
            "new": {**cell, "notebook": "n", "pid": 2},
            "other": {**cell, "notebook": "n", "cell_id": "d"},
            "elsewhere": {**cell, "notebook": "n", "project": "q"},
            "kernel": cell,
            "kernel again": {**cell, "job_type": "k"},
            "kernel 2": {**cell, "pid": 2},
            "failed": {**cell, "state": "failed"},
            "running": {**cell, "state": "running"},
            "no type": {**cell, "job_type": None},
            "no cell": {**cell, "cell_id": None},
            "deleted": cell,
        }
        for run_id, fields in runs.items():
            _run(catalog, run_id, **fields)
        catalog.delete_run("deleted", _anything)
        found = catalog.newest_of_cells("p")
        assert [each.id for each in found] == ["new", "other", "kernel again", "kernel 2"]
        assert found[0] == catalog.run("new")

    def test_the_run_that_logged_a_version_last_is_its_maker(self, catalog: Catalog) -> None:
        """A deleted one only if that is wanted."""
        for run_id in ("r", "s", "t"):
            _run(catalog, run_id)
        version = _logged(catalog, "s", "1")
        catalog.add_edge(Edge("r", version, "logged"))
        catalog.add_edge(Edge("t", version, "used"))
        assert catalog.maker(version) == catalog.runs_of(version, "logged")[-1]
        assert catalog.maker(version) == catalog.run("r")
        catalog.delete_run("r", _anything)
        assert catalog.maker(version) == catalog.run("s")
        assert catalog.maker(version, deleted=True) == catalog.run("r")
        catalog.delete_run("s", _anything)
        assert catalog.maker(version) is None


class DeletedRunsSuite:
    """Of what is left of a run, and of what others still need."""

    def test_of_a_deleted_run_its_edges_are_left(self, catalog: Catalog) -> None:
        """With its name; it is in no list, and can be neither changed nor begun again."""
        run = _run(catalog, "r", config={"secret": 1}, outputs={"stdout": "x"}, notes="n")
        other = _run(catalog, "s")
        version = _logged(catalog, "r", "1")
        catalog.add_edge(Edge("s", version, "used"))
        catalog.add_worker_row("r", "{}")
        deleted, versions = catalog.delete_run("r", _anything)
        assert (deleted, versions) == (catalog.run("r"), [])
        assert deleted.state == "deleted"
        assert (deleted.name, deleted.number, deleted.created_at) == (run.name, 1, run.created_at)
        left = (deleted.config, deleted.outputs, deleted.notes, deleted.host)
        assert left == ({}, {}, None, None)
        assert catalog.worker_rows("r") == []
        assert [each.id for each in catalog.runs("p")] == [other.id]
        assert [each.id for each in catalog.runs("p", deleted=True)] == [other.id, "r"]
        assert catalog.deleted_runs(["r", "s", "t"]) == {"r"}
        assert catalog.runs_of(version, "logged") == []
        assert catalog.runs_of(version, "logged", deleted=True) == [deleted]
        assert {edge.run for edge in catalog.edges("p")} == {"r", "s"}
        asks: list[Callable[[], object]] = [
            lambda: catalog.change_run("r", {"notes": "x"}),
            lambda: catalog.change_run("r", {"notes": "x"}, gathered=0),
            lambda: catalog.add_worker_row("r", "{}"),
            lambda: catalog.delete_run("r", _anything),
        ]
        for ask in asks:
            with pytest.raises(RunDeletedError, match="was deleted"):
                ask()
        with pytest.raises(InvalidValueError, match="deleted, and is not used again"):
            _run(catalog, "r")
        assert _run(catalog, "t").number == 3

    def test_who_looks_first_can_leave_a_run_as_it_is(self, catalog: Catalog) -> None:
        """Nothing was changed then."""
        run = _run(catalog, "r")

        def refuse(seen: RunRecord) -> None:
            assert seen == run
            raise UsageError("it is running")

        with pytest.raises(UsageError, match="it is running"):
            catalog.delete_run("r", refuse)
        assert catalog.run("r") == run

    def test_versions_go_with_the_run_that_alone_logged_them(self, catalog: Catalog) -> None:
        """All or none; one with an alias only if that is said, and then `latest` moves on."""
        for name in "rs":
            _run(catalog, name)
        shared, first = _logged(catalog, "s", "both"), _logged(catalog, "r", "1")
        assert _logged(catalog, "r", "both") == shared
        last = _logged(catalog, "r", "2")
        catalog.change_aliases(last, ["best"], [], None)
        with pytest.raises(UsageError, match="best"):
            catalog.delete_run("r", _anything, with_versions=True)
        assert len(catalog.versions("p")) == 3
        _, gone = catalog.delete_run("r", _anything, with_versions=True, delete_aliases=True)
        assert [version.id for version in gone] == [first, last]
        (left,) = catalog.versions("p")
        assert (left.id, left.aliases) == (shared, ("latest",))

    def test_what_a_deleted_run_kept_is_free_unless_another_keeps_it(
        self, catalog: Catalog
    ) -> None:
        """Also one that is not written yet, and one that took it over; and not before its time."""
        own, both, later, taken, for_good = map(_put(catalog), "abcde", ["r"] * 4 + [""])
        _run(catalog, "r")
        _run(catalog, "s")
        catalog.keep([both], {}, "s")
        catalog.keep([later], {}, "not yet written")
        catalog.keep_too([taken, hashlib.sha256(b"nowhere").hexdigest()], "s")
        before = time.time() - 1
        catalog.delete_run("r", _anything)
        rest = {both, later, taken, for_good}
        assert catalog.upkeep.kept() == rest
        assert catalog.upkeep.needed(before) == {own, *rest}
        assert catalog.upkeep.needed(math.inf) == rest
        assert catalog.upkeep.former_holders() == dict.fromkeys((own, both, later, taken), "p")
        objects = {object_key(digest): [digest] for digest in (own, *rest)}
        assert catalog.upkeep.bury(objects, before, lambda pid: True) == []
        assert catalog.upkeep.bury(objects, math.inf, lambda pid: True) == [object_key(own)]
        catalog.delete_run("s", _anything)
        assert catalog.upkeep.kept() == {later, for_good}

    def test_what_is_kept_for_good_can_get_owners(self, catalog: Catalog) -> None:
        """And is free with them once they are all; the record of a version is not among it."""
        named, other, nobodys = map(_put(catalog), "abc", [""] * 3)
        _run(catalog, "r")
        version = _logged(catalog, "r", "1")
        assert catalog.unowned() == {named, other, nobodys}
        record = catalog.version(version).record
        catalog.own({named: ["r"]}, all_known=False)
        assert catalog.unowned() == {named, other, nobodys}
        while entry := catalog.journal.next_entry():
            catalog.journal.written(entry)
        catalog.own({other: ["r", "s"]}, all_known=True)
        assert catalog.unowned() == {nobodys}
        released = catalog.journal.next_entry()
        assert released is not None
        assert json.loads(released.body)["released"] == sorted([named, other])
        catalog.delete_run("r", _anything)
        assert catalog.upkeep.kept() == {other, nobodys, record}

    def test_the_journal_says_each_row_once_that_a_run_keeps(self, catalog: Catalog) -> None:
        """Not again all others of the same blob; all of them when everything is marked."""
        catalog.keep([digest := _put(catalog)("a", "r")], {}, "s")
        first = catalog.journal.next_entry()
        assert first is not None
        catalog.journal.written(first)
        catalog.keep([digest], {}, "t")
        second = catalog.journal.next_entry()
        assert second is not None
        catalog.journal.written(second)
        assert (first.body.count(b'"run_id"'), second.body.count(b'"run_id"')) == (2, 1)
        catalog.journal.mark_all()
        third = catalog.journal.next_entry()
        assert third is not None
        assert third.body.count(b'"run_id"') == 3


def _anything(_: RunRecord) -> None:
    pass


def _run(catalog: Catalog, id: str, **fields: object) -> RunRecord:
    run = RunRecord(id, "p", 0, "", created_at=1.0, heartbeat_at=1.0, host="here")
    return catalog.add_run(run.with_changes(**fields), None, lambda number: f"run-{number}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _put(catalog: Catalog) -> Callable[[str, str], str]:
    def put(text: str, run_id: str) -> str:
        digest = _digest(text)
        catalog.keep([digest], {digest: Location(object_key(digest), 0, 1)}, run_id)
        return digest

    return put


def _logged(catalog: Catalog, run_id: str, text: str) -> int:
    digests = [_digest(f"{what} {text}") for what in ("manifest", "record", "bytes")]
    new = NewVersion(
        project="p", name="thing", type="dataset", digest=digests[0], record=digests[1], size=1,
        entries=1, description=None, metadata=None, aliases=(), tags=(),
        contents=[("a.bin", digests[2])],
    )  # fmt: skip
    return catalog.commit(new, run_id, catalog.take_lease(digests)).version_id
