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
        ("search", ["parts:v1"], ["search:v0"]),
        ("search", ["parts:v1"], ["search:v0"]),
        ("timed", ["parts:v1"], ["timed:v0"]),
        ("matrix", ["parts:v0"], ["matrix:v0"]),
        ("cell", ["wines:v1"], ["growers:v0"]),
        ("cell", ["wines:v1"], ["strongest:v0", "weakest:v0"]),
        ("mistake", ["wines:v1"], []),
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


def test_the_second_search_is_skipped_and_a_clock_is_not(ran):
    _, cells = ran
    first, second = (text for code, text in cells if code.startswith("%%artifact search --cache"))
    assert "skipped (v0)" in second
    assert first.partition("search:v0")[0] == second.partition("search · skipped")[0]
    (timed,) = (text for code, text in cells if code.startswith("%%artifact timed"))
    assert "cannot be skipped: reads the clock: time.perf_counter (line 4)" in timed


def test_a_change_behind_a_version_s_back_is_said(ran):
    assert "was changed after it was saved" in text_of(ran[1], "%artnb why scores")


def test_resume_brings_just_what_the_cell_reads(ran):
    cells = ran[1]
    assert text_of(cells, '"training" in globals(), "testing" in globals()') == "(True, False)"


def test_views_share_their_memory_after_the_restore(ran):
    cells = ran[1]
    assert text_of(cells, "first_ten[0, 0] = -1.0\nfloat(measured[0, 0])") == "-1.0"


def test_all_cells_are_runs_while_auto_is_on_and_a_failed_one_makes_no_version(ran):
    repository, cells = ran
    names = {collection.name for collection in repository.collections("wine")}
    assert {"growers", "strongest", "weakest"} <= names
    assert "mistake" not in names
    newest = repository.runs("wine")[0]
    assert (newest.state, newest.outputs["stdout"]) == ("failed", "so far 178\n")
    assert "mistake" in text_of(cells, "%artnb runs --last 3")
