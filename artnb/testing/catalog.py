"""What every database under the catalogue must do, as tests to inherit.

Examples
--------
>>> class TestMyDatabase(CatalogSuite):         # doctest: +SKIP
...     @pytest.fixture
...     def catalogs(self, tmp_path):
...         made = [Catalog(MyConnections(tmp_path / name)) for name in ("a", "b")]
...         yield made
...         for catalog in made:
...             catalog.close()
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from artnb.catalog import Catalog, Committed, LeaseLostError, NewVersion
from artnb.catalog.generations import check_alive
from artnb.environment import person
from artnb.errors import CommError, InvalidValueError, TypeMismatchError, UsageError
from artnb.keys import object_key
from artnb.model import Edge, Location, RunRecord, VersionRecord
from artnb.testing.contents import ContentsSuite
from artnb.testing.runs import CellsSuite, DeletedRunsSuite

__all__ = ["CatalogSuite"]

_THREADS = 6
_EACH = 8


class CatalogSuite(ContentsSuite, CellsSuite, DeletedRunsSuite):
    """Inherit it, and give a fixture ``catalogs`` of two that are open and empty."""

    @pytest.fixture
    def catalogs(self) -> Sequence[Catalog]:
        """Return two catalogues over the database under test, empty."""
        raise AttributeError("a class that inherits CatalogSuite gives the fixture `catalogs`")

    @pytest.fixture
    def catalog(self, catalogs: Sequence[Catalog]) -> Catalog:
        """Return the first of them."""
        return catalogs[0]

    # who follows it --------------------------------------------------------------------

    def test_a_change_is_another_revision(self, catalog: Catalog) -> None:
        """Whoever makes it, and also once its marks for the journal are taken off."""
        _run(catalog, "p", "a")
        while entry := catalog.journal.next_entry():
            catalog.journal.written(entry)
        with catalog.revisions() as revision:
            seen = [revision()]
            assert revision() == seen[0]
            for _ in range(2):
                catalog.change_run("a", {"notes": "again"})
                seen.append(revision())
            entry = catalog.journal.next_entry()
            assert entry is not None
            _run(catalog, "p", "b")
            catalog.journal.written(entry)
            seen.append(revision())
            assert len(set(seen)) == 4
            assert revision() == seen[-1]

    # runs -----------------------------------------------------------------------------

    def test_runs_are_numbered_in_their_project(self, catalog: Catalog) -> None:
        """From 1, each project by itself."""
        made = [_run(catalog, project, id) for project, id in (("p", "a"), ("q", "b"), ("p", "c"))]
        assert [(run.number, run.name) for run in made] == [
            (1, "run-1"),
            (1, "run-1"),
            (2, "run-2"),
        ]
        assert catalog.projects() == ["p", "q"]
        assert [run.id for run in catalog.runs("p")] == ["c", "a"]

    def test_a_taken_id_is_refused_and_takes_no_number(self, catalog: Catalog) -> None:
        """The next run has the next number."""
        _run(catalog, "p", "a")
        with pytest.raises(InvalidValueError, match="'a' is taken"):
            _run(catalog, "p", "a")
        assert _run(catalog, "p", "b").number == 2

    def test_a_run_comes_back_as_it_was_written(self, catalog: Catalog) -> None:
        """Any text, nested values, numbers at their limits."""
        values = {
            "a": [1, {"b": None}],
            "é\u4e2d\U0001f600": "\u0000'%s?\"",
            "n": 2**62,
            "x": 1e-300,
        }
        run = _run(catalog, "p", "a")
        changed = catalog.change_run(
            "a", {"config": values, "tags": ("x", "y"), "notes": "50 % ? é", "heartbeat_at": 1.5}
        )
        assert changed == catalog.run("a")
        assert (changed.config, changed.tags, changed.notes) == (values, ("x", "y"), "50 % ? é")
        assert changed.number == run.number

    def test_an_unknown_run_is_said_with_the_nearest(self, catalog: Catalog) -> None:
        """To read and to change."""
        _run(catalog, "p", "abcdef")
        for ask in (catalog.run, lambda id: catalog.change_run(id, {"notes": "x"})):
            with pytest.raises(CommError, match="did you mean 'abcdef'"):
                ask("abcdeg")

    # versions -------------------------------------------------------------------------

    def test_versions_count_up_and_latest_moves(self, catalog: Catalog) -> None:
        """The same content makes none, and the aliases move to the one that has it."""
        run = _run(catalog, "p", "r").id
        done = [_commit(catalog, run, text, aliases=("best",)) for text in ("1", "2", "1")]
        assert [each.created for each in done] == [True, True, False]
        assert done[0].version_id == done[2].version_id
        newest, oldest = catalog.versions("p", "thing")
        assert [(v.number, v.aliases) for v in (oldest, newest)] == [
            (0, ("latest", "best")),
            (1, ()),
        ]
        moves = catalog.alias_moves("p", "thing")
        assert [(m.before, m.after) for m in moves if m.alias == "best"] == [
            (1, 0),
            (0, 1),
            (None, 0),
        ]
        assert {(m.run, m.run_name) for m in moves} == {("r", "run-1")}
        catalog.change_aliases(oldest.id, ["kept"], ["best"], None)
        moves = catalog.alias_moves("p", "thing")
        assert {(m.alias, m.before, m.after, m.run) for m in moves[:2]} == {
            ("kept", None, 0, None),
            ("best", 0, None, None),
        }
        assert {m.by for m in moves} == {person()}

    def test_another_type_is_refused_and_nothing_is_written(self, catalog: Catalog) -> None:
        """Not even a number is taken."""
        _commit(catalog, None, "1")
        with pytest.raises(TypeMismatchError, match="'dataset', not 'model'"):
            _commit(catalog, None, "2", type="model")
        _commit(catalog, None, "3")
        assert [version.number for version in catalog.versions("p")] == [1, 0]

    def test_a_lease_that_is_gone_fails_the_commit(self, catalog: Catalog) -> None:
        """And the whole of it."""
        lease = catalog.take_lease([_digest("1")])
        catalog.drop_lease(lease)
        with pytest.raises(LeaseLostError):
            catalog.commit(_new("1"), None, lease)
        assert catalog.projects() == []

    def test_without_a_lease_every_blob_is_to_be_there(self, catalog: Catalog) -> None:
        """In its place, or a new one that no collector has taken."""
        new = _new("1", locations={})
        with pytest.raises(LeaseLostError):
            catalog.commit(new, None, unleased=[_digest("1")])
        place = Location(object_key(_digest("1")), 0, 1)
        catalog.add_locations({_digest("1"): place}, catalog.take_lease([_digest("1")]))
        catalog.upkeep.bury({place.object: [_digest("1")]}, 0.0, lambda pid: True)
        with pytest.raises(LeaseLostError):
            catalog.commit(_new("1"), None, unleased=[_digest("1")])
        assert catalog.projects() == []
        key = catalog.next_keys([place.object])[place.object]
        places = {_digest("1"): Location(key, 0, 1)}
        done = catalog.commit(_new("1", locations=places), None, unleased=[_digest("1")])
        again = catalog.commit(_new("1", locations={}), None, unleased=[_digest("1")])
        assert again.created is False
        assert done.version == catalog.version(done.version_id)

    def test_what_changes_of_a_version(self, catalog: Catalog) -> None:
        """Words, metadata, tags, ttl; the rest stays."""
        version = _committed(catalog, "1")
        catalog.change_version(
            version.id, description="d", metadata={"n": [1]}, tags=["t"], ttl=9.0
        )
        after = catalog.version(version.id)
        assert (after.description, after.metadata, after.tags, after.ttl) == (
            "d",
            {"n": [1]},
            ("t",),
            9,
        )
        assert (after.digest, after.created_at) == (version.digest, version.created_at)

    def test_a_deleted_version_keeps_its_number(self, catalog: Catalog) -> None:
        """``latest`` goes to the newest that is left; with aliases it must be meant."""
        _commit(catalog, None, "1")
        second = _committed(catalog, "2")
        with pytest.raises(UsageError, match="'latest'"):
            catalog.delete_version(second.id, delete_aliases=False, run_id=None)
        catalog.delete_version(second.id, delete_aliases=True, run_id=None)
        found = catalog.find_version("p", "thing", alias="latest")
        assert found is not None
        assert found.number == 0
        _commit(catalog, None, "3")
        assert [version.number for version in catalog.versions("p")] == [2, 0]
        (collection,) = catalog.collections("p")
        assert collection.versions == 2

    # relations ------------------------------------------------------------------------

    def test_an_edge_is_there_once(self, catalog: Catalog) -> None:
        """And is found from both sides."""
        maker, user = _run(catalog, "p", "m"), _run(catalog, "q", "u")
        version = _committed(catalog, "1", run=maker.id)
        edge = Edge(user.id, version.id, "used")
        assert [catalog.add_edge(edge), catalog.add_edge(edge)] == [True, False]
        assert catalog.edges("q") == [edge]
        assert [run.id for run in catalog.runs_of(version.id, "used")] == ["u"]
        assert [v.id for v in catalog.versions_of("m", "logged")] == [version.id]
        assert [v.id for v in catalog.used_versions("q")] == [version.id]

    def test_what_is_newer_of_another_project_is_found(self, catalog: Catalog) -> None:
        """Where a run of the project used an older one."""
        maker, user = _run(catalog, "p", "m"), _run(catalog, "q", "u")
        old = _committed(catalog, "1", run=maker.id)
        assert catalog.latest_elsewhere("q") == []
        catalog.add_edge(Edge(user.id, old.id, "used"))
        newer = _committed(catalog, "2", run=maker.id)
        assert [v.id for v in catalog.latest_elsewhere("q")] == [newer.id]
        assert catalog.latest_elsewhere("p") == []

    def test_what_led_to_a_version_and_what_came_of_it(self, catalog: Catalog) -> None:
        """However far, along ways that meet again, and round a circle."""
        a, b, c, d = (_committed(catalog, t, run=_run(catalog, "p", t).id).id for t in "abcd")
        for run, used in (("b", a), ("c", a), ("d", b), ("d", c), ("b", b)):
            catalog.add_edge(Edge(run, used, "used"))
        assert [catalog.ancestors(v) for v in (a, b, d)] == [set(), {a}, {a, b, c}]
        assert [catalog.descendants(v) for v in (a, b, d)] == [{b, c, d}, {d}, set()]

    def test_versions_are_found_by_what_they_hold(self, catalog: Catalog) -> None:
        """By the bytes, and by a value's fingerprint."""
        version = _committed(catalog, "1")
        assert catalog.find_digest(_digest("1")) == [(version, "a.bin")]
        assert catalog.find_fingerprint("p", "print-1") == [(version, "a.bin")]
        assert catalog.find_fingerprint("q", "print-1") == []

    # blobs ----------------------------------------------------------------------------

    def test_many_blobs_are_located_at_once(self, catalog: Catalog) -> None:
        """More than a statement may have parameters."""
        places = {_digest(str(n)): Location("pack/aa", n, 1) for n in range(500)}
        catalog.add_locations(places, catalog.take_lease(list(places)))
        absent = [f"{n:064x}" for n in range(70_000)]
        assert catalog.locate([*places, *absent]) == places
        assert catalog.missing([*places, *absent]) == set(absent)
        lease, missing = catalog.lease([*places, *absent])
        assert missing == set(absent)
        assert catalog.upkeep.leased(lambda pid: True) == {*places, *absent}
        catalog.drop_lease(lease)
        assert catalog.upkeep.leased(lambda pid: True) == set()

    def test_a_blob_of_which_a_part_has_no_place_is_missing(self, catalog: Catalog) -> None:
        """Until that is written."""
        whole, one, two = (_digest(text) for text in ("12", "1", "2"))
        places = {
            whole: Location("recipe/aa/bb", 0, 2, parts=(one, two)),
            one: Location(object_key(one), 0, 1),
        }
        catalog.add_locations(places, catalog.take_lease([whole, one]))
        for found in ({one}, {whole, one, two}):
            assert set(catalog.locate([whole, one, two])) == found
            assert catalog.missing([whole, one, two]) == {whole, one, two} - found
            catalog.add_locations({two: Location(object_key(two), 0, 1)}, catalog.take_lease([two]))

    def test_a_collector_takes_nothing_that_is_needed(self, catalog: Catalog) -> None:
        """Neither what is leased, nor kept, nor of a version; of the rest the key is dead."""
        leased, kept, held, free = (_digest(text) for text in "abcd")
        lease = catalog.take_lease([leased])
        catalog.keep([kept], {kept: Location(object_key(kept), 0, 1)})
        _commit(catalog, None, "c")
        catalog.add_locations({free: Location(object_key(free), 0, 1)}, catalog.take_lease([free]))
        objects = {object_key(digest): [digest] for digest in (leased, kept, held, free)}
        dead = catalog.upkeep.bury(objects, 0.0, lambda pid: True)
        assert dead == [object_key(free)]
        assert catalog.locate([free]) == {}
        assert catalog.next_keys([object_key(free)]) == {object_key(free): object_key(free) + ".g1"}
        catalog.drop_lease(lease)
        assert catalog.upkeep.bury({object_key(leased): [leased]}, 0.0, lambda pid: True) != []

    def test_the_lease_of_a_process_that_is_gone_lapses(self, catalog: Catalog) -> None:
        """A collector removes it, and its writer cannot enter any more."""
        digest = _digest("1")
        lease = catalog.take_lease([digest])
        assert catalog.upkeep.bury({object_key(digest): [digest]}, 0.0, lambda pid: False) != []
        with pytest.raises(LeaseLostError):
            catalog.add_locations({digest: Location(object_key(digest), 0, 1)}, lease)

    # the journal, and from one to another ---------------------------------------------

    def test_what_changes_while_it_is_written_down_stays_marked(self, catalog: Catalog) -> None:
        """And all else is written once."""
        version = _committed(catalog, "1")
        entry = catalog.journal.next_entry()
        assert entry is not None
        catalog.change_version(version.id, description="later")
        catalog.journal.written(entry)
        again = catalog.journal.next_entry()
        assert again is not None
        assert {mark[0] for mark in again.marks} == {"versions"}
        catalog.journal.written(again)
        assert catalog.journal.next_entry() is None

    def test_a_project_arrives_as_it_was_sent(self, catalogs: Sequence[Catalog]) -> None:
        """Twice changes nothing; what comes after goes on from there."""
        here, there = catalogs
        run = _run(here, "p", "r").id
        for text in "12":
            _commit(here, run, text, aliases=("best",))
        for expected in (True, False):
            done = there.receive(here.parcel("p"), {}, there.take_lease(()), take_aliases=False)
            assert done.changed is expected
        assert [run.id for run in there.runs("p")] == ["r"]
        assert [_seen(v) for v in there.versions("p")] == [_seen(v) for v in here.versions("p")]
        assert _commit(there, None, "3").created
        assert _run(there, "p", "s").number == 2
        assert there.versions("p")[0].number == 2

    # beside each other ----------------------------------------------------------------

    def test_threads_log_without_a_gap_and_none_is_lost(self, catalog: Catalog) -> None:
        """Into one collection, and all move one alias: its moves are one chain."""
        run = _run(catalog, "p", "r").id
        _in_threads(
            lambda n: [_commit(catalog, run, f"{n}-{m}", aliases=("best",)) for m in range(_EACH)]
        )
        numbers = sorted(version.number for version in catalog.versions("p"))
        assert numbers == list(range(_THREADS * _EACH))
        moves = [move for move in catalog.alias_moves("p", "thing") if move.alias == "best"]
        assert len(moves) == len(numbers)
        assert [move.before for move in moves[:-1]] == [move.after for move in moves[1:]]
        best = catalog.find_version("p", "thing", alias="best")
        assert best is not None
        assert best.number == moves[0].after

    def test_of_threads_that_move_an_alias_the_last_wins(self, catalog: Catalog) -> None:
        """Its moves are one chain, each from where the one before had put it."""
        ids = [_commit(catalog, None, text).version_id for text in "123"]
        _in_threads(
            lambda n: [
                catalog.change_aliases(ids[(n + m) % 3], ["best"], [], None) for m in range(_EACH)
            ]
        )
        moves = [move for move in catalog.alias_moves("p", "thing") if move.alias == "best"]
        assert [move.before for move in moves[:-1]] == [move.after for move in moves[1:]]
        assert all(move.before != move.after for move in moves)
        best = catalog.find_version("p", "thing", alias="best")
        assert best is not None
        assert best.number == moves[0].after

    def test_threads_that_log_the_same_make_one_version(self, catalog: Catalog) -> None:
        """Project, collection and version are made once."""
        done: list[Committed] = []
        _in_threads(lambda n: done.append(_commit(catalog, None, "same")))
        assert [each.created for each in done].count(True) == 1
        assert len({each.version_id for each in done}) == 1

    def test_threads_that_log_the_same_blobs_in_any_order_do_not_hinder_each_other(
        self, catalog: Catalog
    ) -> None:
        """Into collections of their own."""
        places = {_digest(str(n)): Location("pack/aa", n, 1) for n in range(50)}

        def log(n: int) -> None:
            for m in range(_EACH):
                order = dict(sorted(places.items(), key=lambda item: hash((n, m, item[0]))))
                _commit(catalog, None, f"{n}-{m}", name=f"thing-{n}", locations=order)

        _in_threads(log)
        assert {c.versions for c in catalog.collections("p")} == {_EACH}

    def test_changes_of_a_run_by_many_are_not_lost(self, catalog: Catalog) -> None:
        """Each thread writes a field of its own."""
        _run(catalog, "p", "r")
        fields = ("notes", "notebook", "cell_id", "git_commit", "job_type", "name")
        _in_threads(lambda n: [catalog.change_run("r", {fields[n]: str(m)}) for m in range(_EACH)])
        run = catalog.run("r")
        assert {getattr(run, field) for field in fields} == {str(_EACH - 1)}

    def test_collectors_beside_writers_take_nothing_that_is_referred_to(
        self, catalog: Catalog
    ) -> None:
        """Whatever the order: what is referred to has a place that is not dead."""
        texts = [str(n) for n in range(_EACH)]
        keys = {object_key(_digest(text)): [_digest(text)] for text in texts}

        def work(n: int) -> None:
            for text in texts:
                if n % 2:
                    catalog.upkeep.bury(keys, 0.0, lambda pid: True)
                    continue
                try:
                    _keep(catalog, _digest(text))
                except LeaseLostError:
                    _keep(catalog, _digest(text))

        _in_threads(work)
        assert catalog.upkeep.kept() == set(catalog.locate(map(_digest, texts)))
        places = catalog.locate(map(_digest, texts))
        objects = {at.object: [digest] for digest, at in places.items()}
        assert catalog.upkeep.bury(objects, 0.0, lambda pid: True) == []

    def test_a_collector_waits_for_the_writers_at_work(self, catalog: Catalog) -> None:
        """It sees what they enter, or they see what it took: never neither."""
        digest = _digest("1")
        place = Location(object_key(digest), 0, 1)
        dead: list[str] = []
        collector = threading.Thread(
            target=lambda: dead.extend(
                catalog.upkeep.bury({place.object: [digest]}, 0.0, lambda pid: True)
            )
        )
        with catalog._db.transaction() as session:
            check_alive(session, [digest], {digest: place})
            collector.start()
            collector.join(0.3)
            assert collector.is_alive()
            catalog.keep([digest], {digest: place})
        collector.join()
        assert dead == []
        assert catalog.locate([digest]) == {digest: place}


