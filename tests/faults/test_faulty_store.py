"""A remote store that fails at any one of its calls: an error is said, or nothing is lost.

The store is a filesystem of fsspec in memory that does something wrong once: at call number
so-and-so it fails before or after its effect, tears what it uploads, is too busy, lists what
it listed before, or does a put once more, late.
"""

from __future__ import annotations

import errno
from contextlib import suppress

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from artnb.errors import ArtnbError
from artnb.repository import Content, Repository
from artnb.settings import Settings

PUTS = ("pipe_file", "put_file")
CALLS = (
    *PUTS, "exists", "open", "cat_file", "get_file", "info",
    "size", "modified", "rm_file", "find", "mv",
)  # fmt: skip
LATE_BY = 7


class FaultyFileSystem(MemoryFileSystem):
    """A filesystem in memory that misbehaves once, as `fault` says, at call number `at`."""

    protocol = ("faulty",)
    store: dict = {}  # noqa: RUF012 - as its parent has it: one for all instances
    pseudo_dirs = [""]  # noqa: RUF012
    calls = 0
    at = -1
    fault = ""
    late = None
    listed: dict = {}  # noqa: RUF012
    seen: list = []  # noqa: RUF012

    @classmethod
    def reset(cls, at=-1, fault=""):
        cls.store.clear()
        cls.pseudo_dirs[:] = [""]
        cls.calm()
        cls.at, cls.fault = at, fault

    @classmethod
    def calm(cls):
        cls.calls, cls.at, cls.fault, cls.late = 0, -1, "", None
        cls.listed, cls.seen = {}, []


