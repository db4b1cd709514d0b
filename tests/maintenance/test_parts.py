"""Files in parts: what they share is stored once, and each part is looked after as a file is."""

import os
import random
import shutil
from contextlib import closing

import checkpoints
import pytest

from artnb.catalog import open_catalog
from artnb.digest import digest_file
from artnb.errors import CorruptObjectError, ObjectMissingError
from artnb.keys import is_blobs, is_recipe
from artnb.maintenance import rebuild
from artnb.repository import Content, Repository
from artnb.settings import Settings
from artnb.store import ObjectStore, StatCache, open_backend

KIB = 1024
LARGE = 300 * KIB  # a part that is an object of its own


@pytest.fixture
def run(repository):
    return repository.start_run("demo")


def log(repository, run, path, *, name="model", **kwargs):
    contents = [Content(path.name, path)]
    return repository.commit("demo", name, "model", contents, run_id=run.id, **kwargs).version


def stored(repository):
    """Bytes of the objects that hold blobs."""
    backend = repository._store.backend
    return sum(backend.stat(key).size for key in backend.keys() if is_blobs(key))  # noqa: SIM118


def model(tmp_path, *, changed=(), layers=6, size=LARGE, name="model.safetensors"):
    return checkpoints.write(
        tmp_path / name, checkpoints.tensors(layers=layers, size=size, changed=changed)
    )


def part_of(repository, version, place=1):
    """The digest and the file of one of a version's tensors."""
    (entry,) = repository.manifest(version)
    at = repository._catalog.locate([entry.digest])[entry.digest]
    digest = repository._store.recipe(at).parts[place][0]
    found = repository._catalog.locate([digest])[digest]
    return digest, repository.root / "objects" / found.object


def damage(path):
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"something else")


def comes_out(repository, version, source, folder):
    out = repository.download(version, folder) / source.name
    return out.read_bytes() == source.read_bytes()


# what is stored -----------------------------------------------------------------------


def test_one_tensor_of_ninety_nine_costs_one_tensor(repository, run, tmp_path):
    first = model(tmp_path, layers=99, size=64 * KIB)
    log(repository, run, first)
    before = stored(repository)
    second = model(tmp_path, layers=99, size=64 * KIB, changed=[50], name="again.safetensors")
    version = log(repository, run, second)
    assert stored(repository) - before < second.stat().st_size * 0.015
    assert (
        repository.manifest(version).entries["again.safetensors"].digest == digest_file(second)[0]
    )
    assert comes_out(repository, version, second, tmp_path / "out")


def test_a_series_with_a_frozen_backbone_costs_its_head(repository, run, tmp_path):
    frozen = checkpoints.tensors(layers=8, size=LARGE, seed="backbone")
    head = 256 * KIB
    for step in range(20):
        content = {**frozen, "head": random.Random(step).randbytes(head)}
        version = log(repository, run, checkpoints.write(tmp_path / "c.safetensors", content))
    assert version.number == 19
    assert stored(repository) < 1.2 * (8 * LARGE + 20 * head)


