"""PostgreSQL as the catalogue: what goes wrong is said plainly, what breaks is taken up again."""

import itertools
import multiprocessing
import os
import subprocess
import sys
import threading

import psycopg
import pytest
from services.postgres import PASSWORD, started

from artnb.catalog import NewVersion, locks, open_catalog
from artnb.catalog import postgres as module
from artnb.catalog.address import ServerAddress
from artnb.catalog.postgres import PostgresConnections
from artnb.catalog.schema import MIGRATIONS
from artnb.errors import (
    ArtnbError,
    CatalogError,
    CatalogLockedError,
    InvalidValueError,
    StoreReadOnlyError,
)
from artnb.model import RunRecord
from artnb.repository import Content, Repository
from artnb.store.staging import SMALL


@pytest.fixture
def url(postgres):
    return postgres.new_schema()


@pytest.fixture
def catalog(url):
    opened = open_catalog(url)
    yield opened
    opened.close()


def add_run(catalog, id):
    return catalog.add_run(RunRecord(id, "p", 0, ""), None, str)


def kill_connections(postgres):
    """End every other connection, as a server that starts anew does."""
    postgres.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid != pg_backend_pid() "
        "and application_name = 'artnb'"
    )


# opening ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"password": "wrong"}, r"refused the user 'ann'.*PGPASSWORD or ~/\.pgpass"),
        ({"password": ""}, r"wants a password of the user 'ann', and none was found"),
        (
            {"database": "nowhere"},
            r"no database 'nowhere'.*createdb -h 127\.0\.0\.1 -p \d+ nowhere",
        ),
        ({"host": "host.invalid"}, r"host\.invalid, port \d+ does not answer"),
    ],
)
def test_what_cannot_be_opened_says_what_to_do(postgres, parts, said):
    with pytest.raises(CatalogError, match=said) as error:
        open_catalog(postgres.url(**parts))
    assert "wrong" not in str(error.value)
    assert error.value.__cause__ is None  # a traceback would print what psycopg was given


def test_a_server_that_is_away_is_said_to_be(postgres):
    url = f"postgresql://ann:{PASSWORD.replace('/', '%2F').replace('@', '%40')}@127.0.0.1:1/x"
    with pytest.raises(CatalogError, match=r"127\.0\.0\.1, port 1 does not answer.*refused"):
        open_catalog(url)


def test_a_user_without_rights_is_told_what_to_ask_for(postgres):
    postgres.run("drop role if exists bob", "create role bob login password 'b'")
    with pytest.raises(StoreReadOnlyError, match=r"'bob' may not.*permission denied.*grant all"):
        open_catalog(postgres.url("schema_of_bob", user="bob", password="b"))


def test_a_user_who_may_only_read_reads(postgres, catalog, url):
    add_run(catalog, "a")
    schema = url.rpartition("=")[2]
    postgres.run(
        "drop role if exists eve",
        "create role eve login password 'e'",
        f"grant usage on schema {schema} to eve",
        f"grant select on all tables in schema {schema} to eve",
    )
    reader = open_catalog(postgres.url(schema, user="eve", password="e"))
    try:
        assert reader.read_only
        assert reader.run("a").number == 1
        with pytest.raises(StoreReadOnlyError, match="'eve' may not write"):
            add_run(reader, "b")
    finally:
        reader.close()
        postgres.run("drop owned by eve")


def test_a_server_that_is_too_old_is_refused(url, monkeypatch):
    monkeypatch.setattr(module, "OLDEST", 99)
    with pytest.raises(CatalogError, match=r"is PostgreSQL \d+; artnb needs 99"):
        open_catalog(url)


def test_a_newer_catalogue_is_refused(postgres, catalog, url):
    schema = url.rpartition("=")[2]
    postgres.run(f"insert into {schema}.migrations values ('9999-from-the-future', 0)")
    with pytest.raises(CatalogError, match=r"newer artnb.*9999-from-the-future"):
        open_catalog(url)


