"""README's code, block by block, in a real kernel: what a new user types first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kernels import open_notebook

from artnb.repository import Repository
from artnb.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    with open_notebook(folder) as notebook:
        yield folder, [(block, notebook.run(block)) for block in BLOCKS]


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
    shown = drawn.displays[-1]["text/html"]
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
