"""Two notebooks in one folder, and other programs: a cell's files are those that it touched."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import pytest
from kernels import open_notebook, wait_for

from artnb.capture._fanotify import Fanotify
from artnb.repository import close_repositories, open_repository
from artnb.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")

SETUP = """
%load_ext artnb
import ctypes, mmap, os, subprocess, time
from artnb.capture import files
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
def natively(path, mode):
    libc.fclose(libc.fopen(path.encode(), mode.encode()))
def text(path, said='a'):
    with open(path, 'w') as file:
        file.write(said)
def meanwhile(name):
    open(f'.{name}.begun', 'w').close()
    while not os.path.exists(f'.{name}.go'):
        time.sleep(0.005)
def without_fanotify():
    raise OSError('none')
"""


def has_fanotify():
    try:
        Fanotify().close()
    except OSError:
        return False
    return True


FANOTIFY = pytest.mark.skipif(not has_fanotify(), reason="this system has no fanotify for us")


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two kernels in one folder, with one repository."""
    folder = tmp_path_factory.mktemp("two")
    with ExitStack() as stack:
        found = [stack.enter_context(open_notebook(folder)) for _ in range(2)]
        for notebook in found:
            notebook.folder = folder
            notebook.run_all(SETUP)
        yield found


@pytest.fixture
def no_fanotify(two):
    """Without it in both: as in a container that forbids it, or with an older Linux."""
    change = (
        "for each in get_ipython()._artnb_extension.session._watchers: each.close()\n"
        "files.Fanotify, other = {}, files.Fanotify"
    )
    for notebook in two:
        notebook.run_all(change.format("without_fanotify"))
    yield
    for notebook in two:
        notebook.run_all(change.format("other"))


class During:
    """A cell that goes on until the test has done what it does meanwhile."""

    def __init__(self, notebook, name, before="x = 1", after=""):
        self._notebook = notebook
        self._name = name
        self.folder = notebook.folder
        self._code = f"%%artifact {name}\n{before}\nmeanwhile({name!r})\n{after}"

    def __enter__(self):
        self._message = self._notebook.start(self._code)
        wait_for(self.folder / f".{self._name}.begun")
        return self

    def __exit__(self, *_):
        (self.folder / f".{self._name}.go").touch()
        self.ran = self._notebook.finish(self._message)
        assert self.ran.ok, self.ran.traceback
        self._notebook.run_all("%artnb save")
        repository = open_repository(Settings.resolve(environ={"ARTNB_DIR": str(self.folder)}))
        version = repository.resolve(self._name, "uncategorized")
        self.outputs = repository.logged_by(version.id)[-1].outputs
        entries = repository.manifest(version).entries.items()
        self.entries = {path for path, entry in entries if entry.format == "file"}
        close_repositories()

    @property
    def others(self):
        return self.outputs.get("others", [])

    @property
    def reads(self):
        return {note["path"]: note for note in self.outputs.get("reads", ())}

    @property
    def writes(self):
        written = {note["path"] for note in self.outputs.get("writes", ())}
        assert written == self.entries
        return written


@FANOTIFY
def test_what_the_other_notebook_reads_and_writes_is_its_own(two):
    first, second = two
    (first.folder / "in.csv").write_text("a")
    with During(first, "one", after="text('mine.csv'); natively('mine.bin', 'w')") as cell:
        second.run_all(
            "%%artifact other\n_ = open('in.csv').read()\ntext('theirs.csv')\n"
            "natively('in.csv', 'r')\nnatively('theirs.bin', 'w')\n"
            "os.mkdir('theirs')\ntext('theirs/deep.csv')"
        )
    assert cell.writes == {"mine.csv", "mine.bin"}
    assert cell.reads == {}
    assert cell.others == ["theirs.bin", "theirs.csv", "theirs/deep.csv"]


