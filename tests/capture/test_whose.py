"""Who touched a file: what the system says of this process, its children and others."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys

import pytest

from artnb.capture import _fanotify
from artnb.capture._fanotify import Fanotify, Sides
from artnb.capture._held import held_by
from artnb.capture._inotify import CLOSED_READ, CLOSED_WRITE, Event
from artnb.capture._traces import Trace
from artnb.capture._whose import Whose

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux says it")

A = "/work/a.csv"


@pytest.fixture
def fanotify():
    try:
        found = Fanotify()
    except OSError as error:
        pytest.skip(f"no fanotify: {error}")
    yield found
    found.close()


def program(code, *args):
    subprocess.run([sys.executable, "-c", code, *map(str, args)], check=True)


def test_fanotify_tells_what_this_process_did_from_what_others_did(fanotify, tmp_path):
    inside = tmp_path / "deep"
    inside.mkdir()
    fanotify.watch([str(tmp_path), str(inside)])
    (tmp_path / "own").write_text("a")
    (inside / "own \udcff").write_text("a")
    (inside / "moved.tmp").write_text("a")
    (inside / "moved.tmp").rename(inside / "moved")
    program("import sys; open(sys.argv[1], 'w'); open(sys.argv[2]).read()",
            tmp_path / "theirs", tmp_path / "own")  # fmt: skip
    sides = fanotify.told([Event(f"{folder}/x", 0) for folder in (tmp_path, inside)])
    assert sides[f"{tmp_path}/own"].wrote
    assert not sides[f"{tmp_path}/own"].others_wrote
    assert sides[f"{tmp_path}/own"].other & CLOSED_READ
    assert sides[f"{inside}/own \udcff"].wrote
    assert sides[f"{inside}/moved"].wrote
    assert sides[f"{tmp_path}/theirs"].own == 0
    assert sides[f"{tmp_path}/theirs"].others_wrote


@pytest.mark.parametrize("same", [True, False], ids=["the same folders", "other ones"])
def test_fanotify_says_nothing_of_what_was_before_the_watch(fanotify, tmp_path, same):
    folders = [str(tmp_path), str(tmp_path / "none")]
    fanotify.watch(folders)
    (tmp_path / "before").write_text("a")
    fanotify.watch(folders if same else list(folders))
    (tmp_path / "within").write_text("a")
    sides = fanotify.told([Event(f"{tmp_path}/x", 0)])
    assert list(sides) == [f"{tmp_path}/within"]
    assert fanotify.told([Event(f"{tmp_path}/x", 0)]) == {}


def test_folders_that_are_watched_no_longer_are_not(fanotify, tmp_path):
    fanotify.watch([str(tmp_path)])
    fanotify.watch([])
    (tmp_path / "after").write_text("a")
    assert fanotify.told([Event(f"{tmp_path}/x", 0)]) == {}


def test_a_folder_that_was_made_anew_under_its_name_is_watched(fanotify, tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    fanotify.watch([str(tmp_path), str(inside)])
    inside.rename(tmp_path / "old")
    inside.mkdir()
    fanotify.watch([str(tmp_path), str(inside)])
    (inside / "own").write_text("a")
    (tmp_path / "old" / "other").write_text("a")
    assert list(fanotify.told([Event(f"{inside}/x", 0)])) == [f"{inside}/own"]


def test_where_fanotify_lost_something_it_says_nothing(fanotify, tmp_path):
    fanotify.watch([str(tmp_path)])
    (tmp_path / "own").write_text("a")
    data = os.read(fanotify._descriptor, 4096)
    places = _fanotify._by_handle(fanotify._handle_at, [str(tmp_path)])
    assert list(_fanotify._sides([data], places)) == [f"{tmp_path}/own"]
    head = _fanotify._EVENT.size
    overflow = _fanotify._EVENT.pack(head, 3, 0, head, 0x4000, -1, 0)
    assert _fanotify._sides([data, overflow], places) == {}


def test_a_folder_is_found_only_where_its_handle_is_of_one(tmp_path, fanotify):
    handles = _fanotify._by_handle(fanotify._handle_at, [str(tmp_path), str(tmp_path / "none")])
    assert list(handles.values()) == [str(tmp_path)]
    again = _fanotify._by_handle(fanotify._handle_at, [str(tmp_path), f"{tmp_path}/."])
    assert again == {}


def test_a_child_process_leaves_a_trace_however_it_was_started():
    code = """
import ctypes, os, subprocess
from artnb.capture._whose import children_so_far, may_have_had_children
for start in (
    lambda: ctypes.CDLL(None).system(b"true"),
    lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
):
    before = children_so_far()
    assert not may_have_had_children(before)
    start()
    assert may_have_had_children(before)
