"""Files that an artifact cell reads and writes, in a shell in this process."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from artnb.capture import _audit
from artnb.errors import CatalogError, InvalidValueError
from artnb.repository import Repository
from artnb.widgets.describe import describe

WRITE = "%%artifact made\nwith open('data.csv', 'w') as f:\n    _ = f.write('a,b\\n' * 50)"
READ = "%%artifact seen\nn = len(open('data.csv').read())"


@pytest.fixture(autouse=True)
def _settled():
    yield
    assert _audit._listeners == ()


def entries(shell, name):
    manifest = shell.repository.manifest(shell.newest(name))
    return {path: (entry.format, entry.variable) for path, entry in manifest.entries.items()}


def outputs(shell):
    return shell.last_run().outputs


def test_a_file_that_the_cell_writes_is_an_entry(shell):
    text = shell.run_all(WRITE).text
    assert entries(shell, "made") == {"data.csv": ("file", None)}
    assert shell.newest("made").type == "dataset"
    assert "made:v0 · 1 entry" in text
    (note,) = outputs(shell)["writes"]
    assert (note["path"], note["entry"], note["size"]) == ("data.csv", "data.csv", 200)
    assert "audit" in note["by"]


@pytest.mark.parametrize(
    "opened",
    [
        "open('data.csv', 'w')",
        "open('data.csv', 'wb', buffering=100)",
        "NamedTemporaryFile(dir='.')",
    ],
)
def test_what_waits_in_the_buffer_of_an_open_file_is_kept(shell, opened):
    shell.run_all(
        "from tempfile import NamedTemporaryFile",
        f"%%artifact made\nstream = {opened}\n"
        "_ = stream.write('a,b' if hasattr(stream, 'encoding') else b'a,b')",
    )
    (entry,) = [each for each in shell.repository.manifest(shell.newest("made")) if each.size == 3]
    assert shell.repository.read_blob(entry.digest) == b"a,b"
    assert shell.namespace["stream"].closed is False
    shell.run_all("stream.close()")


def test_a_file_of_an_earlier_cell_is_written_by_the_cell_that_closes_it(shell):
    shell.run_all("file = open('out.txt', 'w')\nfile.write('waits')", "%%artifact x\nfile.close()")
    assert entries(shell, "x") == {"out.txt": ("file", None)}
    assert [each["size"] for each in outputs(shell)["writes"]] == [len("waits")]


def test_no_pipe_is_flushed_that_its_reader_does_not_empty(shell):
    shell.run_all(
        "import os\nreading, writing = os.pipe()\npipe = os.fdopen(writing, 'wb')",
        "%%artifact made\nx = 1\n_ = pipe.write(b'waits')",
    )
    reading = shell.namespace["reading"]
    os.set_blocking(reading, False)
    with pytest.raises(BlockingIOError):
        os.read(reading, 9)
    shell.run_all("pipe.close()")
    assert os.read(reading, 9) == b"waits"
    os.close(reading)


def test_values_and_files_are_one_version(shell):
    shell.run_all(
        "%%artifact both\nimport os\nv = 1\nos.makedirs('out/deep')\n"
        "with open('out/deep/x.txt', 'w') as f:\n    f.write('x');"
    )
    assert entries(shell, "both") == {
        "v.json": ("json", "v"),
        "out/deep/x.txt": ("file", None),
    }


def test_a_file_that_an_earlier_cell_wrote_is_used(shell):
    shell.run_all(WRITE, READ)
    assert shell.used() == {"made:v0"}
    (note,) = outputs(shell)["reads"]
    assert note["version"] == "made:v0"
    assert entries(shell, "seen") == {"n.json": ("json", "n")}


def test_a_file_of_another_project_is_noted_with_that(shell):
    shell.run_all(
        WRITE.replace("'a,b\\n'", "'other'").replace("made", "made --project demo2"),
        WRITE.replace("data", "own"),
        "%%artifact seen\nn = open('data.csv').read() + open('own.csv').read()",
    )
    noted = {note["path"]: note["version"] for note in outputs(shell)["reads"]}
    assert noted == {"data.csv": "demo2/made:v0", "own.csv": "made:v0"}
    files = describe(shell.repository, f"r:{shell.last_run().id}")["touched"]["reads"]
    told = {each["path"]: each["node"] for each in files}
    projects = {each.project: f"v:{each.id}" for each in shell.repository.used(shell.last_run().id)}
    assert told == {"data.csv": projects["demo2"], "own.csv": f"v:{shell.newest('made').id}"}


def test_a_copy_of_it_is_used_too(shell):
    shell.run_all(WRITE, "import shutil\nshutil.copy('data.csv', 'copy.csv')")
    shell.run_all(READ.replace("data", "copy"))
    assert shell.used() == {"made:v0"}


def test_a_downloaded_file_is_used(shell):
    shell.run_all(WRITE, "import artnb\nplace = artnb.Api().artifact('made:v0').download()")
    os.remove("data.csv")
    shell.run_all("%%artifact seen\nn = len(open(place + '/data.csv').read())")
    assert shell.used() == {"made:v0"}


def test_a_download_in_the_cell_is_used_and_no_entry(shell):
    shell.run_all(
        WRITE,
        "%%artifact seen\nimport artnb\n"
        "art = artnb.Api().artifact('made:v0')\nn = len(open(art.file()).read())",
    )
    assert shell.used() == {"made:v0"}
    assert entries(shell, "seen") == {"n.json": ("json", "n")}


def test_any_other_file_is_noted_with_its_digest(shell):
    Path("plain.csv").write_bytes(b"1,2\n")
    shell.run_all(READ.replace("data", "plain"))
    assert shell.used() == set()
    (note,) = outputs(shell)["reads"]
    assert note["sha256"] == hashlib.sha256(b"1,2\n").hexdigest()
    assert note["path"] == "plain.csv"


def test_a_small_file_is_a_versions_only_by_the_same_name(shell):
    shell.run_all("%%artifact made\nopen('one.txt', 'w').write('1');")
    Path("other.txt").write_text("1")
    shell.run_all("%%artifact a\nv = open('other.txt').read()")
    assert shell.used() == set()
    shell.run_all("%%artifact b\nv = open('one.txt').read()")
    assert shell.used() == {"made:v0"}


def test_a_file_that_grows_uses_the_version_that_it_was(shell):
    shell.run_all(WRITE)
    time.sleep(0.02)
    shell.run_all("%%artifact more\nwith open('data.csv', 'a') as f:\n    f.write('c,d');")
    assert shell.used() == {"made:v0"}
    assert outputs(shell)["reads"][0]["rewritten"]
    assert entries(shell, "more") == {"data.csv": ("file", None)}


def test_the_same_cell_again_makes_no_version_and_no_loop(shell):
    cell = "%%artifact x\nimport os\nif os.path.exists('c.txt'):\n    open('c.txt').read()\n"
    cell += "with open('c.txt', 'w') as f:\n    f.write('7' * 100);"
    shell.run_all(cell)
    assert "unchanged (v0)" in shell.run_all(cell).text
    assert shell.used() == set()


def test_a_copy_does_not_use_its_own_version(shell):
    Path("raw.bin").write_bytes(b"r" * 100)
    shell.run_all("%%artifact x\nimport shutil\nshutil.copy('raw.bin', 'new.bin');")
    assert shell.used() == set()
    assert set(entries(shell, "x")) == {"new.bin"}


def test_a_failed_cell_notes_its_files_and_keeps_none(shell):
    shell.run_all(WRITE)
    shell.run("%%artifact bad\nopen('data.csv').read()\nopen('half.csv', 'w').close()\n1 / 0")
    assert shell.used() == {"made:v0"}
    assert [note["path"] for note in outputs(shell)["writes"]] == ["half.csv"]
    assert shell.repository.logged(shell.last_run().id) == []


def test_a_file_of_a_variables_name_does_not_replace_it(shell):
    shell.run_all("%%artifact x\nv = 1\nwith open('v.json', 'w') as f:\n    f.write('2');")
    assert entries(shell, "x") == {"v.json": ("json", "v"), "files/v.json": ("file", None)}


def test_a_file_that_changes_while_it_is_kept_is_said_and_fails_nothing(shell, monkeypatch):
    def changing(self, path):
        raise InvalidValueError(f"{path} changed while it was read.")

    monkeypatch.setattr(Repository, "stage", changing)
    text = shell.run_all("%%artifact x\nv = 1\nopen('log.txt', 'w').close()").text
    assert "not kept: log.txt (changed while it was read)" in text
    assert set(entries(shell, "x")) == {"v.json"}
    assert "changed while" in outputs(shell)["left_out"]["log.txt"]


def test_a_file_that_vanishes_before_it_is_kept_is_said_and_fails_nothing(shell, monkeypatch):
    real = Repository.stage

    def vanished(self, source, *args, **more):
        if isinstance(source, Path):
            source.unlink()
        return real(self, source, *args, **more)

    monkeypatch.setattr(Repository, "stage", vanished)
    text = shell.run_all(WRITE + "\nkept = 1").text
    assert "not kept: data.csv (gone before it could be read)" in text
    assert set(entries(shell, "made")) == {"kept.json"}
    assert "data.csv" in outputs(shell)["left_out"]


def test_a_file_that_the_cell_reads_and_removes_is_an_input(shell):
    shell.run_all(WRITE, "import os", READ + "\nos.remove('data.csv')")
    assert shell.used() == {"made:v0"}
    Path("other.txt").write_text("read, then gone")
    shell.run_all("%%artifact other\nn = open('other.txt').read()\nos.remove('other.txt')")
    (note,) = outputs(shell)["reads"]
    assert (note["path"], note["size"]) == ("other.txt", 15)


def test_a_catalogue_that_fails_is_said_and_fails_the_run(shell, monkeypatch):
    shell.run_all(WRITE)

    def broken(self, digest):
        raise CatalogError("the catalogue cannot be read.")

    monkeypatch.setattr(Repository, "find_digest", broken)
    result = shell.run(READ)
    assert "catalogue cannot be read" in str(result.error_in_exec)
    assert shell.last_run().state == "failed"
    assert shell.namespace["n"] == 200


def test_files_can_be_left_out(shell):
    shell.run_all(WRITE.replace("made", "made --no-files"))
    assert shell.repository.collections("uncategorized") == []
    assert "writes" not in outputs(shell)


def test_what_is_written_in_the_repository_is_no_entry(shell):
    shell.run_all(
        "%%artifact x --project lab\nimport artnb\nwith artnb.init(project='lab') as run:\n"
        "    run.log({'a': 1})\nv = 2"
    )
    run = next(run for run in shell.repository.runs("lab") if run.job_type == "x")
    assert "writes" not in run.outputs
    assert "reads" not in run.outputs


def test_cells_without_the_header_are_not_watched(shell):
    shell.run_all(WRITE)
    result = shell.run_all("from artnb.capture import _audit\nlen(_audit._listeners)")
    assert result.result == 0


def test_a_cell_that_is_refused_leaves_no_watch(shell, monkeypatch):
    shell.run("%%artifact x\nreturn 3")
    shell.run_all("%%artifact x\nv = 1")


def test_unloading_gives_the_descriptor_back(shell):
    shell.run_all(WRITE)
    session = shell.shell._artnb_extension.session
    shell.run_all("%unload_ext artnb")
    assert session._watchers == []
    shell.run_all("%load_ext artnb")
