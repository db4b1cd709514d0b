"""The displays: text and HTML of the same facts, everything escaped."""

from __future__ import annotations

import time

import pytest

from artnb.display import Line, Message, Table, ago, size_text

HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.mark.parametrize(
    "shown",
    [
        Line(HOSTILE, [HOSTILE]),
        Message(HOSTILE),
        Table(HOSTILE, (HOSTILE,), [(HOSTILE,)], (Table(HOSTILE, empty=HOSTILE),)),
    ],
)
def test_html_is_escaped_and_text_is_not(shown):
    assert "<script" not in shown._repr_html_()
    assert "&lt;script&gt;" in shown._repr_html_()
    assert HOSTILE in repr(shown)


def test_a_table_is_aligned():
    table = Table("t", ("name", "n"), [("a", "1"), ("long", "22")])
    assert repr(table) == "t\n  name  n\n  a     1\n  long  22"


def test_an_empty_table_says_so():
    assert repr(Table("t", ("name",), empty="none yet")) == "t\n  none yet"
    assert "<table" not in Table("t", ("name",), empty="none yet")._repr_html_()


def test_no_colour_is_fixed():
    assert "color" not in Table("t", ("a",), [("b",)])._repr_html_()


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5e12, "5.0 TB")]
)
def test_sizes(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "just now"), (90, "1 min ago"), (7300, "2 h ago"), (2e5, "2 d ago")]
)
def test_ages(seconds, text):
    assert ago(time.time() - seconds) == text
    assert ago(None) == ""