def misbehaving(name):
    real = getattr(MemoryFileSystem, name)

    def call(self, *args, **kwargs):
        cls = FaultyFileSystem
        number, cls.calls = cls.calls, cls.calls + 1
        cls.seen.append(name)
        if cls.late and number >= cls.late[0]:
            repeat, cls.late = cls.late[1], None
            repeat()
        if number != cls.at:
            done = real(self, *args, **kwargs)
            if name == "find":
                cls.listed = done
            return done
        if cls.fault == "before":
            raise OSError(errno.EIO, "the connection was reset")
        if cls.fault == "busy":
            raise OSError(errno.EBUSY, "503 Slow Down")
        if cls.fault == "stale" and name == "find":
            return cls.listed
        if cls.fault == "torn" and name in PUTS:
            tear(self, name, args)
            raise OSError(errno.EIO, "the connection was reset")
        done = real(self, *args, **kwargs)
        if cls.fault == "twice" and name in PUTS:
            given = args if name == "pipe_file" else (read(args[0]), *args[1:])
            cls.late = (number + LATE_BY, lambda: put_again(self, name, given))
        if cls.fault == "after":
            raise OSError(errno.EIO, "the connection was reset")
        return done

    return call


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def tear(fs, name, args):
    place, data = args if name == "pipe_file" else (args[1], read(args[0]))
    MemoryFileSystem.pipe_file(fs, place, data[: len(data) // 2])


def put_again(fs, name, given):
    place, data = given if name == "pipe_file" else (given[1], given[0])
    MemoryFileSystem.pipe_file(fs, place, data)


for each in CALLS:
    setattr(FaultyFileSystem, each, misbehaving(each))
fsspec.register_implementation("faulty", FaultyFileSystem, clobber=True)


def opened(tmp_path):
    given = {"ARTNB_STORE": "faulty://team/store", "ARTNB_DIR": str(tmp_path / ".artnb")}
    return Repository(Settings.resolve(tmp_path, given))


class Story:
    """What is done one after the other; a step that an earlier error leaves without ground is out.

    Attributes
    ----------
    acknowledged : dict
        Name -> mark and version of what was said to be logged and was not deleted since.
    errors : list of ArtnbError
    """

    def __init__(self, repository, out):
        self.repository, self.out = repository, out
        self.run = None
        self.acknowledged, self.errors = {}, []

    def go(self):
        self.attempt(self.start)
        self.attempt(lambda: self.log("thing", "a"))
        self.attempt(lambda: self.log("gone", "b"))
        self.attempt(self.delete)
        self.attempt(self.download)
        self.attempt(lambda: self.repository.maintenance.collect(grace=0))
        self.attempt(lambda: self.log("again", "b"))  # the very bytes that were collected
        self.attempt(self.finish)
        self.attempt(self.repository.maintenance.verify)
        return self

    def attempt(self, step):
        try:
            step()
        except ArtnbError as error:
            self.errors.append(error)

    def start(self):
        self.run = self.repository.start_run("demo", code="x = 1").id

    def log(self, name, mark):
        contents = parts(mark)
        version = self.repository.commit(
            "demo", name, "d", contents, run_id=self.run, aliases=["best"]
        ).version
        self.acknowledged[name] = mark, version

    def delete(self):
        if "gone" in self.acknowledged:
            self.repository.delete(self.acknowledged["gone"][1].id, delete_aliases=True)
            del self.acknowledged["gone"]

    def download(self):
        if "thing" in self.acknowledged:
            self.repository.download(self.acknowledged["thing"][1], self.out)
            assert (self.out / "big").read_bytes() == b"a" * 300_000

    def finish(self):
        if self.run:
            self.repository.finish_run(self.run)


def parts(mark):
    small = [Content(f"small{n}", f"{mark}{n}".encode()) for n in range(2)]
    return [*small, Content("big", mark.encode() * 300_000)]


def go(folder, at=-1, fault=""):
    """Go through the story with one fault; return it and what is wrong afterwards."""
    FaultyFileSystem.reset(at, fault)
    story = None
    with suppress(ArtnbError):  # it could not be opened: said, and nothing done
        repository = opened(folder)
        try:
            story = Story(repository, folder / "out").go()
        finally:
            repository.close()
    happened = FaultyFileSystem.calls > at
    FaultyFileSystem.calm()
    repository = opened(folder)
    try:
        again = Story(repository, folder / "again")
        for name, (mark, version) in (story.acknowledged if story else {}).items():
            found = repository.resolve(f"{name}:best", "demo")
            assert found.digest == version.digest
            for content in parts(mark):
                entry = repository.manifest(found).entries[content.path]
                assert repository.read_blob(entry.digest) == content.source
        assert repository.maintenance.verify().damage == ()
        again.go()  # whatever failed, the next attempt succeeds
        assert again.errors == []
        assert set(again.acknowledged) == {"thing", "again"}
        assert repository.maintenance.verify().damage == ()
    finally:
        repository.close()
    return story, happened


def sites(folder):
    """The names of the calls that the story makes, in order."""
    FaultyFileSystem.reset()
    repository = opened(folder)
    try:
        story = Story(repository, folder / "out").go()
    finally:
        repository.close()
    assert story.errors == []
    assert set(story.acknowledged) == {"thing", "again"}
    return list(FaultyFileSystem.seen)


SUITED = {
    "before": CALLS,
    "busy": CALLS,
    "after": (*PUTS, "rm_file", "mv"),
    "torn": PUTS,
    "twice": PUTS,
    "stale": ("find",),
}


@pytest.mark.filterwarnings("default:The journal of")  # said, and written the next time
@pytest.mark.parametrize("fault", SUITED)
def test_one_fault_at_any_call_loses_nothing_silently(fault, tmp_path):
    calls = sites(tmp_path / "plain")
    at_fault = [number for number, name in enumerate(calls) if name in SUITED[fault]]
    assert len(at_fault) >= {"stale": 2}.get(fault, 8)
    for number in at_fault:
        try:
            _, happened = go(tmp_path / f"{fault}{number}", number, fault)
        except Exception as error:
            error.add_note(f"{fault} at call {number}, {calls[number]}")
            raise
        assert happened
