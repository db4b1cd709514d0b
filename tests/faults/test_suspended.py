"""A process that is suspended while it has the catalogue locked: others wait, say so, give up.

The holder is a real process, stopped by SIGSTOP in the middle of a transaction.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from sqlite3 import sqlite_version_info

import pytest

import artnb
from artnb._api import current_repository
from artnb.catalog import locks, open_catalog
from artnb.catalog.sqlite import _WAL_RESET_BUG, SqliteConnections
from artnb.cli import main
from artnb.environment import HOST
from artnb.errors import CatalogLockedError
from artnb.model import RunRecord
from artnb.repository import Content, Repository, close_repositories
from artnb.settings import Settings
from artnb.worker import Place, WorkerRun

HOLDER = """
import os, signal, sys
from artnb.repository import Repository
opened = Repository()
with opened._catalog._db.transaction() as db:
    db.execute("insert into projects (name, created_at) values ('half', 0)")
    os.kill(os.getpid(), signal.SIGSTOP)
opened.close()
"""
BARE = """
import os, signal
from artnb.catalog import open_catalog
from artnb.settings import Settings
catalog = open_catalog(Settings.resolve().catalog)
with catalog._db.transaction():
    os.kill(os.getpid(), signal.SIGSTOP)
"""
PUSHER = """
import os, signal
from artnb.exchange.peers import _alone
from artnb.repository import Repository
with _alone(Repository(), "name"):
    os.kill(os.getpid(), signal.SIGSTOP)
"""


# Only where SQLite has a fault to guard against is there a lock file, which says who holds it.
HAS_LOCK_FILE = _WAL_RESET_BUG[0] <= sqlite_version_info <= _WAL_RESET_BUG[1]
HOLDS = "suspended" if HAS_LOCK_FILE else "by another process"


@contextmanager
def suspended(code=HOLDER):
    """Yield a process that stopped itself; when it is left, it has gone on to its end."""
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        pytest.fail(f"the holder ended: {process.stderr.read()}")
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setenv("ARTNB_LOCK_TIMEOUT", "0.5s")


@pytest.fixture(params=["lock file", "SQLite's own"])
def kind(request, monkeypatch):
    if request.param == "lock file" and not HAS_LOCK_FILE:
        pytest.skip("this SQLite needs no lock file")
    if request.param == "SQLite's own":
        monkeypatch.setattr("artnb.catalog.sqlite._WAL_RESET_BUG", ((0,), (0,)))
    return request.param


def commit(repository, run, data=b"x"):
    contents = [Content("a.txt", data)]
    return repository.commit("demo", "kept", "dataset", contents, run_id=run.id).version


def test_who_waits_is_told_for_whom_and_gives_up_and_nothing_is_lost(impatient, kind):
    repository = Repository()
    run = repository.start_run("demo")
    with suspended() as holder:
        with pytest.raises(CatalogLockedError) as caught:
            commit(repository, run)
        told = str(caught.value)
        assert "stayed locked for 0 s" in told or "stayed locked for 1 s" in told
        assert "Nothing was recorded" in told
        assert "ARTNB_LOCK_TIMEOUT" in told
        if kind == "lock file":
            assert f"the process {holder.pid}, which is suspended" in told
            assert f"kill -CONT {holder.pid}" in told
        assert repository.versions("demo") == []  # to read is free
    assert commit(repository, run).ref == "kept:v0"
    assert "half" in repository.projects()  # the holder's own is whole, too
    repository.close()


def test_after_some_seconds_it_is_said_once_and_then_it_goes_on(kind, monkeypatch, capsys):
    monkeypatch.setattr(locks, "NOTICE_SECONDS", 0.1)
    repository = Repository()
    run = repository.start_run("demo")
    said = threading.Event()
    tell = locks.Notice.tell

    def telling(self):
        tell(self)
        if self._said:
            said.set()

    monkeypatch.setattr(locks.Notice, "tell", telling)
    done = []
    with suspended() as holder:
        waiting = threading.Thread(target=lambda: done.append(commit(repository, run)))
        waiting.start()
        assert said.wait(60)
        assert not done
        told = capsys.readouterr().err
        assert told.count("artnb waits for the catalogue") == 1
        if kind == "lock file":
            assert f"the process {holder.pid}, which is suspended" in told
    waiting.join(60)
    assert done[0].ref == "kept:v0"
    assert "waits" not in capsys.readouterr().err
    repository.close()


def test_those_who_gave_up_leave_no_lock_behind(impatient):
    repository = Repository()
    run = repository.start_run("demo")
    with suspended():
        for _ in range(3):
            with pytest.raises(CatalogLockedError):
                commit(repository, run)
    # Each of the three still stood in the queue when the holder let go.
    assert commit(repository, run).ref == "kept:v0"
    repository.close()


@pytest.fixture
def interruptible():
    """Ctrl-C as a person's terminal has it: who runs the tests may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_ends_the_wait(tmp_path, interruptible):
    """Ctrl-C while another process has the lock; no lock comes later to nobody."""
    path = tmp_path / "lock"
    main_thread = threading.main_thread().ident
    with locks.locked_file(path, "the first"):
        timer = threading.Timer(0.2, signal.pthread_kill, (main_thread, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt), locks.locked_file(path, "the second"):
            pass
        timer.join()
    with locks.locked_file(path, "the third", patience=5):
        pass


def test_a_child_that_was_forked_in_a_transaction_does_not_keep_the_lock(tmp_path):
    connections = SqliteConnections(tmp_path / "catalog.db", patience=1)
    with connections.transaction() as db:
        db.execute("insert into projects (name, created_at) values ('a', 0)")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)  # until the test is over
            os._exit(0)
    try:
        with connections.transaction() as db:
            db.execute("insert into projects (name, created_at) values ('b', 0)")
    finally:
        os.close(writing)
        os.close(reading)
        os.waitpid(child, 0)
    assert [row["name"] for row in connections.rows("select name from projects")] == ["a", "b"]
    connections.close()


