"""What a run says when it is finished: how it went, what it made, where to look at it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from numbers import Number
from typing import Any

from artnb.link import run_address
from artnb.model import RunRecord
from artnb.repository import Repository

__all__ = ["OWN_MARK", "Finished", "show_finished"]

OWN_MARK = 'class="artnb-run"'
"""What the HTML of our own line has: a cell's record leaves it out."""

_MOST_NUMBERS = 3
_MOST_VERSIONS = 3
_COMMAND = "artnb ui"


@dataclass(frozen=True)
class Finished:
    """One line as text, or as HTML.

    Attributes
    ----------
    name, state : str
    facts : tuple of str
        How long it took, its last numbers, the versions that it logged.
    address : str or None
        Of its page.
    """

    name: str
    state: str
    facts: tuple[str, ...]
    address: str | None

    def __repr__(self) -> str:
        said = " · ".join([f"run {self.name} {self.state}", *self.facts])
        return f"{said} · {self.address or f'see it with `{_COMMAND}`'}"

    def _repr_html_(self) -> str:
        name = f"<strong>{escape(self.name)}</strong>"
        if self.address:
            link = escape(self.address, quote=True)
            name = f'<a href="{link}" target="_blank" rel="noopener">{name}</a>'
        rest = "".join(
            f' <span style="opacity:0.75">· {fact}</span>' for fact in map(escape, self.facts)
        )
        if not self.address:
            rest += f' <span style="opacity:0.75">· see it with <code>{_COMMAND}</code></span>'
        return f"<div {OWN_MARK}>Run {name} {escape(self.state)}{rest}</div>"


def show_finished(run: RunRecord, repository: Repository, shell: Any) -> None:
    """Say in a notebook, or to a person at a terminal, that a run is finished.

    A script whose output goes elsewhere, and ``quiet``, are left alone.

    Parameters
    ----------
    shell : InteractiveShell or None
    """
    in_notebook = shell is not None and hasattr(shell, "kernel")
    at_terminal = sys.stderr is not None and sys.stderr.isatty()
    if repository.settings.quiet or not (in_notebook or at_terminal):
        return
    said = Finished(
        run.name,
        run.state,
        _facts(run, repository),
        run_address(repository.root, run.project, run.id),
    )
    if in_notebook:
        shell.display_pub.publish({"text/plain": repr(said), "text/html": said._repr_html_()})
    else:
        print(f"artnb: {said!r}", file=sys.stderr)  # noqa: T201 - said to a person


def _facts(run: RunRecord, repository: Repository) -> tuple[str, ...]:
    took = [_seconds(run.finished_at - run.created_at)] if run.finished_at else []
    versions = [version.ref for version in repository.logged(run.id)]
    made = [f"logged {', '.join(versions[:_MOST_VERSIONS])}"] if versions else []
    if len(versions) > _MOST_VERSIONS:
        made = [f"{made[0]} and {len(versions) - _MOST_VERSIONS} more"]
    alerts = len(run.outputs.get("alerts", ()))
    said = [f"{alerts} alert{'s' if alerts > 1 else ''}"] if alerts else []
    return (*took, *_numbers(run.summary), *made, *said)


def _numbers(summary: Mapping[str, Any]) -> list[str]:
    plain = [
        f"{key} {value:.4g}"
        for key, value in summary.items()
        if isinstance(value, Number) and not isinstance(value, (bool, complex))
    ]
    return [", ".join(plain[:_MOST_NUMBERS])] if plain else []


def _seconds(took: float) -> str:
    if took < 60:
        return f"{took:.1f} s"
    minutes, seconds = divmod(round(took), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
