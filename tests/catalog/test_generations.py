"""Every interleaving of writers, collectors, rebuilds and crashes, of the catalogue's own steps.

A state is the rows, what is in the store (objects, and what its journal says), and how far
each process is. From each state every process may take its next step or die, leases may lapse
at any time, a version may be deleted at any time, and the catalogue may be made again from the
store, as often as a search says, while all others go on. All states that can be reached are
visited; in none may a reference name bytes that are not in the store.

A step is one transaction of the catalogue, or one question to the store, or one change of it.
Once a catalogue has taken the place of another, any process may find itself in the new one, as
on a server, or go on with what it had of the old one, as with a file that was moved away: of
such a one only what it does to the store counts.
"""

import sqlite3
from functools import partial
from itertools import product

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
    """The real transitions on a database in memory, whose rows can be put and taken.

    The last of the rows is the catalogue's name. Where the catalogue stays, nobody looks at that.
    """

    def __init__(self, db=None):
        self.db = db or sqlite3.connect(":memory:", isolation_level=None, factory=SqliteSession)
        self.name, self.stays = 0, True
        apply_migrations(self.db)

    def load(self, rows):
        *contents, self.name = rows
        for table, content in zip(TABLES, contents, strict=True):
            self.db.execute(f"delete from {table}")
            if content:
                marks = ",".join("?" * len(content[0]))
                self.db.executemany(f"insert into {table} values ({marks})", content)

    def rows(self):
        contents = (self.db.execute(f"select * from {table}").fetchall() for table in TABLES)
        return (*(tuple(sorted(map(tuple, content))) for content in contents), self.name)


def is_known(world):
    return world.db.execute("select 1 from blobs").fetchone() is not None


def next_key(world):
    return generations.next_keys(world.db, [BASE])[BASE]


def enter(world, key):
    if key:
        world.db.execute(
            "insert into blobs values (?, ?, 0, 1) on conflict (digest) do nothing", (DIGEST, key)
        )
    world.db.execute("insert into kept (digest) values (?) on conflict do nothing", (DIGEST,))


# A writer is its phase, its leases, and the key that it writes. Each begins in its own way.
START = ("start", (), None)


def writer_step(world, store, writer):
    """A lease, a look at what is missing, the bytes, and the rows."""
    phase, leases, _ = writer
    if phase == "start":
        return store, ("leased", (generations.take_lease(world.db, [DIGEST], 0.0),), None)
    if phase == "leased":
        return store, ("placed" if is_known(world) else "missing", leases, None)
    return written(world, store, writer)


def early_step(world, store, writer):
    """A lease when a folder is added, on what is there; on the rest one when it is logged."""
    phase, leases, _ = writer
    if phase == "start":
        lease = generations.take_lease(world.db, [DIGEST], 0.0)
        return store, ("placed" if is_known(world) else "added", (lease,), None)
    if phase == "added":
        more = generations.take_lease(world.db, [DIGEST], 0.0)
        return store, ("placed" if is_known(world) else "missing", (*leases, more), None)
    return written(world, store, writer)


def quick_step(world, store, writer):
    """No lease: who writes little looks at the end whether all is there."""
    phase, _, key = writer
    if phase == "start":
        return store, ("placed" if is_known(world) else "missing", (), None)
    if phase == "placed":
        places = {DIGEST: Location(key, 0, 1)} if key else {}
        try:
            generations.check_alive(world.db, [DIGEST], places)
        except LeaseLostError:
            return store, START
        enter(world, key)
        return store, ("done", (), None)
    return written(world, store, writer)


def written(world, store, writer):
    phase, leases, key = writer
    if phase == "missing":
        return store, ("writing", leases, next_key(world))
    if phase == "writing":
        return store | {key}, ("placed", leases, key)
    if phase == "late":  # its catalogue is lost
        return store | {key}, ("done", (), None)
    try:
        generations.end_leases(world.db, leases)()
    except LeaseLostError:
        for lease in leases:
            generations.drop_lease(world.db, lease)
        return store, START
    enter(world, key)
    return store, ("done", (), None)


# A collector is its phase, no lease, and: the catalogue it began with, the object, what is dead.
IDLE = ("idle", (), None)


def collector_steps(world, store, collector, *, skips=()):
    """Mark any object that is there, write that down in the store, look who else uses the store,
    then delete the object.
    """
    phase, _, known = collector
    if phase == "idle":
        if world.stays:
            yield from marked(world, store, world.name, skips)
        elif is_alone(world.name, store):
            yield store, ("begun", (), (world.name,))
    elif phase == "begun":
        yield from marked(world, store, known[0], skips)
    elif phase == "marked":
        name, _, dead = known
        yield (
            store | {f"journal/{name}/{dead}"},
            ("deleting" if world.stays else "noted", (), known),
        )
        if world.name != name:  # what it marked went with the other catalogue
            yield store, ("noted", (), known)
    elif phase == "noted":
        if is_alone(known[0], store) or "looks" in skips:
            yield store, ("deleting", (), known)
        else:
            yield store, IDLE
    else:
        yield store - {known[1]}, IDLE


