"""The subcommands of ``%artnb``: their options and help."""

from __future__ import annotations

import argparse
from typing import NoReturn

from artnb.deleting import DELETE, delete_options
from artnb.errors import UsageError, nearest
from artnb.listing import RUNS, runs_options
from artnb.upkeep import (
    COLLECT,
    LOG,
    USAGE,
    VERIFY,
    collect_options,
    verify_options,
)

__all__ = ["COMMANDS", "TAKE_REFS", "about_unknown", "command_options", "help_text", "parser_of"]

_REF = "name, name:alias, project/name:v0"


class Parser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that raises what a cell shows in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the usage."""
        raise UsageError(f"%{self.prog}: {message}. {self.format_usage().strip()}")


def _parser(name: str, about: str) -> Parser:
    parser = Parser(prog=f"artnb {name}", description=about, add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true", help="show this")
    return parser


def _status() -> Parser:
    parser = _parser(
        "status",
        "What is out of date and why, what is being saved, where things lie.",
    )
    parser.add_argument(
        "--all", action="store_true", help="name the other variables, too, and shorten no list"
    )
    return parser


def _why() -> Parser:
    parser = _parser("why", "What became of each input since a version was made.")
    parser.add_argument("ref", nargs="?", metavar="NAME", help=_REF)
    return parser


def _ls() -> Parser:
    parser = _parser("ls", "The artifacts of the project, or the versions of one.")
    parser.add_argument("name", nargs="?", metavar="NAME")
    return parser


def _show() -> Parser:
    about = "One version: its entries, metadata, the runs around it; or one run."
    parser = _parser("show", about)
    parser.add_argument("ref", nargs="?", metavar="REF", help=f"{_REF}; a run's name or id")
    parser.add_argument(
        "--code", action="store_true", help="all code of the run, with your own modules"
    )
    return parser


def _load() -> Parser:
    parser = _parser("load", "Bring the values of a version back into the notebook.")
    parser.add_argument("ref", nargs="?", metavar="REF", help=_REF)
    parser.add_argument("rest", nargs="*", metavar="as NAME", help="bind the value to NAME")
    parser.add_argument("--trust", action="store_true", help="also load formats that can run code")
    return parser


def _restore() -> Parser:
    parser = _parser("restore", "Bring back all variables that the cell of a version left.")
    parser.add_argument("ref", nargs="?", metavar="REF", help=_REF)
    parser.add_argument("--trust", action="store_true", help="also load formats that can run code")
    parser.add_argument(
        "--force", action="store_true", help="also replace values that no version holds"
    )
    return parser


def _resume() -> Parser:
    parser = _parser("resume", "Bring back just what the cell of a version reads.")
    parser.add_argument("ref", nargs="?", metavar="REF", help=_REF)
    parser.add_argument("--trust", action="store_true", help="also load formats that can run code")
    parser.add_argument(
        "--force", action="store_true", help="also replace values that no version holds"
    )
    return parser


def _diff() -> Parser:
    parser = _parser(
        "diff", "What differs between two versions (entries, metadata, content), or two runs."
    )
    parser.add_argument("ref", nargs="?", metavar="A", help=_REF)
    parser.add_argument(
        "other", nargs="?", metavar="B", help="default: A, compared with the version before it"
    )
    parser.add_argument("--trust", action="store_true", help="also load formats that can run code")
    return parser


def _auto() -> Parser:
    parser = _parser(
        "auto", "Make every cell a run without a first line, and each variable an artifact."
    )
    parser.add_argument("state", nargs="?", choices=("on", "off"), help="default: say which it is")
    return parser


def _save() -> Parser:
    parser = _parser(
        "save", "Wait for what is being saved, and save again what could not be saved."
    )
    parser.add_argument("--forget", action="store_true", help="give up what could not be saved")
    return parser


def _graph() -> Parser:
    parser = _parser("graph", "The graph of runs and artifacts.")
    parser.add_argument("--names", action="store_true", help="each artifact by its name")
    parser.add_argument("--instances", action="store_true", help="each run and version by itself")
    parser.add_argument("--down", action="store_true", help="from top to bottom")
    parser.add_argument(
        "--beside", action="store_true", help="in a panel beside the notebook (JupyterLab)"
    )
    return parser


def _runs() -> Parser:
    parser = _parser("runs", f"{RUNS[0].upper()}{RUNS[1:]}.")
    runs_options(parser)
    return parser


def _log() -> Parser:
    parser = _parser("log", f"{LOG[0].upper()}{LOG[1:]}.")
    parser.add_argument("ref", nargs="?", metavar="NAME", help="name, project/name")
    return parser


def _verify() -> Parser:
    parser = _parser("verify", f"{VERIFY[0].upper()}{VERIFY[1:]}.")
    verify_options(parser)
    return parser


def _delete() -> Parser:
    parser = _parser("delete", f"{DELETE[0].upper()}{DELETE[1:]}.")
    parser.add_argument("ref", nargs="?", metavar="REF", help=_REF)
    delete_options(parser)
    return parser


def _collect() -> Parser:
    parser = _parser("gc", f"{COLLECT[0].upper()}{COLLECT[1:]}.")
    collect_options(parser)
    return parser


def _usage() -> Parser:
    return _parser("du", f"{USAGE[0].upper()}{USAGE[1:]}.")


def _project() -> Parser:
    parser = _parser("project", "The project of the cells that follow.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="switch to NAME")
    return parser


_PARSERS = {
    "status": _status(),
    "why": _why(),
    "ls": _ls(),
    "show": _show(),
    "load": _load(),
    "restore": _restore(),
    "resume": _resume(),
    "diff": _diff(),
    "auto": _auto(),
    "save": _save(),
    "graph": _graph(),
    "runs": _runs(),
    "log": _log(),
    "du": _usage(),
    "verify": _verify(),
    "delete": _delete(),
    "gc": _collect(),
    "project": _project(),
}
COMMANDS = tuple(_PARSERS)
IN_A_SHELL = (
    *("artifact", "get", "doctor", "cache", "push", "pull", "ui"),
    *("rebuild", "migrate", "keygen"),
)
"""Subcommands that only the command line has; a test compares them with it."""
TAKE_REFS = frozenset(("ls", "log", "why", "show", "load", "restore", "resume", "diff", "delete"))
"""Subcommands after which artifacts are completed."""


def parser_of(name: str) -> Parser:
    """Return the parser of a subcommand; UsageError names the nearest where there is none."""
    if name in IN_A_SHELL:
        raise UsageError(f"%artnb has no subcommand {name!r}; the command line has: !artnb {name}")
    if name not in _PARSERS:
        raise UsageError(f"%artnb has no subcommand {name!r}; {nearest(name, COMMANDS)}")
    return _PARSERS[name]


_GROUPS = {
    "Look": ("graph", "ls", "show", "runs", "log", "diff"),
    "Check": ("status", "why"),
    "Bring back": ("load", "restore", "resume"),
    "Record": ("auto", "save", "project"),
    "Tidy up": ("du", "verify", "delete", "gc"),
}


def help_text() -> str:
    """Return the help of ``%artnb``."""
    width = max(map(len, COMMANDS))
    lines = [
        "%%artifact NAME above a cell makes the cell a run, and what it makes a version.",
        "%artnb SUBCOMMAND",
    ]
    for title, names in _GROUPS.items():
        lines += ["", title]
        lines += [f"  {name.ljust(width)}  {_PARSERS[name].description}" for name in names]
    return "\n".join([*lines, "", "%artnb SUBCOMMAND --help says more; so does %%artifact?"])


def command_options(name: str) -> list[str]:
    """Return the options of a subcommand."""
    parser = _PARSERS.get(name)
    return sorted(parser._option_string_actions) if parser else []


def about_unknown(name: str, word: str) -> str:
    """Return the message on a word that a subcommand does not take."""
    if word.startswith("-"):
        return f"%artnb {name} has no option {word}; {nearest(word, command_options(name))}"
    return f"%artnb {name}: what is {word!r}? {_PARSERS[name].format_usage().strip()}"
