"""Catalogues and stores that earlier migrations left open and work."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from artnb.repository import Content, Repository
from artnb.settings import Settings

ASSETS = Path(__file__).parent / "assets" / "0001"


@pytest.fixture
def first_release(tmp_path):
    """A repository as the first migration left it, with the objects of its store."""
    root = tmp_path / ".artnb"
    shutil.copytree(ASSETS / "objects", root / "objects")
    with sqlite3.connect(root / "catalog.db") as db:
        db.executescript((ASSETS / "catalog.sql").read_text())
    db.close()
    return root


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
