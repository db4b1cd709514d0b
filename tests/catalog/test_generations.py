"""Every interleaving of writers, collectors and crashes, over the catalogue's own transitions.

A state is the rows, the objects in the store, and how far each process is. From each
state every process may take its next step or die, leases may lapse at any time, and a
version may be deleted at any time. All states that can be reached are visited; in none
may a reference name bytes that are not in the store.
"""

import sqlite3

import pytest

from artnb.catalog import generations
from artnb.catalog.generations import LeaseLostError
from artnb.catalog.migrating import apply_migrations
from artnb.catalog.postgres import PostgresConnections
from artnb.catalog.sqlite import SqliteSession
from artnb.keys import base_of, generation_of, object_key
from artnb.model import Location

DIGEST = "ab" * 32
BASE = object_key(DIGEST)
TABLES = ("blobs", "kept", "leases", "generations")
GONE = 0  # a process number that is never alive


class World:
    """The real transitions on a database in memory, whose rows can be put and taken."""

    def __init__(self, db=None):
        self.db = db or sqlite3.connect(":memory:", isolation_level=None, factory=SqliteSession)
        apply_migrations(self.db)

    def load(self, rows):
        for table, content in zip(TABLES, rows, strict=True):
            self.db.execute(f"delete from {table}")
            if content:
                marks = ",".join("?" * len(content[0]))
                self.db.executemany(f"insert into {table} values ({marks})", content)

    def rows(self):
        return tuple(
            tuple(sorted(map(tuple, self.db.execute(f"select * from {table}").fetchall())))
            for table in TABLES
        )


# Writers: a lease, then the bytes, then the row. `plan` is what the middle decided.
def writer_step(world, store, writer):
    phase, lease, key = writer
    if phase == "start":
        lease = generations.take_lease(world.db, [DIGEST], 0.0)
        return store, ("leased", lease, None)
    if phase == "leased":
        known = world.db.execute("select object from blobs").fetchone()
        if known:
            return store, ("placed", lease, None)
        return store, ("writing", lease, generations.next_keys(world.db, [BASE])[BASE])
    if phase == "writing":
        return store | {key}, ("placed", lease, key)
    if phase == "placed":
        try:
            generations.end_lease(world.db, lease)
        except LeaseLostError:
            return store, ("start", None, None)
        enter(world, key)
    return store, ("done", None, None)


# Writers of single blobs for a run take no lease and look at the end.
def quick_step(world, store, writer):
    phase, _, key = writer
    if phase == "start":
        if world.db.execute("select 1 from blobs").fetchone():
            return store, ("placed", None, None)
        return store, ("writing", None, generations.next_keys(world.db, [BASE])[BASE])
    if phase == "writing":
        return store | {key}, ("placed", None, key)
    if phase == "placed":
        places = {DIGEST: Location(key, 0, 1)} if key else {}
        try:
            generations.check_alive(world.db, [DIGEST], places)
        except LeaseLostError:
            return store, ("start", None, None)
        enter(world, key)
    return store, ("done", None, None)


def enter(world, key):
    if key:
        world.db.execute(
            "insert into blobs values (?, ?, 0, 1) on conflict (digest) do nothing", (DIGEST, key)
        )
    world.db.execute("insert into kept (digest) values (?) on conflict do nothing", (DIGEST,))


def collector_steps(world, store, collector):
    """Mark any object that is there, then delete it."""
    phase, key = collector
    if phase == "marked":
        yield store - {key}, ("idle", None)
        return
    before = world.rows()
    named = {row[0] for row in world.db.execute("select object from blobs")}
    for key in sorted(store | named):
        world.load(before)
        dead = generations.dead_generations(world.db, [BASE]).get(BASE, -1)
        if generation_of(key) <= dead:
            yield store, ("marked", key)
            continue
        needed = generations.bury(
            world.db, key, [DIGEST], now=0.0, before=0.0, is_alive=lambda pid: True
        )
        if not needed:
            yield store, ("marked", key)


