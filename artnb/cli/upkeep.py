"""Commands that look after a repository: verify, delete, gc, rebuild, migrate, cache, du."""

from __future__ import annotations

import argparse
from functools import partial

from artnb.catalog import NEWEST, catalog_exists, open_catalog
from artnb.cli.text import (
    Commands,
    add_command,
    check_recorded,
    counted,
    project_of,
    size,
    version_of,
)
from artnb.deleting import DELETE, about_deleting, delete_options
from artnb.errors import CommError
from artnb.remaking import restore_catalog
from artnb.repository import Repository
from artnb.settings import Settings
from artnb.upkeep import (
    COLLECT,
    USAGE,
    VERIFY,
    about_collecting,
    about_usage,
    about_verifying,
    collect_options,
    verify_options,
)

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the commands of upkeep."""
    add = partial(add_command, commands)
    verify_options(add("verify", _verify, VERIFY))
    deleted = add("delete", _delete, DELETE)
    deleted.add_argument("ref", nargs="?", help="project/name:alias")
    delete_options(deleted)
    collect_options(add("gc", _collect, COLLECT))
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
    add("du", _usage, USAGE)


def _verify(repository: Repository, options: argparse.Namespace) -> int:
    lines, sound = about_verifying(repository, options)
    print("\n".join(lines))
    return 0 if sound else 1


def _delete(repository: Repository, options: argparse.Namespace) -> int:
    lines, whole = about_deleting(
        repository,
        options,
        find=partial(version_of, repository),
        project=partial(project_of, repository),
    )
    print("\n".join(lines))
    return int(not whole)


def _collect(repository: Repository, options: argparse.Namespace) -> None:
    for line in about_collecting(repository, options):
        print(line)


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
    settings = Settings.resolve()
    if "://" not in settings.store:  # that of a team is there before a machine's own folder
        check_recorded(settings)
    done = restore_catalog(settings, catalog=options.catalog)
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
    for mark in done.others:
        print(f"beside      {mark} uses the store, too: artnb gc says what to do if it is gone")


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


def _usage(repository: Repository, _: argparse.Namespace) -> None:
    for line in about_usage(repository):
        print(line)
