"""Runs are deleted: with what only they have, and without harm to what came from them."""

import os
import subprocess
import sys

import pytest

import artnb
from artnb.cli import main
from artnb.environment import HOST
from artnb.errors import CommError, InvalidValueError, RunDeletedError, UsageError
from artnb.keys import is_blobs
from artnb.lineage import run_node, version_node
from artnb.remaking import restore_catalog
from artnb.repository import Repository, close_repositories, open_repository

pytestmark = pytest.mark.both_catalogs

OUTPUT = os.urandom(50_000)


def made(name, *, uses=(), picture=OUTPUT, data="1", artifact="thing"):
    """A run with code, rows, a picture and a file, and what it logged."""
    repository = open_repository()
    run = repository.start_run("demo", name=name, code=f"# {name}\nx = 1", config={"lr": 0.1})
    for version in uses:
        repository.use(run.id, version.id)
    digest = repository.put_blob(picture, run.id)
    repository.log_row(run.id, {"_step": 0, "picture": {"sha256": digest}})
    version = None
    if data is not None:
        content = artnb.repository.Content("a.txt", data.encode())
        version = repository.commit("demo", artifact, "dataset", [content], run_id=run.id).version
    repository.finish_run(run.id, outputs={"stdout": name})
    return run.id, version, digest


def blobs(repository):
    return {key for key in repository._store.backend.keys() if is_blobs(key)}  # noqa: SIM118


def nodes(repository):
    graph = repository.lineage("demo")
    return {*graph.runs, *graph.versions}


# what is asked of it afterwards -------------------------------------------------------


def test_a_deleted_run_is_in_no_list_and_its_versions_stay(catalog, capsys):
    first, version, _ = made("first")
    second, _, _ = made("second", uses=[version], data=None)
    api = artnb.Api()
    api.run(f"demo/{first}").delete()
    assert [run.id for run in api.runs("demo")] == [second]
    with pytest.raises(CommError, match=f"The run first \\({first}\\) of project 'demo' was del"):
        api.run(first)
    artifact = api.artifact("demo/thing:v0")
    assert artifact.logged_by() is None
    assert [run.id for run in artifact.used_by()] == [second]
    assert main(["show", "demo/thing:v0"]) == 0
    assert "by first (deleted)" in capsys.readouterr().out
    assert main(["runs", "demo"]) == 0
    assert "first" not in capsys.readouterr().out
    assert open_repository().maintenance.verify().damage == ()


def test_its_id_is_not_used_again(catalog):
    run_id, _, _ = made("first")
    artnb.Api().run(run_id).delete()
    with pytest.raises(InvalidValueError, match="deleted, and is not used again"):
        artnb.init(project="demo", id=run_id)
    for way in ("allow", "must", "never", "auto"):
        with pytest.raises(UsageError, match=f"resume='{way}'.*was deleted"):
            artnb.init(project="demo", id=run_id, resume=way)
    with artnb.init(project="demo") as run:
        assert run.id != run_id


def test_an_open_run_is_deleted_only_by_force(catalog):
    with artnb.init(project="demo") as run:
        run.log({"loss": 1.0})
        with pytest.raises(UsageError, match="still open in this process and was not deleted"):
            artnb.Api().run(run.id).delete()
        assert run.state == "running"
        artnb.Api().run(run.id).delete(force=True)
        run.log({"loss": 2.0})
        with pytest.raises(RunDeletedError):
            run.config.update({"lr": 1})
        with pytest.warns(UserWarning, match="was deleted.*logged since is not kept"):
            run.finish()
    assert artnb.Api().runs("demo") == []
    assert not list((open_repository().root / "runs").glob("*"))
    assert open_repository().maintenance.verify().damage == ()


def test_a_run_of_another_process_may_go_once_that_has_ended(catalog):
    repository = open_repository()
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = repository.start_run("demo")
    repository._forget_open(run.id)
    repository._catalog.change_run(run.id, {"host": HOST, "pid": other.pid})
    try:
        with pytest.raises(UsageError, match=f"in process {other.pid}"):
            repository.delete_run(run.id)
    finally:
        other.communicate(b"\n", timeout=60)
    repository.delete_run(run.id)
    assert repository.runs("demo") == []


