"""A warning names the line that the person wrote, whatever lies between."""

from __future__ import annotations

import runpy
import threading
import warnings
from pathlib import Path

import pytest

import artnb
from artnb._run.files import RunFiles
from artnb.errors import ArtnbWarning
from artnb.repository import open_repository
from artnb.warning import warn

SCRIPT = """
import numpy as np
import artnb

def helper(run):
    run.log({{"loss": 1}}, step=5)
    {call}  # here

with artnb.init(project="demo", job_type="make") as run:
    helper(run)
"""
PICTURES = "[artnb.Image(np.eye(2)), artnb.Image(np.eye(3))]"


def told(source: str, folder: Path) -> list[tuple[str, str, str]]:
    """Return what a script warns of: file, the line's text and the category."""
    path = folder / "script.py"
    path.write_text(source)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        runpy.run_path(str(path), run_name="__main__")
    lines = source.splitlines()
    return [
        (each.filename, lines[each.lineno - 1].strip(), each.category.__name__) for each in found
    ]


@pytest.mark.parametrize(
    ("call", "category"),
    [
        ('artnb.log({"loss": 2}, step=1)', "StepWarning"),
        ('run.log({"loss": 2}, step=1)', "StepWarning"),
        (f'artnb.log({{"p": {PICTURES}}})', "ArtnbWarning"),
        (f'run.log({{"deep": {{"p": {PICTURES}}}}})', "ArtnbWarning"),
        ('artnb.init(project="demo", sync_tensorboard=True)', "ArtnbWarning"),
        ('artnb.finish()', "ArtnbWarning"),
        (
            'artnb.Artifact("a", "t").add_reference("s3://me:secret@b/k", checksum=False)',
            "ReferenceWarning",
        ),
    ],
)  # fmt: skip
def test_in_a_script(call, category, tmp_path, monkeypatch):
    monkeypatch.setattr("artnb.media._MOST_IMAGES", 1)
    monkeypatch.setattr("artnb._options._said", set())
    if "finish" in call:
        monkeypatch.setattr(RunFiles, "_keep", failing)
        call = f'open(run.dir + "/x", "w").close(); {call}'
    here = f"{call}  # here"
    source = SCRIPT.format(call=call)
    assert told(source, tmp_path) == [(str(tmp_path / "script.py"), here, category)]


def test_that_a_download_lacks_a_file_is_said_of_the_line(tmp_path):
    (tmp_path / "far.txt").write_text("far")
    with artnb.init(project="demo") as run:
        artifact = artnb.Artifact("a", "t")
        artifact.add_reference((tmp_path / "far.txt").as_uri())
        run.log_artifact(artifact)
    (tmp_path / "far.txt").unlink()
    with pytest.warns(ArtnbWarning, match="is not there any more") as found:
        artifact.download(allow_missing_references=True)
    assert found[0].filename == __file__


def test_it_is_said_once_for_a_line_and_can_be_turned_off():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        for _ in range(3):
            warn("the same")
    assert len(found) == 1
    with warnings.catch_warnings(record=True) as found:
        warnings.filterwarnings("ignore", category=ArtnbWarning)
        warn("another")
    assert found == []


def test_where_a_library_calls_the_line_that_calls_the_library_is_meant():
    namespace = {"warn": warn, "__name__": "library"}
    exec(compile("def call(): warn('x')", "/x/site-packages/library.py", "exec"), namespace)
    with pytest.warns(ArtnbWarning) as found:
        namespace["call"]()
    assert found[0].filename == __file__


def test_in_a_thread_of_a_library_the_library_is_meant():
    namespace = {"warn": warn}
    exec(compile("def call(): warn('x')", "/x/site-packages/library.py", "exec"), namespace)
    with pytest.warns(ArtnbWarning) as found:
        in_a_thread(namespace["call"])
    assert found[0].filename == "/x/site-packages/library.py"


def test_in_a_thread_of_ours_nobody_else_is_named(monkeypatch):
    """What is written in the background is nobody's line."""
    writer = open_repository()._journal_writer
    with monkeypatch.context() as patch:
        patch.setattr(writer, "_write", failing)
        with pytest.warns(ArtnbWarning, match="full") as found:
            in_a_thread(writer.write)
    assert Path(found[0].filename).parts[-2:] == ("artnb", "journalling.py")


def failing(*_):
    raise artnb.Error("full")


def in_a_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
