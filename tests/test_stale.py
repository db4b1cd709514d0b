"""Which versions are out of date, from versions and their inputs alone."""

from __future__ import annotations

import pytest

from artnb.model import VersionRecord
from artnb.stale import Reason, outdated


def version(name, number=0):
    return VersionRecord(
        id=hash((name, number)), project="p", name=name, type="t", number=number, digest="",
        size=0, entries=0, description=None, metadata={}, aliases=(), tags=(), state="live",
        created_at=0.0,
    )  # fmt: skip


def find(current, used, known=None):
    """`used` is {"name": ["input:number", ...]}; return the reasons as text, by name."""
    versions = {name: version(name, number) for name, number in current.items()}

    def inputs(made):
        pairs = [each.split(":") for each in used.get(made.name, ())]
        return [version(name, int(number)) for name, number in pairs]

    found = outdated(
        list(versions.values()),
        inputs,
        lambda each: versions[each.name],
        {versions[name].id: reasons for name, reasons in (known or {}).items()},
    )
    return {
        name: [str(reason) for reason in found[each.id]]
        for name, each in versions.items()
        if each.id in found
    }


def test_nothing_is_out_of_date():
    assert find({"a": 0, "b": 0}, {"b": ["a:0"]}) == {}


def test_a_newer_input():
    assert find({"a": 1, "b": 0}, {"b": ["a:0"]}) == {"b": ["a:v0 was used, a:v1 is current"]}


def test_an_older_input_that_is_current_again():
    assert find({"a": 0, "b": 0}, {"b": ["a:1"]}) == {"b": ["a:v1 was used, a:v0 is current"]}


@pytest.mark.parametrize("order", ["abcd", "dcba"])
def test_it_spreads_along_the_lineage(order):
    current = {name: {"a": 1}.get(name, 0) for name in order}
    found = find(current, {"b": ["a:0"], "c": ["b:0"], "d": ["c:0", "b:0"]})
    assert found["c"] == ["b:v0 is out of date"]
    assert sorted(found["d"]) == ["b:v0 is out of date", "c:v0 is out of date"]


def test_known_reasons_spread_too():
    found = find({"a": 0, "b": 0}, {"b": ["a:0"]}, {"a": [Reason("file", "x.csv", "", "changed")]})
    assert found == {"a": ["file x.csv changed"], "b": ["a:v0 is out of date"]}


def test_going_on_from_its_own_last_version_is_not_out_of_date():
    assert find({"a": 1}, {"a": ["a:0"]}) == {}


def test_a_loop_ends():
    found = find({"a": 0, "b": 0}, {"a": ["b:0"], "b": ["a:0"]}, {"a": [Reason("cell", "")]})
    assert set(found) == {"a", "b"}


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("setting", "lr", "0.1", "0.2"), "setting lr: 0.1 → 0.2"),
        (Reason("function", "f", "", "changed"), "function f changed"),
        (Reason("saved", "x"), "x was changed after it was saved"),
        (Reason("cell", ""), "the cell was edited"),
    ],
)
def test_reasons_are_sentences(reason, text):
    assert str(reason) == text
