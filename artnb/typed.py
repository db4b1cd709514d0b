"""Passwords and tokens that a person typed into code or a command, found by the names before them.

A literal after such a name (``password="..."``, ``{"api_key": "..."}``,
``os.environ["TOKEN"] = "..."``), the value of such a flag (``--password=...``), an
assignment of a shell's line (``!PGPASSWORD=... psql``, ``%env TOKEN=...``), and what
follows ``Bearer``. What is computed, and a place for a value (``$NAME``, ``{name}``,
``<name>``), is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["without_typed"]

IsSecret = Callable[[str, str], bool]

_IN_NAMES = ("passw", "passphrase", "pwd", "secret", "credential", "key", "connection", "token",
             "sig", "auth", "bearer", "jwt", "sas")  # fmt: skip
"""One of these stands in every name of a secret: most lines have none, and are done."""

_NAME = r"(?<![\w.-])([A-Za-z_][\w.-]*)"
_VALUE = r"([^\s\"'$<{%*-][^\s\"';&|]{0,400})"
_LITERAL = r"\s*[rbuRBU]{0,2}(\"{3}|'{3}|[\"'])(?![$<{%*])((?:\\.|(?!\2)[^\\])+)\2"
_QUOTED = re.compile(rf"{_NAME}[\"']?\]?\s*(?::[\w\s.,|\[\]]{{1,40}}=|[=!]=|=|:){_LITERAL}")
_SET = re.compile(rf"(?:setenv|putenv|setdefault)\(\s*[\"'](\w+)[\"']\s*,{_LITERAL}")
_FLAG = re.compile(rf"(?<![\w-])--?([A-Za-z][\w-]*)(?:=|[ \t]+|[\"']\s*,\s*[\"'])[\"']?{_VALUE}")
_BEARER = re.compile(r"(?i)\b(bearer|basic)[ \t]+([\w.~+/-]{8,}=*)")
_OF_SHELL = re.compile(r"(?:^[ \t]*(?:[\w, ]+=[ \t]*)?[!%]|\bexport[ \t]).*")
_ASSIGNED = re.compile(rf"{_NAME}={_VALUE}")
_ENV = re.compile(rf"(?<=env )[ \t]*(\w+)[ \t]+{_VALUE}")


def without_typed(text: str, is_secret: IsSecret, instead: str) -> str:
    """Return a text with something in place of each secret that was typed into it.

    Parameters
    ----------
    is_secret : callable
        Says of a name and a value whether it is one.
    """
    low = text.lower()
    if not any(map(low.__contains__, _IN_NAMES)):
        return text
    return "\n".join(
        _line_without(line, is_secret, instead) if any(map(at.__contains__, _IN_NAMES)) else line
        for line, at in zip(text.split("\n"), low.split("\n"), strict=True)
    )


def _line_without(line: str, is_secret: IsSecret, instead: str) -> str:
    def without(text: str, *patterns: re.Pattern[str]) -> str:
        for pattern in patterns:
            at = 0
            while found := pattern.search(text, at):
                at = found.end(1)
                value = pattern.groups
                if is_secret(found[1], found[value]):
                    text = text[: found.start(value)] + instead + text[found.end(value) :]
                    at = found.start(value) + len(instead)
        return text

    if '"' in line or "'" in line:
        line = without(line, _QUOTED, _SET)
    if "-" in line:
        line = without(line, _FLAG)
    line = without(line, _BEARER)
    if shell := _OF_SHELL.search(line):
        line = line[: shell.start()] + without(shell[0], _ASSIGNED, _ENV)
    return line
