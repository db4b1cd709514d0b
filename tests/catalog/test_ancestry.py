"""Lineage far enough that all steps are read at once, against networkx."""

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artnb.catalog import ancestry, open_catalog
from artnb.catalog.ancestry import ancestors, descendants


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def db(request, tmp_path_factory):
    sqlite = request.param == "sqlite"
    where = tmp_path_factory.mktemp("catalog") / "catalog.db"
    catalog = open_catalog(
        str(where) if sqlite else request.getfixturevalue("postgres").new_schema()
    )
    yield catalog._db
    catalog.close()


def fill(db, runs):
    """Make run n log the version n, and others, and use what is told; return the first number."""
    with db.transaction() as each:
        first = each.execute("select coalesce(max(id), 0) + 1 from versions").fetchone()[0]
        ids = range(first, first + len(runs))
        if first == 1:
            each.execute("insert into projects (id, name, created_at) values (1, 'p', 0)")
            each.execute(
                "insert into collections (id, project_id, name, type, created_at) "
                "values (1, 1, 'data', 'dataset', 0)"
            )
        each.executemany(
            "insert into runs (id, project_id, number, name, tags, config, summary, state, "
            "environment, outputs, created_at) "
            "values (?, 1, ?, 'r', '[]', '{}', '{}', 'finished', '{}', '{}', 0)",
            [(f"r{n}", n) for n in ids],
        )
        each.executemany(
            "insert into versions (id, collection_id, number, digest, record, size, entries, "
            "metadata, tags, created_at) values (?, 1, ?, ?, ?, 1, 1, '{}', '[]', 0)",
            [(n, n, f"{n:064x}", f"{n:064x}") for n in ids],
        )
        edges = []
        for n, (used, logged) in zip(ids, runs, strict=True):
            for kind, found in (("used", used), ("logged", {n - first + 1, *logged})):
                edges += [(f"r{n}", first + v - 1, kind, 0.0) for v in found if v <= len(runs)]
        each.executemany("insert into edges values (?, ?, ?, ?)", edges)
    return first


def graph_of(runs, first):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(first, first + len(runs)))
    for n, (used, logged) in enumerate(runs, 1):
        for source in used:
            for target in {n, *logged}:
                if source <= len(runs) and target <= len(runs):
                    graph.add_edge(source + first - 1, target + first - 1)
    return graph


numbers = st.sets(st.integers(1, 12), max_size=3)


@settings(max_examples=25, deadline=None)
@given(
    runs=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12), few=st.sampled_from([1, 3])
)
def test_any_lineage_is_followed_to_its_end(db, runs, few):
    """Rings, and content that came back in an older version, among them."""
    graph = graph_of(runs, fill(db, runs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ancestry, "_FEW", few)
        for n in graph:
            assert db.ask(lambda each, n=n: ancestors(each, n)) == nx.ancestors(graph, n)
            assert db.ask(lambda each, n=n: descendants(each, n)) == nx.descendants(graph, n)


def test_a_long_line_is_read_in_one_sweep(db, monkeypatch):
    first = fill(db, [({n - 1} if n > 1 else set(), set()) for n in range(1, 101)])
    last = first + 99
    monkeypatch.setattr(ancestry, "_FEW", 4)
    monkeypatch.setattr(ancestry, "_PART", 1_000)
    asked = []

    class Heard:
        def __init__(self, plain):
            self.plain = plain

        def execute(self, query, values=()):
            asked.append(query)
            return self.plain.execute(query, values)

    assert db.ask(lambda each: ancestors(Heard(each), last)) == set(range(first, last))
    assert db.ask(lambda each: descendants(Heard(each), first)) == set(range(first + 1, last + 1))
    assert [("recursive" in query, "order by" in query) for query in asked] == [
        (False, False),
        (True, False),
        (False, True),
    ] * 2
