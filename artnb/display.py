"""What the magics show: small objects with an HTML and a text form.

Everything that a person or a program named is escaped; colours are the page's own,
so that light and dark both work.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Protocol

from artnb.listing import aligned
from artnb.sizes import size_text

__all__ = ["Failure", "Line", "Lines", "Message", "Shown", "Table", "ago", "size_text"]

_CELL = "text-align:left;padding:2px 10px 2px 0;vertical-align:top;border:0"
_DIM = "opacity:0.7"
_ALERT = (
    "border-left:4px solid var(--jp-error-color1,var(--vscode-errorForeground,#d32f2f));"
    "padding-left:8px"
)


class Shown(Protocol):
    """What can be shown: as text by its repr, and as HTML."""

    def _repr_html_(self) -> str: ...


@dataclass(frozen=True)
class Line:
    """The one line below an artifact cell.

    Attributes
    ----------
    title : str
        Such as ``mnist-raw:v0``.
    facts : sequence of str
    """

    title: str
    facts: Sequence[str] = ()

    def __repr__(self) -> str:
        return " · ".join([self.title, *self.facts])

    def _repr_html_(self) -> str:
        rest = "".join(f' <span style="{_DIM}">· {escape(fact)}</span>' for fact in self.facts)
        return f'<div class="artnb-line"><strong>{escape(self.title)}</strong>{rest}</div>'


@dataclass(frozen=True, repr=False)
class Failure(Line):
    """The line below a cell of which something was lost, unless the person does something."""

    def _repr_html_(self) -> str:
        said = escape(" · ".join(self.facts))
        return (
            f'<div class="artnb-line" role="alert" style="{_ALERT}">'
            f"<strong>{escape(self.title)}</strong> {said}</div>"
        )


@dataclass(frozen=True)
class Message:
    """Plain text that keeps its line breaks, such as a help."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<pre class="artnb-message">{escape(self.text)}</pre>'


@dataclass(frozen=True)
class Lines:
    """A unified difference under a title; what came and went differs by its sign, not by colour."""

    title: str
    lines: Sequence[str]

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"  {line}" for line in self.lines)])

    def _repr_html_(self) -> str:
        body = "\n".join(map(self._line, self.lines))
        title = f"<strong>{escape(self.title)}</strong>" if self.title else ""
        return f'<div class="artnb-lines">{title}<pre style="margin:2px 0 8px">{body}</pre></div>'

    @staticmethod
    def _line(line: str) -> str:
        style = {"+": "font-weight:600", "-": "opacity:0.8", "@": "opacity:0.5"}.get(line[:1])
        return f'<span style="{style}">{escape(line)}</span>' if style else escape(line)


@dataclass(frozen=True)
class Table:
    """Rows under a title.

    Attributes
    ----------
    title : str
    columns : sequence of str
        Empty for a list of facts: two columns without a head.
    rows : sequence of sequence of str
    parts : sequence of Shown
        Tables and lines below.
    empty, foot : str
        What is said where there is no row, and below the rows.
    """

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    parts: Sequence[Shown] = field(default=())
    empty: str = ""
    foot: str = ""

    def __repr__(self) -> str:
        grid = [self.columns, *self.rows] if self.columns else self.rows
        lines = [self.title] if self.title else []
        lines += [f"  {line}" for line in aligned(grid)] if self.rows else []
        if said := self.foot if self.rows else self.empty:
            lines.append("  " + said)
        return "\n".join([*lines, *map(repr, self.parts)])

    def _repr_html_(self) -> str:
        title = f"<strong>{escape(self.title)}</strong>" if self.title else ""
        head = "".join(
            f'<th style="{_CELL};{_DIM}" scope="col">{escape(text)}</th>' for text in self.columns
        )
        body = "".join(
            "<tr>" + "".join(f'<td style="{_CELL}">{escape(text)}</td>' for text in row) + "</tr>"
            for row in self.rows
        )
        head = f"<thead><tr>{head}</tr></thead>" if head else ""
        table = f"<table>{head}<tbody>{body}</tbody></table>" if self.rows else ""
        if said := self.foot if self.rows else self.empty:
            table += f'<p style="{_DIM}">{escape(said)}</p>'
        parts = "".join(part._repr_html_() for part in self.parts)
        return f'<div class="artnb-table">{title}{table}{parts}</div>'


def ago(moment: float | None) -> str:
    """Return how long ago a moment was, in one unit."""
    if moment is None:
        return ""
    seconds = max(0.0, time.time() - moment)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"
