"""The tutorial in a fresh kernel: what it records is what it says."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.notebook

CALLS, CELLS = "artifacts-example", "digits-in-cells"


def test_calls_make_the_pipeline(tutorial):
    prepared, trained = "mnist-preprocess:v0", "trained-model:v0"
    assert tutorial.lineage(CALLS) == [
        ("load-data", [], ["mnist-raw:v0"]),
        ("preprocess-data", ["mnist-raw:v0"], [prepared]),
        ("initialize", [], ["convnet:v0"]),
        ("train", ["convnet:v0", prepared], [trained]),
        ("train", ["convnet:v0", prepared], ["trained-model:v1"]),
        ("report", [prepared, trained], []),
        ("load-data", [], ["mnist-raw:v0"]),
    ]


def test_cells_make_the_same_pipeline(tutorial):
    assert tutorial.lineage(CELLS) == [
        ("load-data", [], ["digits:v0"]),
        ("preprocess-data", ["digits:v0"], ["prepared:v0"]),
        ("initialize", [], ["untrained:v0"]),
        ("train", ["prepared:v0", "untrained:v0"], ["trained:v0"]),
        ("report", ["prepared:v0", "trained:v0"], ["accuracy:v0"]),
    ]


def test_no_run_is_left_open_or_failed(tutorial):
    runs = [run for project in (CALLS, CELLS) for run in tutorial.repository.runs(project)]
    assert {run.state for run in runs} == {"finished"}


def test_types_and_files(tutorial):
    parts = {"training.pt", "validation.pt", "test.pt"}
    expected = {
        "mnist-raw:v0": ("dataset", parts),
        "mnist-preprocess:v0": ("dataset", parts),
        "convnet:v0": ("model", {"initialized_model.pth"}),
        "trained-model:v0": ("model", {"trained_model.pth"}),
        "trained-model:v1": ("model", {"trained_model.pth"}),
    }
    found = {
        ref: (version.type, {entry.path for entry in tutorial.repository.manifest(version)})
        for ref, version in tutorial.versions(CALLS).items()
    }
    assert found == expected


def test_aliases_tell_the_newest_and_the_best(tutorial):
    versions = tutorial.versions(CALLS)
    assert versions["trained-model:v0"].aliases == ("best",)
    assert versions["trained-model:v1"].aliases == ("latest",)
    assert versions["mnist-raw:v0"].aliases == ("latest",)
    assert tutorial.versions(CELLS)["trained:v0"].aliases == ("latest", "best")


def test_metadata_says_what_it_is_and_how_it_was_made(tutorial):
    versions = tutorial.versions(CALLS)
    raw = versions["mnist-raw:v0"].metadata
    assert raw["sizes"] == {"training": 50_000, "validation": 10_000, "test": 10_000}
    assert raw["source"] in tutorial.printed
    assert versions["mnist-preprocess:v0"].metadata == {"normalize": True, "expand_dims": True}
    shape = versions["convnet:v0"].metadata
    assert shape["channels"] == [16, 32]
    assert versions["trained-model:v0"].metadata == shape


def test_a_model_s_metadata_is_config_of_the_runs_around_it(tutorial):
    shape = tutorial.versions(CALLS)["convnet:v0"].metadata
    (initialize,) = tutorial.runs(CALLS, "initialize")
    assert initialize.config == shape
    rates = []
    for train in tutorial.runs(CALLS, "train"):
        assert train.config.items() >= shape.items()
        rates.append(train.config["lr"])
    assert rates == [0.002, 0.0005]


def test_metrics_are_logged_by_examples_seen_in_both_forms(tutorial):
    for train in tutorial.runs(CALLS, "train"):
        rows = tutorial.repository.history(train.id)
        steps = [row["_step"] for row in rows]
        assert steps == sorted(set(steps))
        assert steps[-1] == 50_000 * train.config["epochs"]
        losses = [row["train/loss"] for row in rows if "train/loss" in row]
        assert len(losses) > 30
        assert losses[-1] < losses[0] / 3
        validated = [row for row in rows if "validation/accuracy" in row]
        assert [row["_step"] for row in validated] == [50_000, 100_000]
        assert train.summary["validation/accuracy"] == validated[-1]["validation/accuracy"]


def test_the_best_model_reads_the_test_digits(tutorial):
    (report,) = tutorial.runs(CALLS, "report")
    assert report.summary["test/accuracy"] >= 0.95
    assert 0 < report.summary["test/loss"] < 0.3


def test_the_hardest_digits_are_pictures_with_captions(tutorial):
    (report,) = tutorial.runs(CALLS, "report")
    logged = tutorial.repository.history(report.id)[0]["hardest digits"]["images"]
    assert len(logged) == 32
    assert all("read as" in image["caption"] for image in logged)
    picture = tutorial.repository.read_blob(logged[0]["sha256"])
    assert picture.startswith(b"\x89PNG")


def test_code_is_kept_with_each_run(tutorial):
    code = tutorial.repository.code
    for run in tutorial.repository.runs(CALLS):
        assert "_and_log(" in code(run.id)
    for run in tutorial.repository.runs(CELLS):
        assert "%%artifact" in code(run.id)
    (train,) = tutorial.runs(CELLS, "train")
    assert "class ConvNet(nn.Module):" in code(train.id)


def test_the_script_says_where_things_are_and_they_are_there(tutorial):
    for name in ("track_models_and_datasets.ipynb", "graph.html"):
        path = tutorial.folder / name
        assert path.stat().st_size > 10_000
        assert str(path) in tutorial.printed
    assert "jupyter-lab" in tutorial.printed


def test_the_executed_notebook_keeps_pictures_of_its_graphs_but_no_widget_state(tutorial):
    notebook = json.loads((tutorial.folder / "track_models_and_datasets.ipynb").read_text("utf-8"))
    assert "widgets" not in notebook["metadata"]
    pages = [
        "".join(output["data"]["text/html"])
        for cell in notebook["cells"]
        for output in cell.get("outputs", ())
        if "artnb-static" in "".join(output.get("data", {}).get("text/html", ""))
    ]
    assert len(pages) == 3
    assert all("data:image/svg+xml;base64," in page for page in pages)


def test_a_fresh_kernel_can_use_the_files(tutorial, tmp_path):
    import torch

    version = tutorial.versions(CALLS)["mnist-preprocess:v0"]
    tutorial.repository.download(version, tmp_path)
    images, labels = torch.load(tmp_path / "test.pt")
    assert images.shape == (10_000, 1, 28, 28)
    assert images.max() == 1
    assert set(labels.tolist()) == set(range(10))


def test_the_training_cell_logs_its_loss_to_its_own_run(tutorial):
    (version,) = [tutorial.versions(CELLS)["trained:v0"]]
    (run,) = tutorial.repository.logged_by(version.id)
    losses = [row["train/loss"] for row in tutorial.repository.history(run.id)]
    assert len(losses) > 5
    assert sum(losses[-3:]) < sum(losses[:3])
    assert run.summary == {"train/loss": losses[-1]}