def test_a_table_that_grew_by_a_hundredth_costs_about_that(tmp_path):
    (tmp_path / "artnb.toml").write_text('[store]\nchunking = ["csv"]\n')
    repository = Repository(Settings.resolve(tmp_path, {"ARTNB_DIR": str(tmp_path)}))
    try:
        run = repository.start_run("demo")
        table = tmp_path / "t.csv"
        lines = [f"{n},{random.Random(n).random()}\n" for n in range(400_000)]
        table.write_text("".join(lines))
        log(repository, run, table)
        before, size = stored(repository), table.stat().st_size
        with table.open("a") as stream:
            stream.writelines(lines[: len(lines) // 100])
        version = log(repository, run, table)
        assert 0.01 * size < stored(repository) - before < 0.025 * size
        assert comes_out(repository, version, table, tmp_path / "out")
    finally:
        repository.close()


def test_without_the_setting_tables_stay_whole(repository, run, tmp_path):
    table = tmp_path / "t.csv"
    table.write_bytes(os.urandom(400 * KIB))
    log(repository, run, table)
    assert not any(map(is_recipe, repository._store.backend.keys()))


def test_a_file_that_only_claims_to_hold_tensors_is_kept_and_comes_out(repository, run, tmp_path):
    path = tmp_path / "fake.safetensors"
    path.write_bytes(b"\xff" * 8 + os.urandom(400 * KIB))
    assert comes_out(repository, log(repository, run, path), path, tmp_path / "out")


def test_state_dicts_and_modules_are_stored_by_tensor_and_come_back():
    torch = pytest.importorskip("torch")
    import artnb

    module = torch.nn.Sequential(*(torch.nn.Linear(300, 300) for _ in range(4)))
    with artnb.init(project="demo") as run:
        sizes = []
        for value in (module, module.state_dict(), module):
            artifact = artnb.Artifact("net", type="model")
            artifact.add(value, "net")
            logged = run.log_artifact(artifact)
            sizes.append(stored(logged._repository))
            with torch.no_grad():
                module[3].bias += 1
        assert sizes[1] - sizes[0] < 20_000  # the same tensors but one, under another format
        assert sizes[2] - sizes[1] < 20_000
        back = logged.get("net")
        bias = back["3.bias"] if isinstance(back, dict) else back.state_dict()["3.bias"]
        assert torch.allclose(bias, module[3].bias - 1)


# collecting ---------------------------------------------------------------------------


def test_what_a_kept_version_shares_stays_and_the_rest_goes(repository, run, tmp_path):
    first = log(repository, run, model(tmp_path))
    kept = model(tmp_path, changed=[0, 1])
    second = log(repository, run, kept)
    before = stored(repository)
    repository.delete(first.id, delete_aliases=True)
    assert repository.maintenance.collect(grace=0, dry_run=True).bytes > 2 * LARGE
    freed = repository.maintenance.collect(grace=0)
    assert (before - stored(repository)) == freed.bytes
    assert 2 * LARGE < freed.bytes < 2.1 * LARGE
    assert freed.projects == {"demo": freed.bytes}
    assert repository.maintenance.verify().damage == ()
    assert comes_out(repository, second, kept, tmp_path / "out")
    repository.delete(second.id, delete_aliases=True)
    repository.maintenance.collect(grace=0)
    assert repository._catalog.upkeep.parts() == {}
    assert not any(p.stat().st_size > LARGE for p in (repository.root / "objects").rglob("*"))


def test_parts_in_packs_survive_the_packs_being_rewritten(repository, run, tmp_path):
    size = 8 * KIB
    first = log(repository, run, model(tmp_path, layers=40, size=size))
    kept = model(tmp_path, layers=40, size=size, changed=range(5, 40))
    second = log(repository, run, kept)
    repository.delete(first.id, delete_aliases=True)
    assert repository.maintenance.collect(grace=0).rewritten
    assert repository.maintenance.verify().damage == ()
    assert comes_out(repository, second, kept, tmp_path / "out")


def test_what_was_collected_is_written_again_when_it_is_logged_again(repository, run, tmp_path):
    path = model(tmp_path)
    for turn in range(3):
        version = log(repository, run, path)
        assert comes_out(repository, version, path, tmp_path / str(turn))
        repository.delete(version.id, delete_aliases=True)
        repository.maintenance.collect(grace=0)


def test_a_collector_between_the_bytes_and_the_row_takes_nothing_that_is_needed(
    repository, run, tmp_path, monkeypatch
):
    """Both of a new file and of one whose whole is there: only the lease protects the parts."""
    first, second = model(tmp_path), model(tmp_path, changed=[3], name="b.safetensors")
    gone = log(repository, run, first)
    repository.delete(gone.id, delete_aliases=True)
    enter = repository._catalog.commit

    def commit(*args, **given):
        repository.maintenance.collect(grace=0)
        return enter(*args, **given)

    monkeypatch.setattr(repository._catalog, "commit", commit)
    for path in (first, second):
        assert comes_out(repository, log(repository, run, path), path, tmp_path / path.stem)
    assert repository.maintenance.verify().damage == ()


def test_du_counts_what_is_shared_once(repository, run, tmp_path):
    log(repository, run, model(tmp_path), name="a")
    log(repository, run, model(tmp_path, changed=[0], name="b.safetensors"), name="b")
    usage = repository.maintenance.usage()
    shares = {share.name: share for share in usage.artifacts}
    assert 6 * LARGE < shares["a"].bytes < 6.1 * LARGE
    assert LARGE < shares["a"].own < 1.1 * LARGE
    assert usage.unreferenced == 0
    assert usage.projects[0].bytes < 7.1 * LARGE


# damage -------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_a_damaged_part_is_found_named_and_hits_every_version_that_has_it(
    repository, run, tmp_path, how
):
    versions = [
        log(repository, run, model(tmp_path)),
        log(repository, run, model(tmp_path, changed=[3])),
        log(repository, run, model(tmp_path, changed=[0])),
    ]
    digest, path = part_of(repository, versions[0])
    damage(path) if how == "damaged" else path.unlink()
    (found,) = repository.maintenance.verify().remaining
    assert found.digest == digest
    assert [hit.version.ref for hit in found.hits] == ["model:v1", "model:v0"]
    assert found.hits[0].part == "a part of model.safetensors"
    states = {v.ref: v.state for v in repository.versions("demo")}
    assert states == {"model:v0": "damaged", "model:v1": "damaged", "model:v2": "live"}
    assert comes_out(repository, versions[2], model(tmp_path, changed=[0]), tmp_path / "out")


def test_a_download_sets_the_damaged_part_aside_and_logging_it_again_repairs(
    repository, run, tmp_path
):
    source = model(tmp_path)
    version = log(repository, run, source)
    _, path = part_of(repository, version)
    damage(path)
    with pytest.raises(CorruptObjectError, match=r"a part of .* Damaged by it: model:v0"):
        repository.download(version, tmp_path / "out")
    assert list((repository.root / "objects" / "quarantine").iterdir())
    with pytest.raises((CorruptObjectError, ObjectMissingError)):
        repository.download(version, tmp_path / "out")
    assert not (tmp_path / "out" / source.name).exists()
    assert log(repository, run, source).state == "live"
    assert comes_out(repository, version, source, tmp_path / "out")
    assert repository.maintenance.verify().damage == ()


def test_a_damaged_recipe_is_found_and_written_again(repository, run, tmp_path):
    source = model(tmp_path)
    version = log(repository, run, source)
    (key,) = filter(is_recipe, repository._store.backend.keys())
    path = repository.root / "objects" / key
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"artnb", b"other"))
    (found,) = repository.maintenance.verify().remaining
    assert [hit.part for hit in found.hits] == [source.name]
    log(repository, run, source)
    assert repository.maintenance.verify().damage == ()
    assert comes_out(repository, version, source, tmp_path / "out")