before = children_so_far()
child = subprocess.Popen(["sleep", "1000"])
assert may_have_had_children(before)
child.kill()
"""
    program(code)


def test_what_a_process_may_write_is_what_it_holds(tmp_path):
    paths = {name: tmp_path / name for name in ("read", "write", "mapped )(", "mapped to read")}
    for path in paths.values():
        path.write_text("abc")
    with paths["read"].open() as _, paths["write"].open("r+") as _:
        with paths["mapped )("].open("r+b") as file:
            mapped = mmap.mmap(file.fileno(), 3)
        with paths["mapped to read"].open("rb") as file:
            kept = mmap.mmap(file.fileno(), 3, access=mmap.ACCESS_READ)
        held = {path for path in held_by(os.getpid()) if path.startswith(str(tmp_path))}
    assert held == {str(paths["write"]), str(paths["mapped )("])}
    mapped.close()
    kept.close()


def test_strangers_are_neither_this_process_nor_its_children(tmp_path):
    theirs, own, shared = (str(tmp_path / name) for name in ("theirs", "own", "shared"))
    code = (
        "import subprocess, sys\nfrom artnb.capture._held import held_by_strangers\n"
        "with open(sys.argv[1], 'w') as own, open(sys.argv[2], 'a') as shared:\n"
        "    child = subprocess.Popen(['sleep', '1000'], stdout=own)\n    own.close()\n"
        "    print(sorted(held_by_strangers(sys.argv[1:])))\n"
        "    child.kill()"
    )
    with open(theirs, "w"), open(shared, "a"):
        said = subprocess.run(
            [sys.executable, "-c", code, own, shared, theirs],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert said.stdout.strip() == str([theirs])


READ, WROTE = Trace(read=True, by={"inotify"}), Trace(maybe=True, by={"inotify"})
SAW, CLOSED = Sides(own=CLOSED_READ), Sides(other=CLOSED_WRITE)
BOTH = Sides(own=CLOSED_READ, other=CLOSED_WRITE)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        pytest.param({"event": WROTE, "side": CLOSED}, "others", id="another wrote it"),
        pytest.param({"event": READ, "side": Sides(other=CLOSED_READ)}, "", id="another read it"),
        pytest.param({"event": WROTE, "side": BOTH}, "read others", id="read, and another wrote"),
        pytest.param({"event": READ, "side": SAW}, "read", id="it read it"),
        pytest.param({"event": READ, "side": SAW, "changed": True}, "read others",
                     id="it read it, and another that holds it wrote"),
        pytest.param({"event": WROTE, "side": Sides(own=CLOSED_WRITE, other=CLOSED_WRITE)},
                     "wrote", id="both wrote it"),
        pytest.param({"event": WROTE}, "wrote", id="fanotify says nothing of it"),
        pytest.param({"changed": True}, "others", id="it changed, and nobody opened it"),
        pytest.param({"changed": True, "complete": False}, "wrote", id="who opened it is unknown"),
        pytest.param({"event": WROTE, "side": CLOSED, "children": True}, "wrote", id="a child may"),
        pytest.param({"event": WROTE, "side": CLOSED, "children": True, "claim": True}, "others",
                     id="another recorder says that it wrote it"),
        pytest.param({"event": WROTE, "side": CLOSED, "children": True, "claim": False}, "wrote",
                     id="another recorder says that it only read it"),
        pytest.param({"event": READ, "children": True, "claim": False}, "",
                     id="another recorder says that it read it"),
        pytest.param({"event": WROTE, "opened": READ, "claim": True}, "read others",
                     id="Python read what another recorder wrote"),
        pytest.param({"event": WROTE, "opened": WROTE, "side": CLOSED, "claim": True}, "wrote",
                     id="Python wrote it"),
    ],
)  # fmt: skip
def test_whose_a_file_is(given, left):
    events = {A: given["event"].joined(Trace())} if "event" in given else {}
    changed = {A: Trace(written=True, by={"stat"})} if "changed" in given else {}
    whose = Whose(
        opened={A: given["opened"]} if "opened" in given else {},
        sides={A: given["side"]} if "side" in given else {},
        childless="children" not in given,
        complete=given.get("complete", True),
        ask=lambda: {A: given["claim"]} if "claim" in given else {},
    )
    whose.keep_ours(events, changed)
    found = [*events.values(), *changed.values()]
    said = ["wrote" if any(each.written or each.maybe for each in found) else "read"]
    said = (said if found else []) + (["others"] if whose.others else [])
    assert " ".join(said) == left
