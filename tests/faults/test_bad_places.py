"""A repository or store that is not what it should be: one clear error, nothing lost or left.

Where each kind is tested:

- of another program, half-copied, one catalogue with two stores, a disk that is mounted
  read-only, a store that vanishes while it is used: here; a bucket that vanishes:
  tests/store/test_team.py
- a newer format: of a manifest here; of a catalogue tests/catalog/test_connection.py and
  test_postgres.py; of a journal or manifest that is pulled tests/exchange/test_hostile.py
- a full disk at every call: test_syscalls.py, test_full_disk.py, test_full_disk_saving.py
- folders without leave: tests/test_repository.py
- credentials, leave, a missing bucket, clocks, cut-off uploads: tests/store/test_cloud.py
- what a killed process left in the staging goes at the next start: tests/store/test_objects.py
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from disks import MOUNT, can_mount
from services.postgres import PASSWORD

from artnb.cli import main
from artnb.digest import digest_bytes
from artnb.errors import ArtnbError, CatalogError, InvalidValueError, StoreError
from artnb.repository import Content, Repository
from artnb.settings import Settings


@contextmanager
def opened(place, **env):
    given = {f"ARTNB_{name.upper()}": str(value) for name, value in env.items()}
    with closing(Repository(Settings.resolve(place, {"ARTNB_DIR": str(place), **given}))) as found:
        yield found


def log(repository, data, name="rows"):
    run = repository.start_run("demo", code="x = 1")
    contents = [Content("large.bin", data * 300_000), Content("small.txt", data)]
    version = repository.commit("demo", name, "dataset", contents, run_id=run.id).version
    repository.finish_run(run.id)
    return version


def all_files(folder):
    """Return every file's bytes, and each folder as None."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


# a store of another program -------------------------------------------------------------


def of_git(folder):
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)


def of_dvc(folder):
    (folder / "files" / "md5" / "ab").mkdir(parents=True)
    (folder / "files" / "md5" / "ab" / ("c" * 30)).write_bytes(b"data")


def of_mlflow(folder):
    (folder / "0").mkdir(parents=True)
    (folder / "0" / "meta.yaml").write_text("experiment_id: '0'\n")


def of_a_person(folder):
    folder.mkdir()
    (folder / "thesis.txt").write_text("words")


@pytest.mark.parametrize("make", [of_git, of_dvc, of_mlflow, of_a_person])
def test_a_folder_of_another_program_is_refused_and_left_as_it_is(tmp_path, make, capsys):
    theirs = tmp_path / "theirs"
    make(theirs)
    before = all_files(theirs)
    said = r"is no store of artnb's: other files are in it \(.*ARTNB_STORE"
    with pytest.raises(StoreError, match=said), opened(tmp_path / "ours", store=theirs):
        pass
    with opened(tmp_path / "here") as repository:
        log(repository, b"1")
    os.environ["ARTNB_DIR"] = str(tmp_path / "here")
    try:
        assert main(["push", f"file://{theirs}"]) == 1
    finally:
        del os.environ["ARTNB_DIR"]
    assert "no store of artnb's" in capsys.readouterr().err
    assert all_files(theirs) == before


def test_what_systems_leave_in_a_folder_is_nobodys(tmp_path):
    (tmp_path / "disk" / "lost+found").mkdir(parents=True)
    with opened(tmp_path, store=tmp_path / "disk") as repository:
        assert log(repository, b"1").ref == "rows:v0"


def test_gc_leaves_files_of_others_in_the_store(tmp_path):
    with opened(tmp_path) as repository:
        version = log(repository, b"1")
        pack = repository.root / "objects" / "pack"
        theirs = [pack / "pack-1234.idx", pack / "ab" / "notes.txt", pack / "ab" / ("c" * 62 + "x")]
        for path in theirs:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("theirs")
        repository.delete(version.id, delete_aliases=True)
        assert repository.maintenance.collect(grace=0).objects > 0
    assert all(path.read_text() == "theirs" for path in theirs)


@pytest.mark.parametrize("their", ["users", "runs", "migrations"])
def test_a_database_of_another_program_is_no_catalogue(tmp_path, their, capsys, monkeypatch):
    file = tmp_path / "theirs.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute(f"create table {their} (name text)")
        db.commit()
    before = file.read_bytes()
    monkeypatch.setenv("ARTNB_CATALOG", f"sqlite:///{file}")
    said = f"is no catalogue of artnb's.*another program are in it .{their}.*Set ARTNB_CATALOG to"
    with (
        pytest.raises(InvalidValueError, match=said),
        opened(tmp_path / "r", catalog=f"sqlite:///{file}"),
    ):
        pass
    for line in ("status", "migrate", "rebuild", "gc"):
        assert main([line]) == 1
        assert "no catalogue of artnb's" in capsys.readouterr().err
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.glob("theirs*")] == ["theirs.db"]


