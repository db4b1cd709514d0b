"""Passwords and tokens that a person typed into code or a command, found by the names before them.

A literal after such a name (``password="..."``, ``{"api_key": "..."}``,
``os.environ["TOKEN"] = "..."``), the value of such a flag (``--password=...``), an
assignment of a shell's line (``!PGPASSWORD=... psql``, ``%env TOKEN=...``), what follows
``Bearer``, what known commands and calls take at a place of its own (``mysql -p...``,
``curl -u user:...``, ``auth=("user", "...")``), and what has the form of a known service's
token (``hf_...``, ``ghp_...``). What is computed, and a place for a value (``$NAME``, ``{name}``,
``<name>``), is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["is_token", "without_typed"]

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

_GAP = r"\b[^|;&\n]{0,300}?[\s\"']"
_NEXT = r"(?:[ \t]+|[\"']\s*,\s*[\"'])"
_WORD = r"(?:'([^'\n$<{]+)'|\"([^\"\n$<{]+)\"|([^\s\"'$<{%*;&|\\-][^\s\"';&|\\]{0,400}))"
_TEXT = r"[rbuRBU]{0,2}(?:\"[^\"\\\n]*\"|'[^'\\\n]*')"
_SECOND = r"[rbuRBU]{0,2}(?:\"([^\"\\\n$<{]+)\"|'([^'\\\n$<{]+)')"
_AT_PLACES = [
    (words, re.compile(pattern))
    for words, pattern in (
        (("mysql", "mariadb", "7z", "rar"),
         rf"\b(?:mysql|mariadb|7z|u?n?rar)[\w-]*{_GAP}-p(?=\S){_WORD}"),
        (("sshpass",), rf"\bsshpass{_GAP}-p{_NEXT}?{_WORD}"),
        (("login", "mongo", "twine"), rf"\b(?:login|mongo\w*|twine){_GAP}-p{_NEXT}{_WORD}"),
        (("zip",), rf"\b(?:un)?zip{_GAP}-P{_NEXT}?{_WORD}"),
        (("redis-cli",), rf"\bredis-cli{_GAP}-a{_NEXT}{_WORD}"),
        (("curl",), rf"\bcurl{_GAP}(?:-[uU]|--(?:proxy-)?user[ =]){_NEXT}?[\"']?[^\s:\"']+:"
                    r"(?![$<{])([^\s\"'|;&]+)"),
        (("wandb",), rf"\bwandb{_NEXT}login(?:{_NEXT}-[\w-]+){{0,4}}{_NEXT}(\w[\w-]{{19,}})"),
        (("authtoken",), rf"\bauthtoken{_NEXT}{_WORD}"),
        (("sudo",), rf"\becho{_NEXT}{_WORD}\s*\|\s*sudo\b"),
        (("htpasswd",), rf"\bhtpasswd{_NEXT}-\w*b\w*{_NEXT}\S+{_NEXT}\S+{_NEXT}{_WORD}"),
        (("login", "auth"),
         rf"(?:auth\s*=\s*\(|Auth\(|\.login\()\s*{_TEXT}\s*,\s*{_SECOND}"),
    )
]  # fmt: skip
"""Words of which one stands in the text, and where the secret is: in the last groups."""

_SETS = re.compile(r"\b(?:set|modify|config|configure)\b")
_PAIR = re.compile(rf"{_NAME}{_NEXT}{_VALUE}")
"""What such a command sets: a name, and its value as a word of its own."""

_TOKENS = ("hf_", "sk-", "gh", "glpat-", "xox", "AKIA", "AIza", "eyJ", "pypi-", "npm_", "_live_")
_TOKEN = re.compile(
    r"(?<![\w-])(?:hf_[A-Za-z0-9]{30,}|sk-[\w-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|"
    r"github_pat_\w{40,}|glpat-[\w-]{20,}|xox[abeprs]-[\w-]{20,}|AKIA[0-9A-Z]{16}|"
    r"AIza[\w-]{35}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}|pypi-[\w-]{50,}|"
    r"npm_[A-Za-z0-9]{36}|[rs]k_live_\w{20,})(?![\w-])"
)


def is_token(text: str) -> bool:
    """Return whether a text is a token, by the form that a known service gives its own."""
    return len(text) < 4000 and _TOKEN.fullmatch(text.strip()) is not None


def without_typed(text: str, is_secret: IsSecret, instead: str) -> str:
    """Return a text with something in place of each secret that was typed into it.

    Parameters
    ----------
    is_secret : callable
        Says of a name and a value whether it is one.
    """
    if any(map(text.__contains__, _TOKENS)):
        text = _TOKEN.sub(instead, text)
    low = text.lower()
    for words, pattern in _AT_PLACES:
        if any(map(low.__contains__, words)):
            text = _without_found(text, pattern, instead)
    if not any(map(low.__contains__, _IN_NAMES)):
        return text
    low = text.lower()
    return "\n".join(
        _line_without(line, is_secret, instead) if any(map(at.__contains__, _IN_NAMES)) else line
        for line, at in zip(text.split("\n"), low.split("\n"), strict=True)
    )


def _without_found(text: str, pattern: re.Pattern[str], instead: str) -> str:
    def replaced(found: re.Match[str]) -> str:
        group = found.lastindex or 0
        start, end = (place - found.start() for place in found.span(group))
        whole = found[0]
        return whole if found[group] == instead else whole[:start] + instead + whole[end:]

    return pattern.sub(replaced, text)


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
        pairs = [_PAIR] if _SETS.search(shell[0]) else []
        line = line[: shell.start()] + without(shell[0], _ASSIGNED, _ENV, *pairs)
    return line
