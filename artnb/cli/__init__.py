"""``artnb ...``: what is recorded here, and its upkeep, on the command line."""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version

from artnb.cli import artifacts, doctor, exchange, reading, signing, upkeep
from artnb.cli.text import Commands
from artnb.errors import ArtnbError, nearest

__all__ = ["main"]

_IN_NOTEBOOKS = ("auto", "load", "off", "on", "project", "restore", "resume", "save", "why")
_OF_OTHERS = {
    "add": "'artnb artifact put PATH --name PROJECT/NAME' keeps a file or a folder",
    "checkout": "'artnb get NAME:vN --root FOLDER' brings a version back",
    **dict.fromkeys(
        ("init", "login"),
        "there is nothing to set up: the first run makes the repository, and 'artnb doctor' checks",
    ),
    "sync": "'artnb push URL' copies projects to another repository or store",
}
"""What those try who know DVC, Git or W&B."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0, or 1 with a message on stderr."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser, commands = _parser()
    if not given:
        parser.print_help(sys.stderr)
        return 2
    if not given[0].startswith("-") and given[0] not in commands.choices:
        parser.error(f"there is no command {given[0]!r}; {_instead(given[0], commands)}")
    return _run(parser.parse_args(given))


def _instead(name: str, commands: Commands) -> str:
    if name in _IN_NOTEBOOKS:
        return f"in a notebook '%artnb {name}' is one."
    return f"{found}." if (found := _OF_OTHERS.get(name)) else nearest(name, commands.choices)


def _run(options: argparse.Namespace) -> int:
    try:
        status: int = options.run(options) or 0
        sys.stdout.flush()
        return status
    except ArtnbError as error:
        print(f"artnb: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("artnb: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        return 141  # what SIGPIPE leaves of other programs


def _nobody_reads() -> bool:
    """Return whether what reads our output has ended, as `head` does; then print no more."""
    reader = select.poll()
    reader.register(sys.stdout, 0)
    if not reader.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _parser() -> tuple[argparse.ArgumentParser, Commands]:
    parser = argparse.ArgumentParser(
        prog="artnb", description="Versions and lineage of what notebooks make."
    )
    parser.add_argument("--version", action="version", version=f"artnb {version('artnb')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    reading.add_commands(commands)
    artifacts.add_commands(commands)
    exchange.add_commands(commands)
    upkeep.add_commands(commands)
    signing.add_commands(commands)
    doctor.add_commands(commands)
    return parser, commands
