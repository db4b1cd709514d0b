"""What the page asks of Python and what it is answered: aliases."""

from __future__ import annotations

from typing import Any

import pytest

import artnb
from artnb.repository import Repository
from artnb.widgets.widget import GraphRpc


@pytest.fixture
def ask(project, monkeypatch):
    """Ask as the page does; return the one answer."""
    rpc = GraphRpc(Repository(), project, lambda page, looking: None, bytes)
    sent: list[Any] = []
    monkeypatch.setattr(rpc, "send", lambda content, buffers=None: sent.append(content))

    def call(method: str, **params: Any) -> Any:
        sent.clear()
        message = {"kind": "request", "id": 7, "method": method, "params": params}
        rpc.answer(rpc, message, [])
        (answer,) = sent
        assert answer["id"] == 7
        return answer

    yield call
    rpc._repository.close()
    rpc.close()


def node(ref: str) -> str:
    versions = artnb.graph("lab").lineage.versions
    return next(node for node, version in versions.items() if version.ref == ref)


def aliases(ref: str) -> set[str]:
    return set(artnb.Api().artifact(f"lab/{ref}").aliases)


def test_an_alias_is_added_moved_and_taken(ask):
    answer = ask("aliases", node=node("net:v0"), add=["prod", "best"], remove=[])
    assert answer["kind"] == "reply"
    assert set(answer["result"]["aliases"]) == aliases("net:v0") == {"prod", "best"}
    assert aliases("net:v1") == {"latest"}
    ask("aliases", node=node("net:v0"), remove=["prod"])
    assert aliases("net:v0") == {"best"}


@pytest.mark.parametrize("alias", ["a/b", "v0", ""])
def test_an_alias_that_cannot_be_is_refused_and_changes_nothing(ask, alias):
    answer = ask("aliases", node=node("net:v0"), add=[alias])
    assert answer["kind"] == "error"
    assert answer["message"]
    assert aliases("net:v0") == set()


@pytest.mark.parametrize("wrong", ["r:abc", "v:99999", "t:model", "", None])
def test_what_is_no_version_has_no_aliases(ask, wrong):
    assert ask("aliases", node=wrong, add=["x"])["kind"] == "error"
