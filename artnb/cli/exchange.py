"""Commands between stores: push, pull."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from artnb.cli.text import Commands, add_command, counted, size
from artnb.exchange import Exchanged, pull, push
from artnb.repository import Repository

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the commands between stores."""
    for name, command, text, winner in (
        ("push", _push, "copy projects to another repository or store", "this side's"),
        ("pull", _pull, "copy projects from another repository or store", "the other side's"),
    ):
        text = f"{text}; only what is missing travels"
        made = add_command(commands, name, command, text, begins=name == "pull")
        made.add_argument(
            "url",
            metavar="URL",
            help="folder of a repository, or a store such as s3://bucket/prefix, file:///mnt/team",
        )
        made.add_argument("projects", nargs="*", default=[], metavar="PROJECT", help="default: all")
        made.add_argument(
            "--aliases",
            action="store_true",
            help=f"where both sides moved an alias, {winner} wins; else the receiver's stays",
        )
        made.add_argument(
            "--deletions",
            action="store_true",
            help="delete what the sender deleted, too, unless it has an alias or is running",
        )


def _push(repository: Repository, options: argparse.Namespace) -> int:
    done = push(
        repository,
        options.url,
        options.projects,
        take_aliases=options.aliases,
        take_deletions=options.deletions,
    )
    return _say(done, "there")


def _pull(repository: Repository, options: argparse.Namespace) -> int:
    done = pull(
        repository,
        options.url,
        options.projects,
        take_aliases=options.aliases,
        take_deletions=options.deletions,
    )
    return _say(done, "here")


def _say(exchanged: Iterable[Exchanged], where: str) -> int:
    """Say what came of each project when it is done; return 1 if something was left out."""
    left_out = False
    for done in exchanged:
        left_out = left_out or bool(done.left_out)
        _say_project(done, where)
    return int(left_out)


def _say_project(done: Exchanged, where: str) -> None:
    made = done.received
    counts = (
        f"{made.runs} runs, {made.versions} versions, {made.edges} edges new; "
        f"{made.updated} runs updated; {done.blobs} contents travelled, {size(done.bytes)}"
    )
    print(f"{done.project:11} {counts if done.changed else f'nothing is new {where}'}")
    if made.edited or made.deleted:
        print(f"            {made.edited} versions edited, {made.deleted} deleted")
    if made.deleted_runs:
        print(f"            {counted(made.deleted_runs, 'run')} deleted")
    for n in made.renumbered:
        name = f"{n.project}/{n.name}"
        print(f"            {name}:v{n.before} is v{n.after} {where}: that number was taken")
    for c in made.conflicts:
        ours, theirs = (f"v{n}" if n is not None else "at none" for n in (c.ours, c.theirs))
        if c.moved:
            told = f"moved from {ours} to {theirs} {where}"
        else:
            told = f"stays {ours} {where}, the sender's is {theirs}; --aliases moves it"
        print(f"            alias {c.alias} of {c.name} {told}")
    for name in done.left_out:
        print(f"left out    {name}: its bytes are damaged where it comes from; artnb verify there")