def test_a_silent_run_of_another_machine_may_go(catalog):
    repository = open_repository()
    run = repository.start_run("demo")
    repository._forget_open(run.id)
    repository._catalog.change_run(run.id, {"host": "elsewhere"})
    with pytest.raises(UsageError, match="on elsewhere"):
        repository.delete_run(run.id)
    repository._catalog.change_run(run.id, {"heartbeat_at": run.created_at - 3600})
    repository.delete_run(run.id)
    assert repository.runs("demo") == []


def test_a_run_that_is_only_announced_is_written_and_deleted(catalog):
    repository = open_repository()
    run_id = repository.announce_run("demo", code="x = 1")
    repository.delete_run(run_id, force=True)
    assert repository.run(run_id, deleted=True).state == "deleted"


# its versions -------------------------------------------------------------------------


def test_its_versions_go_with_it_if_that_is_asked_for(catalog):
    first, _, _ = made("first")
    api = artnb.Api()
    artifact = api.artifact("demo/thing:v0")
    artifact.aliases.append("best")
    artifact.save()
    with pytest.raises(UsageError, match="best"):
        api.run(first).delete(delete_artifacts=True)
    assert api.run(first).state == "finished"
    api.run(first).delete(delete_artifacts=True, delete_aliases=True)
    assert not api.artifact_exists("demo/thing:v0")
    assert nodes(open_repository()) == set()
    second, _, _ = made("second", data="2")
    made("third", data="2")
    api.run(second).delete(delete_artifacts=True)
    assert api.artifact_exists("demo/thing:latest")


# the graph ----------------------------------------------------------------------------


def test_the_graph_draws_it_only_where_something_came_from_it(catalog):
    repository = open_repository()
    source, data, _ = made("source", artifact="data")
    model_run, model, _ = made("train", uses=[data], artifact="model", data="2")
    failed, _, _ = made("failed", uses=[data, model], data=None)
    everything = nodes(repository)
    repository.delete_run(failed)
    assert nodes(repository) == everything - {run_node(failed)}
    repository.delete_run(model_run)
    graph = repository.lineage("demo")
    assert graph.runs[run_node(model_run)].state == "deleted"
    assert graph.path(version_node(data.id), version_node(model.id))
    repository.delete(model.id, delete_aliases=True)
    assert nodes(repository) == {run_node(source), version_node(data.id)}


def test_a_chain_of_deleted_ones_between_two_that_are_there_is_drawn(catalog):
    repository = open_repository()
    _, data, _ = made("source", artifact="data")
    first, middle, _ = made("first", uses=[data], artifact="middle", data="2")
    second, last, _ = made("second", uses=[middle], artifact="last", data="3")
    everything = nodes(repository)
    repository.delete_run(first)
    repository.delete_run(second)
    repository.delete(middle.id, delete_aliases=True)
    assert nodes(repository) == everything
    repository.delete(last.id, delete_aliases=True)
    assert version_node(middle.id) not in nodes(repository)


def test_a_version_of_another_project_goes_from_the_graph_with_its_run(catalog):
    repository = open_repository()
    _, data, _ = made("source", artifact="data")
    run = repository.start_run("other")
    repository.use(run.id, data.id)
    repository.finish_run(run.id)
    assert len(repository.lineage("other")) == 2
    repository.delete_run(run.id)
    assert len(repository.lineage("other")) == 0


# bytes --------------------------------------------------------------------------------


