"""Projects travel between stores: whole, once, under their ids, and with their lineage."""

import shutil
import tempfile
import uuid
from pathlib import Path

import fsspec
import pytest
from exchange.exchange_kit import fill, graph, log, objects, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artnb.cli import main
from artnb.errors import TypeMismatchError
from artnb.exchange import pull, push
from artnb.repository import Content
from artnb.store import LocalBackend

pytestmark = pytest.mark.both_catalogs


@pytest.fixture(params=["repository", "file", "memory"])
def url(request, tmp_path):
    """An empty place to push to."""
    if request.param == "repository":
        (tmp_path / "team" / ".artnb").mkdir(parents=True)
        yield str(tmp_path / "team")
    elif request.param == "file":
        yield (tmp_path / "team").as_uri()
    else:
        address = f"memory://{uuid.uuid4().hex}"
        yield address
        fs = fsspec.filesystem("memory")
        if fs.exists(address):
            fs.rm(address, recursive=True)


def test_a_project_pushed_and_pulled_is_the_same(here, there, url):
    fill(here, aliases=["best"], metadata={"n": 1}, tags=["t"], description="words", ttl=86_400.0)
    fill(here, "other", [b"large" * 100_000])
    sent = list(push(here, url))
    assert [(d.project, d.received.runs, d.received.versions) for d in sent] == [
        ("demo", 2, 2), ("other", 2, 1),
    ]  # fmt: skip
    assert [d.received.versions for d in pull(there, url)] == [2, 1]
    assert graph(there) == graph(here)
    assert there.maintenance.verify().damage == ()
    picture = there.history(there.runs("demo")[-1].id)[0]["picture"]["sha256"]
    assert there.read_blob(picture) == b"picture of demo"
    there.maintenance.collect(grace=0)  # what arrived is needed
    assert graph(there) == graph(here)


def test_the_same_push_again_copies_nothing_and_changes_nothing(here, url):
    fill(here)
    list(push(here, url))
    place = f"{url}/.artnb/objects" if "://" not in url else url
    before = objects(place)
    (again,) = push(here, url)
    assert (again.changed, again.blobs, again.received.conflicts) == (False, 0, ())
    assert objects(place) == before


def test_only_what_is_missing_travels(here, url):
    fill(here)
    list(push(here, url))
    run = here.start_run("demo")
    log(here, run, b"3")
    here.finish_run(run.id)
    (done,) = push(here, url)
    # The new entry, its manifest; "same" is there.
    assert (done.blobs, done.received.versions, done.received.runs) == (2, 1, 1)


def test_versions_arrive_in_few_objects(here, tmp_path):
    versions = fill(here, data=[b"%d" % n for n in range(20)])
    list(push(here, (tmp_path / "team").as_uri()))
    keys = list(LocalBackend(tmp_path / "team").keys())
    # The files with the manifests, and the records, which are written when those are there.
    assert len([key for key in keys if key.startswith("pack/")]) == 2
    assert len(keys) < len(versions)


def test_only_the_named_projects_travel(here, there, url):
    fill(here)
    fill(here, "other")
    list(push(here, url, ["other"]))
    list(pull(there, url))
    assert there.projects() == ["other"]


def test_a_version_of_another_project_that_a_run_used_comes_along(here, there, url):
    (first, _) = fill(here, "data")
    run = here.start_run("model")
    here.use(run.id, first.id)
    here.finish_run(run.id)
    list(push(here, url, ["model"]))
    list(pull(there, url, ["model"]))
    (used,) = there.used(run.id)
    assert (used.project, used.ref, used.digest) == ("data", "thing:v0", first.digest)
    list(push(here, url))
    list(pull(there, url))
    assert graph(there) == graph(here)


def test_numbers_that_clash_are_renumbered(here, there, url):
    list(fill(there, data=[b"x", b"y"]))
    list(push(there, url))
    ours = fill(here, data=[b"1", b"y", b"3"])
    (done,) = push(here, url)
    # y is there as v1: no second version. v2 is free, v0 is not.
    assert done.received.versions == 2
    assert [(n.name, n.before, n.after) for n in done.received.renumbered] == [("thing", 0, 3)]
    list(pull(there, url))
    found = {v.number: v.digest for v in there.versions("demo", "thing")}
    assert len(found) == 4
    assert (found[3], found[2]) == (ours[0].digest, ours[2].digest)
    assert {r.id for r in there.runs("demo")} >= {r.id for r in here.runs("demo")}
    edges = {(e.run, there.version(e.version).digest, e.kind) for e in there._catalog.edges("demo")}
    assert edges >= {
        (e.run, here.version(e.version).digest, e.kind) for e in here._catalog.edges("demo")
    }
    assert not next(push(here, url)).changed
    run = there.start_run("demo")
    assert log(there, run, b"next").number == 4
    there.finish_run(run.id)


