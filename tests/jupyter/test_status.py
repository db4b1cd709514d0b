"""``%artnb status``: what is not as it was kept; the rest is counted."""

from __future__ import annotations

import pytest

from artnb.catalog import records, relations, runs
from artnb.catalog.records import run_from

MANY = "%%artifact many\nfor n in range(150):\n    globals()[f'v{n}'] = [n]\ndel n"


def shown(shell, line="status"):
    return repr(shell.run_all(f"%artnb {line}").result)


def part(text, title):
    """Return the lines of a part, without what stands before them."""
    lines = text.partition(f"\n{title}\n")[2].splitlines()
    ends = (at for at, line in enumerate(lines) if not line.startswith(" "))
    return [line.strip() for line in lines[: next(ends, None)]]


def variables(shell, line="status"):
    return part(shown(shell, line), "variables")


def test_where_things_are_kept(shell):
    text = shown(shell)
    assert str(shell.repository.root) in text
    assert part(text, "variables") == ["No variable is in a version yet."]
    assert part(text, "out of date") == ["No artifact is out of date."]


def test_what_is_as_it_was_saved_is_counted(shell):
    shell.run_all("%%artifact one\na = [1]")
    assert variables(shell) == ["1 is as a version holds it: %artnb status --all names them."]
    shell.run_all(MANY)
    assert variables(shell) == ["151 are as a version holds them: %artnb status --all names them."]
    names = variables(shell, "status --all")
    assert len(names) == 152
    assert "v149  many:v0   the same" in names


def test_what_is_not_is_named(shell):
    shell.run_all(MANY, "v7.append(0)\ndel v9\nv8 = 'other'")
    assert variables(shell) == [
        "name  saved in  now",
        "v7    many:v0   changed since",
        "v8    many:v0   changed since",
        "v9    many:v0   deleted",
        "147 are as a version holds them: %artnb status --all names them. "
        "%artnb restore REF --force brings back what a version holds.",
    ]


def test_long_lists_are_shortened(shell):
    shell.run_all(MANY, "for n in range(50):\n    globals()[f'v{n}'].append(0)\ndel n")
    lines = variables(shell)
    assert len(lines) == 22
    assert lines[-1].startswith("30 more are not, 100 are as a version holds them: ")
    assert len(variables(shell, "status --all")) == 152
    stale = part(shown(shell), "out of date")
    assert stale[1:] == [
        "many:v0   v0 was changed after it was saved",
        "v1 was changed after it was saved",
        "v10 was changed after it was saved",
        "and 47 reasons more",
        "%artnb why NAME says more.",
    ]


@pytest.mark.parametrize(("line", "lines"), [("status", 22), ("status --all", 27)])
def test_many_artifacts_that_are_out_of_date_are_shortened(shell, line, lines):
    shell.run_all("def rate():\n    return 1")
    shell.run_all(*(f"%%artifact a{n}\nx{n} = rate() + {n}" for n in range(25)))
    shell.run_all("def rate():\n    return 2")
    found = part(shown(shell, line), "out of date")
    assert len(found) == lines
    assert found[1] == "a0:v0     function rate changed"
    assert ("5 more: %artnb status --all names them." in found[-1]) is (line == "status")


def test_a_status_reads_no_run_that_it_says_nothing_of(shell, monkeypatch):
    """A project may have many thousands, each with all that it showed."""
    for number in range(3):
        shell.run_all(f"k = {number}", "%%artifact one\na = [k]", "%%artifact two\nb = [1]")
    read = []
    monkeypatch.setattr(records, "run_from", lambda row: read.append(row["id"]) or run_from(row))
    for module in (runs, relations):
        monkeypatch.setattr(module, "run_from", records.run_from)
    assert "runs         6" in shown(shell)
    assert len(read) == len(set(read)) <= 3
