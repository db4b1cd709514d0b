"""The repository: commits, references, damage, and what a crash leaves."""

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from artnb.errors import (
    CommError,
    CorruptObjectError,
    InvalidPathError,
    ObjectMissingError,
    StoreFullError,
    StoreReadOnlyError,
    TypeMismatchError,
)
from artnb.repository import Content, Repository
from artnb.settings import Settings
from artnb.store import LocalBackend, object_key

pytestmark = pytest.mark.both_catalogs


@pytest.fixture
def run(repository):
    return repository.start_run("demo", job_type="make")


def commit(repository, run, data=b"data", name="thing", type="dataset", **kwargs):
    return repository.commit("demo", name, type, [Content("a.bin", data)], run_id=run.id, **kwargs)


def test_versions_count_up_and_latest_moves(repository, run):
    first, second = commit(repository, run, b"1"), commit(repository, run, b"2")
    assert [first.version.version, second.version.version] == ["v0", "v1"]
    assert repository.resolve("thing:latest", "demo").number == 1
    assert repository.version(first.version.id).aliases == ()


def test_the_same_content_makes_no_version_and_moves_the_aliases(repository, run):
    first = commit(repository, run, b"1")
    commit(repository, run, b"2", aliases=["best"])
    again = commit(repository, run, b"1", aliases=["best"])
    assert (again.created, again.version.id) == (False, first.version.id)
    assert again.version.aliases == ("latest", "best")
    assert len(repository.versions("demo", "thing")) == 2


def test_the_same_content_with_new_words_updates_the_version(repository, run):
    commit(repository, run, description="old", metadata={"a": 1})
    again = commit(repository, run, description="new", metadata={"a": 2})
    assert (again.version.description, again.version.metadata) == ("new", {"a": 2})


def test_a_version_more_is_one_object_more(repository, run):
    files = {f"{n}.bin": b"%d" % n for n in range(3000)}

    def log():
        contents = [Content(path, data) for path, data in files.items()]
        repository.commit("demo", "many", "dataset", contents, run_id=run.id)
        return set(repository._store.backend.keys())

    before = log()
    files["7.bin"] = b"changed"  # beside a manifest that is no small file
    (added,) = log() - before
    assert added.startswith("pack/")


def test_equal_bytes_are_kept_once(repository, run):
    data = os.urandom(300_000)
    commit(repository, run, data, name="one")
    objects = sum(
        1 for _ in (repository.root / "objects").rglob("*") if _.stat().st_size == 300_000
    )
    commit(repository, run, data, name="two")
    after = sum(1 for _ in (repository.root / "objects").rglob("*") if _.stat().st_size == 300_000)
    assert objects == after == 1


def test_another_type_is_refused_and_nothing_is_written(repository, run):
    commit(repository, run)
    before = sorted(path.name for path in (repository.root / "objects").rglob("*"))
    with pytest.raises(TypeMismatchError, match="'dataset', not 'model'"):
        commit(repository, run, os.urandom(9), type="model")
    assert sorted(path.name for path in (repository.root / "objects").rglob("*")) == before


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("thign:latest", "did you mean 'thing'"),
        ("thing:bset", "did you mean 'best'"),
        ("thing:v7", "v0"),
        ("dmeo/thing", "did you mean 'demo'"),
    ],
)
def test_what_is_missing_is_said_with_the_nearest(repository, run, ref, said):
    commit(repository, run, aliases=["best"])
    with pytest.raises(CommError, match=said):
        repository.resolve(ref, "demo")


def test_a_download_holds_the_files_and_repairs_changed_ones(repository, run, tmp_path):
    contents = [Content(f"d/{n}.txt", b"%d" % n) for n in range(5)]
    version = repository.commit("demo", "many", "dataset", contents, run_id=run.id).version
    out = repository.download(version, tmp_path / "out")
    (out / "d" / "1.txt").write_bytes(b"x")
    (out / "own.txt").write_bytes(b"mine")
    before = (out / "d" / "2.txt").stat().st_mtime_ns
    repository.download(version, out)
    assert (out / "d" / "1.txt").read_bytes() == b"1"
    assert (out / "d" / "2.txt").stat().st_mtime_ns == before
    assert (out / "own.txt").read_bytes() == b"mine"


def test_a_file_changed_within_its_size_and_with_its_old_time_is_replaced(
    repository, run, tmp_path
):
    version = commit(repository, run, b"good").version
    out = repository.download(version, tmp_path / "out")
    stat = (out / "a.bin").stat()
    (out / "a.bin").write_bytes(b"evil")
    os.utime(out / "a.bin", ns=(stat.st_atime_ns, stat.st_mtime_ns - 5_000_000_000))
    repository.download(version, out)
    assert (out / "a.bin").read_bytes() == b"good"


