"""Requests of the page: each is answered once, by a reply or by an error."""

from __future__ import annotations

import json

import pytest

from artnb.errors import CommError
from artnb.repository import Content
from artnb.widgets.look import Look
from artnb.widgets.rpc import METHODS, Answerer
from artnb.widgets.widget import GraphRpc, GraphWidget


def answer(handlers, message):
    """Return what is sent for a message."""
    sent = []
    Answerer(handlers).answer(message, lambda content, buffers: sent.append((content, buffers)))
    return sent


def request(method="ping", **rest):
    return {"kind": "request", "id": 7, "method": method, **rest}


def test_a_request_is_answered_under_its_number():
    sent = answer({"ping": lambda params: ({"got": params}, [b"x"])}, request(params={"a": 1}))
    assert sent == [({"kind": "reply", "id": 7, "result": {"got": {"a": 1}}}, [b"x"])]


def test_without_buffers_none_are_sent():
    ((_, buffers),) = answer({"ping": lambda _: (1, [])}, request())
    assert buffers is None


@pytest.mark.parametrize("params", [None, 3, "x", ["a"]])
def test_params_of_another_kind_are_none(params):
    sent = answer({"ping": lambda given: (given, [])}, request(params=params))
    assert sent[0][0]["result"] == {}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CommError("There is no node 'v:1'."), "There is no node 'v:1'."),
        (KeyError("x"), "KeyError: 'x'"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (RecursionError("too deep"), "RecursionError: too deep"),
    ],
)
def test_an_exception_is_an_error_reply(error, said):
    def failing(_):
        raise error

    assert answer({"ping": failing}, request()) == [
        ({"kind": "error", "id": 7, "message": said}, None)
    ]


@pytest.mark.parametrize("method", ["pnig", None, 3, "__class__"])
def test_an_unknown_method_is_an_error_that_names_the_known(method):
    ((content, _),) = answer({"ping": lambda _: (1, [])}, request(method))
    assert content["kind"] == "error"
    assert "describe" in content["message"]
    assert str(method) in content["message"]


@pytest.mark.parametrize("message", [None, 3, "request", [], {}, {"kind": "custom", "id": 1}])
def test_a_message_of_somebody_else_gets_no_answer(message):
    assert answer({"ping": lambda _: (1, [])}, message) == []


def test_a_reply_that_cannot_be_sent_is_an_error_reply():
    sent = []

    def send(content, _):
        sent.append(json.dumps(content, allow_nan=False))

    Answerer({"ping": lambda _: (float("nan"), [])}).answer(request(), send)
    (text,) = sent
    assert json.loads(text)["kind"] == "error"
    assert json.loads(text)["id"] == 7


@pytest.fixture
def ask(repository, run, monkeypatch):
    """Ask the widget's own model as the page does, and return (content, buffers)."""
    repository.commit("demo", "thing", "dataset", [Content("a", b"hello")], run_id=run.id)
    told = [b"the graph", b"its news"]
    model = GraphRpc(repository, "demo", lambda page, looking: None, lambda: told)
    sent = []
    monkeypatch.setattr(
        model, "send", lambda content, buffers=None: sent.append((content, buffers))
    )

    def asked(method, **params):
        sent.clear()
        model._handle_custom_msg(request(method, params=params), [])
        (found,) = sent
        assert found[0]["id"] == 7
        json.dumps(found[0], allow_nan=False)
        return found

    yield asked
    model.close()


def test_a_page_without_the_second_model_is_answered_over_the_first(repository, run, monkeypatch):
    widget = GraphWidget(repository, "demo", Look(), view_id="abc", height=300)
    sent = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    widget._handle_custom_msg(request("describe", params={"node": f"r:{run.id}"}), [])
    widget.close()
    assert [(each["kind"], each["id"]) for each in sent] == [("reply", 7)]
    assert sent[0]["result"]["name"] == "first"


def test_every_method_is_answered(ask):
    assert all(
        "did you mean" not in ask(method)[0].get("message", "")
        and "asked for" not in ask(method)[0].get("message", "")
        for method in METHODS
    )


def test_a_node_is_described(ask):
    content, _ = ask("describe", node="v:1")
    assert (content["kind"], content["result"]["ref"]) == ("reply", "thing:v0")


@pytest.mark.parametrize("params", [{"node": "v:99"}, {"node": "r:nobody"}, {"node": None}, {}])
def test_an_unknown_node_is_an_error_reply(ask, params):
    content, _ = ask("describe", **params)
    assert content["kind"] == "error"
    assert "no " in content["message"]


def test_a_blob_comes_as_a_buffer(ask, repository):
    digest = repository.put_blob(b"hello")
    content, buffers = ask("blob", digest=digest)
    assert (content["result"], buffers) == ({"size": 5}, [b"hello"])


@pytest.mark.parametrize("digest", ["0" * 64, "", None, "../../etc/passwd"])
def test_an_unknown_blob_is_an_error_reply(ask, digest):
    content, buffers = ask("blob", digest=digest)
    assert (content["kind"], buffers) == ("error", None)


def test_the_graph_and_its_news_come_as_bytes(ask):
    content, buffers = ask("graph")
    assert (content["kind"], buffers) == ("reply", [b"the graph", b"its news"])


def test_a_catalogue_that_fails_is_an_error_reply(ask, repository, monkeypatch):
    def broken(_):
        raise RuntimeError("gone")

    monkeypatch.setattr(repository, "version", broken)
    content, _ = ask("describe", node="v:1")
    assert (content["kind"], content["message"]) == ("error", "RuntimeError: gone")
