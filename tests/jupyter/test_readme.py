"""README's code, block by block, in a real kernel: what a new user types first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kernels import open_notebook

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    with open_notebook(folder) as notebook:
        yield folder, [(block, notebook.run(block)) for block in BLOCKS]


def test_every_block_runs(ran):
    _, cells = ran
    assert len(cells) == 5
    for block, result in cells:
        assert result.ok, f"{block}\n{result.traceback}"


def test_the_cells_say_what_they_saved(ran):
    _, cells = ran
    lines = [result.line for block, result in cells if "%%artifact" in block]
    assert [line.split()[0] for line in lines] == ["prices:v0", "summary:v0"]


def test_the_graph_holds_cells_and_calls(ran):
    _, cells = ran
    shown = cells[-1][1].displays[-1]["text/html"]
    for name in ("prices:v0", "summary:v0", "model:v0"):
        assert name in shown


def test_the_download_lies_where_the_comment_says(ran):
    folder, _ = ran
    assert (folder / "artifacts" / "prices:v0" / "prices.parquet").is_file()
