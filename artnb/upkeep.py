"""What show, log, verify, gc and du say, on the command line and in a notebook alike."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from artnb.errors import CommError, InvalidValueError, nearest
from artnb.maintenance import DAY, ArtifactUsage, Damage
from artnb.model import Entry, RunRecord, VersionRecord
from artnb.repository import Repository
from artnb.retention import parse_time
from artnb.serializers.linked import is_held
from artnb.sizes import size_text

__all__ = [
    "COLLECT",
    "LOG",
    "USAGE",
    "VERIFY",
    "about_collecting",
    "about_held",
    "about_moves",
    "about_usage",
    "about_verifying",
    "collect_options",
    "counted",
    "known_project",
    "list_moves",
    "list_usage",
    "run_label",
    "signer",
    "verify_options",
    "when",
]

LOG = "who moved which alias of an artifact when, newest first"
VERIFY = "read every byte again, and say which versions damage hits"
COLLECT = "delete versions whose time is over, and free the bytes that nothing needs"
USAGE = "what takes the room: bytes by project and artifact"

_SIGNED = {
    "good": "by {0.by} (key {0.key})",
    "unsigned": "no",
    "lost": "not known, for its record is damaged or missing",
    "unknown": "by {0.by!r}, whose key {0.key} is not trusted here",
    "bad": "NOT AS {0.by} SIGNED IT (key {0.key})",
}


def verify_options(parser: argparse.ArgumentParser) -> None:
    """Add what `about_verifying` takes."""
    parser.add_argument("project", nargs="?", help="default: all of them")
    parser.add_argument(
        "--repair",
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="take bytes that still match from download folders, repositories or other stores",
    )


def collect_options(parser: argparse.ArgumentParser) -> None:
    """Add what `about_collecting` takes."""
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    parser.add_argument(
        "--grace",
        type=_seconds,
        default=DAY,
        metavar="TIME",
        help="keep what is newer, or was deleted later: 30m, 12h, 1d (default), 0",
    )


def known_project(repository: Repository, name: str) -> str:
    """Return the name of a project; CommError names the nearest where there is none."""
    projects = repository.projects()
    if name not in projects:
        raise CommError(f"There is no project {name!r}; {nearest(name, projects)}")
    return name


def list_moves(repository: Repository, project: str, name: str) -> Iterator[tuple[str, ...]]:
    """Yield when an alias was moved, which, from where and to where, and by whom."""
    for move in repository.alias_moves(project, name):
        run = f"run {move.run_name} ({move.run})" if move.run_name else ""
        run += f" on {move.host}" if run and move.by is None else ""
        who = ", ".join(filter(None, (move.by, run))) or "not known"
        steps = (
            f"v{number}" if number is not None else "-" for number in (move.before, move.after)
        )
        yield (when(move.at), move.alias, *steps, who)


def about_moves(repository: Repository, project: str, name: str) -> Iterator[str]:
    """Yield a line for each move of an alias of an artifact."""
    for at, alias, before, after, who in list_moves(repository, project, name):
        yield f"{at}  {alias:20} {before:>5} -> {after:5}  {who}"


def about_verifying(repository: Repository, options: argparse.Namespace) -> tuple[list[str], bool]:
    """Prove what is there, and return what was found, and whether all is as it should be."""
    project = known_project(repository, options.project) if options.project else None
    report = repository.maintenance.verify(project, repair=options.repair)
    lines = [
        f"proved      {report.objects} objects, {report.blobs} blobs, {size_text(report.bytes)}, "
        f"{report.versions} versions"
    ]
    for damage in report.damage:
        lines += _about_damage(damage)
    signed, well_signed = _about_signatures(repository, project)
    lines += signed
    lines += [f"whole again {each.project}/{each.ref}" for each in report.healed]
    if report.remaining:
        lines.append(
            f"{len(report.remaining)} damaged. Log that content again, or give folders or stores "
            "that still have it: artnb verify --repair FOLDER ..."
        )
    elif well_signed:
        lines.append("No damage remains." if report.damage else "All is sound.")
    return lines, well_signed and not report.remaining


def signer(repository: Repository, version: VersionRecord) -> str:
    """Return who signed a version, for people."""
    signature = repository.provenance.signature(version)
    return _SIGNED[signature.verdict].format(signature)


def about_collecting(repository: Repository, options: argparse.Namespace) -> Iterator[str]:
    """Free what nothing needs, and yield what went."""
    done = repository.maintenance.collect(grace=options.grace, dry_run=options.dry_run)
    for each in done.expired:
        verb = "would delete" if options.dry_run else "deleted"
        yield f"{verb} {each.version.project}/{each.version.ref}: {each.reason}"
    verb = "would free" if options.dry_run else "freed"
    yield f"{verb:11} {size_text(done.bytes)} in {done.objects} objects"
    for project, count in sorted(done.projects.items(), key=lambda item: str(item[0])):
        yield f"            {size_text(count):>10}  {project or 'of no version'}"
    if done.rewritten:
        yield f"            {done.rewritten} packs rewritten with what is needed of them"
    if done.compacted:
        yield f"            {done.compacted} entries of the journal are one now"
    if done.young:
        kept = size_text(done.young)
        yield f"kept        {kept} for now: newer than the grace, or deleted since"


def about_held(entries: Iterable[Entry]) -> tuple[list[Entry], str]:
    """Return the entries that are variables or files, and what is to be said of the others."""
    held: list[Entry] = []
    own: list[Entry] = []
    for entry in entries:
        (held if is_held(entry.variable) else own).append(entry)
    if not held:
        return own, ""
    values = counted(len(held), "value")
    return own, f"and {values} that these hold, {size_text(sum(each.size for each in held))}"


def list_usage(repository: Repository) -> Iterator[tuple[str, str, str]]:
    """Yield what takes the room, how much, and how much of that others share."""
    usage = repository.maintenance.usage()
    for project in usage.projects:
        yield _room(project.project, project)
        for artifact in usage.artifacts:
            if artifact.project == project.project:
                yield _room(f"  {artifact.name}", artifact)
    yield "runs: code, rows, pictures", size_text(usage.runs), ""
    yield "nothing refers to", size_text(usage.unreferenced), ""
    yield "the store", size_text(usage.total), ""


def about_usage(repository: Repository) -> Iterator[str]:
    """Yield a line for each thing that takes the room."""
    for name, room, shared in list_usage(repository):
        yield f"{name:40} {room:>10}" + (f"  {shared} shared" if shared else "")


def counted(count: int, what: str) -> str:
    """Return how many there are, in words: ``1 run``, ``2 runs``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def run_label(run: RunRecord) -> str:
    """Return a run's name, and whether it is deleted."""
    return f"{run.name} (deleted)" if run.state == "deleted" else run.name