def marked(world, store, name, skips):
    before = world.rows()
    named = {row[0] for row in world.db.execute("select object from blobs")}
    for found in sorted(filter(is_object, store | named)):
        world.load(before)
        leftover = generation_of(found) <= last_dead(world)
        if leftover or not generations.bury(
            world.db, found, [DIGEST], now=0.0, before=0.0, is_alive=lambda pid: True
        ):
            skipped = ("leftovers" if leftover else "marks") in skips
            known = (name, found, last_dead(world))
            yield store, ("noted" if skipped else "marked", (), known)


def is_alone(name, store):
    """Whether no later catalogue has its mark in the store."""
    return max(int(key[8:]) for key in store if key.startswith("catalog/")) <= name


def last_dead(world):
    return generations.dead_generations(world.db, [BASE]).get(BASE, -1)


def is_object(key):
    return base_of(key) == BASE


# What makes the catalogue again is its phase, no lease, and what it knows.
WHOLE = ("whole", (), ())


def rebuild_steps(world, store, rebuild, *, signs="first"):
    """Leave the mark of a new catalogue, read the journal, list the objects, write all down anew,
    put the new catalogue in the old one's place, then remove the old one's mark.
    """
    phase, _, known = rebuild
    if phase == "whole":
        new = 1 + max(int(key.split("/")[1]) for key in store if not is_object(key))
        yield (store | {f"catalog/{new}"} if signs == "first" else store), ("signed", (), (new,))
    elif phase == "signed":
        of_it = [key.split("/") for key in store if key.startswith(f"journal/{world.name}/")]
        dead = max((int(dead) for *_, dead in of_it), default=-1)
        yield store, ("read", (), (*known, dead))
    elif phase == "read":
        there = [key for key in store if is_object(key) and generation_of(key) > known[1]]
        blobs = ((DIGEST, max(there, key=generation_of), 0, 1),) if there else ()
        now = world.rows()[1]
        assert blobs or not now, "a rebuild does not find what is referred to"
        for kept in {now, ()}:  # what was referred to since the last entry may not be known
            yield store | {f"catalog/{known[0]}"}, ("listed", (), (*known, blobs, kept))
    elif phase == "listed":
        yield store | {f"journal/{known[0]}/{known[1]}"}, ("written", (), known)
    elif phase == "written":
        new, dead, blobs, kept = known
        world.load((blobs, kept, (), ((BASE, dead),) if dead >= 0 else (), new))
        yield store, ("in place", (), (new,))
    else:
        others = {key for key in store if key.startswith("catalog/")} - {f"catalog/{known[0]}"}
        yield store - others, WHOLE


def elsewhere(process):
    """Return what may become of a process whose catalogue another one took the place of."""
    phase, _, known = process
    if phase == "writing":
        return {process, ("late", (), known)}
    if phase in ("start", "leased", "added", "missing", "placed"):
        return {process, START}
    return {process, IDLE} if phase == "begun" else {process}


def successors(world, state, steps, known):
    rows, store, processes = state
    for n, (process, step) in enumerate(zip(processes, steps, strict=True)):
        if process[0] in ("done", "dead"):
            continue
        begin = beginning(step)
        for new_rows, new_store, new in (
            (rows, store, ("dead", (), None) if begin == START else begin),
            *taken(world, rows, store, n, process, step, known),
        ):
            others = [
                elsewhere(each) if new[0] == "in place" and n != place else {each}
                for place, each in enumerate((*processes[:n], new, *processes[n + 1 :]))
            ]
            for now in product(*others):
                yield new_rows, new_store, now
    if rows[1]:  # the version is deleted
        yield (rows[0], (), *rows[2:]), store, processes
    for lease in rows[2]:  # a writer is frozen past its lease, and a collector sees that
        yield (*rows[:2], tuple(r for r in rows[2] if r != lease), *rows[3:]), store, processes


def beginning(step):
    """Return how a process that takes such steps begins."""
    function = getattr(step, "func", step)
    return {collector_steps: IDLE, rebuild_steps: WHOLE}.get(function, START)


def taken(world, rows, store, n, process, step, known):
    """Return what comes of a process's next step: asked of the database once."""
    if (found := known.get((rows, store, n, process))) is None:
        world.load(rows)
        done = step(world, store, process)
        options = [done] if isinstance(done, tuple) else done
        found = known[rows, store, n, process] = [
            named(world.rows(), new_store, new, f"{n}") for new_store, new in options
        ]
    return found