def test_what_only_it_kept_is_freed_after_the_grace(catalog):
    repository = open_repository()
    first, _, picture = made("first", data=None)
    before = repository.maintenance.usage()
    repository.delete_run(first)
    after = repository.maintenance.usage()
    assert before.runs - after.runs == after.unreferenced - before.unreferenced > len(OUTPUT)
    there = blobs(repository)
    kept = repository.maintenance.collect()
    assert (kept.objects, blobs(repository)) == (0, there)
    assert kept.young > len(OUTPUT)
    foreseen = repository.maintenance.collect(grace=0, dry_run=True)
    assert blobs(repository) == there
    done = repository.maintenance.collect(grace=0)
    assert (foreseen.bytes, foreseen.projects) == (done.bytes, done.projects)
    assert list(done.projects) == ["demo"]
    assert done.bytes == after.unreferenced - repository.maintenance.usage().unreferenced
    assert repository._catalog.locate([picture]) == {}
    assert repository.maintenance.verify().damage == ()


def test_what_another_run_keeps_too_stays(catalog):
    """The same picture, the same code: whichever put them first, and whichever goes first."""
    repository = open_repository()
    first, _, picture = made("same", data=None)
    second, _, again = made("same", data=None)
    assert picture == again
    repository.delete_run(first)
    repository.maintenance.collect(grace=0)
    assert repository.read_blob(picture) == OUTPUT
    assert repository.code(second) == "# same\nx = 1"
    assert repository.maintenance.verify().damage == ()
    third, _, _ = made("same", data=None)
    repository.delete_run(second)
    repository.maintenance.collect(grace=0)
    assert repository.read_blob(picture) == OUTPUT
    repository.delete_run(third)
    repository.maintenance.collect(grace=0)
    assert repository._catalog.locate([picture]) == {}
    fourth, _, _ = made("same", data=None)  # and what went can come again
    repository.maintenance.collect(grace=0)
    assert repository.read_blob(picture) == OUTPUT
    assert repository.code(fourth) == "# same\nx = 1"


# durability ---------------------------------------------------------------------------


@pytest.mark.parametrize("collected", [False, True])
def test_a_rebuilt_catalogue_knows_that_it_is_deleted(catalog, collected):
    repository = open_repository()
    first, version, _ = made("first")
    second, _, picture = made("second", data=None)
    repository.delete_run(first)
    if collected:
        repository.maintenance.collect(grace=0)
    tombstone = repository.run(first, deleted=True)
    kept = repository._catalog.upkeep.kept()
    settings = repository.settings
    close_repositories()
    restore_catalog(settings)
    again = open_repository()
    assert again.run(first, deleted=True) == tombstone
    assert [run.id for run in again.runs("demo")] == [second]
    assert again._catalog.upkeep.kept() == kept
    assert again.maintenance.verify().damage == ()
    again.delete_run(second)
    again.maintenance.collect(grace=0)
    assert again._catalog.locate([picture]) == {}
    assert again.read_blob(again.manifest(version).entries["a.txt"].digest) == b"1"


