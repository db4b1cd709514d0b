"""Runs that are open when a process ends are finished as it ends."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

import pytest

import artnb
from artnb import ending
from artnb.ending import Ending

INIT = "import artnb; run = artnb.init(project='demo')"


class Open:
    """A run that notes how it is ended."""

    def __init__(self, name, done, error=None):
        self.name, self._done, self._error = name, done, error

    def _note_error(self, said):
        self._done.append((self.name, said["name"]))

    def finish(self, exit_code):
        if self._error:
            raise self._error
        self._done.append((self.name, exit_code))


def ended(text):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ARTNB_", "WANDB_"))}
    return subprocess.run(
        [sys.executable, "-c", text], env=kept, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(("body", "state"), [("run.log({'a': 1})", "finished"), ("1/0", "failed")])
def test_the_end_of_python_finishes_the_run(body, state):
    ended(f"{INIT}; {body}")
    assert artnb.Api().runs("demo")[-1].state == state


def test_the_innermost_run_is_finished_first_and_one_that_cannot_be_keeps_no_other(capsys):
    done = []
    runs = [Open("outer", done), Open("broken", done, OSError("disk full")), Open("inner", done)]
    Ending(runs).finish_all()
    assert done == [("inner", 0), ("outer", 0)]
    assert "The run broken could not be finished: disk full Its rows" in capsys.readouterr().err


def test_a_stream_that_is_gone_hides_nothing(monkeypatch):
    done = []
    monkeypatch.setattr(sys, "stderr", None)
    Ending([Open("a", done), Open("b", done, OSError("disk full"))]).finish_all()
    assert done == [("a", 0)]


def test_an_error_ends_a_script_and_no_notebook(monkeypatch):
    error = {"name": "ValueError"}
    monkeypatch.setattr(ending, "how_it_ended", lambda: (1, error))
    done = []
    Ending([Open("a", done)]).finish_all()
    assert done == [("a", "ValueError"), ("a", 1)]
    done.clear()
    monkeypatch.setattr(ending, "in_notebook", lambda: True)
    end = Ending([Open("a", done)])
    end.finish_all()
    assert done == [("a", 0)]
    assert end.of_notebook


def test_in_a_notebook_exits_are_left_alone(monkeypatch):
    noted = []
    monkeypatch.setattr(ending, "note_exits", lambda: noted.append(1))
    monkeypatch.setattr(ending, "in_notebook", lambda: True)
    Ending([]).watch()
    assert noted == []
    monkeypatch.setattr(ending, "in_notebook", lambda: False)
    Ending([]).watch()
    assert noted == [1]


def _open_and(how):
    artnb.init(project="demo", job_type=how)
    if how == "error":
        raise ValueError("of the child")
    if how == "exit":
        sys.exit(4)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize(
    ("how", "code", "state", "error"),
    [
        ("error", 1, "failed", ("ValueError", "of the child")),
        ("exit", 4, "failed", ("SystemExit", "4")),
        ("end", 0, "finished", None),
    ],
)
def test_the_run_of_a_child_ends_as_the_child_does(method, how, code, state, error, repository):
    child = multiprocessing.get_context(method).Process(target=_open_and, args=(how,))
    child.start()
    child.join()
    (record,) = repository.runs("demo")
    said = record.outputs.get("error")
    assert (child.exitcode, record.state) == (code, state)
    assert (said and (said["name"], said["message"])) == error


def test_an_error_in_a_child_that_was_forked_does_not_end_the_parents_run(repository):
    done = ended(f"import os\n{INIT}\nif not os.fork(): 1 / 0\nos.wait()\nrun.log({{'a': 1}})")
    assert "ZeroDivisionError" in done.stderr
    (record,) = repository.runs("demo")
    assert (record.state, record.outputs.get("error")) == ("finished", None)