def test_an_older_catalogue_is_upgraded_only_when_that_is_asked_for(postgres, url, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("artnb.catalog.migrating.MIGRATIONS", MIGRATIONS[:-1])
        old = open_catalog(url)
        old.close()
    with pytest.raises(CatalogError, match=r"earlier artnb.*artnb migrate"):
        open_catalog(url)
    new = open_catalog(url, upgrade=True)
    try:
        assert new.migrated.before == MIGRATIONS[-2][0]
        copy = new.migrated.copy.removeprefix("schema ")
        assert postgres.run(f"select name from {copy}.identity") == [(new.identity,)]
        assert add_run(new, "a").number == 1
    finally:
        new.close()


def test_processes_that_open_at_once_make_the_tables_once(url):
    program = (
        "import sys; from artnb.catalog import open_catalog; open_catalog(sys.argv[1]).close()"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    opened = open_catalog(url)
    names = [row["name"] for row in opened._db.rows("select name from migrations")]
    opened.close()
    assert sorted(names) == [name for name, _ in MIGRATIONS]


# the URL ------------------------------------------------------------------------------


def test_no_password_is_shown(catalog):
    assert catalog.location.startswith("postgresql://ann@127.0.0.1:")
    for text in (PASSWORD, "pa%2Fss%40word"):
        assert text not in catalog.location
        assert text not in repr(catalog._db._address)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:pa/ss@host/db",
        "postgresql://ann:s#ecret@host/db",
        "postgres://a:b@h:port/x",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(url):
    with pytest.raises(InvalidValueError, match="%2F") as error:
        open_catalog(url)
    assert not any(part in str(error.value) for part in ("ecret", "ss@host", ":b@"))


def test_a_schema_that_is_no_name_is_refused(postgres):
    with pytest.raises(InvalidValueError, match="lower case"):
        open_catalog(postgres.url("a; drop table runs"))


def test_schemas_are_catalogues_of_their_own(postgres):
    one, other = open_catalog(postgres.new_schema()), open_catalog(postgres.new_schema())
    try:
        add_run(one, "a")
        assert other.projects() == []
        assert one._db._advisory != other._db._advisory
        assert one.identity != other.identity
    finally:
        one.close()
        other.close()


def test_without_the_package_the_extra_is_named(tmp_path):
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from artnb.catalog import open_catalog\n"
        "open_catalog('postgresql://ann:secret@host/db')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "pip install 'artnb[postgres]'" in done.stderr.splitlines()[-1]
    assert "secret" not in done.stderr.splitlines()[-1]


# what breaks --------------------------------------------------------------------------


def test_a_connection_that_broke_while_idle_is_replaced_unseen(postgres, catalog):
    add_run(catalog, "a")
    kill_connections(postgres)
    assert catalog.run("a").number == 1
    kill_connections(postgres)
    assert add_run(catalog, "b").number == 2


def test_a_transaction_whose_connection_breaks_begins_again(postgres, catalog, monkeypatch):
    killed = iter([True])
    original = module.PostgresSession.execute

    def execute(self, query, values=()):
        if query.startswith("update projects") and next(killed, False):
            kill_connections(postgres)
        return original(self, query, values)

    monkeypatch.setattr(module.PostgresSession, "execute", execute)
    assert add_run(catalog, "a").number == 1
    assert [run.id for run in catalog.runs("p")] == ["a"]


def test_a_connection_that_breaks_in_the_commit_is_said_to_leave_it_open(
    postgres, catalog, monkeypatch
):
    original = module.PostgresSession.command

    def command(self, text):
        if text == "commit":
            kill_connections(postgres)
        return original(self, text)

    monkeypatch.setattr(module.PostgresSession, "command", command)
    with pytest.raises(CatalogError, match="not known whether it was recorded"):
        add_run(catalog, "a")


def test_a_deadlock_begins_again(catalog):
    for id in "ab":
        add_run(catalog, id)
    both = threading.Barrier(2)
    attempts = itertools.count()

    from artnb.catalog.session import restarts

    class Crossing:
        _db = catalog._db

        @restarts
        def change(self, first, second):
            next(attempts)
            with self._db.transaction() as db:
                query = "update runs set notes = ? where id = ? returning 1"
                db.execute(query, (first, first)).fetchone()  # it has the lock
                if not both.broken:
                    both.wait(60)
                db.execute(query, (first, second))
            both.abort()

    def cross(first, second):
        Crossing().change(first, second)

    def safe(first, second):
        try:
            cross(first, second)
        except threading.BrokenBarrierError:
            cross(first, second)

    threads = [threading.Thread(target=safe, args=pair) for pair in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert next(attempts) >= 3
    assert catalog.run("a").notes == catalog.run("b").notes


@pytest.fixture
def impatient(monkeypatch):
    """It is said at once for whom is waited; returns what is set when it was."""
    monkeypatch.setattr(locks, "NOTICE_SECONDS", 0.05)
    said = threading.Event()
    tell = locks.Notice.tell

    def telling(self):
        tell(self)
        if self._said:
            said.set()

    monkeypatch.setattr(locks.Notice, "tell", telling)
    return said


@pytest.mark.parametrize("alone", [True, False], ids=["collector", "row"])
def test_who_waits_long_is_told_for_whom(postgres, url, impatient, capsys, alone):
    """A collector for all writers, a writer for the one who has the row."""
    holding, other = PostgresConnections(url), PostgresConnections(url)
    got = []

    def change():
        with other.transaction(alone=alone) as db:
            got.append(
                db.execute("update identity set entries = entries returning 1").fetchone()[0]
            )

    try:
        with holding.transaction() as db:
            pid = db.execute("select pg_backend_pid() from identity for update").fetchone()[0]
            waiting = threading.Thread(target=change)
            waiting.start()
            assert impatient.wait(60)
            assert not got
        waiting.join(60)
        assert got == [1]
        said = capsys.readouterr().err
        assert said.count("artnb waits for the catalogue postgresql://ann@") == 1
        assert f"which ann's session {pid} from 127.0.0.1 for " in said
        assert f"pg_terminate_backend({pid})" in said
        assert PASSWORD not in said
    finally:
        holding.close()
        other.close()


def test_who_may_not_see_others_sessions_is_told_what_there_is(postgres, url, impatient, capsys):
    holding = PostgresConnections(url)
    schema = url.rpartition("=")[2]
    postgres.run(
        "drop role if exists kim",
        "create role kim login password 'k'",
        f"grant all on schema {schema} to kim",
        f"grant all on all tables in schema {schema} to kim",
    )
    reader = PostgresConnections(postgres.url(schema, user="kim", password="k"), patience=0.5)
    try:
        with holding.transaction() as db:
            pid = db.execute("select pg_backend_pid()").fetchone()[0]
            said = f"waited for ann's session {pid}\\. Let"
            with (
                pytest.raises(CatalogLockedError, match=said),
                reader.transaction(alone=True),
            ):
                pass
        assert f"which ann's session {pid} has locked" in capsys.readouterr().err
    finally:
        holding.close()
        reader.close()
        postgres.run("drop owned by kim")


def test_where_no_thread_can_be_started_nobody_is_told_and_all_is_recorded(catalog, monkeypatch):
    def start(self):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        assert add_run(catalog, "a").number == 1
        assert add_run(catalog, "b").number == 2


def test_more_rows_than_are_gathered_arrive_once_each(catalog):
    """Many in a statement, many statements in a trip; and the last few."""
    rows = [(f"{n:05}",) for n in range(25_001)]
    with catalog._db.transaction() as db:
        db.executemany("insert into kept (digest) values (?) on conflict do nothing", rows)
        db.executemany("delete from kept where digest = ?", rows[:250])
    assert [row[0] for row in catalog._db.rows("select digest from kept order by digest")] == [
        digest for (digest,) in rows[250:]
    ]


def test_a_writer_that_hangs_does_not_hold_up_a_collector_for_ever(url, monkeypatch):
    monkeypatch.setattr(module, "_IDLE_SECONDS", 1.0)
    hanging = PostgresConnections(url)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_IDLE_SECONDS", 60.0)
        other = PostgresConnections(url)
    try:
        with pytest.raises(ArtnbError, match="broke"), hanging.transaction() as db:
            db.execute("insert into kept (digest) values ('x') returning 1").fetchone()
            with other.transaction(alone=True) as own:  # once the server has ended it
                assert own.execute("select * from kept").fetchall() == []
            db.execute("insert into kept (digest) values ('y') returning 1").fetchone()
        assert other.rows("select * from kept") == []
    finally:
        hanging.close()
        other.close()


def test_a_server_that_is_started_anew_is_waited_for(postgres, catalog):
    add_run(catalog, "a")
    postgres.stop()
    back = threading.Timer(1.0, postgres.start)
    back.start()
    try:
        assert add_run(catalog, "b").number == 2
    finally:
        back.join()


def test_a_server_that_is_still_coming_up_is_waited_for(monkeypatch):
    """It stays at its recovery until it has told that it takes nobody yet."""
    with started() as server:
        url = server.new_schema()
        before = open_catalog(url)
        add_run(before, "a")
        before.close()
        server.stop()
        data, ready = server.folder / "data", server.folder / "ready"
        (data / "recovery.signal").touch()
        with (data / "postgresql.auto.conf").open("a") as settings:
            wait = f"until test -e {ready}; do sleep 0.05; done; false"
            settings.write(f"restore_command = '{wait}'\n")
        told = []
        original = module.could_not_connect

        def could_not_connect(address, error):
            found, passing = original(address, error)
            told.append(str(found))
            if passing:
                ready.touch()
            return found, passing or "refused" in str(found)

        monkeypatch.setattr(module, "could_not_connect", could_not_connect)
        starting = threading.Thread(target=server.start)
        starting.start()
        try:
            catalog = open_catalog(url)
            assert catalog.run("a").number == 1
            catalog.close()
        finally:
            ready.touch()
            starting.join()
        said = [text for text in told if "takes no connection now" in text]
        assert "the database system is starting up). Wait." in said[0]


@pytest.mark.parametrize(
    "words", ["is not yet accepting connections", "is in recovery mode", "is shutting down"]
)
def test_what_a_server_says_that_will_be_there_soon_is_waited_for(words):
    error = psycopg.OperationalError(f"connection failed: FATAL:  the database system {words}")
    address = ServerAddress.parse("postgresql://ann@host/db")
    told, passing = module.could_not_connect(address, error)
    assert passing
    assert f"(the database system {words}). Wait." in str(told)


@pytest.fixture
def trips(monkeypatch):
    """What is sent to the server from now on: the statements of each trip."""
    trips, send = [], module.PostgresSession.send

    def counted(self):
        if self._unsent:
            trips.append([text.strip() for _, text, _ in self._unsent])
        send(self)

    monkeypatch.setattr(module.PostgresSession, "send", counted)
    return trips


def test_who_locks_a_name_makes_few_trips_until_it_is_free(catalog, trips):
    """All who log a version of that name wait during each of them."""
    catalog.commit(new_version("0"), None, catalog.take_lease(["0" * 64]))
    lease = catalog.take_lease(["1" * 64])
    add_run(catalog, "r")
    trips.clear()
    done = catalog.commit(new_version("1"), "r", lease)
    holding = [any("from collections" in text for text in trip) for trip in trips].index(True)
    assert trips[-1][-1] == "commit"
    assert sum(map(len, trips)) > 15
    assert len(trips) - holding <= 5
    assert done.version == catalog.version(done.version_id)
    assert done.version.aliases == ("latest", "best")


def test_a_version_is_logged_in_few_trips(url, trips, monkeypatch):
    """Most of the time that a server elsewhere takes is that of the way."""
    monkeypatch.setenv("ARTNB_CATALOG", url)
    repository = Repository()
    try:
        run = repository.start_run("demo")
        repository.commit("demo", "a", "d", [Content("a", b"0")], run_id=run.id)
        trips.clear()
        repository.commit("demo", "a", "d", [Content("a", b"1")], run_id=run.id)
        # Its type, what is missing, the dead generations; so little needs no lease.
        outside, inside = trips[:3], trips[3:]
        assert [len(trip) for trip in outside] == [1, 1, 1]
        assert inside[0][0].startswith("begin; select pg_advisory_xact_lock_shared")
        assert inside[-1][-1] == "commit"
        assert len(inside) == 9
        trips.clear()
        large = [Content("large", bytes(SMALL + 1))]
        repository.commit("demo", "a", "d", large, run_id=run.id)
        lease, outside, inside = trips[1:3], [trips[0], trips[3]], trips[4:]
        assert lease[0][0].startswith("begin; set local synchronous_commit = off")
        assert [text.partition(" ")[0] for text in lease[1]] == ["insert", "select", "commit"]
        assert [len(trip) for trip in outside] == [1, 1]  # its type, the dead generations
        assert len(inside) == 9
    finally:
        repository.close()


def test_several_questions_are_asked_again_on_another_connection(postgres, catalog):
    """The one that was idle broke meanwhile: no question need be asked first to know that."""
    asked = []

    def question(db):
        asked.append(1)
        first, second = db.execute("select 1"), db.execute("select 2")
        return first.fetchone()[0], second.fetchone()[0]

    assert catalog._db.ask(question) == (1, 2)
    kill_connections(postgres)
    assert catalog._db.ask(question) == (1, 2)
    assert len(asked) == 3


def new_version(digit):
    contents = [("a.bin", digit * 64)]
    return NewVersion(
        "p", "thing", "dataset", digit * 64, digit * 64, 1, 1, None, None, ("best",), (), contents
    )


def test_a_fork_opens_connections_of_its_own(catalog):
    add_run(catalog, "parent")
    context = multiprocessing.get_context("fork")
    child = context.Process(target=add_run, args=(catalog, "child"))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert add_run(catalog, "after").number == 3


def test_connections_are_shared_by_threads_that_come_and_go(catalog):
    for n in range(20):
        thread = threading.Thread(target=add_run, args=(catalog, str(n)))
        thread.start()
        thread.join()
    assert len(catalog._db._idle) == 1


def test_a_text_that_postgresql_cannot_keep_is_refused(catalog):
    with pytest.raises(InvalidValueError, match="cannot keep"):
        catalog.add_run(RunRecord("a", "p", 0, "", notes="a\0b"), None, str)
    assert catalog.projects() == []


def test_it_needs_no_more_than_the_users_own_settings(postgres, url, monkeypatch):
    """The password may come from libpq's own places."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    opened = open_catalog(url.replace(url.partition("ann")[2].partition("@")[0], ""))
    opened.close()
    assert os.environ["PGPASSWORD"] not in opened.location
