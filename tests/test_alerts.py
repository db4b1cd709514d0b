"""`alert`: said at once, kept with the run, and not too often."""

from datetime import timedelta

import pytest

import artnb
from artnb._run import alerting
from artnb.errors import InvalidValueError, RunFinishedError
from artnb.finished import _facts
from artnb.lineage import run_node
from artnb.repository import open_repository
from artnb.widgets.describe import describe


@pytest.fixture
def run():
    with artnb.init(project="demo") as opened:
        yield opened


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(alerting, "_now", lambda: now[0])
    return now


def kept(run):
    alerts = open_repository().run(run.id).outputs.get("alerts", [])
    return [(each["level"], each["title"], each["text"]) for each in alerts]


def test_it_is_said_and_kept(run, capsys):
    run.log({"loss": 1})
    run.alert("Low accuracy", "0.1 is below 0.5", level=artnb.AlertLevel.WARN)
    artnb.alert(title="Done", text="well")
    assert f"WARN in run {run.name}: Low accuracy: 0.1 is below 0.5" in capsys.readouterr().err
    assert kept(run) == [("WARN", "Low accuracy", "0.1 is below 0.5"), ("INFO", "Done", "well")]
    assert run._record.outputs["alerts"][0]["step"] == 1
    run.finish()
    details = describe(open_repository(), run_node(run.id))
    assert [each["text"] for each in details["shown"]["displays"]] == [
        "WARN · Low accuracy\n0.1 is below 0.5",
        "INFO · Done\nwell",
    ]
    assert "2 alerts" in _facts(run._record, run._repository)


def test_the_same_title_waits(run, clock):
    for passed, wait in [(0, None), (59, None), (1, None), (5, 4), (5, timedelta(minutes=1))]:
        clock[0] += passed
        run.alert("title", str(clock[0]), wait_duration=wait)
    run.alert("another", "x")
    assert [text for _, _, text in kept(run)] == ["1000.0", "1060.0", "1065.0", "x"]


def test_quiet_says_nothing_and_keeps_it(monkeypatch, capsys):
    monkeypatch.setenv("ARTNB_QUIET", "true")
    with artnb.init(project="demo") as run:
        run.alert("a", "b", level="ERROR")
    assert capsys.readouterr().err == ""
    assert kept(run) == [("ERROR", "a", "b")]


def test_alerts_of_a_resumed_run_follow_those_of_before(run):
    run.alert("a", "1")
    run.finish()
    with artnb.init(id=run.id, resume="must") as again:
        again.alert("b", "2")
    assert [title for _, title, _ in kept(run)] == ["a", "b"]


def test_what_is_no_alert_is_refused(run):
    with pytest.raises(InvalidValueError, match="did you mean 'WARN'"):
        run.alert("a", "b", level="WARNING")
    with pytest.raises(TypeError, match="seconds or a timedelta"):
        run.alert("a", "b")
        run.alert("a", "b", wait_duration="1m")
    run.finish()
    with pytest.raises(RunFinishedError):
        run.alert("a", "b")
