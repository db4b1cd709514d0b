"""Edits after arrival travel, the later one holds; deletions travel when that is asked for."""

import pytest
from exchange.exchange_kit import fill, graph

from artnb.exchange import pull, push

URL = "memory://edits/team"


@pytest.fixture(params=["repository", "store"])
def exchange(request, there):
    """Push to the other side, and pull from it: a repository, or a store between the two."""
    import fsspec

    fs = fsspec.filesystem("memory")
    if fs.exists("edits"):
        fs.rm("edits", recursive=True)
    url = str(there.root) if request.param == "repository" else URL

    def send(source, target, **options):
        if url != URL:
            return list(pull(target, str(source.root), **options))
        list(push(source, url, **options))
        return list(pull(target, url, **options))

    return send


def test_an_edit_after_arrival_travels(here, there, exchange):
    first, _ = fill(here)
    exchange(here, there)
    here.update_version(first.id, description="better", metadata={"a": 1}, tags=["t"], ttl=3600.0)
    (done,) = exchange(here, there)
    assert done.received.edited == 1
    assert graph(there) == graph(here)
    (done,) = exchange(here, there)
    assert not done.changed


def test_the_later_edit_holds_whichever_way_it_goes(here, there, exchange):
    first, _ = fill(here)
    exchange(here, there)
    here.update_version(first.id, description="earlier")
    ours = there.versions("demo", "thing")[-1]
    there.update_version(ours.id, description="later")
    exchange(here, there)
    assert there.version(ours.id).description == "later"
    exchange(there, here)
    assert here.version(first.id).description == "later"


def test_an_edit_from_a_clock_that_is_ahead_does_not_win_for_ever(here, there, exchange):
    first, _ = fill(here)
    exchange(here, there)
    here.update_version(first.id, description="from the future")
    with here._catalog._db.transaction() as db:
        db.execute("update versions set edited_at = 9e11 where id = ?", (first.id,))
    exchange(here, there)
    ours = there.versions("demo", "thing")[-1]
    assert ours.description == "from the future"
    there.update_version(ours.id, description="now")
    assert there.version(ours.id).description == "now"
    (at,) = there._catalog._db.row("select edited_at from versions where id = ?", (ours.id,))
    assert at < 9e11


def test_a_deletion_travels_only_when_that_is_asked_for(here, there, exchange):
    first, _ = fill(here)
    exchange(here, there)
    here.delete(first.id)
    (done,) = exchange(here, there)
    assert done.received.deleted == 0
    assert [v.state for v in there.versions("demo", "thing")] == ["live", "live"]
    (done,) = exchange(here, there, take_deletions=True)
    assert done.received.deleted == 1
    assert [v.version for v in there.versions("demo", "thing")] == ["v1"]


def test_a_version_that_has_an_alias_there_stays(here, there, exchange):
    first, _ = fill(here)
    exchange(here, there)
    ours = there.versions("demo", "thing")[-1]
    there.set_aliases(ours.id, ["mine"])
    here.delete(first.id)
    exchange(here, there, take_deletions=True)
    assert there.version(ours.id).state == "live"


def test_the_deletion_of_a_run_travels_only_when_that_is_asked_for(here, there, exchange):
    fill(here)
    exchange(here, there)
    reader, maker = here.runs("demo")
    for run in (reader, maker):
        here.delete_run(run.id)
    (done,) = exchange(here, there)
    assert (done.received.deleted_runs, done.received.updated) == (0, 0)
    assert graph(there)["runs"].keys() == {reader.id, maker.id}
    (done,) = exchange(here, there, take_deletions=True)
    assert done.received.deleted_runs == 2
    assert graph(there) == graph(here)
    assert there.maintenance.collect(grace=0).bytes > 0
    assert there.maintenance.verify().damage == ()
    (done,) = exchange(here, there, take_deletions=True)
    assert not done.changed


def test_a_run_that_was_deleted_does_not_come_back(here, there, exchange):
    fill(here)
    exchange(here, there)
    reader, maker = here.runs("demo")
    there.delete_run(maker.id)
    there.maintenance.collect(grace=0)
    here.update_run(maker.id, notes="later")
    (done,) = exchange(here, there)
    assert (done.received.updated, done.blobs) == (0, 0)
    assert [run.id for run in there.runs("demo")] == [reader.id]
    assert there.maintenance.verify().damage == ()


def test_a_run_that_was_deleted_before_it_ever_came_arrives_as_such(here, there, exchange):
    fill(here)
    reader, maker = here.runs("demo")
    here.delete_run(maker.id)
    exchange(here, there)
    assert [run.id for run in there.runs("demo")] == [reader.id]
    assert there.run(maker.id, deleted=True).state == "deleted"
    assert len(there.lineage("demo").edges) == len(here.lineage("demo").edges)
    new = there.start_run("demo")
    assert new.number == 3


def test_a_run_that_goes_on_there_is_not_deleted(here, there, exchange):
    fill(here)
    exchange(here, there)
    run = there.runs("demo")[0]
    there.resume_run(run.id)
    here.delete_run(run.id)
    (done,) = exchange(here, there, take_deletions=True)
    assert done.received.deleted_runs == 0
    assert there.run(run.id).state == "running"
    there.finish_run(run.id)