@pytest.mark.parametrize("their", ["runs", "migrations"])
def test_a_schema_in_which_another_program_has_such_tables_is_refused(
    postgres, tmp_path, their, capsys, monkeypatch
):
    url = postgres.new_schema()
    schema = url.rpartition("=")[2]
    postgres.run(f"create schema {schema}", f"create table {schema}.{their} (name text)")
    monkeypatch.setenv("ARTNB_CATALOG", url)
    for line in ("status", "migrate", "rebuild"):
        assert main([line]) == 1
        said = capsys.readouterr().err
        assert "no catalogue of artnb's" in said
        assert "?schema=artnb" in said
        assert PASSWORD not in said
    found = postgres.run(f"select tablename from pg_tables where schemaname = '{schema}'")
    assert found == [(their,)]


# a newer format -------------------------------------------------------------------------


def test_a_version_that_a_newer_artnb_wrote_is_said_to_be_one(tmp_path):
    with opened(tmp_path) as repository:
        version = log(repository, b"1")
        body = json.dumps({"artnb": 2, "entries": {}, "more": True}).encode()
        repository.put_blob(body)
        with repository._catalog._db.transaction() as db:
            db.execute("update versions set digest = ?", (digest_bytes(body),))
        newer = repository.version(version.id)
        for use in (repository.manifest, lambda v: repository.download(v, tmp_path / "out")):
            with pytest.raises(CatalogError, match=r"format 2, not 1.*pip install -U artnb"):
                use(newer)
        assert not (tmp_path / "out").exists()
        with pytest.raises(CatalogError, match="format 2, not 1"):
            repository.maintenance.verify()  # which cannot judge it
        assert repository.version(version.id).state == "live"


# half a copy ----------------------------------------------------------------------------


def test_half_a_copy_says_what_is_missing_and_is_whole_when_the_rest_has_come(tmp_path, capsys):
    source = tmp_path / "source"
    with opened(source) as repository:
        versions = [log(repository, b"%d" % n) for n in range(4)]
    copy = tmp_path / "copy" / ".artnb"
    shutil.copytree(source / ".artnb", copy)
    rest = {}
    for path in sorted((copy / "objects").glob("sha256/*/*"))[::2]:
        rest[path] = path.read_bytes()
        path.unlink()
    cut = next(path for path in (copy / "objects").glob("sha256/*/*") if path.stat().st_size > 9999)
    rest[cut] = cut.read_bytes()
    cut.chmod(0o644)
    cut.write_bytes(rest[cut][:5000])

    with opened(copy.parent) as repository:
        said = []
        for version in versions:
            target = tmp_path / "out" / version.ref
            try:
                repository.download(repository.version(version.id), target)
            except StoreError as error:
                said.append(str(error))
                assert not target.exists() or not any(target.iterdir())
        assert said
        assert all(re.search("missing from the store|does not have|Damaged by it", t) for t in said)
        assert main_in(copy.parent, "verify") == 1
        assert "rows:v" in capsys.readouterr().out
        assert main_in(copy.parent, "doctor") in (0, 1)
        # What is logged meanwhile is whole.
        new = log(repository, b"new")
        repository.download(new, tmp_path / "new")

    for path, data in rest.items():  # rsync, once more
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)
    assert main_in(copy.parent, "verify") == 0
    capsys.readouterr()
    with opened(copy.parent) as repository:
        for version in versions:
            found = repository.version(version.id)
            assert found.state == "live"
            repository.download(found, tmp_path / "whole" / version.ref)


