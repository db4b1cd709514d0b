"""Deleting and collecting: what is needed stays, what is not goes, beside whoever works."""

import hashlib
import os

import pytest

import artnb
from artnb import ingest, intake
from artnb.cli import main
from artnb.draft import Draft
from artnb.errors import CommError, StoreError, StoreReadOnlyError, UsageError
from artnb.ingest import Ingest
from artnb.keys import is_blobs
from artnb.maintenance import collection
from artnb.maintenance.collect import Facts, make_plan
from artnb.model import Location
from artnb.repository import Content, Repository
from artnb.settings import Settings
from artnb.store import LocalBackend, ObjectStat

pytestmark = pytest.mark.both_catalogs

SMALL = [os.urandom(1000) for _ in range(20)]
BIG = os.urandom(300_000)


@pytest.fixture
def run(repository):
    return repository.start_run("demo", code="x = 1")


@pytest.fixture(params=[1, 2])
def leases(request, monkeypatch):
    """How many leases a commit takes: one, or one for very many files and one for the rest."""
    if request.param == 2:
        monkeypatch.setattr(ingest, "_MANY", 1)
    return request.param


def log(repository, run, *parts, name="thing", **kwargs):
    contents = [Content(f"{n}.bin", data) for n, data in enumerate(parts)]
    return repository.commit("demo", name, "dataset", contents, run_id=run.id, **kwargs).version


def digest(data):
    return hashlib.sha256(data).hexdigest()


def keys(repository):
    return {key for key in repository._store.backend.keys() if is_blobs(key)}  # noqa: SIM118


def delete(repository, version):
    return repository.delete(version.id, delete_aliases=True)


# deleting ---------------------------------------------------------------------------


def test_a_version_with_aliases_is_not_deleted_unless_they_may_go(repository, run):
    version = log(repository, run, b"1", aliases=["best"])
    with pytest.raises(UsageError, match=r"'latest', 'best'.*delete_aliases=True"):
        repository.delete(version.id)
    assert repository.version(version.id).state == "live"
    deleted = repository.delete(version.id, delete_aliases=True)
    assert (deleted.state, deleted.aliases) == ("deleted", ())


def test_latest_goes_to_the_newest_that_is_left(repository, run):
    first, second, third = (log(repository, run, b"%d" % n) for n in range(3))
    repository.delete(second.id)
    delete(repository, third)
    assert repository.resolve("thing:latest", "demo").id == first.id


def test_a_deleted_version_keeps_its_lineage_and_its_number(repository, run):
    version = log(repository, run, b"1")
    user = repository.start_run("demo")
    repository.use(user.id, version.id)
    delete(repository, version)
    assert [r.id for r in repository.used_by(version.id)] == [user.id]
    assert version.id in {v.id for v in repository.used(user.id)}
    assert log(repository, run, b"1").version == "v1"


def test_a_deleted_version_is_not_found_and_it_is_said_why(repository, run):
    version = log(repository, run, b"1", name="other")
    delete(repository, version)
    with pytest.raises(CommError, match="other:v0 of project 'demo' was deleted"):
        repository.resolve("other:v0", "demo")
    with pytest.raises(CommError, match="was deleted"):
        repository.manifest(repository.version(version.id))
    assert repository.versions("demo", "other") == []
    assert repository.collections("demo") == []


def test_an_artifact_deletes_itself(isolated):
    with artnb.init(project="demo") as run:
        artifact = artnb.Artifact("thing", "dataset")
        with artifact.new_file("a.txt") as file:
            file.write("a")
        run.log_artifact(artifact)
    with pytest.raises(UsageError, match="latest"):
        artifact.delete()
    artifact.delete(delete_aliases=True)
    artifact.delete()
    assert not artnb.Api().artifact_exists("demo/thing:v0")
    with pytest.raises(CommError, match="was deleted"):
        artifact.download()


# collecting -------------------------------------------------------------------------


def test_nothing_that_is_needed_goes(repository, run, tmp_path):
    log(repository, run, BIG, *SMALL)
    picture = repository.put_blob(os.urandom(2000))
    repository.log_row(run.id, {"_step": 0, "loss": 1.0})
    repository.finish_run(run.id)
    before = keys(repository)
    done = repository.maintenance.collect(grace=0)
    assert (done.objects, done.bytes, keys(repository)) == (0, 0, before)
    assert repository.maintenance.verify().damage == ()
    assert len(repository.read_blob(picture)) == 2000


