"""A run as a notebook shows it: what it was told, what it came to, what it took and made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import islice
from typing import Any

from artnb.link import run_address
from artnb.model import RunRecord
from artnb.repository import Repository
from artnb.shell import running_shell
from artnb.texts import LANGUAGES, say

__all__ = ["run_html", "show_html"]

_MOST = 50
"""Values of a table; the others are counted."""
_LONGEST = 200


def run_html(
    run: RunRecord, repository: Repository, height: int = 420, *, hidden: bool = False
) -> str:
    """Return HTML that shows a run without a server.

    Parameters
    ----------
    height : int
        In pixels, at most.
    hidden : bool
        Whether it is folded away until one asks for it.
    """
    lang = repository.settings.lang or LANGUAGES[0]
    title = _title(run, run_address(repository.root, run.project, run.id), lang)
    inputs = [version.ref for version in repository.used(run.id)]
    outputs = [version.ref for version in repository.logged(run.id)]
    columns = [
        _part(say(lang, "Config"), _table(run.config), len(run.config), lang),
        _part(say(lang, "Summary"), _table(run.summary), len(run.summary), lang),
        _part(say(lang, "Inputs"), _list(inputs), len(inputs), lang),
        _part(say(lang, "Outputs"), _list(outputs), len(outputs), lang),
    ]
    body = (
        f'<div style="max-height:{int(height)}px;overflow:auto;display:flex;flex-wrap:wrap;'
        f'gap:0 2em;align-items:flex-start">{"".join(columns)}</div>'
    )
    if hidden:
        return f"<details><summary>{title}</summary>{body}</details>"
    return f"<div>{title}{body}</div>"


def show_html(html: str, text: str) -> bool:
    """Show HTML below the cell that runs; return whether there is one."""
    shell = running_shell()
    if shell is None:
        return False
    shell.display_pub.publish({"text/plain": text, "text/html": html})
    return True


def _title(run: RunRecord, address: str | None, lang: str) -> str:
    name = f"<strong>{escape(run.name)}</strong>"
    if address:
        name = f'<a href="{escape(address)}" target="_blank" rel="noopener">{name}</a>'
    facts = [run.project, run.job_type or "", say(lang, run.state), *run.tags]
    rest = " · ".join(escape(fact) for fact in facts if fact)
    return f'{say(lang, "Run")} {name} <span style="opacity:0.75">· {rest}</span>'


def _table(values: Mapping[str, Any]) -> str:
    cell = '<td style="text-align:left;overflow-wrap:anywhere;max-width:40em">'
    rows = (
        f"<tr>{cell}{_cut(key)}</td>{cell}{_cut(value)}</td></tr>"
        for key, value in islice(values.items(), _MOST)
    )
    return f'<table style="margin:0">{"".join(rows)}</table>'


def _list(names: Sequence[str]) -> str:
    items = "".join(f"<li>{_cut(name)}</li>" for name in names[:_MOST])
    return f'<ul style="margin:0;padding-left:1.2em">{items}</ul>'


def _part(heading: str, shown: str, count: int, lang: str) -> str:
    if not count:
        return ""
    more = say(lang, "and {0} more", f"{count - _MOST:,}") if count > _MOST else ""
    return f'<div><div style="opacity:0.75">{heading}</div>{shown}{more}</div>'


def _cut(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return escape(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