def test_a_journal_that_could_not_be_written_gets_it_from_the_next_process(catalog, monkeypatch):
    """Killed between the row and the journal: it is deleted, and stays so in a rebuilt one."""
    repository = open_repository()
    first, _, _ = made("first")
    with monkeypatch.context() as patch:
        patch.setattr(Repository, "_write_journal", lambda *_, **__: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            repository.delete_run(first)
    assert repository._catalog.journal.waits
    settings = repository.settings
    close_repositories()
    close_again = Repository(settings)  # the next one writes what waits
    close_again.close()
    restore_catalog(settings)
    again = open_repository()
    assert again.runs("demo") == []
    assert again.run(first, deleted=True).state == "deleted"


class Killed(BaseException):
    pass


# on the command line ------------------------------------------------------------------


def test_on_the_command_line_runs_are_chosen_and_told(catalog, capsys):
    good, _, _ = made("good")
    failed, _, _ = made("failed", data="2")
    open_repository().update_run(failed, state="failed")
    where = ["delete", "--runs", "--where", "state=failed", "--artifacts"]
    assert main([*where, "--dry-run"]) == 0
    assert capsys.readouterr().out == f"would delete run failed ({failed}) failed\n"
    assert len(artnb.Api().runs("demo")) == 2
    assert main(where) == 0
    assert f"deleted     run failed ({failed}) failed and thing:v1\n" in capsys.readouterr().out
    assert main(where) == 0
    assert capsys.readouterr().out == "No run is so.\n"
    assert [run.id for run in artnb.Api().runs("demo")] == [good]
    assert main(["delete", "--runs", f"demo/{good}"]) == 0
    assert artnb.Api().runs("demo") == []
    assert artnb.Api().artifact_exists("demo/thing:latest")


def test_a_run_that_stays_keeps_no_other_and_the_status_says_so(catalog, capsys):
    first, _, _ = made("first")
    with artnb.init(project="demo") as run:
        assert main(["delete", "--runs", run.id, first]) == 1
        told = capsys.readouterr().out
        assert f"kept        run {run.name} ({run.id}) running: " in told
        assert f"deleted     run first ({first}) finished\n" in told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Say what to delete"),
        (["thing:v0", "--runs", "abc"], "Say what to delete"),
        (["--runs"], "Say which runs"),
        (["thing:v0", "--dry-run"], "are about --runs"),
        (["--runs", "nowhere"], "There is no run with the id 'nowhere'"),
    ],
)
def test_what_is_not_said_clearly_deletes_nothing(catalog, capsys, options, message):
    first, _, _ = made("first")
    assert main(["delete", *options]) == 1
    assert message in capsys.readouterr().err
    assert artnb.Api().run(first).state == "finished"
    assert artnb.Api().artifact_exists("demo/thing:v0")


# of before it was noted which run keeps what ------------------------------------------


def as_of_before(repository):
    """What the migration makes of a catalogue: all is kept, and not noted for whom."""
    while entry := repository._catalog.journal.next_entry():
        repository._catalog.journal.written(entry)
    with repository._catalog._db.transaction() as db:
        db.execute(
            "insert into kept (digest) select digest from kept where true on conflict do nothing"
        )
        db.execute("delete from kept where run_id != ''")
    repository._catalog.journal.mark_all()
    for key in list(repository._store.backend.keys()):
        if key.startswith("journal/"):
            repository._store.backend.delete(key)
    (repository.root / "cache" / "journal").unlink(missing_ok=True)
    repository._write_journal()


def test_who_keeps_what_is_found_out_when_it_was_not_noted(catalog):
    repository = open_repository()
    first, version, own = made("first", picture=OUTPUT)
    second, _, shared = made("second", data=None, picture=OUTPUT[:30_000])
    third, _, _ = made("third", data=None, picture=OUTPUT[:30_000])
    loose = repository.put_blob(b"of nobody")
    as_of_before(repository)
    repository.delete_run(first)
    repository.delete_run(second)
    repository.maintenance.collect(grace=0)
    assert set(repository._catalog.locate([own, shared, loose])) == {shared, loose}
    assert repository.code(third) == "# third\nx = 1"
    assert repository.maintenance.verify().damage == ()
    kept, settings = repository._catalog.upkeep.kept(), repository.settings
    assert repository._catalog.unowned() == {loose}
    close_repositories()
    restore_catalog(settings)
    again = open_repository()
    assert again._catalog.upkeep.kept() == kept
    assert again.maintenance.verify().damage == ()
    again.delete_run(third)
    again.maintenance.collect(grace=0)
    assert set(again._catalog.locate([own, shared, loose])) == {loose}
    assert again.manifest(version)


def test_what_a_run_that_is_open_elsewhere_may_need_stays(catalog):
    repository = open_repository()
    first, _, own = made("first", data=None)
    other = repository.start_run("demo")
    repository._forget_open(other.id)
    repository._catalog.change_run(other.id, {"host": "elsewhere"})
    as_of_before(repository)
    repository.delete_run(first)
    repository.maintenance.collect(grace=0)
    assert repository.read_blob(own) == OUTPUT
    second, _, _ = made("second", data=None)
    repository._catalog.change_run(other.id, {"state": "crashed"})
    repository.delete_run(second)
    repository.maintenance.collect(grace=0)
    assert repository._catalog.locate([own]) == {}
    assert repository.maintenance.verify().damage == ()
