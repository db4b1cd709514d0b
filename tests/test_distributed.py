"""An artifact that several runs make: `upsert_artifact` and `finish_artifact`."""

from pathlib import Path

import pytest

import artnb
from artnb.errors import EntryExistsError, UsageError
from artnb.repository import open_repository


def part(rank, text=None):
    made = artnb.Artifact("predictions", "dataset", metadata={"by": "all"})
    with made.new_file(f"rank-{rank}.txt") as file:
        file.write(text or str(rank))
    return made


def worker(rank, text=None, **options):
    with artnb.init(project="demo", job_type="worker", **options) as run:
        return run.upsert_artifact(part(rank, text))


def test_what_runs_of_a_group_add_is_one_version():
    for rank in range(3):
        worker(rank, group="night 1")
    with artnb.init(project="demo", job_type="gather", group="night 1") as run:
        whole = run.finish_artifact(part("last"), aliases=["done"])
    assert (whole.name, whole.aliases, whole.metadata) == (
        "predictions:v0", ["latest", "done"], {"by": "all"},
    )  # fmt: skip
    folder = Path(whole.download())
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "rank-0.txt": "0", "rank-1.txt": "1", "rank-2.txt": "2", "rank-last.txt": "last",
    }  # fmt: skip
    makers = [used.logged_by().job_type for used in artnb.Api().run(run.id).used_artifacts()]
    assert makers == ["worker"] * 3
    open_repository().maintenance.collect(grace=0)
    whole.verify(folder)


def test_the_next_time_begins_without_the_parts_of_before():
    for text in ("one", "two"):
        worker(0, text, group="g")
        with artnb.init(project="demo", group="g") as run:
            whole = run.finish_artifact(artnb.Artifact("predictions", "dataset"))
        assert (Path(whole.download()) / "rank-0.txt").read_text() == text
    assert whole.version == "v1"


def test_an_id_stands_for_the_group():
    with artnb.init(project="demo") as run:
        with pytest.raises(UsageError, match="distributed_id"):
            run.upsert_artifact(part(0))
        run.upsert_artifact(part(0), distributed_id="x")
        run.upsert_artifact(part(1), distributed_id="y")
        whole = run.finish_artifact(part(2), distributed_id="x")
    assert sorted(whole.manifest.entries) == ["rank-0.txt", "rank-2.txt"]


def test_parts_that_differ_in_a_file_are_not_put_together():
    worker(0, "a", group="g")
    worker(0, "b", group="g")
    whole = artnb.Artifact("predictions", "dataset")
    with (
        artnb.init(project="demo", group="g") as run,
        pytest.raises(EntryExistsError, match="rank-0"),
    ):
        run.finish_artifact(whole)
    versions = open_repository().versions("demo", "predictions.parts-g")
    assert [version.state for version in versions] == ["live", "live"]
