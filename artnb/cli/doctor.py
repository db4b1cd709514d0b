"""``artnb doctor``: is everything that artnb needs there, and does it work."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from artnb import ownjson as json
from artnb.cli.text import Commands
from artnb.errors import InvalidValueError
from artnb.maintenance import fail
from artnb.maintenance.doctor import examine
from artnb.settings import Settings

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the command."""
    text = "check settings, disk, store, catalogue, clock and installation, and say what to do"
    made = commands.add_parser("doctor", help=text, description=text)
    made.add_argument("--json", action="store_true", help="one JSON list, for programs")
    made.set_defaults(run=_doctor)  # not over an open repository: it may not open


def _doctor(options: argparse.Namespace) -> int:
    """Print each finding as it comes; return 1 if one fails."""
    try:
        settings = Settings.resolve()
    except InvalidValueError as error:
        findings = iter([fail("settings", str(error), "Correct it; the other checks need it.")])
    else:
        findings = examine(settings)
    found = []
    for each in findings:
        found.append(each)
        if not options.json:
            print(f"{each.status:5} {each.name:11} {each.message}", flush=True)
            if each.advice and each.status != "ok":
                print(f"{'':17} {each.advice}")
    if options.json:
        print(json.dumps([asdict(each) for each in found], indent=1))
        return int(any(each.status == "fail" for each in found))
    counts = {s: sum(each.status == s for each in found) for s in ("fail", "warn")}
    print(f"{counts['fail']} failed, {counts['warn']} to look at.")
    return int(counts["fail"] > 0)
