"""The same search as `test_generations`, for a blob that two runs keep and that are deleted.

Each run puts the same bytes, as a cell that runs twice does; either is deleted at any time.
What a run that is there keeps must be in the store.
"""

import sqlite3

import pytest

from artnb.catalog import generations
from artnb.catalog.commit import keep_blobs
from artnb.catalog.generations import LeaseLostError
from artnb.catalog.migrating import apply_migrations
from artnb.catalog.sqlite import SqliteSession
from artnb.keys import generation_of, object_key
from artnb.model import Location

DIGEST = "ab" * 32
BASE = object_key(DIGEST)
TABLES = ("blobs", "kept", "generations", "runs")


class World:
    def __init__(self):
        self.db = sqlite3.connect(":memory:", isolation_level=None, factory=SqliteSession)
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

    def delete(self, run):
        """Write what is left of a run."""
        self.db.execute(
            "insert into runs (id, project_id, number, name, tags, config, summary, state, "
            "environment, outputs, created_at, heartbeat_at) "
            "values (?, 1, 1, '', '', '', '', 'deleted', '', '', 0, 0)",
            (run,),
        )


def run(name, keep=keep_blobs):
    """A run that puts the bytes, looking first whether they are there."""

    def step(world, store, state):
        phase, key = state
        if phase == "start":
            if world.db.execute("select 1 from blobs").fetchone():
                return store, ("placed", None)
            return store, ("writing", generations.next_keys(world.db, [BASE])[BASE])
        if phase == "writing":
            return store | {key}, ("placed", key)
        try:
            keep(world.db, [DIGEST], {DIGEST: Location(key, 0, 1)} if key else {}, name)
        except LeaseLostError:
            return store, ("start", None)
        return store, ("done", None)

    step.run = name
    return step


def collector(world, store, state):
    phase, key = state
    if phase == "marked":
        yield store - {key}, ("idle", None)
        return
    before = world.rows()
    named = {row[0] for row in world.db.execute("select object from blobs")}
    for key in sorted(store | named):
        world.load(before)
        dead = generations.dead_generations(world.db, [BASE]).get(BASE, -1)
        if generation_of(key) <= dead or not generations.bury(
            world.db, key, [DIGEST], now=0.0, before=0.0, is_alive=lambda pid: True
        ):
            yield store, ("marked", key)


def successors(world, rows, store, processes, steps):
    for n, (process, step) in enumerate(zip(processes, steps, strict=True)):
        if process[0] == "done":
            continue
        world.load(rows)
        found = step(world, store, process)
        if step is not collector:
            rest = [(world.rows(), *found)]
        else:
            rest = ((world.rows(), *each) for each in found)
        for new_rows, new_store, new in rest:
            yield new_rows, new_store, (*processes[:n], new, *processes[n + 1 :])
    deleted = {row[0] for row in rows[3]}
    for each in {step.run for step in steps if step is not collector} - deleted:
        world.load(rows)
        world.delete(each)
        yield world.rows(), store, processes


def explore(steps):
    world = World()
    start = tuple(("idle", None) if step is collector else ("start", None) for step in steps)
    waiting = [(((), (), (), ()), frozenset(), start)]
    seen = set()
    while waiting:
        state = rows, store, processes = waiting.pop()
        if state in seen or any(dead > 1 for _, dead in rows[2]):
            continue
        seen.add(state)
        deleted = {row[0] for row in rows[3]}
        if {name for _, name in rows[1]} - deleted:
            assert {row[1] for row in rows[0]} & store, state
        waiting += successors(world, rows, store, processes, steps)
    return len(seen)


@pytest.mark.parametrize("runs", ["ab", "aa"], ids=["two runs", "one run twice"])
def test_what_a_run_keeps_is_there_whichever_other_is_deleted(runs):
    assert explore((*map(run, runs), collector)) > 300


def test_that_another_run_keeps_it_is_not_enough():
    """The search finds the loss: it can see one."""

    def keep(db, digests, places, name):
        if not places and db.execute("select 1 from kept").fetchone():
            db.execute("insert into kept values (?, ?) on conflict do nothing", (*digests, name))
            return
        keep_blobs(db, digests, places, name)

    with pytest.raises(AssertionError):
        explore((run("a", keep), run("b", keep), collector))
