"""The notebook of artifact cells in a fresh kernel: what it records is what it says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from artnb.repository import Repository
from artnb.settings import Settings

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "cells_as_artifacts.ipynb"

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The repository, and each code cell's source with what it showed as text."""
    # Slow to import, and each process of the tests imports this file.
    import nbformat
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("cells")
    (folder / "artnb.toml").touch()
    notebook = nbformat.read(shutil.copy(NOTEBOOK, folder), 4)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ARTNB_")}
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=kept)
    repository = Repository(Settings.resolve(folder, {}))
    yield repository, [(cell.source, shown(cell)) for cell in notebook.cells]
    repository.close()


def shown(cell):
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.get("outputs", ())
    )


def text_of(cells, source):
    (found,) = (text for code, text in cells if code.strip() == source)
    return found


def test_each_cell_used_what_it_read(ran):
    repository, _ = ran
    found = [
        (
            run.job_type,
            sorted(version.ref for version in repository.used(run.id)),
            sorted(version.ref for version in repository.logged(run.id)),
        )
        for run in reversed(repository.runs("wine"))
    ]
    assert found == [
        ("wines", [], ["wines:v0"]),
        ("parts", ["wines:v0"], ["parts:v0"]),
        ("train", ["parts:v0"], ["classifier:v0"]),
        ("report", ["classifier:v0", "parts:v0"], ["scores:v0"]),
        ("summary", ["parts:v0"], ["summary:v0"]),
        ("spread", ["summary:v0"], ["spread:v0"]),
        ("wines", [], ["wines:v1"]),
        ("parts", ["wines:v1"], ["parts:v1"]),
    ]


def test_settings_are_config_and_functions_code(ran):
    repository, _ = ran
    parts = [run for run in repository.runs("wine") if run.job_type == "parts"]
    assert [run.config for run in parts] == [{"share": 0.25}, {"share": 0.3}]
    assert all("def split(table, share):" in repository.code(run.id) for run in parts)


def test_status_names_what_is_out_of_date_and_why(ran):
    _, cells = ran
    status = text_of(cells, "%artnb status")
    for words in (
        "0.3 → 0.25",
        "wines:v0 was used, wines:v1 is current",
        "parts:v0 is out of date",
    ):
        assert words in status
    assert "1 of 178 rows" in text_of(cells, "%artnb why parts")
    assert "1 of 178 rows" in text_of(cells, "%artnb diff wines:v0 wines:v1")


def test_the_older_parts_come_back(ran):
    _, cells = ran
    assert text_of(cells, "len(testing), len(testing) / (len(training) + len(testing))").startswith(
        "(54, 0.30"
    )


def test_the_classifier_that_was_loaded_is_good(ran):
    _, cells = ran
    score = text_of(cells, 'earlier.score(testing.drop(columns="grower"), testing["grower"])')
    assert float(score) > 0.9
