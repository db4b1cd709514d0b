"""Pictures with labels as W&B's users pass them on: built, split, predicted, joined, promoted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

import artnb as wandb
from artnb.repository import open_repository

DIGITS = load_digits()
CLASSES = [{"id": 0, "name": "ground"}, {"id": 1, "name": "ink"}]


def build(count):
    with wandb.init(project="digits", job_type="build", config={"count": count}) as run:
        class_set = wandb.Classes(CLASSES)
        table = wandb.Table(columns=["id", "image", "digit"])
        for n in range(run.config["count"]):
            ink = (DIGITS.images[n] > 8).astype(np.uint8)
            rows, columns = np.nonzero(ink)
            box = {
                "position": {
                    "minX": columns.min(), "maxX": columns.max() + 1,
                    "minY": rows.min(), "maxY": rows.max() + 1,
                },
                "domain": "pixel",
                "class_id": 1,
            }  # fmt: skip
            image = wandb.Image(
                DIGITS.images[n] / 16, classes=class_set, masks={"truth": {"mask_data": ink}},
                boxes={"truth": {"box_data": [box]}},
            )  # fmt: skip
            table.add_data(f"digit-{n}", image, int(DIGITS.target[n]))
        raw = wandb.Artifact("raw", type="dataset")
        raw.add(table, "examples")
        run.log_artifact(raw)


def split(part):
    with wandb.init(project="digits", job_type="split") as run:
        table = run.use_artifact("raw:latest").get("examples")
        cut = int(len(table.data) * part)
        for name, rows in (("train", table.data[:cut]), ("test", table.data[cut:])):
            artifact = wandb.Artifact(f"{name}-data", "dataset")
            artifact.add(wandb.Table(columns=table.columns, data=rows), "examples")
            run.log_artifact(artifact)


def predict():
    with wandb.init(project="digits", job_type="predict") as run:
        table = run.use_artifact("test-data:latest").get("examples")
        guesses = wandb.Table(
            columns=["id", "guess", "score"],
            data=[
                [
                    name,
                    wandb.Image(image, masks={"guess": {"mask_data": np.ones((8, 8), int)}}),
                    0.5,
                ]
                for name, image, _ in table.data
            ],
        )
        run.log({"guesses": guesses}, commit=False)
        run.log({"accuracy": np.float32(0.5)})
        results = wandb.Artifact("results", "predictions")
        results.add(guesses, "guesses")
        run.log_artifact(results, aliases=["best"])


def join():
    with wandb.init(project="digits", job_type="analysis") as run:
        tables = [
            run.use_artifact("results:best").get("guesses"),
            run.use_artifact("raw:latest").get("examples"),
        ]
        joined = wandb.JoinedTable(*tables, "id")
        summary = wandb.Artifact("summary", "analysis")
        summary.add(joined, "all")
        run.link_artifact(run.log_artifact(summary), "reports/Digits of a Hand")
        run.log({"digits": wandb.plot.histogram(joined, "digit", title="Digits")})


@pytest.fixture
def done():
    build(6), split(0.5), predict(), join()
    return wandb.Api()


def test_labels_go_along_through_every_step(done):
    table = done.artifact("reports/Digits of a Hand:latest").get("all")
    assert table.columns == ["id", "guess", "score", "image", "digit"]
    assert sorted(table.get_column("id")) == [f"digit-{n}" for n in range(6)]
    assert table.get_column("digit").count(None) == 0
    assert table.get_column("score").count(0.5) == 3
    for name, guess, _, image, _ in table.data:
        n = int(name.rpartition("-")[2])
        mask = image.masks["truth"]
        assert mask["mask_data"].tolist() == (DIGITS.images[n] > 8).astype(int).tolist()
        assert mask["class_labels"] == {0: "ground", 1: "ink"}
        assert image.boxes["truth"]["class_labels"][1] == "ink"
        if guess is not None:
            assert guess.to_png() == image.to_png()
            assert list(guess.masks) == ["guess"]


def test_the_joined_table_came_of_all_steps_and_holds_no_picture_twice(done):
    summary = done.artifact("digits/summary:latest")
    assert [each.name for each in summary.ancestors()] == ["raw:v0", "test-data:v0", "results:v0"]
    assert [run.job_type for run in done.runs("digits")] == [
        "build",
        "split",
        "predict",
        "analysis",
    ]
    entries = {
        (entry.path.rpartition("/")[2], entry.digest)
        for version in ("raw", "train-data", "test-data", "results", "summary")
        for entry in done.artifact(f"digits/{version}:latest").manifest
        if ".media/" in entry.path
    }
    # 6 pictures, their 6 masks, and the one mask of all guesses.
    assert len(entries) == len({digest for _, digest in entries}) == 13
    assert open_repository().maintenance.verify().damage == ()
