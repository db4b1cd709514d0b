"""The shipped suite over each database: SQLite with both journals, and PostgreSQL."""

import pytest

from artnb.catalog import open_catalog
from artnb.testing.catalog import CatalogSuite


@pytest.fixture
def opened():
    """Open catalogues that are closed afterwards."""
    made = []

    def add(address):
        made.append(open_catalog(address))
        return made[-1]

    yield add
    for catalog in made:
        catalog.close()


class TestSqliteWal(CatalogSuite):
    @pytest.fixture
    def catalogs(self, opened, tmp_path):
        return [opened(tmp_path / name) for name in ("a.db", "b.db")]


class TestSqliteDelete(CatalogSuite):
    @pytest.fixture
    def catalogs(self, opened, tmp_path):
        made = [opened(f"sqlite:///{tmp_path}/{name}?journal=delete") for name in ("a.db", "b.db")]
        assert made[0]._db.row("pragma journal_mode")[0] == "delete"
        return made


class TestPostgres(CatalogSuite):
    @pytest.fixture
    def catalogs(self, opened, postgres):
        return [opened(postgres.new_schema()) for _ in range(2)]
