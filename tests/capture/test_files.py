"""Files that code reads and writes, over the table of libraries, and what each source sees."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from capture.file_cases import CASES, FILES

from artnb.capture import FileWatcher, _audit, files
from artnb.capture._inotify import Inotify

OPTIONAL = ("h5py", "cv2", "duckdb", "joblib")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    here = Path.cwd()
    os.chdir(folder)
    exec(FILES, {})
    os.chdir(here)
    return folder


@pytest.fixture
def folder(prepared, tmp_path, monkeypatch):
    """The case's own copy, the working directory."""
    own = tmp_path / "work"
    shutil.copytree(prepared, own)
    monkeypatch.chdir(own)
    monkeypatch.syspath_prepend(str(own))
    time.sleep(0.02)  # a file's times come from a coarse clock
    return own


@pytest.fixture
def watcher():
    watcher = FileWatcher()
    yield watcher
    watcher.close()


def watch(watcher, code, root=".", ours=()):
    namespace = {"__name__": "__main__"}
    watcher.start(root, ours)
    try:
        exec(compile(code, "<cell>", "exec"), namespace)
    finally:
        use = watcher.stop()
    return use


def names(touched, folder):
    return {os.path.relpath(each.path, folder) for each in touched}


@LINUX
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_a_library_opens_is_found(case, folder, watcher):
    for module in OPTIONAL:
        if f"import {module}" in case.code and not importlib.util.find_spec(module):
            pytest.skip(f"{module} is not installed")
    use = watch(watcher, case.code)
    assert names(use.reads, folder) == case.reads
    assert names(use.writes, folder) == case.writes
    assert use.partial is None


def by(use, path):
    return next(each.by for each in (*use.reads, *use.writes) if each.path.endswith(path))


@LINUX
def test_each_finding_says_who_saw_it(folder, watcher):
    use = watch(watcher, "import os\nopen('in.csv').read()\nos.system('cat in.npy > o.bin')")
    assert {"audit", "inotify"} <= {*by(use, "in.csv")} <= {"audit", "fanotify", "inotify"}
    assert by(use, "in.npy") == ("inotify",)
    assert by(use, "o.bin") == ("inotify",)


def test_a_file_that_was_mapped_before_is_seen_by_its_time(folder, watcher):
    import numpy as np

    mapped = np.memmap("in.npy", "u1", "r+")
    time.sleep(0.02)
    watcher.start(".")
    mapped[-1] ^= 1
    mapped.flush()
    use = watcher.stop()
    assert names(use.writes, folder) == {"in.npy"}
    assert by(use, "in.npy") == ("stat",)


def test_a_file_elsewhere_is_seen_when_python_opens_it(folder, tmp_path, watcher):
    outside = folder.parent.parent / f"{tmp_path.name}-elsewhere"
    outside.mkdir()
    (outside / "data.csv").write_text("1")
    # Below the folder for temporary files only the working folder counts.
    assert watch(watcher, f"open({str(outside / 'data.csv')!r}).read()").reads == ()
    elsewhere = files.LeaveOut("/home/somebody/work")
    assert not elsewhere("/data/train.csv")
    assert elsewhere("/home/somebody/.cache/thing")
    assert elsewhere(f"{sys.prefix}/share/doc.txt")
    assert elsewhere("/tmp/thing.csv")


def test_our_own_folder_is_left_out(folder, watcher):
    code = "import os\nos.makedirs('store/a')\nopen('store/a/x', 'w').close()\nopen('y', 'w')"
    assert names(watch(watcher, code, ours=["store"]).writes, folder) == {"y"}


def test_a_read_file_that_is_written_anew_keeps_how_it_was(folder, watcher):
    before = (folder / "in.csv").stat()
    use = watch(watcher, "with open('in.csv', 'a') as f: f.write('more')")
    assert use.reads[0].rewritten
    assert use.reads[0].before.size == before.st_size
    assert use.writes[0].state.size == before.st_size + 4


def without_inotify(monkeypatch):
    def refused(self):
        raise OSError(24, "too many")

    monkeypatch.setattr(Inotify, "__init__", refused)


def test_without_inotify_the_difference_finds_what_children_write(folder, watcher, monkeypatch):
    without_inotify(monkeypatch)
    code = "import os\nopen('in.csv').read()\nos.system('echo 1 > many/deep/new; echo 2 > in.npy')"
    use = watch(watcher, code)
    assert names(use.reads, folder) == {"in.csv"}
    assert names(use.writes, folder) == {"many/deep/new", "in.npy"}
    assert by(use, "new") == ("stat",)
    assert "inotify cannot be used" in use.partial


@LINUX
def test_when_events_are_lost_written_files_are_found_by_their_time(folder, watcher, monkeypatch):
    monkeypatch.setattr(files, "_FEW_FILES", 0)
    unwatch = Inotify.unwatch
    monkeypatch.setattr(Inotify, "unwatch", lambda self: (unwatch(self)[0][:0], True))
    use = watch(watcher, "import os\nos.system('echo 1 > new')")
    assert names(use.writes, folder) == {"new"}
    assert "lost" in use.partial


def test_a_tree_that_is_too_large_is_watched_in_part(folder, watcher, monkeypatch):
    monkeypatch.setattr(files, "_MOST_FOLDERS", 1)
    use = watch(watcher, "open('many/deep/0.txt').read()")
    assert names(use.reads, folder) == {"many/deep/0.txt"}
    assert "nearest folders" in use.partial


def test_nothing_is_noted_between_two_watches(folder, watcher):
    watch(watcher, "pass")
    open("in.csv").read()
    (folder / "between.txt").write_text("x")
    use = watch(watcher, "open('in.npy', 'rb').read()")
    assert names(use.reads, folder) == {"in.npy"}
    assert use.writes == ()
    assert _audit._listeners == ()


@LINUX
def test_a_watcher_keeps_two_descriptors_and_gives_them_back(folder):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    watch(FileWatcher(), "pass")  # loads what is loaded once
    before = descriptors()
    watcher = FileWatcher()
    for _ in range(3):
        watch(watcher, "pass")
    assert descriptors() <= before + 2
    watcher.close()
    assert descriptors() == before


def test_an_error_in_a_listener_does_not_reach_the_person(folder):
    def broken(event, args):
        raise RuntimeError("ours")

    _audit.listen(broken)
    try:
        assert open("in.csv").read()
    finally:
        _audit.unlisten(broken)


def test_the_hook_is_installed_by_the_first_watch_only():
    code = (
        "import sys\nhooks = []\nsys.addaudithook(lambda e, a: hooks.append(e) "
        "if e == 'sys.addaudithook' else None)\nfrom artnb.capture import FileWatcher\n"
        "assert hooks == []\nfor _ in range(2):\n    w = FileWatcher()\n    w.start('.')\n"
        "    w.stop()\nassert hooks == ['sys.addaudithook'], hooks"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
