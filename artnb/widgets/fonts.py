"""Fonts of the system for pictures: for each letter the first that has it.

Pillow draws the empty box of the font that it is given where that lacks a letter, and looks
for no other. A browser or a viewer of SVG does; here it is done for PNG.
"""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

__all__ = ["Fonts"]

_FIRST = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "Helvetica.ttc")
_OTHERS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansKR-Regular.otf",
    "NanumGothic.ttf",
    "AppleSDGothicNeo.ttc",
    "PingFang.ttc",
    "malgun.ttf",
    "msyh.ttc",
    "meiryo.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "Arial Unicode.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "FreeSans.ttf",
    "seguisym.ttf",
    "Symbola.ttf",
    "unifont.ttf",
)
_NO_LETTER = "\U0010ffff"
"""What no font has: it shows how each draws a letter that it lacks."""


class Fonts:
    """The fonts of one picture.

    Attributes
    ----------
    missing : set of str
        Letters met so far that no font of the system has.
    """

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self._names: dict[str, str | None] = {}

    def first(self, size: float) -> Any:
        """Return the font that most text is in, at a size in pixels."""
        return next((font for name in _FIRST if (font := _open(name, size))), None) or _own(size)

    def runs(self, text: str, size: float) -> Iterator[tuple[str, Any]]:
        """Yield the text in parts, each with a font that has its letters, if there is one."""
        first = self.first(size)
        part, font = "", first
        for letter in text:
            # What only changes the letter before it, or is no more than a gap, goes with that.
            other = font if _is_mark(letter) else self._for(letter, size) or first
            if part and other is not font:
                yield part, font
                part = ""
            part, font = part + letter, other
        if part:
            yield part, font

    def _for(self, letter: str, size: float) -> Any:
        first = self.first(size)
        if _has(first, letter):
            return first
        if letter not in self._names:
            self._names[letter] = _name_with(letter, size)
        name = self._names[letter]
        if name is None:
            self.missing.add(letter)
            return None
        return _open(name, size)


def _name_with(letter: str, size: float) -> str | None:
    for name in (*_FIRST, *_OTHERS, *_listed(letter)):
        font = _open(name, size)
        if font is not None and _has(font, letter):
            return name
    return None


def _listed(letter: str) -> list[str]:
    """Return files of fonts that fontconfig, where there is one, knows to have a letter."""
    command = shutil.which("fc-list")
    if command is None:
        return []
    asked = [command, f":charset={ord(letter):x}", "--format=%{file}\n"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return sorted(said.stdout.split("\n"))


@lru_cache(maxsize=256)
def _open(name: str, size: float) -> Any:
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name, size) if name else None
    except OSError:
        return None  # not installed, or pictures of one size


@lru_cache(maxsize=16)
def _own(size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _has(font: Any, letter: str) -> bool:
    return bool(_drawn(font, letter) != _drawn(font, _NO_LETTER))


def _drawn(font: Any, letter: str) -> tuple[Any, bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Me", "Cf", "Zs", "Cc")
