"""Commands that look after a repository: verify, delete, gc, rebuild, migrate, cache, du."""

from __future__ import annotations

import argparse
from functools import partial

from artnb.catalog import NEWEST, catalog_exists, open_catalog
from artnb.cli.signing import verify_signatures
from artnb.cli.text import Commands, add_command, counted, project_of, size, version_of
from artnb.errors import CommError, InvalidValueError
from artnb.maintenance import DAY, ArtifactUsage, Damage
from artnb.repository import Repository
from artnb.restore import restore_catalog
from artnb.retention import parse_time
from artnb.settings import Settings

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
    deleted = add("delete", _delete, "delete a version; its row and its lineage stay")
    deleted.add_argument("ref", help="project/name:alias")
    deleted.add_argument(
        "--aliases", action="store_true", help="delete it though it has aliases, and them with it"
    )
    collected = add(
        "gc", _collect, "delete versions whose time is over, and free the bytes that nothing needs"
    )
    collected.add_argument("--dry-run", action="store_true", help="only say what would go")
    collected.add_argument(
        "--grace",
        type=_seconds,
        default=DAY,
        metavar="TIME",
        help="keep what is newer, or was deleted later: 30m, 12h, 1d (default), 0",
    )
    text = "make the catalogue again from the store alone; the one there is kept beside it"
    rebuilt = commands.add_parser("rebuild", help=text, description=text)
    rebuilt.add_argument("--catalog", metavar="NAME", help="whose journal, if several wrote there")
    rebuilt.set_defaults(run=_rebuild)  # not over an open repository: it may not open any more
    cached = add("cache", _cache, "what of a store elsewhere is kept on this machine")
    cached.add_argument("--clear", action="store_true", help="remove all of it")
    cached.add_argument(
        "--evict", action="store_true", help="remove the least recently used down to the limit"
    )
    text = "bring the catalogue up to date with this artnb; it is kept as it was, too"
    migrated = commands.add_parser("migrate", help=text, description=text)
    migrated.set_defaults(run=_migrate)  # a shared catalogue of an earlier artnb opens only so
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
    signed = verify_signatures(repository, project)
    for version in report.healed:
        print(f"whole again {version.project}/{version.ref}")
    if report.remaining:
        print(
            f"{len(report.remaining)} damaged. Log that content again, or give folders or stores "
            "that still have it: artnb verify --repair FOLDER ..."
        )
        return 1
    if not signed:
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


def _delete(repository: Repository, options: argparse.Namespace) -> None:
    version = version_of(repository, options.ref)
    repository.delete(version.id, delete_aliases=options.aliases)
    print(f"deleted {version.project}/{version.ref}; artnb gc frees what only it held")


def _collect(repository: Repository, options: argparse.Namespace) -> None:
    done = repository.maintenance.collect(grace=options.grace, dry_run=options.dry_run)
    for each in done.expired:
        verb = "would delete" if options.dry_run else "deleted"
        print(f"{verb} {each.version.project}/{each.version.ref}: {each.reason}")
    verb = "would free" if options.dry_run else "freed"
    print(f"{verb:11} {size(done.bytes)} in {done.objects} objects")
    for project, count in sorted(done.projects.items(), key=lambda item: str(item[0])):
        print(f"            {size(count):>10}  {project or 'of no version'}")
    if done.rewritten:
        print(f"            {done.rewritten} packs rewritten with what is needed of them")
    if done.compacted:
        print(f"            {done.compacted} entries of the journal are one now")
    if done.young:
        print(f"kept        {size(done.young)} for now: newer than the grace, or deleted since")


def _cache(repository: Repository, options: argparse.Namespace) -> None:
    cache = repository.cache
    if options.clear:
        gone = cache.clear()
        print(f"removed     {size(gone.bytes)} in {gone.entries} objects")
    elif options.evict:
        print(f"removed     {size(cache.evict())}")
    found = cache.usage()
    print(f"cache       {found.folder}")
    print(f"holds       {size(found.bytes)} in {found.entries} objects")
    print(f"limit       {size(found.limit)}; ARTNB_CACHE_SIZE or `cache_size` in artnb.toml")
    if "://" not in repository.location or repository.location.startswith("file://"):
        print("The store is a folder of this machine: only push and pull use the cache.")


def _rebuild(options: argparse.Namespace) -> None:
    done = restore_catalog(Settings.resolve(), catalog=options.catalog)
    made = done.rebuilt
    print(
        f"rebuilt     {done.path}: {counted(made.projects, 'project')}, "
        f"{counted(made.runs, 'run')}, {counted(made.versions, 'version')}"
    )
    for name in made.late:
        print(f"            {name} from its record alone")
    for name in made.damaged:
        print(f"damaged     {name}: its manifest is not in the store")
    if done.before:
        print(f"before      {done.before}")


def _migrate(_: argparse.Namespace) -> None:
    settings = Settings.resolve()
    url = settings.catalog
    if not catalog_exists(url):
        raise CommError(f"There is no catalogue at {url}; the first run makes one.")
    catalog = open_catalog(url, upgrade=True, patience=settings.lock_seconds)
    try:
        if (done := catalog.migrated) is None:
            print(f"{catalog.location} is up to date: {NEWEST}")
        else:
            print(f"migrated    {catalog.location}: from {done.before} to {NEWEST}")
            print(f"before      {done.copy}")
    finally:
        catalog.close()


def _seconds(text: str) -> float:
    try:
        return parse_time(text)
    except InvalidValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


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