def test_what_only_a_deleted_version_held_goes(repository, run, tmp_path):
    kept = log(repository, run, BIG, SMALL[0], name="kept")
    gone = log(repository, run, BIG, SMALL[0], os.urandom(400_000), *SMALL[1:], name="gone")
    delete(repository, gone)
    done = repository.maintenance.collect(grace=0)
    assert done.projects["demo"] >= 400_000 + 19_000
    assert 0 < done.bytes < 450_000
    assert repository.maintenance.verify().damage == ()
    out = repository.download(kept, tmp_path / "out")
    assert (out / "0.bin").read_bytes() == BIG
    assert repository.maintenance.collect(grace=0).objects == 0


def test_a_dry_run_says_what_would_go_and_touches_nothing(repository, run):
    delete(repository, log(repository, run, BIG, *SMALL))
    before = keys(repository)
    foreseen = repository.maintenance.collect(grace=0, dry_run=True)
    assert keys(repository) == before
    done = repository.maintenance.collect(grace=0)
    assert (foreseen.objects, foreseen.projects) == (done.objects, done.projects)
    assert foreseen.bytes == done.bytes > 320_000


def test_the_grace_keeps_what_is_new_or_was_deleted_lately(repository, run):
    delete(repository, log(repository, run, BIG))
    orphan = "sha256/aa/" + "b" * 62
    repository._store.backend.put_bytes(orphan, b"half a commit")
    assert repository.maintenance.collect().objects == 0
    for key in keys(repository):
        os.utime(repository.root / "objects" / key, (0, 0))
    assert repository.maintenance.collect().objects == 1  # the orphan; the version is too fresh
    assert orphan not in keys(repository)
    assert repository.maintenance.collect(grace=0).objects >= 1


def test_a_pack_of_which_little_is_needed_is_rewritten(repository, run, tmp_path):
    first = log(repository, run, *SMALL)
    second = log(repository, run, SMALL[3], name="second")
    (pack,) = {repository._catalog.locate([digest(SMALL[3])])[digest(SMALL[3])].object}
    delete(repository, first)
    done = repository.maintenance.collect(grace=0)
    assert done.rewritten >= 1
    assert pack not in keys(repository)
    assert repository.maintenance.verify().damage == ()
    assert (repository.download(second, tmp_path / "o") / "0.bin").read_bytes() == SMALL[3]


def test_the_record_of_a_commit_that_made_no_version_goes(repository, run):
    first = log(repository, run, b"same")
    before = keys(repository)
    again = log(repository, run, b"same", aliases=["again"])
    assert again.id == first.id
    assert len(keys(repository) - before) == 1
    assert repository._catalog.journal.waits
    assert repository.maintenance.collect(grace=0).objects == 1
    assert not repository._catalog.journal.waits
    assert keys(repository) == before
    assert repository.maintenance.verify().damage == ()


def test_a_pack_of_which_much_is_needed_stays(repository, run):
    first = log(repository, run, *SMALL)
    log(repository, run, *SMALL[:18], name="second")
    delete(repository, first)
    assert repository.maintenance.collect(grace=0).rewritten == 0


def test_collected_content_is_logged_anew_under_the_next_generation(repository, run, tmp_path):
    for round_ in range(3):
        version = log(repository, run, BIG, *SMALL)
        at = repository._catalog.locate([digest(BIG)])[digest(BIG)]
        assert at.object.endswith(f".g{round_}" if round_ else digest(BIG)[2:])
        out = repository.download(version, tmp_path / str(round_))
        assert (out / "0.bin").read_bytes() == BIG
        delete(repository, version)
        repository.maintenance.collect(grace=0)
        assert at.object not in keys(repository)


@pytest.mark.parametrize("parts", [(BIG,), SMALL, (BIG, *SMALL)], ids=["one", "pack", "both"])
def test_a_commit_whose_lease_lapsed_is_made_again(
    repository, run, leases, monkeypatch, tmp_path, parts
):
    """The writer is frozen after its bytes are written; a collector takes all of them."""
    real, rounds = Ingest._publish, []

    def frozen(self, staged, *rest):
        places = real(self, staged, *rest)
        if len(rounds) < 2:
            rounds.append(1)
            with monkeypatch.context() as patch:
                patch.setattr(collection, "process_alive", lambda pid: False)
                assert repository.maintenance.collect(grace=0).objects >= 1
        return places

    contents = []
    for n, data in enumerate(parts):
        (tmp_path / f"{n}").write_bytes(data)
        contents.append(Content(f"{n}", repository.stage(tmp_path / f"{n}")))
    monkeypatch.setattr(Ingest, "_publish", frozen)
    version = repository.commit("demo", "thing", "d", contents, run_id=run.id).version
    assert len(rounds) == 2
    out = repository.download(version, tmp_path / "out")
    assert [(out / f"{n}").read_bytes() for n in range(len(parts))] == list(parts)
    assert repository.maintenance.verify().damage == ()