def test_the_command_line_says_what_was_renumbered(here, there, capsys, monkeypatch):
    fill(there, data=[b"x"])
    fill(here, data=[b"1"])
    monkeypatch.chdir(here.root.parent)
    assert main(["push", str(there.root.parent), "demo"]) == 0
    said = capsys.readouterr().out
    assert "demo/thing:v0 is v1 there: that number was taken" in said
    assert "alias latest of thing stays v0 there, the sender's is v1; --aliases moves it" in said
    assert main(["push", "--aliases", str(there.root)]) == 0
    assert "alias latest of thing moved from v0 to v1 there" in capsys.readouterr().out
    assert there.resolve("thing:latest", "demo").number == 1
    assert main(["push", str(there.root)]) == 0
    assert "nothing is new there" in capsys.readouterr().out
    assert main(["pull", str(there.root)]) == 0
    assert "1 versions" in capsys.readouterr().out
    assert len(here.versions("demo")) == 2


def test_same_content_on_both_sides_makes_no_second_version(here, there):
    fill(there, data=[b"1"])
    fill(here, data=[b"1"])
    (done,) = push(here, str(there.root))
    assert (done.received.versions, done.received.conflicts) == (0, ())
    (version,) = there.versions("demo", "thing")
    assert len(there.logged_by(version.id)) == 2


def test_an_alias_that_only_the_sender_moved_follows(here, there, url):
    fill(here, aliases=["best"])
    list(push(here, url))
    list(pull(there, url))
    run = here.start_run("demo")
    log(here, run, b"3", aliases=["best"])
    here.finish_run(run.id)
    here.set_aliases(here.resolve("thing:v0", "demo").id, add=["old"])
    here.set_aliases(here.resolve("thing:v0", "demo").id, remove=["old"])
    (done,) = push(here, url)
    assert (done.received.aliases, done.received.conflicts) == (3, ())
    list(pull(there, url))
    assert graph(there) == graph(here)
    there.set_aliases(there.resolve("thing:v0", "demo").id, add=["best"])
    (done,) = pull(there, url)  # moved on here since: that stays
    assert not done.changed
    assert there.resolve("thing:best", "demo").number == 0


@pytest.mark.parametrize("take", [False, True])
def test_of_an_alias_that_both_moved_the_receivers_stays_unless_told(here, there, take):
    fill(here, data=[b"1"], aliases=["best"])
    fill(there, data=[b"2"], aliases=["best"])
    (done,) = pull(here, str(there.root), take_aliases=take)
    assert {(c.alias, c.ours, c.theirs, c.moved) for c in done.received.conflicts} == {
        ("best", 0, 1, take), ("latest", 0, 1, take),
    }  # fmt: skip
    assert here.resolve("thing:best", "demo").number == int(take)
    assert there.resolve("thing:best", "demo").number == 0


def test_a_run_that_went_on_is_updated(here, there, url):
    run = here.start_run("demo")
    list(push(here, url))
    list(pull(there, url))
    assert there.run(run.id).state == "running"
    assert there.run(run.id).pid is None  # no process of this machine
    here.log_row(run.id, {"_step": 1})
    here.finish_run(run.id)
    (done,) = push(here, url)
    assert (done.received.runs, done.received.updated) == (0, 1)
    list(pull(there, url))
    assert graph(there) == graph(here)
    (back,) = push(there, str(here.root))
    assert not back.changed


def test_two_that_push_to_one_bare_store_both_arrive(here, there, tmp_path):
    url = (tmp_path / "team").as_uri()
    fill(here, data=[b"1"])
    fill(there, data=[b"2"])
    list(push(here, url))
    assert next(push(there, url)).received.renumbered[0].after == 1
    third = opened(tmp_path / "third")
    list(pull(third, url))
    assert {v.number: v.digest for v in third.versions("demo")} == {
        0: here.resolve("thing", "demo").digest,
        1: there.resolve("thing", "demo").digest,
    }
    assert len(third.runs("demo")) == 4
    for repository in (here, there):
        list(push(repository, url))
        assert not next(push(repository, url)).changed
    third.close()


def test_two_that_pushed_at_once_are_merged(here, there, tmp_path):
    fill(here, data=[b"1"])
    fill(there, data=[b"2"])
    fill(there, "other", data=[b"3"])
    run = here.start_run("clash")
    here.commit("clash", "thing", "model", [Content("a", b"4")], run_id=run.id)
    here.finish_run(run.id)
    fill(there, "clash", data=[b"5"])
    for repository, name in ((here, "a"), (there, "b")):  # neither saw the other's journal
        list(push(repository, (tmp_path / name).as_uri()))
        shutil.copytree(tmp_path / name, tmp_path / "team", dirs_exist_ok=True)
    url = (tmp_path / "team").as_uri()
    third = opened(tmp_path / "third")
    list(pull(third, url, ["demo", "other"]))
    assert sorted(v.number for v in third.versions("demo")) == [0, 1]
    assert len(third.runs("demo")) == 4
    with pytest.raises(TypeMismatchError):  # of one name two types: that project alone
        list(pull(third, url, ["clash"]))
    third.close()


