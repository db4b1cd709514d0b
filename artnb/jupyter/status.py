"""``%artnb status``: what is not as it was kept. What is has a number, and names on request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artnb.capture import fingerprint
from artnb.display import Table, size_text
from artnb.jupyter.saving import save_table
from artnb.jupyter.session import Session
from artnb.jupyter.staleness import Checker
from artnb.model import VersionRecord
from artnb.stale import Reason

__all__ = ["status"]

_MOST = 20
_MOST_REASONS = 3
_SAME = ("the same", "the same object")
_ALL = "%artnb status --all names them"


def status(session: Session, namespace: Mapping[str, Any], *, everything: bool = False) -> Table:
    """Return where things are kept, and what of the notebook is not as some version holds it.

    Parameters
    ----------
    everything : bool
        Name the variables, too, that are; and shorten no list.
    """
    repository = session.repository
    facts = [
        ("repository", str(repository.root)),
        ("project", session.project),
        ("automatic", "on" if session.automatic else "off"),
        ("artifacts", str(len(repository.collections(session.project)))),
        ("runs", str(repository.count_runs(session.project))),
        ("background", repository.settings.background),
        ("hash budget", size_text(repository.settings.hash_budget_bytes)),
        *(("not hashed", f"{name}: {why}") for name, why in session.over_budget.items()),
    ]
    saves = save_table(session.saver)
    stale = _stale(Checker(session, namespace).outdated(), everything)
    variables = _variables(session, namespace, everything)
    parts = (*([saves] if saves.rows else []), stale, variables)
    return Table("artnb", rows=facts, parts=parts)


def _stale(found: list[tuple[VersionRecord, list[Reason]]], everything: bool) -> Table:
    shown = found if everything else found[:_MOST]
    rows: list[tuple[str, str]] = []
    for version, reasons in shown:
        said = list(map(str, reasons))
        if not everything and len(said) > _MOST_REASONS + 1:
            said[_MOST_REASONS:] = [f"and {len(said) - _MOST_REASONS} reasons more"]
        rows += zip((version.ref, *[""] * len(said)), said, strict=False)
    more = f"{len(found) - len(shown)} more: {_ALL}. " if len(found) > len(shown) else ""
    return Table(
        "out of date",
        ("artifact", "why"),
        rows,
        empty="No artifact is out of date.",
        foot=f"{more}%artnb why NAME says more.",
    )


def _variables(session: Session, namespace: Mapping[str, Any], everything: bool) -> Table:
    states = [
        (name, held.version.ref, _state(session, namespace, name))
        for name, held in session.held.items()
    ]
    other = [each for each in states if each[2] not in _SAME]
    shown = states if everything else other[:_MOST]
    said = []
    if len(other) > len(shown):
        said.append(f"{len(other) - len(shown)} more are not")
    if not everything and (same := len(states) - len(other)):
        said.append(f"{same} {'is' if same == 1 else 'are'} as a version holds {_them(same)}")
    foot = f"{', '.join(said)}: {_ALL}." if said else ""
    if other:
        foot = f"{foot} %artnb restore REF --force brings back what a version holds.".lstrip()
    empty = foot if states else "No variable is in a version yet."
    return Table("variables", ("name", "saved in", "now"), shown, empty=empty, foot=foot)


def _them(number: int) -> str:
    return "it" if number == 1 else "them"


def _state(session: Session, namespace: Mapping[str, Any], name: str) -> str:
    held = session.held[name]
    if name not in namespace:
        return "deleted"
    value = namespace[name]
    if held.fingerprint is None:
        return "the same object" if held.object.is_same(value) else "another object"
    return "the same" if fingerprint(value) == held.fingerprint else "changed since"
