"""Artifact cells elsewhere than in a page: IPython in a terminal, papermill, nbclient."""

from __future__ import annotations

import json
import os
import sys

import pexpect
import pytest
from kernels import notebook_of

from artnb.repository import Repository
from artnb.settings import Settings


@pytest.fixture
def repository(tmp_path):
    """What was recorded in the test's folder, once it is asked for."""
    opened = []

    def open_it():
        opened.append(Repository(Settings.resolve(tmp_path, {})))
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


@pytest.fixture
def environment(tmp_path, monkeypatch):
    (tmp_path / "artnb.toml").touch()
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / ".runtime"))


@pytest.fixture
def papermill():
    """Slow to import, and each process of the tests imports this file."""
    import papermill

    return papermill


def write(path, *cells):
    path.write_text(json.dumps(notebook_of(*cells, tags=["parameters"])))
    return path


def test_the_terminal_takes_a_cell_of_several_lines(environment, repository, tmp_path):
    child = pexpect.spawn(
        sys.executable,
        [
            "-m",
            "IPython",
            "--simple-prompt",
            "--no-banner",
            "--no-confirm-exit",
            "--colors=NoColor",
        ],
        cwd=str(tmp_path),
        env={**os.environ, "TERM": "dumb"},
        encoding="utf-8",
        timeout=60,
    )
    child.expect(r"In \[1\]: ")
    child.sendline("%load_ext artnb")
    child.expect(r"In \[2\]: ")
    for line in ("%%artifact numbers", "first = [1, 2]", "second = [n * 2 for n in first]"):
        child.sendline(line)
    child.send("\n\n")  # IPython ends a cell magic at the second blank line
    child.expect(r"numbers:v0 · 2 entries")
    child.expect(r"In \[3\]: ")
    child.sendline("%artnb ls")
    child.expect("numbers +result +v0")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    (version,) = repository().versions("uncategorized")
    assert {entry.variable for entry in repository().manifest(version)} == {"first", "second"}


def test_papermill_s_parameters_are_config(papermill, environment, repository, tmp_path):
    source = write(
        tmp_path / "in.ipynb",
        "rate = 0.1",
        "%load_ext artnb",
        "%%artifact model --type model\nweights = [rate, rate * 2]",
    )
    for rate in (0.1, 0.5):
        papermill.execute_notebook(
            source, tmp_path / "out.ipynb", {"rate": rate}, cwd=tmp_path, progress_bar=False
        )
    runs = list(reversed(repository().runs("uncategorized")))
    assert [run.config for run in runs] == [{"rate": 0.1}, {"rate": 0.5}]
    assert [version.number for version in repository().versions("uncategorized")] == [1, 0]


def test_a_failing_artifact_cell_stops_papermill_and_writes_no_version(
    papermill, environment, repository, tmp_path
):
    source = write(
        tmp_path / "in.ipynb",
        "%load_ext artnb",
        "%%artifact x\nvalue = 1\nvalue / 0",
        "%%artifact after\nnever = 1",
    )
    with pytest.raises(papermill.PapermillExecutionError, match="division by zero"):
        papermill.execute_notebook(source, tmp_path / "out.ipynb", cwd=tmp_path, progress_bar=False)
    (run,) = repository().runs("uncategorized")
    assert run.state == "failed"
    assert repository().versions("uncategorized") == []
