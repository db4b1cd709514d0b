"""The whole repository against a plain picture of it in memory, in any order of doings."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from artnb.errors import UsageError
from artnb.exchange import push
from artnb.remaking import restore_catalog
from artnb.repository import Content, Repository
from artnb.settings import Settings

EXAMPLES = 10_000 if os.environ.get("ARTNB_STRESS") else 200
STEPS = 50
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None

POOL = [b"", b"a", b"b" * 3_000, b"c" * 3_000, b"d" * 300_000, b"e" * 300_000]
NAMES = st.sampled_from(["data", "model", "table"])
ALIASES = st.sampled_from(["best", "prod"])
PATHS = st.sampled_from(["x", "y/z", "y/w"])
PICK = st.integers(0, 1_000)
CONTENTS = st.dictionaries(PATHS, st.integers(0, len(POOL) - 1), min_size=1, max_size=3)


class Machine(RuleBasedStateMachine):
    """What is done, and what must be true: `versions`, `aliases` and `edges` are the picture."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.settings = Settings.resolve(
            self.folder, {"ARTNB_DIR": str(self.folder / ".artnb"), "ARTNB_DURABILITY": "none"}
        )
        self.repository = Repository(self.settings)
        self.garbage = False
        self.states = {}  # run -> state
        self.versions = {}  # (name, number) -> {"contents", "live", "words"}
        self.aliases = {}  # name -> alias -> number
        self.edges = set()  # (run, (name, number), kind), of runs that are there
        self.deleted = set()  # runs
        self.pictures = {}  # run -> which

    def teardown(self):
        self.repository.close()
        shutil.rmtree(self.folder)

    # runs -----------------------------------------------------------------------------

    @initialize()
    def first_run(self):
        self.begin()

    @precondition(lambda self: len(self.states) < 6)
    @rule()
    def start(self):
        self.begin()

    def begin(self):
        run = self.repository.start_run("demo", job_type="work", code="x = 1").id
        self.states[run] = "running"

    @rule(pick=PICK, state=st.sampled_from(["finished", "failed"]))
    def finish(self, pick, state):
        if run := self.running(pick):
            self.pictures[run] = pick % 2
            digest = self.repository.put_blob(b"picture %d" % self.pictures[run], run)
            self.repository.log_row(run, {"_step": 0, "picture": digest})
            self.repository.finish_run(run, state)
            self.states[run] = state

    @precondition(lambda self: self.states)
    @rule(pick=PICK, with_versions=st.booleans(), with_aliases=st.booleans())
    def delete_run(self, pick, with_versions, with_aliases):
        run = list(self.states)[pick % len(self.states)]
        own = {key for other, key, kind in self.edges if (other, kind) == (run, "logged")}
        own -= {key for other, key, kind in self.edges if other != run and kind == "logged"}
        own = sorted(key for key in own if with_versions and self.versions[key]["live"])
        protected = any(self.others(key) for key in own) and not with_aliases
        wanted = {"delete_artifacts": with_versions, "delete_aliases": with_aliases}
        if protected or self.repository.is_open(run):
            with pytest.raises(UsageError):
                self.repository.delete_run(run, **wanted)
        if protected:
            return
        self.repository.delete_run(run, **wanted, force=True)
        if self.states.pop(run) == "running":
            with pytest.warns(UserWarning, match="was deleted"):
                self.repository.finish_run(run)
        self.deleted.add(run)
        self.edges = {edge for edge in self.edges if edge[0] != run}
        for key in own:
            self.gone(key)
        self.garbage = True

    # versions -------------------------------------------------------------------------

    def log(self, pick, name, contents, aliases):
        run = self.running(pick)
        done = self.repository.commit(
            "demo",
            name,
            "dataset",
            [Content(path, POOL[n]) for path, n in contents.items()],
            run_id=run,
            aliases=sorted(aliases),
        )
        there = [key for key, v in self.live(name) if v["contents"] == contents]
        taken = [number for each, number in self.versions if each == name]
        key = there[0] if there else (name, len(taken))
        assert (done.created, done.version.number) == (not there, key[1])
        if done.created:
            self.versions[key] = {"contents": contents, "live": True, "words": None}
        for alias in {*aliases, "latest"}:
            self.aliases.setdefault(name, {})[alias] = key[1]
        if run:
            self.edges.add((run, key, "logged"))

    # Twice, so that it is done twice as often.
    @rule(pick=PICK, name=NAMES, contents=CONTENTS, aliases=st.sets(ALIASES))
    def log_this(self, pick, name, contents, aliases):
        self.log(pick, name, contents, aliases)

    @rule(pick=PICK, name=NAMES, contents=CONTENTS, aliases=st.sets(ALIASES))
    def log_that(self, pick, name, contents, aliases):
        self.log(pick, name, contents, aliases)

    @rule(pick=PICK)
    def use(self, pick):
        run = self.running(pick)
        if run and (key := self.picked(pick)):
            self.repository.use(run, self.record(key).id)
            self.edges.add((run, key, "used"))

    @rule(pick=PICK, alias=ALIASES, add=st.booleans())
    def move(self, pick, alias, add):
        if key := self.picked(pick):
            change = {"add" if add else "remove": [alias]}
            self.repository.set_aliases(self.record(key).id, **change)
            held = self.aliases[key[0]]
            if add:
                held[alias] = key[1]
            elif held.get(alias) == key[1]:
                del held[alias]

    @rule(pick=PICK, words=st.text(max_size=8))
    def describe(self, pick, words):
        if key := self.picked(pick):
            self.repository.update_version(
                self.record(key).id, description=words, metadata={"w": words}, tags=["t"]
            )
            self.versions[key]["words"] = words

    @rule(pick=PICK, with_aliases=st.booleans())
    def delete(self, pick, with_aliases):
        if (key := self.picked(pick)) is None:
            return
        record = self.record(key)
        held = self.aliases[key[0]]
        other = self.others(key)
        if other and not with_aliases:
            with pytest.raises(UsageError):
                self.repository.delete(record.id)
            return
        if held.get("latest") == key[1] and not with_aliases and not other:
            try:
                self.repository.delete(record.id)
            except UsageError:  # `latest` counts as an alias like the others
                return
        else:
            self.repository.delete(record.id, delete_aliases=with_aliases)
        self.gone(key)
        self.garbage = True

    def others(self, key):
        """The aliases of a version but for `latest`."""
        held = self.aliases[key[0]]
        return [alias for alias, number in held.items() if number == key[1] and alias != "latest"]

    def gone(self, key):
        held = self.aliases[key[0]]
        self.versions[key]["live"] = False
        for alias in self.others(key):
            del held[alias]
        if held.get("latest") == key[1]:
            left = [number for (_, number), _ in self.live(key[0])]
            if left:
                held["latest"] = max(left)
            else:
                del held["latest"]

    # upkeep ---------------------------------------------------------------------------

    @precondition(lambda self: self.garbage)
    @rule()
    def collect(self):
        self.garbage = False
        self.repository.maintenance.collect(grace=0)
        for run in self.states:
            assert self.repository.code(run) == "x = 1"
            if run in self.pictures:
                (row,) = self.repository.history(run)
                assert (
                    self.repository.read_blob(row["picture"])
                    == b"picture %d" % (self.pictures[run])
                )

    @precondition(lambda self: self.versions)
    @rule()
    def verify(self):
        assert self.repository.maintenance.verify().damage == ()

    @rule()
    def reopen(self):
        self.repository.close()
        self.repository = Repository(self.settings)

    @precondition(lambda self: self.versions)
    @rule()
    def rebuild(self):
        while run := self.running(0):
            self.repository.finish_run(run)
            self.states[run] = "finished"
        self.repository.close()
        restore_catalog(self.settings)
        self.repository = Repository(self.settings)

    @precondition(lambda self: self.versions)
    @rule()
    def push(self):
        """A copy made by push holds the same; it is made anew, so it grows with the picture."""
        there = self.folder / "there"
        given = {"ARTNB_DIR": str(there / ".artnb"), "ARTNB_DURABILITY": "none"}
        copy = Repository(Settings.resolve(self.folder, given))
        try:
            list(push(self.repository, (there / ".artnb").as_uri()))
            for name, number in (key for key, v in self.versions.items() if v["live"]):
                theirs = copy.resolve(f"{name}:v{number}", "demo")
                assert theirs.digest == self.record((name, number)).digest
        finally:
            copy.close()
            shutil.rmtree(there)

    @rule(pick=PICK)
    def download(self, pick):
        if key := self.picked(pick):
            out = self.folder / "out"
            self.repository.download(self.record(key), out)
            for path, n in self.versions[key]["contents"].items():
                assert (out / path).read_bytes() == POOL[n]
            shutil.rmtree(out)

    # what is always true --------------------------------------------------------------

    @invariant()
    def the_versions_are_those(self):
        found = {(v.name, v.number): v for v in self.repository.versions("demo")}
        assert set(found) == {key for key, v in self.versions.items() if v["live"]}
        for key, record in found.items():
            held = {a for a, number in self.aliases[key[0]].items() if number == key[1]}
            assert set(record.aliases) == held
            assert record.description == self.versions[key]["words"]
            assert record.state == "live"

    @invariant()
    def the_runs_and_edges_are_those(self):
        assert {run.id: run.state for run in self.repository.runs("demo")} == self.states
        assert self.repository._catalog.deleted_runs(self.deleted) == self.deleted
        self.repository.lineage("demo")
        found = set()
        for run in self.states:
            for kind, versions in (
                ("logged", self.repository.logged(run)),
                ("used", self.repository.used(run)),
            ):
                found |= {(run, (version.name, version.number), kind) for version in versions}
        assert found == self.edges

    # inner ----------------------------------------------------------------------------

    def live(self, name):
        return [(key, v) for key, v in self.versions.items() if key[0] == name and v["live"]]

    def running(self, pick):
        found = [run for run, state in self.states.items() if state == "running"]
        return found[pick % len(found)] if found else None

    def picked(self, pick):
        live = [key for key, v in self.versions.items() if v["live"]]
        return live[pick % len(live)] if live else None

    def record(self, key):
        return self.repository.resolve(f"{key[0]}:v{key[1]}", "demo")


def test_the_repository_is_as_its_picture():
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
