"""``artnb ...``: what is recorded here, and its upkeep, on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from artnb.cli import artifacts, doctor, exchange, reading, signing, upkeep
from artnb.errors import ArtnbError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0, or 1 with a message on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except ArtnbError as error:
        print(f"artnb: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
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
    return parser