def named(rows, store, process, owner):
    """Call leases, whose names are random, as who holds them: else no state comes again."""
    names = {lease: f"{owner}.{place}" for place, lease in enumerate(process[1])}
    leases = tuple(sorted((names.get(row[0], row[0]), *row[1:]) for row in rows[2]))
    return (*rows[:2], leases, *rows[3:]), store, (process[0], tuple(names.values()), process[2])


def explore(world, steps, *, most=1, rebuilds=0):
    """Visit all states; return how many there are.

    Parameters
    ----------
    most, rebuilds : int
        The last generation that may be dead, and how many catalogues may come after the first.
    """
    world.stays = not rebuilds
    waiting = [(((), (), (), (), 0), frozenset({"catalog/0"}), tuple(map(beginning, steps)))]
    seen, known = set(), {}
    while waiting:
        state = waiting.pop()
        rows, store, _ = state
        if state in seen or any(dead > most for _, dead in rows[3]):
            continue
        if f"catalog/{rebuilds + 1}" in store:
            continue
        seen.add(state)
        blobs, kept = {r[0]: r[1] for r in rows[0]}, rows[1]
        assert not kept or blobs.get(DIGEST) in store, state
        waiting += successors(world, state, steps, known)
    return len(seen)


def names_of(value):
    return "-".join(step.__name__.partition("_")[0] for step in value)


@pytest.mark.parametrize(
    "steps",
    [
        (writer_step, writer_step, collector_steps),
        (writer_step, quick_step, collector_steps),
        (quick_step, quick_step, collector_steps),
        (early_step, writer_step, collector_steps),
        (early_step, quick_step, collector_steps),
        (writer_step, collector_steps, collector_steps),
        (quick_step, collector_steps, collector_steps),
        (early_step, collector_steps, collector_steps),
        (writer_step, writer_step, collector_steps, collector_steps),
    ],
    ids=names_of,
)
def test_no_reference_ever_names_bytes_that_are_gone(steps):
    assert explore(World(), steps) > 300


@pytest.mark.parametrize(
    ("steps", "most"),
    [
        ((writer_step, collector_steps, rebuild_steps), 1),
        ((quick_step, collector_steps, rebuild_steps), 1),
        ((early_step, collector_steps, rebuild_steps), 1),
        ((writer_step, quick_step, collector_steps, rebuild_steps), 0),
        ((quick_step, collector_steps, collector_steps, rebuild_steps), 0),
    ],
    ids=lambda value: names_of(value) if isinstance(value, tuple) else None,
)
def test_nor_does_one_of_a_catalogue_that_was_made_again(steps, most):
    assert explore(World(), steps, most=most, rebuilds=1) > 10_000


@pytest.mark.parametrize(
    "steps",
    [(writer_step, collector_steps), (quick_step, collector_steps), (writer_step, quick_step)],
    ids=names_of,
)
def test_nor_does_it_on_postgresql(steps, postgres):
    """The same transitions by its statements; that they are alone is tested elsewhere."""
    connections = PostgresConnections(postgres.new_schema())
    try:
        with connections.transaction(alone=True) as session:
            assert explore(World(session), steps) > 20
    finally:
        connections.close()


@pytest.mark.parametrize(
    ("name", "mutant", "step"),
    [
        ("end_leases", lambda db, leases: lambda: None, writer_step),
        ("end_leases", lambda db, leases: lambda: None, early_step),
        ("leased", lambda db, now, is_alive: set(), writer_step),
        ("check_alive", lambda db, digests, places: None, quick_step),
        ("referenced", lambda db, digests, before: set(), writer_step),
        ("next_keys", lambda db, bases: {base: base for base in bases}, writer_step),
    ],
)
def test_each_rule_is_needed(monkeypatch, name, mutant, step):
    """With a rule left out the search finds a loss: it can see one."""
    monkeypatch.setattr(generations, name, mutant)
    with pytest.raises(AssertionError):
        explore(World(), (step, step, collector_steps))


@pytest.mark.parametrize("skips", ["marks", "leftovers", "looks"])
def test_each_mark_is_written_down_before_its_delete(skips):
    """Else a catalogue that was made again has as alive what is about to be deleted."""
    hasty = partial(collector_steps, skips=(skips,))
    with pytest.raises(AssertionError):
        explore(World(), (quick_step, hasty, hasty, rebuild_steps), most=0, rebuilds=1)


def test_a_catalogue_that_is_made_again_leaves_its_mark_before_it_reads():
    """Else a collector may write down too late what is dead, and see too early that it is alone."""
    late = partial(rebuild_steps, signs="last")
    with pytest.raises(AssertionError):
        explore(World(), (quick_step, collector_steps, late), rebuilds=1)


def test_a_key_says_its_generation():
    assert (base_of("sha256/ab/cd.g3"), generation_of("sha256/ab/cd.g3")) == ("sha256/ab/cd", 3)
    assert (base_of("sha256/ab/cd"), generation_of("sha256/ab/cd")) == ("sha256/ab/cd", 0)
