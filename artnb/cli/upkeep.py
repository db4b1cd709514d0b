"""Commands that look after a repository: verify, du."""

from __future__ import annotations

import argparse
from functools import partial

from artnb.cli.text import Commands, add_command, project_of, size
from artnb.maintenance import ArtifactUsage, Damage
from artnb.repository import Repository

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the commands of upkeep."""
    add = partial(add_command, commands)
    verified = add("verify", _verify, "read every byte again, and say which versions damage hits")
    verified.add_argument("project", nargs="?", help="default: all of them")
    verified.add_argument(
        "--repair",
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="take bytes that still match from download folders, repositories or other stores",
    )
    add("du", _usage, "what takes the room: bytes by project and artifact")


def _verify(repository: Repository, options: argparse.Namespace) -> int:
    project = project_of(repository, options.project) if options.project else None
    report = repository.maintenance.verify(project, repair=options.repair)
    print(
        f"proved      {report.objects} objects, {report.blobs} blobs, {size(report.bytes)}, "
        f"{report.versions} versions"
    )
    for damage in report.damage:
        _say_damage(damage)
    for version in report.healed:
        print(f"whole again {version.project}/{version.ref}")
    if report.remaining:
        print(
            f"{len(report.remaining)} damaged. Log that content again, or give folders or stores "
            "that still have it: artnb verify --repair FOLDER ..."
        )
        return 1
    print("No damage remains." if report.damage else "All is sound.")
    return 0


def _say_damage(damage: Damage) -> None:
    print(f"damaged     {damage.digest[:17]}: {damage.reason}")
    if damage.moved_to:
        print(f"            moved to {damage.moved_to}")
    for hit in damage.hits:
        print(f"            hits {hit.version.project}/{hit.version.ref} ({hit.part})")
    if damage.repaired_from:
        print(f"            repaired from {damage.repaired_from}")


def _usage(repository: Repository, _: argparse.Namespace) -> None:
    usage = repository.maintenance.usage()
    for project in usage.projects:
        print(_line(project.project, project))
        for artifact in usage.artifacts:
            if artifact.project == project.project:
                print(_line(f"  {artifact.name}", artifact))
    print(f"{'runs: code, rows, pictures':40} {size(usage.runs):>10}")
    print(f"{'nothing refers to':40} {size(usage.unreferenced):>10}")
    print(f"{'the store':40} {size(usage.total):>10}")


def _line(name: str, usage: ArtifactUsage) -> str:
    shared = usage.bytes - usage.own
    return f"{name:40} {size(usage.bytes):>10}" + (f"  {size(shared)} shared" if shared else "")
