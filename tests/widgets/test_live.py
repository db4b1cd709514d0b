"""Pushing to the page: at once, then at most four times a second, and never after closing."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from told import read

from artnb.repository import Content, Event
from artnb.widgets.cells import keep_with_cell
from artnb.widgets.live import Live
from artnb.widgets.look import Look
from artnb.widgets.view import GraphView
from artnb.widgets.widget import GraphWidget

PAUSE = 0.25


class Pushes:
    """Keeps what was pushed and when."""

    def __init__(self):
        self.calls = []

    def __call__(self, runs):
        self.calls.append((time.monotonic(), runs))

    @property
    def runs(self):
        return [runs for _, runs in self.calls]

    def wait(self, count):
        end = time.monotonic() + 60
        while len(self.calls) < count and time.monotonic() < end:
            time.sleep(0.005)
        assert len(self.calls) == count


@pytest.fixture
def pushes():
    return Pushes()


@pytest.fixture
def live(repository, pushes):
    opened = Live(repository, "demo", pushes)
    yield opened
    opened.close()


def tell(repository, run, project="demo"):
    repository._events.tell(Event("run", project, run))


def test_the_first_event_is_pushed_at_once(repository, live, pushes):
    tell(repository, "a")
    assert pushes.runs == [{"a"}]


def test_what_happens_in_the_pause_is_pushed_together_after_it(repository, live, pushes):
    for run in "abcb":
        tell(repository, run)
    pushes.wait(2)
    assert pushes.runs == [{"a"}, {"b", "c"}]
    assert pushes.calls[1][0] - pushes.calls[0][0] >= PAUSE - 0.01


def test_after_a_pause_without_events_nothing_is_pushed(repository, live, pushes):
    tell(repository, "a")
    time.sleep(2 * PAUSE)
    assert pushes.runs == [{"a"}]
    tell(repository, "b")
    assert pushes.runs == [{"a"}, {"b"}]


def test_many_threads_are_pushed_at_most_four_times_a_second(repository, live, pushes):
    def work(name):
        count = 0
        while len(pushes.calls) < 4:
            tell(repository, f"{name}{count}")
            count += 1
            time.sleep(0.002)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell(repository, "last")
    while "last" not in pushes.runs[-1]:
        time.sleep(0.005)
    times = [moment for moment, _ in pushes.calls]
    assert times[-1] - times[0] >= (len(times) - 1) * PAUSE - 0.1
    assert {"a0", "b0", "c0", "d0"} <= set().union(*pushes.runs)


def test_threads_that_come_at_once_are_one_push(repository, pushes):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that a thread is stopped between any two steps
    try:
        for _ in range(30):
            live = Live(repository, "demo", pushes)
            barrier = threading.Barrier(6)

            def event(barrier=barrier, live=live):
                barrier.wait()
                live._on_event(Event("run", "demo", "a"))

            threads = [threading.Thread(target=event) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            live.close()
            assert len(pushes.calls) == 1
            pushes.calls.clear()
    finally:
        sys.setswitchinterval(interval)


def test_an_event_without_a_run_is_pushed_too(repository, live, pushes):
    tell(repository, None)
    assert pushes.runs == [set()]


def test_events_of_another_project_are_not_pushed(repository, live, pushes):
    tell(repository, "a", "other")
    assert pushes.runs == []


def test_after_closing_nothing_is_pushed_nor_what_waited(repository, live, pushes):
    tell(repository, "a")
    tell(repository, "b")
    live.close()
    live.close()
    tell(repository, "c")
    time.sleep(1.5 * PAUSE)
    assert pushes.runs == [{"a"}]


def test_an_event_that_was_on_its_way_when_it_closed_is_not_pushed(repository, live, pushes):
    live.close()
    live._on_event(Event("run", "demo", "a"))
    live._fire()
    assert pushes.runs == []


def test_a_push_that_fails_fails_no_event(repository, run):
    def broken(_):
        raise RuntimeError("page is gone")

    live = Live(repository, "demo", broken)
    with pytest.warns(UserWarning, match="page is gone"):
        repository.commit("demo", "a", "dataset", [Content("a", b"1")], run_id=run.id)
    live.close()
    assert len(repository.versions("demo")) == 1


@pytest.fixture
def widget(repository, run):
    made = GraphWidget(repository, "demo", Look(), view_id="abc", height=300)
    yield made
    made.close()


def shown(widget):
    """The nodes that a page shows that has all that was sent."""
    with widget._showing:
        found = read(widget.live.graph, widget.live.news)
    return {node["id"]: node for node in found["nodes"]}


def test_the_widget_shows_what_is_recorded_while_it_is_open(repository, run, widget):
    before = shown(widget)
    commit = repository.commit("demo", "a", "dataset", [Content("a", b"1")], run_id=run.id)
    assert shown(widget).keys() - before.keys() == {f"v:{commit.version.id}"}
    assert f"r:{run.id}" in widget.live.changed
    assert commit.created


def test_the_widget_shows_what_is_newer_than_what_was_used_of_another_project(
    repository, run, widget
):
    there = repository.start_run("elsewhere").id

    def commit(data):
        made = repository.commit("elsewhere", "thing", "set", [Content("a", data)], run_id=there)
        return made.version

    used = commit(b"1")
    repository.use(run.id, used.id)
    versions = {f"v:{used.id}", f"v:{commit(b'2').id}"}
    end = time.monotonic() + 60
    while not (names := shown(widget)).keys() >= versions:
        assert time.monotonic() < end, names
        time.sleep(0.005)
    assert {names[each]["name"] for each in versions} == {"elsewhere/thing"}


def test_a_run_that_is_deleted_goes_from_the_page_or_is_drawn_as_such(repository, run, widget):
    commit = repository.commit("demo", "a", "dataset", [Content("a", b"1")], run_id=run.id)
    other = repository.start_run("demo")
    repository.use(other.id, commit.version.id)
    for each in (run, other):
        repository.finish_run(each.id)
        repository.delete_run(each.id)
    left = {f"v:{commit.version.id}": "live", f"r:{run.id}": "deleted"}
    end = time.monotonic() + 60
    while (states := {node: each["state"] for node, each in shown(widget).items()}) != left:
        assert time.monotonic() < end, states
        time.sleep(0.005)


def test_the_same_run_changing_twice_is_two_changes(repository, run, widget):
    repository.update_run(run.id, notes="one")
    first = list(widget.live.changed)
    time.sleep(1.2 * PAUSE)
    repository.update_run(run.id, notes="two")
    assert widget.live.changed != first
    assert widget.live.changed[1:] == first[1:] == [f"r:{run.id}"]


def test_a_closed_widget_changes_no_more(repository, run, widget):
    widget.close()
    before = shown(widget)
    repository.commit("demo", "a", "dataset", [Content("a", b"1")], run_id=run.id)
    time.sleep(1.5 * PAUSE)
    assert shown(widget) == before
    assert repository._events._subscribers == []


def test_a_widget_whose_comm_the_host_closed_listens_no_more(repository, run, widget, monkeypatch):
    sent = []
    monkeypatch.setattr(widget.live, "send_state", sent.append)
    widget.comm.close()  # as marimo does when the cell runs again
    repository.update_run(run.id, notes="one")
    assert sent == []
    assert repository._events._subscribers == []


def test_a_kernel_that_ends_leaves_pages_what_they_have(repository, run, widget, monkeypatch):
    """Its watching thread may see the end a moment before its process is over."""
    ended = threading.Thread(target=lambda: None)
    ended.start()
    ended.join()
    monkeypatch.setattr(widget, "_kernel", ended)
    monkeypatch.setattr(threading, "main_thread", lambda: ended)
    repository.update_run(run.id, notes="one")
    assert (widget.live.changed, bool(widget.comm), bool(widget.live.comm)) == ([], True, True)
    monkeypatch.undo()


def test_a_graph_that_nobody_sees_is_not_pushed_and_told_what_it_missed(repository, run, widget):
    answers, nothing = [], ({"kind": "reply", "id": 1, "result": {}}, None)
    ask = {"kind": "request", "id": 1, "method": "watch"}

    def note(page, looking):
        params = {"page": page, "looking": looking}
        message = {**ask, "params": params}
        widget.rpc._answerer.answer(message, lambda *sent: answers.append(sent))
        return answers[-1]

    assert note("a", True) == nothing
    note("b", True)
    note("a", False)
    assert repository._events._subscribers != []
    note("b", False)
    assert repository._events._subscribers == []
    before = shown(widget)
    commit = repository.commit("demo", "a", "dataset", [Content("a", b"1")], run_id=run.id)
    assert (shown(widget), widget.live.changed) == (before, [])
    assert note("c", True) == nothing
    assert shown(widget).keys() - before.keys() == {f"v:{commit.version.id}"}
    assert widget.live.changed != []
    assert repository._events._subscribers != []
    widget.close()
    note("c", False), note("d", True)
    assert repository._events._subscribers == []


def test_a_page_that_is_awaited_misses_nothing(repository, run, widget):
    repository.update_run(run.id, state="failed")
    assert shown(widget)[f"r:{run.id}"]["state"] == "failed"


def test_a_page_that_lost_the_graph_is_given_the_one_that_the_news_are_of(repository, run, widget):
    lost = widget.live.graph
    answers = []
    for number in range(20):  # until the changes are as long as the graph
        repository.update_run(run.id, tags=[f"tag {number}"])
        widget._push(set())
    assert widget.live.graph != lost
    request = {"kind": "request", "id": 1, "method": "graph", "params": {}}
    widget.rpc._answerer.answer(request, lambda *sent: answers.append(sent))
    ((_, (data, news)),) = answers
    (node,) = read(data, news)["nodes"]
    assert node["tags"] == ["tag 19"]


def sent_by(widget, monkeypatch):
    """Return the list to which each message of the live model is added."""
    sent = []
    monkeypatch.setattr(
        widget.live, "_send", lambda content, buffers=None: sent.append((content, buffers))
    )
    return sent


def test_only_what_changed_is_sent_and_all_to_who_asks_for_the_state(repository, monkeypatch):
    for _ in range(100):
        repository.start_run("demo", job_type="make")
    widget = GraphWidget(repository, "demo", Look(), view_id="abc", height=300)
    sent = sent_by(widget, monkeypatch)
    started = repository.start_run("demo", job_type="make")
    content, (news,) = sent[0]
    assert content["state"].keys() == {"changed"}
    assert content["buffer_paths"] == [["news"]]
    assert len(news) < len(widget.live.graph) / 5
    state = widget.live.get_state()  # what a page that opens, or opens again, is given
    assert read(state["graph"], state["news"])["nodes"][-1]["id"] == f"r:{started.id}"
    repository.update_run(started.id, notes="of no node")
    widget._push({started.id})
    assert {key for content, _ in sent[1:] for key in content["state"]} == {"changed"}
    assert all(buffers == [] for _, buffers in sent[1:])
    widget.close()


class Shell:
    """Says which cell runs, as ipykernel's shell does."""

    def __init__(self):
        self.parent = {}

    def run(self, cell, request):
        metadata = {"cellId": cell} if cell else {}
        self.parent = {"header": {"msg_id": request}, "metadata": metadata}

    def get_parent(self):
        return self.parent