@pytest.mark.parametrize("source", ["download", "store", "parts"])
def test_a_damaged_part_is_repaired_from_wherever_it_or_its_file_is(
    repository, run, tmp_path, source
):
    path = model(tmp_path)
    version = log(repository, run, path)
    if source == "store":  # one that keeps the same file in one piece
        place = tmp_path / "other" / "sha256" / digest_file(path)[0][:2]
        place.mkdir(parents=True)
        shutil.copy(path, place / digest_file(path)[0][2:])
    elif source == "parts":
        shutil.copytree(repository.root / "objects", tmp_path / "other")
    else:
        repository.download(version, tmp_path / "other")
    for place in (1, 4):
        damage(part_of(repository, version, place)[1])
    report = repository.maintenance.verify(repair=[tmp_path / "other"])
    assert report.remaining == ()
    assert len(report.damage) == 2
    assert comes_out(repository, version, path, tmp_path / "out")
    assert repository.maintenance.verify().damage == ()


# rebuilding and older stores ----------------------------------------------------------


def test_a_lost_catalogue_is_made_again_with_the_parts(repository, run, tmp_path):
    first, second = model(tmp_path), model(tmp_path, changed=[2], name="b.safetensors")
    old = log(repository, run, first)
    repository.finish_run(run.id)
    log(repository, run, second)  # no journal tells of this one
    before = repository._catalog.upkeep.parts()
    repository.close()
    settings = repository.settings
    for path in settings.root.glob("catalog.db*"):
        path.unlink()
    stats = StatCache(tmp_path / "stats.db")
    catalog = settings.root / "catalog.db"
    store = ObjectStore(open_backend(settings.store), stats)
    made = rebuild(store, lambda: closing(open_catalog(catalog)))
    stats.close()
    assert (made.versions, made.damaged) == (2, ())
    again = Repository(settings)
    try:
        after = again._catalog.upkeep.parts()
        assert {k: set(v) for k, v in after.items()} == {k: set(v) for k, v in before.items()}
        again.delete(again.resolve("model:v0", "demo").id, delete_aliases=True)
        again.maintenance.collect(grace=0)
        assert again.maintenance.verify().damage == ()
        new = again.resolve("model:v1", "demo")
        assert comes_out(again, new, second, tmp_path / "out")
        assert old.number == 0
    finally:
        again.close()


def test_a_version_whose_part_was_never_written_is_not_rebuilt(repository, run, tmp_path):
    log(repository, run, model(tmp_path), name="told")
    repository.finish_run(run.id)
    version = log(repository, run, model(tmp_path, changed=range(6)), name="late")
    part_of(repository, version)[1].unlink()
    stats = StatCache(tmp_path / "stats.db")
    store = ObjectStore(repository._store.backend, stats)
    made = rebuild(store, lambda: closing(open_catalog(tmp_path / "again.db")))
    stats.close()
    assert (made.versions, made.late) == (1, ())


def test_a_file_that_an_older_artnb_stored_whole_stays_so(repository, run, tmp_path, monkeypatch):
    path = model(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("artnb.store.staging.split", lambda *args: ())
        old = log(repository, run, path)
    assert not any(map(is_recipe, repository._store.backend.keys()))
    assert log(repository, run, path).id == old.id
    new = log(repository, run, model(tmp_path, changed=[1], name="b.safetensors"))
    assert repository.maintenance.verify().damage == ()
    assert comes_out(repository, old, path, tmp_path / "out")
    assert comes_out(repository, new, tmp_path / "b.safetensors", tmp_path / "out")
