"""SQLite set up so that what was acknowledged stays, and damage is said."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from artnb.catalog.ancestry import ancestors, descendants
from artnb.catalog.locks import locked_file
from artnb.catalog.schema import MIGRATIONS
from artnb.catalog.session import Many
from artnb.catalog.sqlite import SqliteConnections
from artnb.errors import CatalogError, CatalogLockedError


@pytest.fixture
def connections(tmp_path):
    opened = SqliteConnections(tmp_path / "catalog.db")
    yield opened
    opened.close()


def test_it_is_wal_with_full_sync(connections):
    assert connections.row("pragma journal_mode")[0] == "wal"
    assert connections.row("pragma synchronous")[0] == 2


def test_lineage_is_followed_by_the_indexes_of_a_kind_alone(connections, monkeypatch):
    monkeypatch.setattr("artnb.catalog.ancestry._FEW", 1)  # all steps are read, too
    plans = []

    class Explained:
        def __init__(self, db):
            self.plain = db.execute

        def execute(self, query, values=()):
            if "edges" not in query:
                return self.plain(query, values)
            plan = self.plain("explain query plan " + query, values)
            plans.append([row["detail"] for row in plan])
            return self.plain(query, values)

    for follow in (ancestors, descendants):
        assert connections.ask(lambda db, follow=follow: follow(Explained(db), 1)) == set()
    backwards, forwards = ("logged", "used"), ("used", "logged")
    for plan, kinds in zip(plans, (backwards, backwards, forwards, forwards), strict=True):
        steps = [step for step in plan if "near" in step or "far" in step]
        for step, index in zip(
            steps, (f"{kinds[0]}_of_version", f"{kinds[1]}_of_run"), strict=True
        ):
            assert f"COVERING INDEX {index} " in f"{step} "


def test_an_error_in_a_transaction_leaves_nothing(connections):
    def fail():
        with connections.transaction() as db:
            db.execute("insert into projects (name, created_at) values ('p', 0)")
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        fail()
    assert connections.rows("select * from projects") == []


def test_a_nested_transaction_joins_the_outer_one(connections):
    def fail():
        with connections.transaction():
            with connections.transaction() as db:
                db.execute("insert into projects (name, created_at) values ('p', 0)")
            raise KeyError("stop")

    with pytest.raises(KeyError):
        fail()
    assert connections.rows("select * from projects") == []


def test_each_thread_has_its_own_connection(connections):
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(id(connections._connection())))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
        thread.join()
    connections.row("select 1")
    assert len(set(seen) | {id(connections._connection())}) >= 2


def test_a_newer_catalogue_is_refused_and_untouched(tmp_path):
    SqliteConnections(tmp_path / "c.db").close()
    with sqlite3.connect(tmp_path / "c.db") as db:
        db.execute("insert into migrations values ('9999-from-the-future', 0)")
    with pytest.raises(CatalogError, match=r"newer artnb.*9999-from-the-future"):
        SqliteConnections(tmp_path / "c.db")


def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path):
    path = tmp_path / "c.db"
    path.write_bytes(b"certainly not a database" * 200)
    with pytest.raises(CatalogError, match=r"c\.db"):
        SqliteConnections(path)
    assert path.read_bytes() == b"certainly not a database" * 200


def test_migrations_run_once_though_many_processes_open_at_once(tmp_path):
    program = (
        "import sys, pathlib; from artnb.catalog.sqlite import SqliteConnections;"
        "SqliteConnections(pathlib.Path(sys.argv[1])).close()"
    )
    path = tmp_path / "c.db"
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    with sqlite3.connect(path) as db:
        names = [row[0] for row in db.execute("select name from migrations")]
    assert sorted(names) == [name for name, _ in MIGRATIONS]


def test_threads_that_end_leave_their_connection_to_the_next(connections):
    connections.row("select 1")
    before = len(connections._all)
    for _ in range(5):
        thread = threading.Thread(target=connections.row, args=("select 1",))
        thread.start()
        thread.join()
    assert len(connections._all) == before + 1


@pytest.mark.parametrize(
    ("version", "one_at_a_time"),
    [((3, 35, 0), True), ((3, 51, 2), True), ((3, 51, 3), False), ((4, 0, 0), False)],
)
def test_where_sqlite_may_damage_its_files_one_writer_is_let_in_at_a_time(
    tmp_path, monkeypatch, version, one_at_a_time
):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    opened = SqliteConnections(tmp_path / "c.db", patience=0.05)
    with locked_file(tmp_path / "c.db.lock", "another process"):
        if one_at_a_time:
            with pytest.raises(CatalogLockedError), opened.transaction():
                pass
        else:
            with opened.transaction():
                pass
    opened.close()


def test_an_sqlite_that_lacks_what_is_needed_is_named_and_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 26, 0))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.26.0")
    said = r"has SQLite 3\.26\.0; .* needs 3\.35 or newer.*ARTNB_CATALOG=postgresql://"
    with pytest.raises(CatalogError, match=said):
        SqliteConnections(tmp_path / "team" / "c.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["ab" * 32, "0f" * 32],
        ["abc", "d"],
        ["ab\n", "cd"],
        ["ab", " "],
        [""],
        ["\u0660"],
        ['"'],
        [1, 20],
    ],
)
def test_many_values_are_bound_as_they_are(values):
    db = sqlite3.connect(":memory:")
    assert [
        row[0] for row in db.execute("select value from json_each(?)", (Many(values),))
    ] == values


def test_a_catalogue_that_is_opened_while_another_commits_is_waited_for(tmp_path):
    path = tmp_path / "c.db"
    SqliteConnections(path, journal="delete").close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("begin exclusive")
        with pytest.raises(CatalogLockedError, match="stayed locked"):
            SqliteConnections(path, journal="delete", patience=0.05)