@FANOTIFY
def test_what_another_program_saves_is_not_kept_and_that_is_said_once(two):
    first, _ = two
    log = (first.folder / "train.log").open("w")
    for number in range(2):
        with During(first, f"said{number}") as cell:
            (first.folder / "notes.tmp").write_text("a")
            (first.folder / "notes.tmp").rename(first.folder / "notes.txt")
            log.write("step")
            log.flush()  # held open from before until after the cell: no event tells of it
        assert cell.writes == set()
        assert cell.others == ["notes.txt", "train.log"]
        assert ("another program wrote it: notes.txt, train.log" in cell.ran.line) is (number == 0)
    log.close()


@FANOTIFY
def test_a_file_that_the_cell_reads_and_another_program_writes_is_no_output(two):
    first, _ = two
    path = first.folder / "shared.csv"
    path.write_text("old")
    with During(first, "reader", before="x = open('shared.csv').read()") as cell:
        path.write_text("newer")
    assert cell.writes == set()
    assert cell.reads["shared.csv"]["rewritten"]
    assert "sha256" not in cell.reads["shared.csv"]
    with During(first, "later", after="x = open('shared.csv').read()") as cell:
        path.write_text("newest")
    assert cell.writes == set()
    assert "sha256" in cell.reads["shared.csv"]  # of what it read, and stands there


@FANOTIFY
def test_what_the_kernel_holds_open_or_mapped_is_the_cells(two):
    first, _ = two
    first.run_all(
        "text('mapped.bin', 'abc')\nfile = open('mapped.bin', 'r+b')\n"
        "mapped = mmap.mmap(file.fileno(), 3)\nfile.close()\nheld = open('held.txt', 'w')"
    )
    with During(first, "holds", after="mapped[0] = 120; mapped.flush(); held.write('x')") as cell:
        (first.folder / "held.txt").read_text()
    assert cell.writes == {"mapped.bin", "held.txt"}
    assert cell.others == []
    first.run_all("mapped.close(); held.close()")


@FANOTIFY
def test_what_child_processes_write_is_the_cells(two):
    first, _ = two
    started = "libc.system(b'echo 1 > kid.csv')"
    with During(first, "child", after=started) as cell:
        pass
    assert cell.writes == {"kid.csv"}
    started = "process = subprocess.Popen(['sh', '-c', 'echo 1 > popen.csv; exec sleep 1000'])"
    with During(first, "alive", before=started) as cell:
        wait_for(first.folder / "popen.csv")
    assert cell.writes == {"popen.csv"}
    # It may go on writing in the cells that follow; but not what another program holds open.
    with (first.folder / "held.log").open("w") as log, During(first, "still") as cell:
        (first.folder / "perhaps.csv").write_text("a")
        log.write("step")
        log.flush()
    assert cell.writes == {"perhaps.csv"}
    assert cell.others == ["held.log"]
    assert cell.outputs["writes"][0]["by"] == ["inotify"]
    first.run_all("process.kill(); process.wait()")


def test_beside_child_processes_what_the_other_notebook_opened_is_its_own(two):
    claimed(*two, "_ = os.system('echo 1 > kid.csv')", "kid.csv")


def test_without_fanotify_what_the_other_notebook_opened_is_its_own(two, no_fanotify):
    claimed(*two, "natively('mine.bin', 'w')", "mine.bin")


def claimed(first, second, own, written):
    name = written.partition(".")[0]
    (first.folder / "in.csv").write_text("a")
    opens = "_ = open('in.csv').read()\ntext('{0}.csv'); natively('{0}.csv', 'r')"
    with ExitStack() as stack, During(first, f"{name}1", after=own) as cell:
        second.run_all(f"%%artifact {name}2\n{opens.format('ended')}")
        goes_on = During(second, f"{name}3", before=opens.format("running"))
        stack.enter_context(goes_on)
        (first.folder / "stranger.csv").write_text(name)
    assert cell.others == ["ended.csv", "running.csv"]
    assert cell.reads == {}
    assert cell.writes == {written, "stranger.csv"}  # nobody knows whose that is
    assert goes_on.writes == {"running.csv", "stranger.csv", written} - (
        {"stranger.csv", written} if has_fanotify() and name == "kid" else set()
    )
