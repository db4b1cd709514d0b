"""What one call of `log` keeps is one object and one transaction, and found like any other."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import artnb
from artnb.exchange import push
from artnb.keys import is_blobs, is_pack
from artnb.remaking import restore_catalog
from artnb.repository import Repository, _putting, close_repositories, open_repository
from artnb.settings import Settings

COUNT = 12


def picture(number: int) -> artnb.Image:
    noise = np.random.default_rng(number).integers(0, 255, (8, 8), dtype=np.uint8)
    return artnb.Image(noise, caption=str(number), masks={"m": {"mask_data": noise % 3}})


def everything() -> dict[str, object]:
    """A list of pictures with masks, a table with pictures, one that stands in both, a sound."""
    rows = [[n, picture(n)] for n in range(COUNT // 2, COUNT)]
    return {
        "several": [picture(n) for n in range(COUNT)],
        "table": artnb.Table(columns=["n", "p"], data=rows),
        "deep": {"one": picture(COUNT)},
        "sound": artnb.Audio(np.zeros(100), sample_rate=8000),
        "loss": 0.5,
    }


def objects(repository: Repository) -> set[str]:
    return {key for key in repository._store.backend.keys() if is_blobs(key)}  # noqa: SIM118


def logged(values: dict[str, object] | None = None) -> tuple[artnb.Run, set[str]]:
    """A finished run that logged values in one call, and the objects which that made."""
    with artnb.init(project="demo") as run:
        before = objects(open_repository())
        run.log(values or everything())
        made = objects(open_repository()) - before
    return run, made


def check(repository: Repository, run_id: str) -> None:
    """Each picture is found, read and whole."""
    (row,) = repository.history(run_id)
    assert row["loss"] == 0.5
    found = [row["deep"]["one"], *row["several"]["images"]]
    expected = [picture(COUNT), *(picture(n) for n in range(COUNT))]
    for told, image in zip(found, expected, strict=True):
        assert repository.read_blob(told["sha256"]) == image.to_png()
        back = artnb.Image._kept(told, lambda one: repository.read_blob(one["sha256"]))
        assert (back.masks["m"]["mask_data"] == image.masks["m"]["mask_data"]).all()
    read = {told["sha256"] for told in found}
    assert read >= set(row["table"]["media"]) - {
        told["masks"]["m"]["sha256"] for told in row["several"]["images"]
    }
    assert repository.maintenance.verify().damage == ()


def test_a_call_of_log_is_one_pack_with_each_picture_once():
    run, made = logged()
    ((pack),) = made
    assert is_pack(pack)
    check(open_repository(), run.id)
    assert len(artnb.Api().run(run.id).files(pattern="media/images/*.png")) >= COUNT


def test_hundreds_of_pictures_are_synced_a_few_times(monkeypatch):
    synced = []
    for name in ("fsync", "fdatasync"):
        call = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *at, call=call: synced.append(at) or call(*at))

    def syncs(numbers: range) -> int:
        image = picture(0)
        values = [artnb.Image(np.full((2, 2), n / 1000), caption=image.caption) for n in numbers]
        synced.clear()
        run.log({"p": values})
        return len(synced)

    with artnb.init(project="demo") as run:
        run.log({"p": picture(0)})
        # A folder of packs is synced with its parent where it is new; others write meanwhile.
        assert 0 < syncs(range(2, 400)) < 20


def test_the_bytes_are_there_before_the_row_is():
    repository, seen = open_repository(), []
    with artnb.init(project="demo") as run, pytest.MonkeyPatch.context() as patch:

        def append(run_id, row):
            seen.append([repository.read_blob(p["sha256"]) for p in row["p"]["images"]])

        patch.setattr(repository._histories, "append", append)
        run.log({"p": [picture(n) for n in range(3)]})
    assert seen == [[picture(n).to_png() for n in range(3)]]


def test_of_a_call_that_fails_nothing_is_kept():
    repository = open_repository()
    with artnb.init(project="demo") as run:
        before = objects(repository), repository._catalog.upkeep.kept()
        with pytest.raises(TypeError, match="'p'"):
            run.log({"first": picture(1), "p": [picture(2), object()]})
        assert (objects(repository), repository._catalog.upkeep.kept()) == before
        assert repository.staging._in_memory == 0
        assert run.step == 0


def test_what_is_too_much_for_memory_goes_in_several_packs(monkeypatch):
    monkeypatch.setattr(_putting, "_AT_MOST", 1500)
    run, made = logged()
    assert 1 < len(made) < COUNT
    repository = open_repository()
    check(repository, run.id)
    assert repository.staging._in_memory == 0


def test_a_large_picture_is_an_object_of_its_own():
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    _, made = logged({"p": [artnb.Image(noise), picture(1), picture(2)]})
    assert sorted(map(is_pack, made)) == [False, True]


def test_saved_files_share_a_pack(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(name)
    with artnb.init(project="demo") as run:
        before = objects(open_repository())
        run.save("*.txt", policy="now")
        ((pack),) = objects(open_repository()) - before
    assert is_pack(pack)
    assert run.restore("b.txt", root=tmp_path / "out").read() == "b"


def test_a_catalogue_that_is_made_again_finds_them():
    run, _ = logged()
    repository = open_repository()
    kept, settings = repository._catalog.upkeep.kept(), repository.settings
    close_repositories()
    for path in repository.root.glob("catalog.db*"):
        path.unlink()
    restore_catalog(settings)
    again = open_repository()
    assert again._catalog.upkeep.kept() == kept
    check(again, run.id)


def test_they_travel_with_their_run(tmp_path):
    run, _ = logged()
    (tmp_path / "team" / ".artnb").mkdir(parents=True)
    list(push(open_repository(), str(tmp_path / "team")))
    settings = Settings.resolve(tmp_path / "team", {"ARTNB_DIR": str(tmp_path / "team" / ".artnb")})
    there = Repository(settings)
    check(there, run.id)
    there.close()


def test_a_collector_takes_the_pack_of_a_deleted_run_but_not_what_another_has():
    """It is written anew with what is still needed."""
    first, (pack,) = logged()
    second, more = logged({"p": [picture(0), picture(100)], "loss": 0.5})
    repository = open_repository()
    assert len(more) == 1
    repository.delete_run(first.id)
    assert repository.maintenance.collect(grace=0).objects > 0
    assert pack not in objects(repository)
    (row,) = repository.history(second.id)
    found = [repository.read_blob(told["sha256"]) for told in row["p"]["images"]]
    assert found == [picture(0).to_png(), picture(100).to_png()]
    assert repository.maintenance.verify().damage == ()
    repository.delete_run(second.id)
    repository.maintenance.collect(grace=0)
    assert repository._catalog.upkeep.kept() == set()
    assert not any(map(is_pack, objects(repository)))


def test_a_collector_between_the_bytes_and_the_row_makes_them_be_written_again(monkeypatch):
    repository = open_repository()
    keep, collected = repository._catalog.keep, []

    def late(*given):
        if not collected:
            collected.append(repository.maintenance.collect(grace=0).objects)
        return keep(*given)

    with artnb.init(project="demo") as run:
        monkeypatch.setattr(repository._catalog, "keep", late)
        run.log(everything())
    assert collected == [1]
    check(repository, run.id)


def test_a_worker_logs_pictures_into_the_run_of_another_process():
    program = (
        "import pickle, sys, artnb\n"
        "run = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
        "run.log({'p': [artnb.Image([[n, 255]]) for n in range(3)]})\n"
    )
    with artnb.init(project="demo") as run:
        before = objects(open_repository())
        command = [sys.executable, "-c", program, pickle.dumps(run).hex()]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run(command, check=True, timeout=120, env=env)
        assert len(objects(open_repository()) - before) == 1
    (row,) = open_repository().history(run.id)
    found = [open_repository().read_blob(told["sha256"]) for told in row["p"]["images"]]
    assert found == [artnb.Image([[n, 255]]).to_png() for n in range(3)]


def test_threads_log_pictures_at_once():
    with artnb.init(project="demo") as run, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: run.log({"p": [picture(n), picture(n + 1)]}), range(8)))
    rows = open_repository().history(run.id)
    captions = [int(told["caption"]) for row in rows for told in row["p"]["images"]]
    assert sorted(captions) == sorted([*range(8), *range(1, 9)])
    assert open_repository().maintenance.verify().damage == ()
