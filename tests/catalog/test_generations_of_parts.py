"""The same search as `test_generations`, for blobs that are made of a part that they share.

Two wholes, one part. A writer logs one of the wholes: it leases that and the part, writes
what is missing of both, and enters it. What a version refers to must be there with its part.
"""

import os
import sqlite3

import pytest

from artnb.catalog import generations
from artnb.catalog.commit import add_locations
from artnb.catalog.generations import LeaseLostError
from artnb.catalog.parts import incomplete
from artnb.catalog.schema import MIGRATIONS
from artnb.catalog.sqlite import SqliteSession
from artnb.keys import base_of, generation_of, object_key, recipe_key
from artnb.model import Location

WHOLES = ("aa" * 32, "bb" * 32)
PART = "cc" * 32
BASES = {PART: object_key(PART), **{whole: recipe_key(whole) for whole in WHOLES}}
HOLDS = {base: digest for digest, base in BASES.items()}
TABLES = ("blobs", "kept", "leases", "generations", "parts")


class World:
    def __init__(self):
        self.db = sqlite3.connect(":memory:", isolation_level=None, factory=SqliteSession)
        for _, statements in MIGRATIONS:
            self.db.executescript(statements)

    def load(self, rows):
        for table, content in zip(TABLES, rows, strict=True):
            self.db.execute(f"delete from {table}")
            if content:
                marks = ",".join("?" * len(content[0]))
                self.db.executemany(f"insert into {table} values ({marks})", content)

    def rows(self):
        return tuple(
            tuple(sorted(self.db.execute(f"select * from {table}").fetchall())) for table in TABLES
        )

    def placed(self, digest):
        row = self.db.execute("select 1 from blobs where digest = ?", (digest,)).fetchone()
        return row is not None and not incomplete(self.db, [digest])


def writer(which, *, quick=False):
    """A writer of one whole; a quick one has only its digest, as whoever found it in place."""
    whole = WHOLES[which]

    def step(world, store, state):
        phase, lease, keys = state
        if phase == "start":
            digests = [whole] if quick else [whole, PART]
            return store, ("leased", generations.take_lease(world.db, digests, 0.0), ())
        if phase == "leased":
            if world.placed(whole):
                return store, ("placed", lease, ())
            if quick:
                return store, ("done", None, ())
            missing = [d for d in (PART, whole) if not world.placed(d)]
            keys = generations.next_keys(world.db, [BASES[d] for d in missing])
            return store, ("writing", lease, tuple(sorted(keys.values())))
        if phase == "writing":
            return store | set(keys), ("placed", lease, keys)
        try:
            generations.end_lease(world.db, lease)
        except LeaseLostError:
            return store, ("start", None, ())
        places = {
            HOLDS[base_of(key)]: Location(key, 0, 1, (PART,) if "recipe" in key else ())
            for key in keys
        }
        add_locations(world.db, places)
        world.db.execute("insert into kept (digest) values (?) on conflict do nothing", (whole,))
        return store, ("done", None, ())

    return step


def collector_steps(world, store, state):
    phase, key = state
    if phase == "marked":
        yield store - {key}, ("idle", None)
        return
    before = world.rows()
    named = {row[0] for row in world.db.execute("select object from blobs")}
    for key in sorted(store | named):
        world.load(before)
        base = base_of(key)
        if generation_of(key) <= generations.dead_generations(world.db, [base]).get(base, -1):
            yield store, ("marked", key)
            continue
        needed = generations.bury(
            world.db, key, [HOLDS[base]], now=0.0, before=0.0, is_alive=lambda pid: True
        )
        if not needed:
            yield store, ("marked", key)


def canonical(rows, store, processes):
    names = {p[1]: n for n, p in enumerate(processes) if len(p) == 3 and p[1]}
    leases = tuple(sorted((str(names.get(row[0], "orphan")), row[4]) for row in rows[2]))
    shown = tuple((p[0], names.get(p[1]), p[2]) if len(p) == 3 else p for p in processes)
    return (*rows[:2], leases, *rows[3:], store, shown)


def successors(world, rows, store, processes, steps):
    for n, (process, step) in enumerate(zip(processes, steps, strict=True)):

        def become(new, n=n):
            return (*processes[:n], new, *processes[n + 1 :])

        if process[0] in ("done", "dead"):
            continue
        yield rows, store, become(("dead", None, ()) if len(process) == 3 else ("idle", None))
        world.load(rows)
        if step is collector_steps:
            for new_store, new in step(world, store, process):
                yield world.rows(), new_store, become(new)
        else:
            new_store, new = step(world, store, process)
            yield world.rows(), new_store, become(new)
    for row in rows[1]:  # a version is deleted
        yield (rows[0], tuple(r for r in rows[1] if r != row), *rows[2:]), store, processes
    for lease in rows[2]:  # a writer is frozen past its lease
        yield (*rows[:2], tuple(r for r in rows[2] if r != lease), *rows[3:]), store, processes


def explore(world, steps, *, most=0):
    start = tuple(
        ("idle", None) if step is collector_steps else ("start", None, ()) for step in steps
    )
    waiting = [(((), (), (), (), ()), frozenset(), start)]
    seen = set()
    while waiting:
        rows, store, processes = waiting.pop()
        mark = canonical(rows, store, processes)
        if mark in seen or any(dead > most for _, dead in rows[3]):
            continue
        seen.add(mark)
        blobs = {row[0]: row[1] for row in rows[0]}
        for whole, _ in rows[1]:
            assert {blobs.get(whole), blobs.get(PART)} <= store, mark
            assert (whole, PART) in rows[4], mark
        waiting += successors(world, rows, store, processes, steps)
    return len(seen)


SEARCHES = {
    "one file twice": ((writer(0), writer(0), collector_steps), 0),
    "one that is in place": ((writer(0), writer(0, quick=True), collector_steps), 0),
}
if os.environ.get("ARTNB_STRESS"):  # `make stress`: half a minute more
    SEARCHES |= {
        "two files": ((writer(0), writer(1), collector_steps), 0),
        "two collectors": ((writer(0), collector_steps, collector_steps), 1),
    }


@pytest.mark.parametrize("name", SEARCHES)
def test_no_version_ever_lacks_a_part(name):
    steps, most = SEARCHES[name]
    assert explore(World(), steps, most=most) > 300


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("leased", lambda db, now, is_alive: set()),
        ("wholes_of", lambda db, parts: {}),
        ("end_lease", lambda db, lease: generations.drop_lease(db, lease)),
    ],
)
def test_each_rule_is_needed(monkeypatch, name, mutant):
    """With a rule left out the search finds a loss: it can see one."""
    monkeypatch.setattr(generations, name, mutant)
    with pytest.raises(AssertionError):
        explore(World(), (writer(0), writer(0, quick=True), collector_steps))