def test_what_a_repository_wrote_to_its_own_store_can_be_pulled(here, there):
    fill(here)
    here._write_journal()
    (done,) = pull(there, here.location if "://" in here.location else f"file://{here.location}")
    assert done.received.versions == 2
    assert graph(there) == graph(here)


def test_deleting_stays_on_each_side(here, there):
    _, second = fill(here)
    list(push(here, str(there.root)))
    there.delete(there.resolve("thing:v0", "demo").id)
    assert not next(push(here, str(there.root))).changed
    here.delete(second.id, delete_aliases=True)
    list(push(here, str(there.root)))
    assert {v.number: v.state for v in map(there.version, (1, 2))} == {0: "deleted", 1: "live"}


def test_damage_here_is_left_out_and_damage_there_is_made_good(here, there, capsys, monkeypatch):
    _, second = fill(here, data=[b"1", b"large" * 100_000])
    list(push(here, str(there.root)))
    digest = here.manifest(second).entries["a.bin"].digest
    path = there.root / "objects" / there._catalog.locate([digest])[digest].object
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    assert there.maintenance.verify().remaining
    (done,) = push(here, str(there.root))
    assert done.blobs == 1
    assert there.maintenance.verify().damage == ()
    assert {v.state for v in there.versions("demo")} == {"live"}
    run = here.start_run("demo")
    third = log(here, run, b"other" * 100_000)
    here.finish_run(run.id)
    digest = here.manifest(third).entries["a.bin"].digest
    path = here.root / "objects" / here._catalog.locate([digest])[digest].object
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    monkeypatch.chdir(here.root.parent)
    assert main(["push", str(there.root)]) == 1
    assert "left out    demo/thing:v2" in capsys.readouterr().out
    assert len(there.versions("demo")) == 2
    assert there.maintenance.verify().damage == ()
    path.write_bytes(b"other" * 100_000)  # restored: the next push brings it
    list(push(here, str(there.root)))
    assert graph(there) == graph(here)


STEPS = st.one_of(
    st.tuples(st.just("run"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("log"), st.sampled_from("ab"), st.integers(0, 3), st.sampled_from("xy")),
    st.tuples(st.just("use"), st.integers(0, 9)),
    st.tuples(st.just("alias"), st.integers(0, 9), st.sampled_from("xyz"), st.booleans()),
    st.tuples(st.just("words"), st.integers(0, 9), st.text(max_size=5)),
    st.tuples(st.just("row"), st.integers(0, 9)),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.just("push")),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=3, max_size=20), st.booleans())
def test_any_history_arrives_as_it_is(steps, bare):
    folder = Path(tempfile.mkdtemp())
    here, team, there = (opened(folder / name) for name in ("here", "team", "there"))
    url = (folder / "bare").as_uri() if bare else str(folder / "team")
    try:
        run = here.start_run("one", code="x = 1")
        made = []
        for what, *args in steps:
            version = made[args[0] % len(made)] if made and args and args[0] in range(10) else None
            if what == "run":
                here.finish_run(run.id)
                run = here.start_run(args[0], tags=["t"], config={"lr": 0.1})
            elif what == "log":
                made.append(log(here, run, b"%d" % args[1], name=args[0], aliases=[args[2]]))
            elif what == "use" and version:
                here.use(run.id, version.id)
            elif what == "alias" and version and here.version(version.id).state == "live":
                words = [args[1]]
                here.set_aliases(version.id, **{"add" if args[2] else "remove": words})
            elif what == "words" and version:
                here.update_run(run.id, notes=args[1], summary={"n": len(args[1])})
            elif what == "row":
                here.log_row(run.id, {"_step": args[0]})
            elif what == "delete" and version:
                here.delete(version.id, delete_aliases=True)
            elif what == "push":
                here.finish_run(run.id)
                for each in list(push(here, url)):
                    assert each.left_out == ()
                run = here.start_run("two")
        here.finish_run(run.id)
        list(push(here, url))
        assert not any(each.changed for each in push(here, url))
        list(pull(there, url))
        assert not any(each.changed for each in pull(there, url))
        expected = graph(here)
        found = graph(there)
        words = [step[0] for step in steps]
        if "push" in words and "delete" in words[words.index("push") :]:
            for graph_ in (expected, found):  # a deletion after a push does not travel
                graph_.update(versions=graph_["versions"].keys(), contents=0, prints=0)
        assert found == expected
        assert there.maintenance.verify().damage == ()
    finally:
        for repository in (here, team, there):
            repository.close()
        shutil.rmtree(folder)