def _keep(catalog: Catalog, digest: str) -> None:
    place = catalog.locate([digest]).get(digest)
    key = catalog.next_keys([object_key(digest)])[object_key(digest)]
    catalog.keep([digest], {} if place else {digest: Location(key, 0, 1)})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _run(catalog: Catalog, project: str, id: str) -> RunRecord:
    run = RunRecord(id, project, 0, "", created_at=1.0, heartbeat_at=1.0)
    return catalog.add_run(run, None, lambda number: f"run-{number}")


def _new(text: str, **changes: Any) -> NewVersion:
    fields: dict[str, Any] = {
        "project": "p", "name": "thing", "type": "dataset", "digest": _digest("manifest " + text),
        "record": _digest("record " + text), "size": 1, "entries": 1, "description": None,
        "metadata": {"text": text}, "aliases": (), "tags": (),
        "contents": [("a.bin", _digest(text))], "fingerprints": {"a.bin": f"print-{text}"},
        "locations": {_digest(text): Location(object_key(_digest(text)), 0, 1)},
    }  # fmt: skip
    return NewVersion(**{**fields, **changes})


def _commit(catalog: Catalog, run: str | None, text: str, **changes: Any) -> Committed:
    new = _new(text, **changes)
    lease = catalog.take_lease([new.digest, new.record, *(entry[1] for entry in new.contents)])
    return catalog.commit(new, run, lease)


def _committed(catalog: Catalog, text: str, run: str | None = None) -> VersionRecord:
    return catalog.version(_commit(catalog, run, text).version_id)


def _seen(version: VersionRecord) -> tuple[Any, ...]:
    return (version.ref, version.digest, version.aliases, version.metadata, version.created_at)


def _in_threads(work: Callable[[int], object]) -> None:
    """Do the work in threads at once, and raise the first error."""
    errors: list[BaseException] = []
    start = threading.Barrier(_THREADS)

    def run(n: int) -> None:
        start.wait()
        try:
            work(n)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
