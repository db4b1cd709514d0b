"""What a finished run says, to whom, and that it never gets in the way."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

import artnb
from artnb import finished
from artnb.finished import Finished


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(finished, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setattr(finished, "run_address", lambda *_: None)
    return stream


def work(**options):
    with artnb.init(project="demo", name="sunny", **options) as run:
        run.log({"loss": 0.123456, "epoch": 3, "done": True, "note": "text"})
        for name in "abcd":
            artifact = artnb.Artifact(name, "dataset")
            with artifact.new_file("x.txt") as stream:
                stream.write(name)
            run.log_artifact(artifact)


def test_at_a_terminal_it_is_one_line_on_stderr(terminal, capsys):
    work()
    (line,) = terminal.getvalue().splitlines()
    assert line.startswith("artnb: run sunny finished · ")
    assert "loss 0.1235, epoch 3 · logged a:v0, b:v0, c:v0 and 1 more" in line
    assert line.endswith("see it with `artnb ui`")
    assert capsys.readouterr().out == ""


def test_elsewhere_nothing_is_said(capsys):
    work()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["ARTNB_QUIET", "WANDB_QUIET"])
@pytest.mark.parametrize("value", ["true", "1", "True"])
def test_quiet_says_nothing(terminal, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    work()
    assert terminal.getvalue() == ""


def test_a_failed_run_says_that_it_failed(terminal):
    with pytest.raises(KeyError), artnb.init(project="demo", name="sunny"):
        raise KeyError("x")
    assert "run sunny failed" in terminal.getvalue()


def test_an_artifact_that_saves_itself_says_nothing(terminal):
    artifact = artnb.Artifact("alone", "dataset")
    with artifact.new_file("x.txt") as stream:
        stream.write("x")
    artifact.save()
    assert terminal.getvalue() == ""


def test_what_cannot_be_said_fails_nothing(terminal, monkeypatch):
    def broken(*_):
        raise OSError("no network")

    monkeypatch.setattr(finished, "run_address", broken)
    with pytest.warns(UserWarning, match="sunny is finished, but.*no network"):
        work()
    assert artnb.Api().runs("demo")[0].state == "finished"


def test_markup_in_names_is_text_and_the_link_cannot_end_its_place():
    said = Finished("<b>x</b>", "finished", ("<i>1</i>",), 'http://h/"><script>')
    html = said._repr_html_()
    assert "<b>x" not in html
    assert "<i>" not in html
    assert "<script" not in html
    assert 'rel="noopener"' in html


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (90, "1 min 30 s"), (7380, "2 h 3 min")],
)
def test_durations_are_said_as_people_do(seconds, text):
    assert finished._seconds(seconds) == text
