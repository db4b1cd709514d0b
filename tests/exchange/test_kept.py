"""What a store came to is kept, and used only while the store is as it was."""

import fsspec
import pytest
from exchange.exchange_kit import fill, graph

from artnb.exchange import peers, pull, push
from artnb.exchange.kept import KeptCatalogs

URL = "memory://kept/team"


@pytest.fixture
def rebuilds(monkeypatch):
    """How often the catalogue of a store was made again."""
    fs = fsspec.filesystem("memory")
    if fs.exists("kept"):
        fs.rm("kept", recursive=True)
    calls = []
    real = peers._merged

    def merged(*args):
        calls.append(args)
        return real(*args)

    monkeypatch.setattr(peers, "_merged", merged)
    return calls


def test_the_next_push_begins_where_the_last_one_ended(here, there, rebuilds):
    fill(here)
    list(push(here, URL))
    assert len(rebuilds) == 1
    for name in ("one", "two"):
        fill(here, name)
        list(push(here, URL, ["demo", name]))
    assert len(rebuilds) == 3  # other projects are another view
    fill(here, data=[b"3"])
    list(push(here, URL, ["demo", "two"]))
    list(push(here, URL, ["demo", "two"]))
    assert len(rebuilds) == 3
    list(pull(there, URL))
    assert graph(there) == graph(here)


def test_what_others_pushed_is_seen(here, there, rebuilds):
    fill(here)
    list(push(here, URL))
    list(pull(there, URL))
    fill(there, data=[b"3"])
    list(push(there, URL))
    count = len(rebuilds)
    (done,) = pull(here, URL)
    assert done.received.versions == 1
    assert len(rebuilds) == count + 1
    (done,) = pull(here, URL)
    assert not done.changed
    assert len(rebuilds) == count + 1


def test_what_others_write_during_a_push_is_not_taken_for_seen(here, there, rebuilds, monkeypatch):
    fill(here)
    fill(there, "others")
    real = KeptCatalogs.keep

    def keep(self, path):
        monkeypatch.undo()
        list(push(there, URL))
        real(self, path)

    monkeypatch.setattr(KeptCatalogs, "keep", keep)
    list(push(here, URL))
    assert {done.project for done in pull(here, URL)} == {"demo", "others"}


def test_one_that_is_damaged_is_made_again(here, rebuilds):
    fill(here)
    list(push(here, URL))
    for path in (here.root / "cache" / "catalogs").iterdir():
        path.write_bytes(b"no database" * 1000)
    assert [done.changed for done in push(here, URL)] == [False]
    assert len(rebuilds) == 2


def test_only_a_few_are_kept(here, rebuilds):
    for n in range(7):
        fill(here, f"p{n}")
        list(push(here, URL, [f"p{n}"]))
    assert len(list((here.root / "cache" / "catalogs").iterdir())) <= 4


def test_the_journal_of_many_pushes_is_one_object(here, there, rebuilds, monkeypatch):
    from artnb.maintenance import compaction

    monkeypatch.setattr(compaction.compact_journal, "__kwdefaults__", {"above": 4})
    for n in range(7):
        fill(here, data=[f"{n}".encode()])
        list(push(here, URL))
    fs = fsspec.filesystem("memory")
    assert len(fs.find("kept/team/journal")) < 5
    list(pull(there, URL))
    assert graph(there) == graph(here)
