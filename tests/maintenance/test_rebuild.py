"""A catalogue made again from the store alone is the one that was lost."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import artnb
from artnb.catalog.contents import CONTENTS
from artnb.cli import main
from artnb.digest import digest_bytes
from artnb.errors import CatalogError, UsageError
from artnb.keys import is_blobs, object_key, record_key
from artnb.maintenance import compact_journal
from artnb.remaking import restore_catalog
from artnb.repository import Content, Repository, close_repositories, open_repository
from artnb.settings import Settings

TABLES = ("projects", "collections", "runs", "versions", "aliases", "alias_moves", "edges", "kept",
          "generations")  # fmt: skip


def rows(repository):
    """Every row, and the entries of what is not deleted: of the rest the manifest may be gone."""
    db = repository._catalog._db
    found = {t: sorted(map(tuple, db.rows(f"select * from {t}")), key=repr) for t in TABLES}
    for name, table in (("contents", CONTENTS), ("fingerprints", "fingerprints")):
        query = f"select * from {table} c where version_id in "
        live = "(select id from versions where state != 'deleted')"
        found[name] = sorted(map(tuple, db.rows(query + live)), key=repr)
    return found


def opened(folder):
    return Repository(Settings.resolve(folder, {"ARTNB_DIR": str(folder)}))


def rebuilt(repository, folder):
    """Close a repository, lose its catalogue, and return what the store alone gives."""
    expected = rows(repository)
    repository.close()
    for path in repository.root.glob("catalog.db*"):
        path.unlink()
    restore_catalog(repository.settings)
    again = opened(folder)
    return expected, again


def log(repository, run, data, name="thing", **kwargs):
    contents = [Content("a.bin", data, fingerprint=f"print-{len(data)}"), Content("b", b"same")]
    return repository.commit(run.project, name, "dataset", contents, run_id=run.id, **kwargs)


STEPS = st.one_of(
    st.tuples(st.just("run"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("log"), st.sampled_from("ab"), st.integers(0, 3), st.sampled_from("xy")),
    st.tuples(st.just("use"), st.integers(0, 9)),
    st.tuples(st.just("alias"), st.integers(0, 9), st.sampled_from("xyz"), st.booleans()),
    st.tuples(st.just("words"), st.integers(0, 9), st.text(max_size=5)),
    st.tuples(st.just("config"), st.integers(0, 9)),
    st.tuples(st.just("row"), st.integers(0, 9)),
    st.tuples(st.just("finish")),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.just("delete run"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("gc")),
    st.tuples(st.just("reopen")),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=3, max_size=25))
def test_whatever_happened_the_rebuilt_catalogue_is_the_same(steps):
    folder = Path(tempfile.mkdtemp())
    repository = opened(folder)
    try:
        first = run = repository.start_run("one", code="x = 1")
        made = []
        for what, *args in steps:
            version = made[args[0] % len(made)] if made and args and args[0] in range(10) else None
            if what == "run":
                repository.finish_run(run.id)
                run = repository.start_run(args[0], tags=["t"], config={"lr": 0.1})
            elif what == "log":
                done = log(repository, run, b"%d" % args[1], name=args[0], aliases=[args[2]])
                made.append(done.version)
            elif what == "use" and version:
                # By a run that is over, too: its edge is written down all the same.
                repository.use((run if args[0] % 2 else first).id, version.id)
            elif what == "alias" and version and repository.version(version.id).state == "live":
                if args[2]:
                    repository.set_aliases(version.id, add=[args[1]], run_id=run.id)
                else:
                    repository.set_aliases(version.id, remove=[args[1]])
            elif what == "words" and version:
                repository.update_version(
                    version.id, description=args[1], tags=[f"t{len(args[1])}"]
                )
            elif what == "config":
                repository.update_run(run.id, config={"n": args[0]}, summary={"loss": args[0] / 7})
            elif what == "row":
                picture = repository.put_blob(b"picture %d" % args[0], run.id)
                repository.log_row(run.id, {"_step": args[0], "picture": {"sha256": picture}})
            elif what == "finish":
                repository.finish_run(run.id, "failed")
                run = repository.start_run("two")
            elif what == "delete" and version:
                repository.delete(version.id, delete_aliases=True)
            elif what == "delete run":
                over = [each for name in ("one", "two") for each in repository.runs(name)]
                over = [each for each in over if each.state != "running" and each.id != first.id]
                for each in over[args[0] :][:1]:
                    wanted = {"delete_artifacts": args[1], "delete_aliases": True}
                    repository.delete_run(each.id, **wanted)
            elif what == "gc":
                repository.maintenance.collect(grace=0)
            elif what == "reopen":
                repository.close()
                repository = opened(folder)
        repository.finish_run(run.id)
        expected, repository = rebuilt(repository, folder)
        assert rows(repository) == expected
        assert repository.maintenance.verify().damage == ()
        again = repository.start_run("one")
        log(repository, again, b"after", name="a")
        repository.finish_run(again.id)
    finally:
        repository.close()
        shutil.rmtree(folder)


def all_is_done(tmp_path):
    """Do what changes a row of the catalogue, each at least once."""
    (tmp_path / "rows.csv").write_text("1,2")
    (tmp_path / "kept.txt").write_text("kept")
    with artnb.init(
        project="demo", name="load", job_type="load", group="night", tags=["a"], notes="words",
        config={"lr": 0.1, "deep": {"x": [1, None, "ü"]}},
    ) as run:  # fmt: skip
        loaded = run.id
        data = artnb.Artifact("data", "dataset", description="words", metadata={"n": [1.5]})
        for n in range(20):
            with data.new_file(f"f/{n}.txt") as stream:
                stream.write("x" * n)
        data.add_reference((tmp_path / "rows.csv").as_uri())
        run.log_artifact(data, aliases=["raw", "best"])
        run.define_metric("loss", summary="min")
        run.log({"loss": 0.5, "table": artnb.Table(columns=["a"], data=[[1]])})
        run.summary["extra"] = {"k": 1}
        run.save(tmp_path / "kept.txt")
        run.alert("title", "text")
    for n in range(4):
        with artnb.init(project="demo", job_type="train") as run:
            run.use_artifact("data:raw")
            model = artnb.Artifact("model", "model")
            model.ttl = timedelta(days=3 + n)
            with model.new_file("w.bin", "wb") as stream:
                stream.write(bytes([n]) * 300_000)
            run.log_artifact(model, aliases=["best"])
    with pytest.raises(RuntimeError), artnb.init(project="other") as run:
        run.use_artifact("demo/model:v1")
        raise RuntimeError
    first = artnb.Api().artifact("demo/model:v0")
    first.description, first.tags = "edited", ["t1", "t2"]
    first.metadata["q"] = 2
    first.aliases.append("old")
    first.save()
    first.aliases.remove("old")
    first.save()
    artnb.Api().artifact("demo/model:v2").delete(delete_aliases=True)
    assert main(["gc", "--grace", "0"]) == 0
    with artnb.init(project="demo", id=loaded, resume="must") as run:
        run.log({"loss": 0.25})
        log(open_repository(), run, b"value")


@pytest.mark.both_catalogs
def test_all_of_a_project_comes_back_on_a_server_too(catalog, tmp_path):
    all_is_done(tmp_path)
    expected = rows(open_repository())
    assert all(expected.values())
    close_repositories()
    if catalog == "sqlite":
        (tmp_path / ".artnb" / "catalog.db").unlink()
    assert main(["rebuild"]) == 0
    again = open_repository()
    assert rows(again) == expected
    assert again.resolve("model:best", "demo").version == "v3"
    assert again.maintenance.verify().damage == ()


@pytest.fixture
def filled(tmp_path):
    repository = opened(tmp_path)
    run = repository.start_run("demo")
    log(repository, run, b"1")
    repository.finish_run(run.id)
    yield repository
    repository.close()


@pytest.mark.filterwarnings("ignore:The journal of")  # what the lost file had is lost
def test_versions_logged_after_the_last_entry_come_back_from_their_records(filled, tmp_path):
    run = filled.start_run("demo")
    filled._write_journal()
    second = log(filled, run, b"22", aliases=["best"], metadata={"n": 2}, tags=["t"]).version
    log(filled, run, b"1")  # no new version: latest moves back
    for path in filled.root.glob("catalog.db*"):
        path.unlink()  # killed before it was written down
    done = restore_catalog(filled.settings).rebuilt
    assert done.late == ("demo/thing:v1",)
    again = opened(tmp_path)
    found = again.resolve("thing:best", "demo")
    assert (found.version, found.metadata, found.tags) == ("v1", {"n": 2}, ("t",))
    assert (found.digest, found.size) == (second.digest, second.size)
    assert again.resolve("thing:latest", "demo").version == "v0"
    assert [r.id for r in again.logged_by(found.id)] == [run.id]
    assert again.find_fingerprint("demo", "print-2")[0][0].id == found.id
    assert again.maintenance.verify().damage == ()
    again.close()


@pytest.mark.filterwarnings("ignore:The journal of")
@pytest.mark.parametrize("where", ["as artnb wrote it first", "in a pack that was rewritten"])
def test_the_record_of_a_late_version_is_found_wherever_it_lies(filled, where):
    run = filled.start_run("demo")
    filled._write_journal()
    version = log(filled, run, b"22").version
    backend = filled._store.backend
    at = filled._catalog.locate([version.record])[version.record]
    if where == "in a pack that was rewritten":
        digests = [d for d, p in filled._catalog.upkeep.places().items() if p.object == at.object]
        assert filled._ingest.move_out({at.object: digests}) == [at.object]
    else:  # an object of its own, as were manifest and files
        for digest in (version.record, version.digest, digest_bytes(b"22")):
            key = record_key if digest == version.record else object_key
            backend.put_bytes(key(digest), filled.read_blob(digest))
    backend.delete(at.object)
    for path in filled.root.glob("catalog.db*"):
        path.unlink()
    assert restore_catalog(filled.settings).rebuilt.late == ("demo/thing:v1",)
    again = opened(filled.root)
    assert again.maintenance.verify().damage == ()
    assert again.read_blob(version.record)
    again.close()


@pytest.mark.parametrize("size", [10, 300_000])
@pytest.mark.parametrize("compacted", [False, True])
def test_a_collector_that_hung_before_deleting_harms_nothing_after_a_rebuild(
    filled, tmp_path, monkeypatch, size, compacted
):
    """What it had marked dead is dead in the catalogue that was made again, too."""
    run = filled.start_run("demo")
    data = b"x" * size
    filled.delete(log(filled, run, data, name="gone").version.id, delete_aliases=True)
    filled.finish_run(run.id)
    backend = type(filled._store.backend)
    late = []
    with monkeypatch.context() as patch:
        patch.setattr(
            backend, "delete", lambda self, key: late.append(key) if is_blobs(key) else None
        )
        filled.maintenance.collect(grace=0)
        if compacted:
            compact_journal(filled._store.backend, filled._catalog, above=0)
    assert late
    for path in filled.root.glob("catalog.db*"):
        path.unlink()
    restore_catalog(filled.settings)
    again = opened(tmp_path)
    run = again.start_run("demo")
    version = log(again, run, data, name="gone").version
    again.finish_run(run.id)
    for key in late:  # it wakes
        again._store.backend.delete(key)
    assert again.maintenance.verify().damage == ()
    assert again.read_blob(again.manifest(version).entries["a.bin"].digest) == data
    again.close()


def test_a_record_whose_commit_never_came_is_no_version(filled):
    run = filled.start_run("demo")

    def refuse(*_, **__):
        raise KeyboardInterrupt

    filled._catalog.commit = refuse
    with pytest.raises(KeyboardInterrupt):
        log(filled, run, b"never")
    filled.finish_run(run.id)  # writes an entry after that record
    done = restore_catalog(filled.settings).rebuilt
    assert (done.versions, done.late) == (1, ())


def test_the_catalogue_that_was_there_is_kept(filled, capsys):
    filled.close()
    (filled.root / "catalog.db").write_bytes(b"broken " * 1000)
    assert main(["rebuild"]) == 0
    said = capsys.readouterr().out
    assert "1 project, 1 run, 1 version" in said
    assert (filled.root / "catalog.db.before-1").read_bytes() == b"broken " * 1000
    assert main(["ls"]) == 0
    assert "thing" in capsys.readouterr().out


def test_what_the_old_catalogue_had_not_written_down_is_written_first(filled, tmp_path):
    filled._catalog.change_version(1, description="not yet in the journal")
    filled.close = lambda: None
    restore_catalog(filled.settings)
    again = opened(tmp_path)
    assert again.resolve("thing", "demo").description == "not yet in the journal"
    again.close()


def test_a_manifest_that_is_gone_marks_its_version(filled, tmp_path):
    version = filled.resolve("thing", "demo")
    at = filled._catalog.locate([version.digest])[version.digest]
    filled.close()
    (filled.root / "objects" / at.object).unlink()
    assert restore_catalog(filled.settings).rebuilt.damaged == ("thing:v0",)
    again = opened(tmp_path)
    assert again.resolve("thing", "demo").state == "damaged"
    again.close()


def test_an_open_run_forbids_it(filled):
    run = filled.start_run("demo")
    with pytest.raises(CatalogError, match="Runs are open"):
        restore_catalog(filled.settings)
    filled.finish_run(run.id)


def test_a_store_without_a_journal_is_said_to_have_none(tmp_path):
    with pytest.raises(CatalogError, match="no journal"):
        restore_catalog(Settings.resolve(tmp_path, {}))
    assert not list(tmp_path.rglob("*.rebuilt*"))


def test_of_two_catalogues_one_is_named(filled, tmp_path):
    settings_ = Settings.resolve(
        tmp_path, {"ARTNB_DIR": str(tmp_path / "b"), "ARTNB_STORE": filled.location}
    )
    other = Repository(settings_)
    run = other.start_run("other")
    other.finish_run(run.id)
    name = other._catalog.identity
    other.close()
    with pytest.raises(CatalogError, match=f"2 catalogues.*{name}.*--catalog"):
        restore_catalog(filled.settings)
    assert restore_catalog(filled.settings, catalog=name).rebuilt.versions == 0


def test_deleting_is_remembered(filled, tmp_path):
    version = filled.resolve("thing", "demo")
    with pytest.raises(UsageError):
        filled.delete(version.id)
    filled.delete(version.id, delete_aliases=True)
    expected, again = rebuilt(filled, tmp_path)
    assert rows(again) == expected
    assert again.version(version.id).state == "deleted"
    again.close()


def test_an_edge_of_a_run_that_is_over_is_remembered(filled, tmp_path):
    (run,) = filled.runs("demo")
    filled.use(run.id, filled.resolve("thing", "demo").id)
    expected, again = rebuilt(filled, tmp_path)
    assert rows(again) == expected
    assert len(again.used(run.id)) == 1
    again.close()


def test_a_damaged_entry_of_the_journal_is_found_and_written_anew(filled, tmp_path):
    entries = sorted((filled.root / "objects" / "journal").glob("*/*"))
    for path in entries:
        path.chmod(0o644)
        path.write_bytes(b"{}")
    report = filled.maintenance.verify()
    assert [damage.repaired_from for damage in report.damage] == ["the catalogue"] * len(entries)
    assert filled.maintenance.verify().damage == ()
    expected, again = rebuilt(filled, tmp_path)
    assert rows(again) == expected
    assert again.resolve("thing", "demo").version == "v0"
    again.close()
