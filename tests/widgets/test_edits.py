"""What the page changes: tags, a description, notes; each answered with the node as it is since."""

from __future__ import annotations

import pytest

import artnb
from artnb.repository import Repository
from artnb.widgets.widget import GraphRpc


@pytest.fixture
def ask(project, monkeypatch):
    """Ask as the page does; return the one answer."""
    rpc = GraphRpc(Repository(), project, lambda page, looking: None, bytes)
    sent = []
    monkeypatch.setattr(rpc, "send", lambda content, buffers=None: sent.append(content))

    def call(method, **params):
        sent.clear()
        rpc.answer(rpc, {"kind": "request", "id": 7, "method": method, "params": params}, [])
        (answer,) = sent
        return answer

    yield call
    rpc._repository.close()
    rpc.close()


def version():
    return artnb.Api().artifact("lab/net:v0")


def run():
    return next(run for run in artnb.Api().runs("lab") if run.name == "trainer")


def nodes():
    return f"v:{version()._version.id}", f"r:{run().id}"


def test_tags_are_added_and_taken_in_their_order(ask):
    for node in nodes():
        assert ask("tags", node=node, add=["b", "a", "b"])["result"]["tags"] == ["b", "a"]
        assert ask("tags", node=node, add=["c"], remove=["b"])["result"]["tags"] == ["a", "c"]
    assert version().tags == list(run().tags) == ["a", "c"]


@pytest.mark.parametrize("tag", ["", "x" * 65])
def test_a_tag_that_cannot_be_changes_nothing(ask, tag):
    for node in nodes():
        answer = ask("tags", node=node, add=["fine", tag])
        assert (answer["kind"], "1 to 64 characters" in answer["message"]) == ("error", True)
    assert version().tags == list(run().tags) == []


def test_a_description_and_notes_are_written_and_emptied(ask):
    v, r = nodes()
    assert ask("text", node=v, text="**new**")["result"]["description"] == "**new**"
    assert ask("text", node=r, text="seen")["result"]["notes"] == "seen"
    assert (version().description, version().metadata) == ("**new**", {"number": "0"})
    ask("text", node=v, text="")
    ask("text", node=r, text="")
    assert (version().description, run().notes) == ("", "")


@pytest.mark.parametrize("text", [None, 3, "x" * 100_001])
def test_what_is_no_description_is_refused_and_keeps_the_old(ask, text):
    for node in nodes():
        ask("text", node=node, text="old")
        assert "100,000 characters" in ask("text", node=node, text=text)["message"]
    assert (version().description, run().notes) == ("old", "old")


def test_what_is_logged_meanwhile_keeps_what_was_written(ask):
    with artnb.init(project="lab", job_type="train", name="open", tags=["first"]) as open_run:
        ask("tags", node=f"r:{open_run.id}", add=["second"])
        ask("text", node=f"r:{open_run.id}", text="while it ran")
        open_run.log({"loss": 1})
    found = next(run for run in artnb.Api().runs("lab") if run.name == "open")
    assert (tuple(found.tags), found.notes) == (("first", "second"), "while it ran")


@pytest.mark.parametrize("node", ["t:model", "", None, "r:nobody", "v:99999"])
@pytest.mark.parametrize("method", ["tags", "text"])
def test_what_is_no_node_is_an_error(ask, method, node):
    assert ask(method, node=node, text="x", add=["x"])["kind"] == "error"


def test_a_repository_that_may_not_be_written_says_so(ask, monkeypatch):
    monkeypatch.setattr(Repository, "read_only", property(lambda _: True))
    v, r = nodes()
    for node, method in ((v, "aliases"), (v, "tags"), (r, "tags"), (v, "text"), (r, "text")):
        assert "may not be written" in ask(method, node=node, add=["x"], text="x")["message"]
