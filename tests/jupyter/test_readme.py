"""README's code, block by block, in a real kernel: what a new user types first."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from kernels import open_notebook

import artnb
from artnb.repository import Repository
from artnb.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


# What README says next of the first two cells, when a price has changed in one of them.
THEN = dict(re.findall(r"^\| `(%artnb \w+ ?.*?)` \| (.*?) \|$", README, re.MULTILINE)[:4])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def notebook(folder):
    with open_notebook(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def ran(folder, notebook):
    return folder, [(block, notebook.run(block)) for block in BLOCKS]


def test_every_block_runs(ran):
    _, cells = ran
    assert len(cells) == 6
    for block, result in cells:
        assert result.ok, f"{block}\n{result.traceback}"


def test_the_cells_say_what_they_saved(ran):
    _, cells = ran
    lines = [result.line for block, result in cells if "%%artifact" in block]
    assert [line.split()[0] for line in lines] == ["prices:v0", "summary:v0"]


def test_the_graph_holds_cells_and_calls(ran):
    _, cells = ran
    (drawn,) = [result for block, result in cells if block.rstrip().endswith("artnb.graph()")]
    live, figure = drawn.displays[-2:]
    assert "text/plain" not in live  # it would stand above the figure in a page without widgets
    shown = figure["text/html"]
    for name in ("prices:v0", "summary:v0", "model:v0"):
        assert name in shown


def test_the_download_lies_where_the_comment_says(ran):
    folder, _ = ran
    assert (folder / "artifacts" / "prices:v0" / "prices.parquet").is_file()


def test_the_workers_rows_are_in_the_run(ran):
    folder, _ = ran
    repository = Repository(Settings.resolve(folder, {}))
    try:
        project = repository.projects()[0]
        histories = [repository.history(run.id) for run in repository.runs(project)]
    finally:
        repository.close()
    assert [
        sorted(row["fold"] for row in rows) for rows in histories if "_worker" in str(rows)
    ] == [[0, 1, 2, 3]]


def test_what_it_says_next_is_so(notebook, ran):
    assert list(THEN) == [
        *("%artnb status", "%artnb why summary", "%artnb show prices", "%artnb restore prices:v0")
    ]
    changed = BLOCKS[1].replace("2.2", "2.6")
    assert notebook.run(changed).line.startswith("prices:v1")
    status, why, show, restore = (notebook.run(line).result for line in THEN)
    assert re.search(r"summary:v0 +prices:v0 was used, prices:v1 is current", status)
    assert re.search(r"column eur .*1 of 2 rows", why)
    assert "prices:v1" in show
    assert "restored prices:v0" in restore
    assert notebook.value("prices['eur'].tolist()") == "[4.1, 2.2]"


def test_the_callbacks_log_what_the_libraries_tell(tmp_path, monkeypatch):
    # The libraries themselves are large; what they call, and with what, is theirs to keep.
    (block,) = re.findall(r"^```py\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    logger = SimpleNamespace(logger=SimpleNamespace(Logger=object))
    given = {
        "artnb": artnb,
        "lightning": SimpleNamespace(pytorch=SimpleNamespace(loggers=logger)),
        "transformers": SimpleNamespace(TrainerCallback=object),
        "xgboost": SimpleNamespace(callback=SimpleNamespace(TrainingCallback=object)),
    }
    exec(block, given)
    monkeypatch.chdir(tmp_path)
    with artnb.init(project="callbacks") as run:
        given["Log"]().on_log(None, SimpleNamespace(global_step=1), None, logs={"loss": 1.0})
        lightning = given["RunLogger"]()
        lightning.log_hyperparams({"lr": 0.1})
        lightning.log_metrics({"acc": 0.5}, step=2)
        assert lightning.experiment is run
        given["log_epoch"](3, {"val": 2.0})
        given["log_round"](SimpleNamespace(evaluation_result_list=[("valid", "auc", 0.9, True)]))
        given["LogRound"]().after_iteration(None, 0, {"train": {"rmse": [3.0, 2.0]}})
    assert dict(run.config) == {"lr": 0.1}
    logged = {key: value for key, value in dict(run.summary).items() if key[0] != "_"}
    assert logged == {
        "loss": 1.0, "acc": 0.5, "epoch": 3, "val": 2.0, "valid-auc": 0.9, "train-rmse": 2.0,
    }  # fmt: skip
