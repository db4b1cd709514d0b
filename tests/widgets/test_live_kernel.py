"""What a real kernel sends while a graph is open: little, and to each page all in the end."""

from __future__ import annotations

import base64
import json

import pytest
from kernels import TIMEOUT, execute, open_notebook
from told import read

NODES = 500
RECORD = f"""
from artnb.repository import Content, open_repository
repository = open_repository()
for number in range({NODES} // 2):
    run = repository.start_run("many", job_type="train")
    repository.commit("many", f"net-{{number % 7}}", "model", [Content("a", b"%d" % number)],
                      run_id=run.id)
    repository.finish_run(run.id)
"""
MORE = 'repository.start_run("many", job_type="late", name="{}")'


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    with open_notebook(tmp_path_factory.mktemp("notebook")) as notebook:
        notebook.run_all("import artnb", RECORD)
        yield notebook


@pytest.fixture
def opened(notebook):
    return Page(notebook)


class Page:
    """The models of a graph, as a page has them that was sent some messages."""

    def __init__(self, notebook):
        self.notebook = notebook
        comms = notebook.run('artnb.graph("many")').comms
        opened = {
            each["content"]["comm_id"]: states(each)
            for each in comms
            if each["msg_type"] == "comm_open"
        }
        # A graph that another test opened may be told something meanwhile.
        others = [each for each in comms if each["msg_type"] != "comm_open"]
        assert not any(each["content"]["comm_id"] in opened for each in others)
        (self.live,) = (comm for comm, state in opened.items() if state.get("graph"))
        self.state = opened[self.live]
        (widget,) = (state for state in opened.values() if "rpc" in state)
        assert widget["live"] == f"IPY_MODEL_{self.live}"
        self.rpc = widget["rpc"].removeprefix("IPY_MODEL_")

    def of_live(self, comms):
        return [each for each in comms if each["content"]["comm_id"] == self.live]

    def take(self, comms):
        """Take what a cell or an answer sent; return which traits came, message by message."""
        updates = [states(each) for each in self.of_live(comms)]
        for update in updates:
            self.state |= update
        return [set(update) for update in updates]

    def watch(self, looking):
        params = {"page": "a", "looking": looking}
        request = {"kind": "request", "id": 1, "method": "watch", "params": params}
        return self.notebook.tell(self.rpc, {"method": "custom", "content": request})

    @property
    def names(self):
        return [node["name"] for node in read(self.state["graph"], self.state["news"])["nodes"]]


def states(message):
    """The traits that a message sets, with the buffers at their places."""
    data = message["content"]["data"]
    return data["state"] | {
        path[0]: bytes(buffer)
        for path, buffer in zip(data["buffer_paths"], message["buffers"], strict=True)
    }


def size(message):
    content = len(json.dumps(message["content"]))
    return content + sum(memoryview(each).nbytes for each in message["buffers"])


def test_one_run_more_is_a_small_part_of_the_graph(notebook, opened, record_property):
    assert len(opened.names) >= NODES
    ran = notebook.run_all(MORE.format("one more"))
    (traits,) = opened.take(ran.comms)
    assert traits == {"news", "changed"}
    assert opened.names[-1] == "one more"
    (message,) = opened.of_live(ran.comms)
    sent, whole = size(message), len(opened.state["graph"])
    record_property("message_share", sent / whole)
    print(f"one run more than {NODES} nodes: {sent:,} of {whole:,} bytes, {sent / whole:.1%}")
    assert sent < whole / 10


def test_a_page_that_comes_back_is_sent_what_it_missed(notebook, opened):
    opened.watch(True)
    opened.watch(False)
    assert opened.take(notebook.run_all(MORE.format("unseen")).comms) == []
    assert opened.take(opened.watch(True)) == [{"news", "changed"}]
    assert opened.names[-1] == "unseen"


def test_a_page_that_is_opened_again_is_given_all_that_there_is(notebook, opened):
    notebook.run_all(MORE.format("before"))
    # As JupyterLab asks for the models of a kernel that it finds running.
    notebook.tell("x", {}, "comm_open", target_name="jupyter.widget.control")
    told = notebook.tell("x", {"method": "request_states"})
    # What the graph is told of the run may come meanwhile.
    (answer,) = (each for each in told if each["content"]["comm_id"] == "x")
    data = answer["content"]["data"]
    found = dict(data["states"][opened.live]["state"])
    for (model, _, trait), buffer in zip(data["buffer_paths"], answer["buffers"], strict=True):
        if model == opened.live:
            found[trait] = bytes(buffer)
    opened.state = found
    assert opened.names[-1] == "before"


def test_a_notebook_that_was_run_as_a_program_keeps_all_that_there_is(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTNB_DIR", str(tmp_path))
    cells = ["import artnb", RECORD, 'artnb.graph("many")', MORE.format("last")]
    saved = execute(tmp_path, *cells, timeout=2 * TIMEOUT)
    models = saved.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    (widget,) = (each for each in models.values() if "view_id" in each["state"])
    live = models[widget["state"]["live"].removeprefix("IPY_MODEL_")]
    found = {each["path"][0]: base64.b64decode(each["data"]) for each in live["buffers"]}
    assert read(found["graph"], found["news"])["nodes"][-1]["name"] == "last"
