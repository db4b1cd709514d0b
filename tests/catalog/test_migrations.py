"""Catalogues and stores that earlier migrations left open and work."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from services.postgres import PASSWORD

from artnb.catalog import NEWEST, open_catalog, renewed_catalog
from artnb.catalog.schema import MIGRATIONS
from artnb.cli import main
from artnb.environment import person
from artnb.repository import Content, Repository
from artnb.settings import Settings

ASSETS = Path(__file__).parent / "assets"


def released(migration, folder):
    """A repository as a migration left it, with the objects of its store."""
    root = folder / ".artnb"
    shutil.copytree(ASSETS / migration / "objects", root / "objects")
    with sqlite3.connect(root / "catalog.db") as db:
        db.executescript((ASSETS / migration / "catalog.sql").read_text())
    db.close()
    return root


@pytest.fixture
def first_release(tmp_path):
    return released("0001", tmp_path)


def test_a_catalogue_of_the_first_migration_opens_and_works(first_release, tmp_path):
    repository = Repository(Settings.resolve(tmp_path, {}))
    try:
        old = repository.resolve("thing:best", "demo")
        assert (old.version, old.metadata) == ("v0", {"n": 1})
        assert repository.maintenance.verify().damage == ()
        first, second = repository.runs("demo")[::-1]
        assert (repository.code(first.id), len(repository.history(first.id))) == ("x = 1", 1)
        picture = repository.history(first.id)[0]["picture"]["sha256"]
        assert [v.ref for v in repository.used(second.id)] == ["thing:v1"]
        run = repository.start_run("demo")
        new = repository.commit("demo", "thing", "dataset", [Content("c", b"4")], run_id=run.id)
        assert new.version.version == "v2"
        repository.delete(old.id, delete_aliases=True)
        repository.maintenance.collect(grace=0)
        assert repository.maintenance.verify().damage == ()
        assert repository.read_blob(picture) == b"a picture"
    finally:
        repository.close()


@pytest.mark.parametrize("migration", ["0001", "0010"])
def test_an_old_run_that_is_deleted_takes_with_it_what_only_it_keeps(migration, tmp_path):
    """Which run keeps what was not written down then."""
    released(migration, tmp_path)
    repository = Repository(Settings.resolve(tmp_path, {}))
    try:
        maker = repository.runs("demo")[-1]
        picture = repository.history(maker.id)[0].get("picture", {}).get("sha256")
        own = {maker.code, maker.history, picture} - {None}
        assert len(own) >= 2
        assert own <= repository._catalog.unowned()
        other = repository.start_run("demo", code="y = 2")
        repository.finish_run(other.id)
        repository.delete_run(maker.id)
        repository.maintenance.collect(grace=0)
        assert repository._catalog.locate(own) == {}
        assert repository.code(other.id) == "y = 2"
        assert repository.maintenance.verify().damage == ()
    finally:
        repository.close()


def test_a_catalogue_that_is_brought_up_to_date_is_kept_as_it_was(
    first_release, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = set(tables(first_release / "catalog.db"))
    assert main(["migrate"]) == 0
    said = capsys.readouterr().out
    copy = first_release / "catalog.db.at-0001-tables"
    assert f"from 0001-tables to {NEWEST}" in said
    assert str(copy) in said
    assert set(tables(copy)) == before
    now = set(tables(first_release / "catalog.db"))
    assert now - before
    assert not any("contents" in name for name in now), "they are kept in sections now"
    assert main(["migrate"]) == 0
    assert "is up to date" in capsys.readouterr().out


@pytest.fixture(params=["sqlite", "postgresql"])
def before_sections(request, tmp_path, monkeypatch):
    """A repository whose versions each have rows of their own for what they hold, and those."""
    root = released("0008", tmp_path)
    with sqlite3.connect(root / "catalog.db") as db:
        held = db.execute("select * from contents").fetchall()
    db.close()
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_schema()
        with monkeypatch.context() as patch:
            patch.setattr("artnb.catalog.migrating.MIGRATIONS", MIGRATIONS[:8])
            catalog = open_catalog(url)
            fill(catalog._db, root / "catalog.db")
            catalog.close()
        (root / "catalog.db").unlink()
        monkeypatch.setenv("ARTNB_CATALOG", url)
    monkeypatch.chdir(tmp_path)
    assert main(["migrate"]) == 0
    return Repository(), held


def fill(connections, path):
    """Copy all rows of a SQLite file into empty tables of the same names."""
    order = ("projects", "collections", "runs", "versions")
    with sqlite3.connect(path) as db, connections.transaction(alone=True) as session:
        db.execute("delete from migrations")
        session.execute("delete from identity")
        names = {row[0] for row in db.execute("select name from sqlite_master where type='table'")}
        for table in (*order, *sorted(names.difference(order))):
            for row in db.execute(f"select * from {table}").fetchall():
                session.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)
        for table in (*order[:2], "versions", "alias_moves"):
            session.settle_ids(table)


def test_what_versions_held_is_the_same_in_sections(before_sections):
    repository, held = before_sections
    catalog = repository._catalog
    try:
        by_version, blobs = {}, {}
        for version, path, digest, _ in held:
            by_version.setdefault(version, {})[path] = digest
            blobs.setdefault(digest, set()).add((version, path))
        assert len(by_version) == 5
        for version, entries in by_version.items():
            assert catalog.upkeep.contents(version) == entries
        for digest, places in blobs.items():
            assert {(v.id, path) for v, path in catalog.find_digest(digest)} == places
        marks = {(row[0], row[1], row[3]) for row in held if row[3]}
        assert set(map(tuple, catalog._db.rows("select * from fingerprints"))) == marks
        assert [v.ref for v, _ in catalog.find_fingerprint("demo", "print-x")] == [
            "other:v0",
            "thing:v3",
        ]
    finally:
        repository.close()


def test_the_lineage_is_as_it_was(before_sections):
    """Of edges that were there before each kind had its indexes, and of new ones."""
    repository, _ = before_sections
    try:
        first = repository.runs("demo")[-1]
        logged = [version.id for version in repository.logged(first.id)]
        (used,) = repository.used(first.id)
        assert logged == [1, 2, 3, 4, 5]
        assert [repository.ancestors(n) for n in logged] == [{used.id} - {n} for n in logged]
        run = repository.start_run("demo")
        repository.use(run.id, logged[0])
        new = repository.commit("demo", "new", "dataset", [Content("c", b"4")], run_id=run.id)
        assert repository.ancestors(new.version.id) == {logged[0], used.id}
        assert new.version.id in repository.descendants(used.id)
    finally:
        repository.close()


def test_after_sections_came_only_what_was_free_before_is_free(before_sections):
    repository, held = before_sections
    try:
        live = {v.id for v in repository.versions("demo")}
        needed = {digest for version, _, digest, _ in held if version in live}
        free = {digest for _, _, digest, _ in held} - needed
        repository.maintenance.collect(grace=0)
        assert set(repository._catalog.locate(needed)) == needed
        assert len(free) == 1
        assert not repository._catalog.locate(free)
        assert repository.maintenance.verify().damage == ()
        run = repository.start_run("demo")
        old = repository.resolve("thing:best", "demo")
        same = repository.commit(
            "demo",
            "thing",
            "dataset",
            [Content(e.path, repository.read_blob(e.digest)) for e in repository.manifest(old)],
            run_id=run.id,
        )
        assert (same.created, same.version.id) == (False, old.id)
        assert repository.maintenance.verify().damage == ()
        repository.finish_run(run.id)
    finally:
        repository.close()


def test_a_repository_of_before_moves_said_who_opens_and_is_rebuilt(tmp_path, monkeypatch):
    released("0010", tmp_path)
    monkeypatch.chdir(tmp_path)
    for prepare in (lambda: None, lambda: main(["rebuild"])):
        prepare()
        repository = Repository()
        moves = repository.alias_moves("demo", "thing")
        assert [(m.alias, m.before, m.after, m.run is None, m.by) for m in moves] == [
            ("prod", None, 0, True, None),
            ("latest", 0, 1, False, None),
            ("best", None, 0, False, None),
            ("latest", None, 0, False, None),
        ]
        assert repository.version(3).state == "deleted"
        assert repository.read_blob(repository.manifest(repository.version(1)).entries["a"].digest)
        assert repository.maintenance.verify().damage == ()
        repository.close()
    repository = Repository()
    repository.set_aliases(1, add=["best2"])
    assert repository.alias_moves("demo", "thing")[0].by == person()
    repository.close()


def tables(path):
    with sqlite3.connect(path) as db:
        found = [row[0] for row in db.execute("select name from sqlite_master")]
    db.close()
    return found


def test_where_there_is_no_catalogue_none_is_made(tmp_path, capsys):
    assert main(["migrate"]) == 1
    assert "no catalogue" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.db"))


def test_a_shared_catalogue_is_brought_up_to_date_by_the_command(
    postgres, tmp_path, capsys, monkeypatch
):
    url = postgres.new_schema()
    with monkeypatch.context() as patch:
        patch.setattr("artnb.catalog.migrating.MIGRATIONS", MIGRATIONS[:1])
        open_catalog(url).close()
    monkeypatch.setenv("ARTNB_CATALOG", url)
    assert main(["status"]) == 1
    assert "artnb migrate" in capsys.readouterr().err
    assert main(["migrate"]) == 0
    assert f"from 0001-tables to {NEWEST}" in capsys.readouterr().out
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "catalogue   postgresql://ann@" in said
    assert PASSWORD not in said
    assert "pa%2F" not in said


def test_a_lost_catalogue_on_a_server_is_made_again(postgres, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ARTNB_CATALOG", postgres.new_schema())
    repository = Repository()
    run = repository.start_run("demo", job_type="make")
    for data in (b"1", b"2"):
        repository.commit("demo", "thing", "dataset", [Content("a", data)], run_id=run.id)
    repository.finish_run(run.id)
    name = repository._catalog.identity
    with repository._catalog._db.transaction() as db:
        db.execute("drop table aliases")
    repository.close()
    assert main(["rebuild"]) == 0
    said = capsys.readouterr().out
    assert "1 project, 1 run, 2 versions" in said
    before = said.partition("schema ")[2].strip()
    assert postgres.run(f"select count(*) from {before}.versions") == [(2,)]
    again = Repository()
    try:
        assert again._catalog.identity != name
        assert again.resolve("thing:latest", "demo").version == "v1"
        new = again.start_run("demo")
        assert new.number == 2
        made = again.commit("demo", "thing", "dataset", [Content("a", b"3")], run_id=new.id)
        assert made.version.version == "v2"
        again.finish_run(new.id)
    finally:
        again.close()


def test_a_rebuild_that_fails_leaves_the_catalogue_on_the_server(postgres, monkeypatch, tmp_path):
    url = postgres.new_schema()
    catalog = open_catalog(url)
    identity = catalog.identity
    catalog.close()
    with pytest.raises(KeyError), renewed_catalog(url) as (new, before):
        assert before
        assert new.identity != identity
        raise KeyError("stop")
    catalog = open_catalog(url)
    assert catalog.identity == identity
    catalog.close()