def when(seconds: float) -> str:
    """Return a time of the epoch as the local date and time."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def _seconds(text: str) -> float:
    try:
        return parse_time(text)
    except InvalidValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _about_damage(damage: Damage) -> Iterator[str]:
    yield f"damaged     {damage.digest[:17]}: {damage.reason}"
    if damage.moved_to:
        yield f"            moved to {damage.moved_to}"
    for hit in damage.hits:
        yield f"            hits {hit.version.project}/{hit.version.ref} ({hit.part})"
    if damage.repaired_from:
        yield f"            repaired from {damage.repaired_from}"


def _about_signatures(repository: Repository, project: str | None) -> tuple[list[str], bool]:
    """Return who signed the versions, and whether each is as the settings want it."""
    provenance = repository.provenance
    projects = [project] if project else repository.projects()
    found = [each for name in projects for each in provenance.count(repository.versions(name))]
    signers = Counter(f"{s.by} (key {s.key})" for _, s in found if s.verdict == "good")
    lines = [f"signed      {count} versions by {who}" for who, count in sorted(signers.items())]
    policy = provenance.signing.policy
    good = True
    for version, signature in found:
        if signature.verdict == "bad" or (policy != "off" and signature.verdict != "good"):
            text = _SIGNED[signature.verdict].format(signature)
            lines.append(f"signed      {version.project}/{version.ref}: {text}")
            good = good and policy != "require" and signature.verdict != "bad"
    return lines, good


def _room(name: str, usage: ArtifactUsage) -> tuple[str, str, str]:
    shared = usage.bytes - usage.own
    return name, size_text(usage.bytes), size_text(shared) if shared else ""