@pytest.mark.parametrize("how", ["cut", "without its last part", "empty"])
def test_half_a_catalogue_is_made_again_from_the_store(tmp_path, capsys, how):
    with opened(tmp_path) as repository:
        made = [log(repository, b"%d" % n).ref for n in range(3)]
        root = repository.root
    file = root / "catalog.db"
    data = file.read_bytes()
    file.write_bytes({"cut": data[: len(data) // 2], "empty": b""}.get(how, data[:-4096]))
    if how == "empty":  # as SQLite makes it, too: it is a new one
        with opened(tmp_path) as repository:
            assert repository.versions("demo") == []
    else:
        with (
            pytest.raises(ArtnbError, match="artnb rebuild"),
            opened(tmp_path) as repository,
        ):
            repository.versions("demo")
    assert main_in(tmp_path, "rebuild") == 0
    with opened(tmp_path) as repository:
        assert sorted(version.ref for version in repository.versions("demo")) == sorted(made)
        assert repository.maintenance.verify().damage == ()


def main_in(place, *line):
    os.environ["ARTNB_DIR"] = str(place)
    try:
        return main(list(line))
    finally:
        del os.environ["ARTNB_DIR"]


# one catalogue, two stores --------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("second", ["empty", "of another catalogue"])
def test_one_catalogue_with_two_stores_is_refused(tmp_path, kind, second, request):
    catalog = f"sqlite:///{tmp_path}/shared.db"
    if kind == "postgresql":
        catalog = request.getfixturevalue("postgres").new_schema()
    if second != "empty":
        with opened(tmp_path / "other", store=tmp_path / "b") as repository:
            log(repository, b"other")
    with opened(tmp_path / "ann", catalog=catalog, store=tmp_path / "a") as repository:
        version = log(repository, b"1")
    before = all_files(tmp_path / "b")
    with opened(tmp_path / "bob", catalog=catalog, store=tmp_path / "b") as repository:
        said = r"lie in another store than .*/b: .*Correct ARTNB_STORE or ARTNB_CATALOG"
        with pytest.raises(StoreError, match=said):
            log(repository, b"2")
        for doing in ("verify", "collect"):  # which would take all for damaged, or as unneeded
            with pytest.raises(StoreError, match=said):
                getattr(repository.maintenance, doing)()
        assert [run.state for run in repository.runs("demo")] == ["finished"]  # none was begun
    assert all_files(tmp_path / "b") == before
    with opened(tmp_path / "ann", catalog=catalog, store=tmp_path / "a") as repository:
        assert repository.maintenance.verify().damage == ()
        repository.download(version, tmp_path / "out")
        assert log(repository, b"2").ref == "rows:v1"


def test_a_store_that_was_lost_is_filled_again(tmp_path):
    with opened(tmp_path) as repository:
        version = log(repository, b"1")
        out = repository.download(version, tmp_path / "out")
        root = repository.root
    shutil.rmtree(root / "objects")
    with opened(tmp_path) as repository:
        with pytest.raises(StoreError, match="verify --repair"):
            log(repository, b"2")
        repository.maintenance.verify(repair=[out])
        assert log(repository, b"2").ref == "rows:v1"
        assert repository.read_blob(digest_bytes(b"1" * 300_000)) == b"1" * 300_000


# disks ----------------------------------------------------------------------------------


def test_a_store_that_vanishes_is_not_begun_anew(tmp_path):
    """As a disk that is unmounted, or a share that is gone: its place is an empty folder."""
    disk = tmp_path / "disk"
    with opened(tmp_path, store=disk / "store") as repository:
        version = log(repository, b"1")
        (disk / "store").rename(tmp_path / "away")
        with pytest.raises(StoreError, match=r"is gone.*[Mm]ount it.*Nothing was recorded"):
            log(repository, b"2")
        assert not (disk / "store").exists()
        with pytest.raises(StoreError, match="bring it back"):
            repository.download(version, tmp_path / "out")
        (tmp_path / "away").rename(disk / "store")
        repository.download(version, tmp_path / "out")
        assert log(repository, b"2").ref == "rows:v1"
        assert repository.maintenance.verify().damage == ()


READ_ONLY = """
import os, sys
from pathlib import Path
from artnb.cli import main
from artnb.errors import StoreReadOnlyError
from artnb.repository import Repository
from artnb.settings import Settings
sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]).parent)]
from test_bad_places import log
place = Path.cwd()
if sys.argv[2] == "fill":
    repository = Repository()
    version = log(repository, b"1")
    (place / "before").write_text(version.ref)
    repository.close()
    sys.exit()
repository = Repository()
version = repository.resolve("rows:latest", "demo")
repository.download(version, Path(sys.argv[3]) / "out")
assert repository.maintenance.verify().damage == ()
for doing in (
    lambda: log(repository, b"2"),
    lambda: repository.maintenance.collect(grace=0),
    lambda: repository.delete(version.id, delete_aliases=True),
    lambda: repository.set_aliases(version.id, add=["best"]),
    lambda: repository.update_version(version.id, description="x"),
):
    try:
        doing()
    except StoreReadOnlyError as error:
        print("refused:", error)
repository.close()
for line in ("status", "ls", "show demo/rows:v0", "log demo/rows", "du", "verify", "doctor"):
    print(line, main(line.split()))
for line in ("gc", "delete demo/rows:v0 --aliases", "rebuild"):
    print(line, main(line.split()))
"""


def test_a_disk_that_is_mounted_read_only(tmp_path):
    disk, out = tmp_path / "disk", tmp_path / "elsewhere"
    disk.mkdir()
    out.mkdir()
    if not can_mount(disk):
        pytest.skip("this system lets nobody mount")
    python = f'{sys.executable} -c "$0" {Path(__file__).parent}'
    script = (
        f"mount -t tmpfs -o size=32m artnb {disk} && cd {disk} && {python} fill && "
        f"mount -o remount,ro {disk} && {python} read {out}"
    )
    done = subprocess.run(
        [*MOUNT, script, READ_ONLY], capture_output=True, text=True, timeout=300,
        env={**os.environ, "ARTNB_DIR": str(disk)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused:") == 5, done.stdout
    for line in ("status", "ls", "show demo/rows:v0", "log demo/rows", "du", "verify"):
        assert f"{line} 0" in done.stdout
    for line in ("gc", "delete demo/rows:v0 --aliases", "rebuild"):
        assert f"{line} 1" in done.stdout
    assert "Traceback" not in done.stderr
    assert (out / "out" / "small.txt").read_bytes() == b"1"