def test_a_run_in_progress_keeps_its_rows_and_is_finished_later(impatient):
    run = artnb.init(project="demo")
    run.log({"loss": 1.0})
    with suspended():
        run._summary_due = 0.0  # as it is after a second
        with pytest.warns(UserWarning, match=f"The summary of run .* waits: .*{HOLDS}"):
            run.log({"loss": 0.5})
        run.log({"loss": 0.25})  # is not held up again at once
        with pytest.raises(CatalogLockedError, match="Nothing was recorded"):
            run.finish(exit_code=3)
        assert run.state == "running"
    run.finish()
    kept = current_repository().run(run.id)
    assert [row["loss"] for row in current_repository().history(run.id)] == [1.0, 0.5, 0.25]
    assert (kept.state, kept.summary["loss"]) == ("failed", 0.25)


def test_a_run_whose_end_failed_takes_no_part_in_the_next(impatient):
    first = artnb.init(project="demo")
    with suspended(), pytest.raises(CatalogLockedError):
        first.finish()
    with artnb.init(project="demo") as second:
        assert second.id != first.id
    assert current_repository().run(first.id).state == "finished"


def test_what_failed_in_the_block_is_not_hidden(impatient):
    run = artnb.init(project="demo")
    with suspended(), pytest.raises(ZeroDivisionError) as caught, run:
        1 / 0  # noqa: B018
    assert "could not be finished, too" in caught.value.__notes__[0]
    run.finish()
    assert run.state == "failed"


def test_a_worker_says_that_its_row_is_not_kept_and_keeps_it_for_its_end(impatient):
    run = artnb.init(project="demo")
    worker = WorkerRun(run._record, Place.of(run._repository.settings))
    with suspended(), pytest.raises(CatalogLockedError):
        worker.log({"loss": 0.5})
    worker.finish()
    run.finish()
    assert [row["loss"] for row in current_repository().history(run.id)] == [0.5]