def damage(repository, digest):
    path = repository.root / "objects" / object_key(digest)
    path.chmod(0o644)
    path.write_bytes(b"\0" * path.stat().st_size)
    return path


def test_a_corrupt_object_is_named_quarantined_and_its_versions_marked(repository, run, tmp_path):
    data = os.urandom(300_000)
    version = commit(repository, run, data).version
    other = commit(repository, run, data, name="other").version
    digest = hashlib.sha256(data).hexdigest()
    path = damage(repository, digest)
    with pytest.raises(CorruptObjectError, match=r"a\.bin.*thing:v0.*quarantine") as caught:
        repository.download(version, tmp_path / "out")
    assert caught.value.digest == digest
    assert "other:v0" in str(caught.value)
    assert not path.exists()
    assert len(list((repository.root / "objects" / "quarantine").iterdir())) == 1
    assert {repository.version(v.id).state for v in (version, other)} == {"damaged"}
    assert not (tmp_path / "out" / "a.bin").exists()


def test_logging_the_content_again_repairs_the_version(repository, run, tmp_path):
    data = os.urandom(300_000)
    version = commit(repository, run, data).version
    damage(repository, hashlib.sha256(data).hexdigest())
    with pytest.raises(CorruptObjectError):
        repository.download(version, tmp_path / "out")
    again = commit(repository, run, data)
    assert (again.created, again.version.state) == (False, "live")
    out = repository.download(again.version, tmp_path / "out")
    assert (out / "a.bin").read_bytes() == data


def test_a_missing_object_is_said(repository, run, tmp_path):
    data = os.urandom(300_000)
    version = commit(repository, run, data).version
    (repository.root / "objects" / object_key(hashlib.sha256(data).hexdigest())).unlink()
    with pytest.raises(ObjectMissingError, match="thing:v0"):
        repository.download(version, tmp_path / "out")


