"""Many processes log versions of one name, and one of them is killed every 50 ms.

``make test`` does it with 4 processes and 25 versions each, ``make stress`` with 8 and 200.
What one of them waits is measured by ``make bench-writers``.
"""

import os

import pytest
from many_writers import race

from artnb.repository import Repository

pytestmark = pytest.mark.both_catalogs

PROCESSES, VERSIONS = (8, 200) if os.environ.get("ARTNB_STRESS") else (4, 25)


def test_no_version_is_lost_and_no_number_left_out(catalog):
    _, kills = race(PROCESSES, VERSIONS)
    assert kills > 0
    repository = Repository()
    try:
        versions = repository.versions("demo", "thing")
        assert sorted(v.number for v in versions) == list(range(PROCESSES * VERSIONS))
        held = {
            repository.read_blob(next(iter(repository.manifest(version))).digest).decode()
            for version in versions
        }
        assert held == {f"{w}-{n}" for w in range(PROCESSES) for n in range(VERSIONS)}
        moves = [m for m in repository.alias_moves("demo", "thing") if m.alias == "best"]
        assert [move.before for move in moves[:-1]] == [move.after for move in moves[1:]]
        assert repository.resolve("thing:best", "demo").number == moves[0].after
        assert repository.maintenance.verify().damage == ()
    finally:
        repository.close()