def test_a_blob_of_a_run_that_is_collected_before_it_is_entered_is_written_again(
    repository, monkeypatch
):
    real, rounds = Ingest._publish, []

    def slow(self, staged, *rest):
        places = real(self, staged, *rest)
        if not rounds:
            rounds.append(repository.maintenance.collect(grace=0).objects)
        return places

    monkeypatch.setattr(Ingest, "_publish", slow)
    blob = repository.put_blob(BIG)
    assert rounds == [1]
    assert repository.read_blob(blob) == BIG


def test_a_lease_keeps_collectors_away(repository, run, leases, monkeypatch):
    real = Ingest._publish

    def slow(self, staged, *rest):
        assert len(repository._catalog._db.rows("select name from leases")) == leases
        places = real(self, staged, *rest)
        assert repository.maintenance.collect(grace=0).objects == 0
        assert repository.maintenance.collect(grace=0, dry_run=True).objects == 0
        return places

    monkeypatch.setattr(Ingest, "_publish", slow)
    log(repository, run, BIG, *SMALL)


def test_a_failed_commit_leaves_no_lease(repository, run, leases, monkeypatch):
    def fail(self, *rest):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ingest, "_publish", fail)
        with pytest.raises(KeyboardInterrupt):
            log(repository, run, BIG)
    with pytest.raises(ValueError, match="not JSON compliant"):  # its record cannot be written
        log(repository, run, BIG, metadata={"nan": float("nan")})
    assert repository._catalog._db.rows("select name from leases") == []


def test_what_a_collector_takes_before_it_is_leased_is_written_again(
    repository, run, leases, monkeypatch, tmp_path
):
    """Files that the store had when they were added; their bytes go before they are logged."""
    paths = [tmp_path / f"{n}" for n in range(3)]
    for n, path in enumerate(paths):
        path.write_bytes(SMALL[n])
        os.utime(path, (0, 0))
    log(repository, run, *SMALL[:3])
    repository.stage_many(list(map(str, paths)))  # from now on known by their stat
    staged = repository.stage_many(list(map(str, paths)))
    assert [item.source for item in staged] == list(map(str, paths))
    delete(repository, repository.resolve("thing:latest", "demo"))
    freed = []

    def late(lease):
        def taken(digests):
            if not freed:
                freed.append(0)  # a collector takes leases, too
                freed[0] = repository.maintenance.collect(grace=0).objects
            return lease(digests)

        return taken

    for name in ("lease", "take_lease", "missing"):
        monkeypatch.setattr(repository._catalog, name, late(getattr(repository._catalog, name)))
    contents = [Content(f"{n}", item) for n, item in enumerate(staged)]
    version = repository.commit("demo", "t", "d", contents, run_id=run.id).version
    assert freed >= [1]
    out = repository.download(version, tmp_path / "out")
    assert [(out / f"{n}").read_bytes() for n in range(3)] == SMALL[:3]