def test_a_download_does_not_write_through_a_link(repository, run, tmp_path):
    contents = [Content("d/x.txt", b"x")]
    version = repository.commit("demo", "many", "dataset", contents, run_id=run.id).version
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "d").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidPathError, match="symbolic link"):
        repository.download(version, tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_full_disk_fails_the_commit_and_leaves_what_was_there(repository, run, monkeypatch):
    commit(repository, run, b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreFullError, match="disk is full"):
            commit(repository, run, os.urandom(10))
    assert [v.version for v in repository.versions("demo", "thing")] == ["v0"]
    assert commit(repository, run, b"after").version.version == "v1"


def test_a_read_only_repository_is_read_and_refuses_to_record(tmp_path):
    """As another user where root runs the tests, for root may write everywhere."""
    place = tmp_path / "place"
    place.mkdir()
    repository = Repository(Settings.resolve(place, {}))
    run = repository.start_run("demo")
    commit(repository, run, b"data")
    repository.finish_run(run.id)
    repository.close()
    program = f"""
import os, pathlib
from artnb.repository import *
from artnb.settings import Settings
import artnb.store.remote, artnb.errors, fsspec, sqlite3, platform
platform.platform()
place = pathlib.Path({str(place)!r})
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
r = Repository(Settings.resolve(place, {{}}))
v = r.resolve("thing:latest", "demo")
print(r.read_only, v.version, r.read_blob(r.manifest(v).entries["a.bin"].digest))
try:
    r.start_run("demo")
except artnb.errors.StoreReadOnlyError as error:
    print("refused:", error)
"""
    for path in (place, *place.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and len(folder.parts) > 2:
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, timeout=120
        )
    finally:
        for path in (place, *place.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "True v0 b'data'" in done.stdout
    assert "refused: Could not start a run" in done.stdout


def test_a_read_only_backend_refuses(repository, run, monkeypatch):
    monkeypatch.setattr(LocalBackend, "read_only", property(lambda _: True))
    with pytest.raises(StoreReadOnlyError, match="ARTNB_DIR"):
        commit(repository, run)


def test_lineage_is_recorded_both_ways(repository, run):
    made = commit(repository, run).version
    user = repository.start_run("demo", job_type="use")
    repository.use(user.id, made.id)
    repository.use(user.id, made.id)
    assert [r.id for r in repository.logged_by(made.id)] == [run.id]
    assert [r.id for r in repository.used_by(made.id)] == [user.id]
    assert [v.id for v in repository.used(user.id)] == [made.id]
    assert [v.id for v in repository.logged(run.id)] == [made.id]


def test_events_are_told_and_a_failing_subscriber_fails_nothing(repository, run):
    told = []
    stop = repository.subscribe(told.append)

    def broken(_):
        raise RuntimeError("view is gone")

    repository.subscribe(broken)
    with pytest.warns(UserWarning, match="view is gone"):
        version = commit(repository, run).version
    stop()
    with pytest.warns(UserWarning, match="view is gone"):
        commit(repository, run, b"2")
    assert [(e.kind, e.run, e.version) for e in told] == [("version", run.id, version.id)]


def test_aliases_move_and_go(repository, run):
    first, second = commit(repository, run, b"1").version, commit(repository, run, b"2").version
    repository.set_aliases(first.id, add=["best"])
    assert repository.set_aliases(second.id, add=["best"]).aliases == ("latest", "best")
    assert repository.version(first.id).aliases == ()
    assert repository.set_aliases(second.id, remove=["best"]).aliases == ("latest",)


def test_a_fingerprint_finds_the_version_that_holds_a_value(repository, run):
    contents = [Content("x.npy", b"1", fingerprint="abc")]
    version = repository.commit("demo", "x", "dataset", contents, run_id=run.id).version
    assert [(v.id, path) for v, path in repository.find_fingerprint("demo", "abc")] == [
        (version.id, "x.npy")
    ]
    assert repository.find_fingerprint("demo", "other") == []


def test_history_is_read_while_the_run_is_open_and_after(repository, run):
    rows = [{"_step": n, "loss": 1 / (n + 1)} for n in range(100)]
    for row in rows:
        repository.log_row(run.id, row)
    assert repository.history(run.id) == rows
    repository.finish_run(run.id)
    assert repository.history(run.id) == rows
    assert not (repository.root / "runs" / f"{run.id}.jsonl").exists()


def test_code_is_kept(repository):
    run = repository.start_run("demo", code="x = 1\n# ä \udc80")
    assert repository.code(run.id) == "x = 1\n# ä \udc80"


def test_the_repository_keeps_itself_out_of_git(repository):
    assert (repository.root / ".gitignore").read_text().endswith("*\n")


def test_threads_log_versions_without_gaps(repository, run):
    errors = []

    def work(number):
        try:
            for n in range(5):
                commit(repository, run, b"%d-%d" % (number, n))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    numbers = [v.number for v in repository.versions("demo", "thing")]
    assert sorted(numbers) == list(range(20))


def test_processes_log_versions_without_gaps(repository, run):
    program = """
import sys
from artnb.repository import *
r = Repository()
run = r.start_run("demo")
for n in range(10):
    contents = [Content("a", f"{sys.argv[1]}-{n}".encode())]
    r.commit("demo", "thing", "dataset", contents, run_id=run.id)
r.close()
"""
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(n)], stderr=subprocess.PIPE)
        for n in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    numbers = [v.number for v in repository.versions("demo", "thing")]
    assert sorted(numbers) == list(range(30))


def test_a_run_whose_process_was_killed_is_crashed_and_keeps_its_rows(repository):
    program = """
import os, signal
from artnb.repository import *
r = Repository()
run = r.start_run("demo", name="doomed")
r.log_row(run.id, {"_step": 0, "loss": 2.0})
r.history(run.id)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], timeout=60)
    again = Repository()
    try:
        (run,) = again.runs("demo")
        assert (run.name, run.state) == ("doomed", "crashed")
        assert again.history(run.id) == [{"_step": 0, "loss": 2.0}]
    finally:
        again.close()


def test_a_store_elsewhere_keeps_the_bytes_there(tmp_path):
    settings = Settings.resolve(tmp_path, {"ARTNB_STORE": f"file://{tmp_path}/far"})
    repository = Repository(settings)
    run = repository.start_run("demo")
    version = commit(repository, run, os.urandom(300_000)).version
    assert any(Path(tmp_path / "far").rglob("*"))
    assert (repository.download(version, tmp_path / "out") / "a.bin").stat().st_size == 300_000
    repository.close()


def test_a_store_in_memory_works(tmp_path):
    settings = Settings.resolve(tmp_path, {"ARTNB_STORE": "memory://repo"})
    repository = Repository(settings)
    run = repository.start_run("demo")
    version = repository.commit(
        "demo", "t", "dataset", [Content(f"{n}", b"%d" % n) for n in range(20)], run_id=run.id
    ).version
    out = repository.download(version, tmp_path / "out")
    assert sorted(int(path.name) for path in out.iterdir()) == list(range(20))
    repository.close()