SCRIPT = """
import artnb
run = artnb.init(project="demo")
for n in range(3):
    run.log({"n": n})
print(run.id, flush=True)
input()  # until the catalogue is locked
"""


def test_a_script_that_ends_meanwhile_says_so_and_its_rows_are_there(impatient):
    Repository().close()
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    run_id = script.stdout.readline().strip()
    with suspended():
        _, said = script.communicate("\n", timeout=60)
    assert "could not be finished" in said
    assert "Traceback" not in said
    repository = Repository()
    assert repository.run(run_id).state == "crashed"
    assert [row["n"] for row in repository.history(run_id)] == [0, 1, 2]
    repository.close()


def test_opening_goes_on_where_only_tidying_up_has_to_wait(impatient):
    with closing(open_catalog(Settings.resolve().catalog)) as catalog:
        gone = RunRecord("a", "demo", 0, "", host=HOST, pid=2**22 + 1)
        catalog.add_run(gone, None, str)  # of a process that ended, and no journal written
    with suspended(BARE), pytest.warns(UserWarning, match="waits"), closing(Repository()) as opened:
        assert opened.projects() == ["demo"]
    with closing(Repository()) as opened:
        assert opened.run("a").state == "crashed"


def test_rebuild_does_not_take_a_locked_catalogue_for_a_broken_one(impatient, capsys):
    with artnb.init(project="demo"):
        pass
    close_repositories()
    root = Settings.resolve().root
    with suspended():
        assert main(["rebuild"]) == 1
    assert re.search(f"stayed locked .* {HOLDS}", capsys.readouterr().err)
    assert list(root.glob("catalog.db.before-*")) == []


def test_two_pushes_of_one_repository_do_not_wait_for_ever(impatient, tmp_path, capsys):
    with artnb.init(project="demo"):
        pass
    close_repositories()
    (tmp_path / "team").mkdir()
    with suspended(PUSHER) as holder:
        assert main(["push", f"file://{tmp_path / 'team'}"]) == 1
        assert f"the process {holder.pid}, which is suspended" in capsys.readouterr().err
    assert main(["push", f"file://{tmp_path / 'team'}"]) == 0


# PostgreSQL ---------------------------------------------------------------------------

PG_HOLDER = """
import os, signal, sys
from artnb.catalog import postgres
postgres._IDLE_SECONDS = float(sys.argv[1])
connections = postgres.PostgresConnections(os.environ["ARTNB_CATALOG"])
try:
    with connections.transaction(alone=True) as db:
        os.kill(os.getpid(), signal.SIGSTOP)
        db.execute("select 1")
except Exception as error:
    print(error, file=sys.stderr)
"""


def test_on_a_server_it_is_given_up_and_says_whose_transaction_is_open(
    postgres, monkeypatch, impatient
):
    url = postgres.new_schema()
    monkeypatch.setenv("ARTNB_CATALOG", url)
    catalog = open_catalog(url, patience=0.5)
    code = PG_HOLDER.replace("sys.argv[1]", "'60'")
    with suspended(code):
        with pytest.raises(CatalogLockedError) as caught:
            catalog.add_run(RunRecord("a", "demo", 0, ""), None, str)
        told = str(caught.value)
        assert re.search(r"ann's from 127.0.0.1, for \d+ s .*pg_terminate_backend\(\d+\)", told)
        assert "Nothing was recorded" in told
    assert catalog.add_run(RunRecord("a", "demo", 0, ""), None, str).number == 1
    catalog.close()


def test_the_server_ends_the_transaction_of_a_suspended_process(postgres, monkeypatch):
    url = postgres.new_schema()
    monkeypatch.setenv("ARTNB_CATALOG", url)
    catalog = open_catalog(url)
    with suspended(PG_HOLDER.replace("sys.argv[1]", "'1'")):
        # It waits, for as long as the server lets the other be idle.
        assert catalog.add_run(RunRecord("a", "demo", 0, ""), None, str).number == 1
    catalog.close()