def canonical(rows, store, processes):
    """Leases have random names: number them by who holds them."""
    names = {p[1]: n for n, p in enumerate(processes) if len(p) == 3 and p[1]}
    leases = tuple(sorted(str(names.get(row[0], "orphan")) for row in rows[2]))
    shown = tuple((p[0], names.get(p[1]), p[2]) if len(p) == 3 else p for p in processes)
    return (*rows[:2], leases, rows[3], store, shown)


def successors(world, rows, store, processes, steps):
    for n, (process, step) in enumerate(zip(processes, steps, strict=True)):

        def become(new, n=n):
            return (*processes[:n], new, *processes[n + 1 :])

        if process[0] in ("done", "dead"):
            continue
        yield rows, store, become(("dead", None, None) if len(process) == 3 else ("idle", None))
        world.load(rows)
        if step is collector_steps:
            for new_store, new in step(world, store, process):
                yield world.rows(), new_store, become(new)
        else:
            new_store, new = step(world, store, process)
            yield world.rows(), new_store, become(new)
    if rows[1]:  # the version is deleted
        yield (rows[0], (), *rows[2:]), store, processes
    for lease in rows[2]:  # a writer is frozen past its lease, and a collector sees that
        yield (*rows[:2], tuple(r for r in rows[2] if r != lease), rows[3]), store, processes


def explore(world, steps, *, most=2):
    start = tuple(
        ("idle", None) if step is collector_steps else ("start", None, None) for step in steps
    )
    waiting = [(((), (), (), ()), frozenset(), start)]
    seen = set()
    while waiting:
        rows, store, processes = waiting.pop()
        mark = canonical(rows, store, processes)
        if mark in seen or any(dead > most for _, dead in rows[3]):
            continue
        seen.add(mark)
        blobs, kept = {r[0]: r[1] for r in rows[0]}, rows[1]
        assert not kept or blobs.get(DIGEST) in store, mark
        waiting += successors(world, rows, store, processes, steps)
    return len(seen)


@pytest.mark.parametrize(
    "steps",
    [
        (writer_step, writer_step, collector_steps),
        (writer_step, quick_step, collector_steps),
        (quick_step, quick_step, collector_steps),
        (writer_step, collector_steps, collector_steps),
        (quick_step, collector_steps, collector_steps),
        (writer_step, writer_step, collector_steps, collector_steps),
    ],
    ids=lambda steps: "-".join(step.__name__.partition("_")[0] for step in steps),
)
def test_no_reference_ever_names_bytes_that_are_gone(steps):
    assert explore(World(), steps, most=1) > 300


@pytest.mark.parametrize(
    "steps",
    [(writer_step, collector_steps), (quick_step, collector_steps), (writer_step, quick_step)],
    ids=lambda steps: "-".join(step.__name__.partition("_")[0] for step in steps),
)
def test_nor_does_it_on_postgresql(steps, postgres):
    """The same transitions by its statements; that they are alone is tested elsewhere."""
    connections = PostgresConnections(postgres.new_schema())
    try:
        with connections.transaction(alone=True) as session:
            assert explore(World(session), steps, most=1) > 20
    finally:
        connections.close()


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("end_lease", lambda db, lease: generations.drop_lease(db, lease)),
        ("leased", lambda db, now, is_alive: set()),
        ("next_keys", lambda db, bases: {base: base for base in bases}),
    ],
)
def test_each_rule_is_needed(monkeypatch, name, mutant):
    """With a rule left out the search finds a loss: it can see one."""
    monkeypatch.setattr(generations, name, mutant)
    with pytest.raises(AssertionError):
        explore(World(), (writer_step, writer_step, collector_steps), most=1)


def test_a_key_says_its_generation():
    assert (base_of("sha256/ab/cd.g3"), generation_of("sha256/ab/cd.g3")) == ("sha256/ab/cd", 3)
    assert (base_of("sha256/ab/cd"), generation_of("sha256/ab/cd")) == ("sha256/ab/cd", 0)