@pytest.mark.parametrize("kept", [True, False])
def test_what_a_collector_takes_from_a_small_commit_is_written_again(
    repository, run, monkeypatch, tmp_path, kept
):
    """It has no lease: bytes that were there go after they were asked for, new ones before."""
    log(repository, run, *SMALL[:2])
    if kept:
        delete(repository, repository.resolve("thing:latest", "demo"))
    real, freed = repository._catalog.commit, []

    def late(*args, **kwargs):
        if not freed:
            freed.append(repository.maintenance.collect(grace=0).objects)
        return real(*args, **kwargs)

    monkeypatch.setattr(repository._catalog, "commit", late)
    parts = SMALL[:2] if kept else [b"new", b"newer"]
    contents = [Content(f"{n}", part) for n, part in enumerate(parts)]
    version = repository.commit("demo", "t", "d", contents, run_id=run.id).version
    assert freed[0] >= 1
    assert repository._catalog._db.rows("select name from leases") == []
    out = repository.download(version, tmp_path / "out")
    assert [(out / f"{n}").read_bytes() for n in range(2)] == list(parts)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of so many files that what the store has of them is leased when they are added."""
    monkeypatch.setattr(ingest, "_MANY", 1)
    monkeypatch.setattr(intake, "_SEVERAL", 1)
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(3):
        (folder / f"{n}").write_bytes(SMALL[n])
        os.utime(folder / f"{n}", (0, 0))
    return folder


def added(repository, folder):
    draft = Draft("t", "d", repository)
    draft.add_dir(folder, None, policy="mutable", overwrite=False)
    return draft


def log_draft(repository, run, draft):
    return repository.commit("demo", "t", "d", draft.take(), run_id=run.id).version


def lease_names(repository):
    return repository._catalog._db.rows("select name from leases")


def in_version(repository, version, tmp_path):
    out = repository.download(version, tmp_path / "out")
    return [(out / f"{n}").read_bytes() for n in range(3)]


def test_what_the_store_has_of_an_added_folder_stays_until_it_is_logged(
    repository, run, folder, tmp_path
):
    old = log_draft(repository, run, added(repository, folder))
    draft = added(repository, folder)
    assert draft.take().files.copies == {}
    delete(repository, old)
    repository.maintenance.collect(grace=0)
    for path in folder.iterdir():
        path.write_bytes(b"another")
    version = log_draft(repository, run, draft)
    assert lease_names(repository) == []
    repository.maintenance.collect(grace=0)
    assert in_version(repository, version, tmp_path) == SMALL[:3]


def test_of_a_folder_that_is_not_logged_after_all_nothing_stays(repository, run, folder):
    old = log_draft(repository, run, added(repository, folder))
    drafts = [added(repository, folder) for _ in range(2)]
    delete(repository, old)
    assert repository.maintenance.collect(grace=0).objects == 0
    assert len(drafts[0].contents) == 3  # an object for each: nothing holds them as one
    drafts.pop()
    assert repository.maintenance.collect(grace=0).objects >= 1
    assert lease_names(repository) == []


@pytest.mark.parametrize("changed", [False, True])
def test_a_folder_whose_lease_is_lost_is_written_again(repository, run, folder, tmp_path, changed):
    old = log_draft(repository, run, added(repository, folder))
    draft = added(repository, folder)
    delete(repository, old)
    with repository._catalog._db.transaction() as db:
        db.execute("delete from leases")  # as a collector does after a day
    assert repository.maintenance.collect(grace=0).objects >= 1
    if changed:
        (folder / "1").write_bytes(b"another")
        with pytest.raises(ValueError, match="changed after it was added"):
            log_draft(repository, run, draft)
    else:
        version = log_draft(repository, run, draft)
        assert in_version(repository, version, tmp_path) == SMALL[:3]
    assert lease_names(repository) == []


def test_a_folder_is_logged_twice_with_one_lease(repository, run, folder, tmp_path):
    log_draft(repository, run, added(repository, folder))
    contents = added(repository, folder).take()
    for name in "ab":
        version = repository.commit("demo", name, "d", contents, run_id=run.id).version
        assert in_version(repository, version, tmp_path) == SMALL[:3]
    assert lease_names(repository) == []


def test_a_folder_that_cannot_be_logged_leaves_no_lease(repository, run, folder):
    log_draft(repository, run, added(repository, folder))
    contents = added(repository, folder).take()
    assert len(lease_names(repository)) == 1
    with pytest.raises(ValueError, match="not JSON compliant"):
        repository.commit("demo", "t", "d", contents, run_id=run.id, metadata={"nan": float("nan")})
    assert lease_names(repository) == []


def test_a_staged_file_that_changed_after_its_bytes_were_collected_is_refused(
    repository, run, tmp_path
):
    path = tmp_path / "data"
    path.write_bytes(BIG)
    os.utime(path, (0, 0))
    old = repository.commit("demo", "t", "d", [Content("x", repository.stage(path))], run_id=run.id)
    staged = repository.stage(path)  # known by its stat: no private copy
    delete(repository, old.version)
    repository.maintenance.collect(grace=0)
    path.write_bytes(b"other")
    with pytest.raises(ValueError, match="changed after it was added"):
        repository.commit("demo", "t", "d", [Content("x", staged)], run_id=run.id)


def test_a_reader_follows_a_blob_that_a_collector_carried_away(repository, run, tmp_path):
    first = log(repository, run, *SMALL)
    second = log(repository, run, SMALL[3], name="second")
    stale = repository._catalog.locate([digest(SMALL[3])])[digest(SMALL[3])]
    delete(repository, first)
    repository.maintenance.collect(grace=0)
    data = repository._checkout._read_at(
        digest(SMALL[3]), stale, lambda at: repository._store.read(digest(SMALL[3]), at)
    )
    assert data == SMALL[3]
    assert repository.version(second.id).state == "live"


def test_a_collector_that_died_before_deleting_is_finished_by_the_next(
    repository, run, monkeypatch
):
    delete(repository, log(repository, run, BIG))

    left = []

    def die(self, key):
        left.append(key)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(LocalBackend, "delete", die)
        with pytest.raises(KeyboardInterrupt):
            repository.maintenance.collect(grace=0)
    assert repository.maintenance.collect().objects >= 1
    assert len(left) == 1
    assert left[0] not in keys(repository)


def test_what_another_collector_marked_is_written_down_before_it_is_deleted(
    repository, run, monkeypatch
):
    """It may have died before; a catalogue that is made again must know the key as dead."""
    delete(repository, log(repository, run, BIG))
    parts = repository._store, repository._catalog, repository._ingest
    assert repository._catalog.upkeep.bury(
        {key: [digest(BIG)] for key in keys(repository) if digest(BIG)[2:] in key},
        2.0**40,
        lambda pid: True,
    )
    assert repository._catalog.journal.waits
    waits = []

    def delete_(self, key):
        if is_blobs(key):
            waits.append(repository._catalog.journal.waits)

    monkeypatch.setattr(LocalBackend, "delete", delete_)
    collection.Collection(*parts, 0.0).run()  # nothing is old enough to be marked
    assert waits == [False]


def test_a_store_of_two_catalogues_is_not_collected(repository, run, tmp_path):
    log(repository, run, BIG)
    settings = Settings.resolve(
        tmp_path, {"ARTNB_DIR": str(tmp_path / "b"), "ARTNB_STORE": repository.location}
    )
    other = Repository(settings)
    other.put_blob(b"theirs")
    with pytest.raises(StoreError, match="another catalogue"):
        repository.maintenance.collect(grace=0)
    with pytest.raises(StoreError, match="another catalogue"):
        other.maintenance.collect(grace=0, dry_run=True)
    other.close()


def test_a_read_only_store_is_only_looked_at(repository, run, monkeypatch):
    delete(repository, log(repository, run, BIG))
    monkeypatch.setattr(LocalBackend, "read_only", property(lambda _: True))
    assert repository.maintenance.collect(grace=0, dry_run=True).objects >= 1
    with pytest.raises(StoreReadOnlyError, match="nothing can be freed"):
        repository.maintenance.collect(grace=0)


@pytest.mark.parametrize("modified", [None, 2e9])
def test_what_is_young_or_of_unknown_age_stays(modified):
    stat = ObjectStat(10, modified)
    facts = Facts({f"sha256/aa/{'b' * 62}": stat}, {}, set(), set(), set(), {}, before=1e9)
    assert (make_plan(facts).unneeded, make_plan(facts).young) == ((), 10)


def test_only_objects_of_blobs_are_collected():
    stats = {"catalog/aa/bb": ObjectStat(10, 0)}
    facts = Facts(stats, {}, set(), set(), set(), {}, before=1e9)
    assert make_plan(facts).unneeded == ()


def test_what_a_writer_holds_counts_as_needed():
    pack = f"pack/aa/{'b' * 62}"
    stats, places = {pack: ObjectStat(100, 0)}, {"d": Location(pack, 0, 60)}
    facts = Facts(stats, places, set(), set(), {"d"}, {}, before=1e9)
    assert (make_plan(facts).unneeded, make_plan(facts).wasteful) == ((), {})


def test_the_commands_delete_and_collect(repository, run, capsys):
    log(repository, run, BIG, aliases=["best"])
    assert main(["delete", "thing:best"]) == 1
    assert "has the aliases" in capsys.readouterr().err
    assert main(["delete", "thing:best", "--aliases"]) == 0
    assert "deleted demo/thing:v0" in capsys.readouterr().out
    assert main(["gc", "--dry-run"]) == 0
    assert "kept        300." in capsys.readouterr().out
    assert main(["gc", "--grace", "0"]) == 0
    out = capsys.readouterr().out
    assert "freed" in out
    assert "demo" in out
    with pytest.raises(SystemExit):
        main(["gc", "--grace", "soon"])
    assert "'soon' is no time" in capsys.readouterr().err