class Closable:
    closed = False

    def close(self):
        self.closed = True


def test_a_cell_that_runs_again_closes_what_it_showed_before():
    shell, shown = Shell(), [Closable() for _ in range(5)]
    for cell, request, widget in zip("aabaa", ["1", "1", "2", "3", "3"], shown, strict=True):
        shell.run(cell, request)
        keep_with_cell(shell, widget)
    assert [widget.closed for widget in shown] == [True, True, False, False, False]


def test_where_cells_have_no_names_nothing_is_closed():
    shell, shown = Shell(), [Closable() for _ in range(4)]
    for request, widget in zip("12", shown[:2], strict=True):
        shell.run(None, request)
        keep_with_cell(shell, widget)
    keep_with_cell(None, shown[2])
    keep_with_cell(object(), shown[3])
    assert not any(widget.closed for widget in shown)


def test_each_display_is_a_widget_of_its_own(repository, run, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    monkeypatch.setattr("IPython.display.display", lambda what, **_: shown.append(what))
    view = GraphView(repository, "demo", Look("instances"), 333)
    view._ipython_display_()
    view._ipython_display_()
    widgets, figures = shown[::2], shown[1::2]
    try:
        assert widgets[0].view_id != widgets[1].view_id
        for widget, figure in zip(widgets, figures, strict=True):
            assert (widget.look["level"], widget.height) == ("instances", 333)
            assert f"artnb-static-{widget.view_id}" in figure["text/html"]
            assert repr(widget) == "<graph of 'demo'>"
    finally:
        for widget in widgets:
            widget.close()


def test_marimo_is_shown_the_widget_itself(repository, run):
    shown = GraphView(repository, "demo", Look("instances"), 333)._display_()
    assert isinstance(shown, GraphWidget)
    assert (shown.look["level"], shown.height) == ("instances", 333)
    shown.close()


def test_in_marimo_which_knows_one_model_the_widget_pushes_itself(repository, run, monkeypatch):
    monkeypatch.setattr("artnb.widgets.widget.host_of", lambda _: "marimo")
    widget = GraphWidget(repository, "demo", Look(), view_id="abc", height=300)
    started = repository.start_run("demo", job_type="make")
    assert widget.live is None
    assert read(widget.graph, widget.news)["nodes"][-1]["id"] == f"r:{started.id}"
    widget.close()


def test_a_page_that_was_given_one_model_only_is_pushed_to_over_that(repository, run, widget):
    request = {"kind": "request", "id": 1, "method": "watch", "params": {"looking": True}}
    widget._handle_custom_msg(request, [])
    started = repository.start_run("demo", job_type="make")
    widget._push(set())
    assert read(widget.graph, widget.news)["nodes"][-1]["id"] == f"r:{started.id}"


def test_the_widget_itself_is_told_nothing_once_it_is_shown(repository, run, widget, monkeypatch):
    """anywidget drops it all where the page took over 2 s to load the module."""
    sent = []
    monkeypatch.setattr(widget, "_send", lambda *message, **_: sent.append(message))
    repository.start_run("demo", job_type="make")
    repository._events.tell(Event("progress", "demo", run.id, name="net", done=1, total=2))
    assert (sent, widget.graph) == ([], b"")


def test_what_a_run_saves_is_told_until_it_is_saved(repository, run, widget):
    def step(done, total=100, project="demo"):
        event = Event("progress", project, run.id, name="net", done=done, total=total)
        repository._events.tell(event)
        return widget.live.saving.get(run.id)

    before = shown(widget)
    assert step(40) == {"name": "net", "done": 40, "total": 100}
    assert shown(widget) == before  # nothing is read anew for it
    assert step(50, project="other")["done"] == 40
    assert step(90)["done"] == 90
    assert step(100) is None
    step(10)
    repository.update_run(run.id, state="failed")  # a save that failed
    assert widget.live.saving == {}
    widget.close()
    step(20)
    assert widget.live.saving == {}


def test_what_a_run_saves_is_told_though_the_graph_is_pushed_meanwhile(
    repository, run, widget, monkeypatch
):
    """At the worst moment: when the push has sent what it held back, and not yet forgotten it."""
    saving, came = {"name": "net", "done": 40, "total": 100}, []
    event = Event("progress", "demo", run.id, **saving)
    teller = threading.Thread(target=repository._events.tell, args=[event])

    class Held(set):
        def clear(self):
            if not teller.ident:
                widget.live._holding_sync = True  # as the teller found it a moment before
                teller.start()
                teller.join(0.2)  # with the lock it waits, else it is done at once
                widget.live._holding_sync = False
            super().clear()

    monkeypatch.setattr(widget.live, "_states_to_send", Held())
    monkeypatch.setattr(widget.live, "_send", lambda content, buffers=None: came.append(content))
    widget._push(set())
    teller.join()
    assert came[-1]["state"] == {"saving": {run.id: saving}}
