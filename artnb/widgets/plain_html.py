"""What a cell showed as HTML, as text: the panel shows no markup that others wrote."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import zip_longest

from artnb.listing import aligned

__all__ = ["text_of_html"]

_SILENT = frozenset(("style", "script", "head", "template"))
_BREAKS = frozenset(
    ("p", "div", "br", "li", "pre", "section", "details", "summary", "h1", "h2", "h3", "h4")
)


def text_of_html(html: str) -> str:
    """Return the text of HTML, the cells of its tables in columns."""
    reader = _Reader()
    # Python's parser up to 3.13 fails at a marked section such as `<![if IE]>`.
    reader.feed(html.replace("<![", "&lt;!["))
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._words: list[str] = []
        self._rows: list[list[str]] | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._end_line()
            self._rows = []
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in _BREAKS and self._rows is None:
            self._end_line()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append(self._said())
        elif tag == "table" and self._rows is not None:
            self._end_table()
        elif tag in _BREAKS and self._rows is None:
            self._end_line()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)

    def text(self) -> str:
        self._end_table()
        self._end_line()
        return "\n".join(self._lines)

    def _said(self) -> str:
        said = re.sub(r"\s+", " ", "".join(self._words)).strip()
        self._words.clear()
        return said

    def _end_line(self) -> None:
        if said := self._said():
            self._lines.append(said)

    def _end_table(self) -> None:
        if self._rows is None:
            return
        if self._rows and (said := self._said()):
            self._rows[-1].append(said)  # of a cell that was not closed
        rows = [row for row in self._rows if row]
        self._rows = None
        if rows:
            even = list(zip(*zip_longest(*rows, fillvalue=""), strict=True))
            self._lines += aligned(even)
