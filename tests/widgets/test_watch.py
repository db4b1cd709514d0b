"""What other processes record comes to the page that looks, and to no other."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from told import read

from artnb.catalog.sqlite import SqliteConnections
from artnb.errors import CatalogError
from artnb.repository import Repository
from artnb.widgets import watch
from artnb.widgets.look import Look
from artnb.widgets.widget import GraphWidget

SECONDS = 60  # only a hang takes so long
LOG = """
import artnb
with artnb.init(project="demo", job_type="train", name="elsewhere") as run:
    made = artnb.Artifact("net", "model")
    with made.new_file("net.txt") as stream:
        stream.write("one")
    run.log_artifact(made)
"""


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(watch, "_PAUSE", 0.02)
    monkeypatch.setattr(watch, "_SHARE", 0)


@pytest.fixture
def other(repository):
    """A second repository on the same folder, as another kernel has it."""
    opened = Repository(repository.settings)
    yield opened
    opened.close()


@pytest.fixture
def widget(repository, run):
    made = GraphWidget(repository, "demo", Look(), view_id="abc", height=300)
    yield made
    made.close()


@pytest.fixture
def looks(widget, monkeypatch):
    """Released after each look."""
    looked = threading.Semaphore(0)
    look = widget._look

    def counted():
        look()
        looked.release()

    monkeypatch.setattr(widget, "_look", counted)
    return looked


def note(widget, looking, page="a"):
    message = {"kind": "request", "id": 1, "method": "watch"}
    message["params"] = {"page": page, "looking": looking}
    widget.rpc._answerer.answer(message, lambda *_: None)


def wait(widget, trait, until):
    changed = threading.Event()
    widget.live.observe(lambda change: until(change.new) and changed.set(), trait)
    if not until(getattr(widget, trait)):
        assert changed.wait(SECONDS)


def nodes(widget):
    with widget._showing:
        return read(widget.live.graph, widget.live.news)["nodes"]


def watches():
    return [each for each in threading.enumerate() if each.name == "artnb-watch"]


@pytest.mark.both_catalogs
def test_what_another_process_logs_is_pushed(repository, widget):
    note(widget, True)
    subprocess.run([sys.executable, "-c", LOG], check=True, timeout=SECONDS)
    wait(
        widget,
        "changed",
        lambda _: {"elsewhere", "net"} <= {each["name"] for each in nodes(widget)},
    )


@pytest.mark.both_catalogs
def test_what_changes_no_node_is_told_too(repository, run, other, widget):
    before = nodes(widget)
    note(widget, True)
    other.update_run(run.id, notes="seen from elsewhere")
    wait(widget, "changed", bool)
    assert nodes(widget) == before


def test_what_is_shown_already_is_not_sent_again(repository, run, widget, looks):
    note(widget, True)
    assert looks.acquire(timeout=SECONDS)
    repository.update_run(run.id, notes="own")
    told = list(widget.live.changed)
    assert told
    assert looks.acquire(timeout=SECONDS)
    assert widget.live.changed == told


def test_nothing_runs_unless_a_page_looks(widget):
    assert watches() == []
    note(widget, True), note(widget, True, "b")
    (thread,) = watches()
    note(widget, False)
    assert watches() == [thread]
    note(widget, False, "b")
    thread.join(SECONDS)
    assert watches() == []
    note(widget, True)
    (thread,) = watches()
    widget.close()
    note(widget, True)
    thread.join(SECONDS)
    assert watches() == []


def test_a_page_that_closes_while_it_is_told_ends_the_thread(other, run, widget):
    note(widget, True)
    (thread,) = watches()
    widget.comm.close()  # as a host that tells nobody
    other.update_run(run.id, notes="elsewhere")
    thread.join(SECONDS)
    assert not thread.is_alive()


def test_a_graph_of_an_app_ends_with_the_thread_that_is_its_kernel(repository, run, monkeypatch):
    monkeypatch.setattr("artnb.widgets.widget.host_of", lambda _: "marimo")
    made, left = [], threading.Event()

    def kernel():
        made.append(GraphWidget(repository, "demo", Look(), view_id="abc", height=300))
        note(made[0], True)
        left.wait(SECONDS)

    app = threading.Thread(target=kernel)
    app.start()
    while not watches():
        assert app.is_alive()
    (thread,) = watches()
    left.set()
    app.join(SECONDS)
    thread.join(SECONDS)
    assert not thread.is_alive()
    assert made[0].comm is None
    assert repository._events._subscribers == []


def test_a_catalogue_that_is_away_is_asked_again(repository, run, other, widget, monkeypatch):
    asked, failed = threading.Semaphore(0), repository.revisions

    def away():
        asked.release()
        raise CatalogError("the server is away")

    monkeypatch.setattr(repository, "revisions", away)
    note(widget, True)
    assert asked.acquire(timeout=SECONDS)
    assert asked.acquire(timeout=SECONDS)
    other.update_run(run.id, state="failed")
    assert [each["state"] for each in nodes(widget)] == ["running"]
    monkeypatch.setattr(repository, "revisions", failed)
    wait(widget, "changed", lambda _: [each["state"] for each in nodes(widget)] == ["failed"])


def test_the_connection_goes_with_the_watch_or_with_the_others(tmp_path):
    connections = SqliteConnections(tmp_path / "catalog.db")
    before = len(connections._all)
    with connections.revisions() as revision:
        revision()
        assert len(connections._all) == before + 1
    assert len(connections._all) == before
    with connections.revisions() as revision:
        connections.close()
        with pytest.raises(CatalogError, match="was closed"):
            revision()
