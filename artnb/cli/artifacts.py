"""``artnb artifact put``, ``get`` and ``ls``: W&B's commands for single artifacts."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from artnb.cli.text import Commands, add_command, project_of, size, version_of, when
from artnb.errors import UsageError
from artnb.refs import check_new_aliases, parse_ref
from artnb.repository import Repository, open_repository

__all__ = ["add_commands", "download"]


def add_commands(commands: Commands) -> None:
    """Add the command ``artifact`` with its own."""
    text = "put one into a project, get one out, list them: by W&B's names"
    group = commands.add_parser("artifact", help=text, description=text)
    inner = group.add_subparsers(required=True, metavar="COMMAND")
    add = partial(add_command, inner)
    text = "log a file, a folder, or a URL as a reference"
    put = inner.add_parser("put", help=text, description=text)
    put.set_defaults(run=_put)  # not over an open repository: it begins one, of what is there
    put.add_argument("path", help="file, folder or URL")
    put.add_argument("-n", "--name", help="project/name; default: the file's name")
    put.add_argument("-t", "--type", default="dataset", help="default dataset")
    put.add_argument("-d", "--description")
    put.add_argument("-a", "--alias", action="append", default=[], help="may be repeated")
    put.add_argument("--id", help="log it with this run, a new one or one that goes on")
    put.add_argument("--policy", choices=("mutable", "immutable"), default="mutable")
    got = add("get", download, "download a version")
    got.add_argument("ref", help="project/name:alias")
    got.add_argument("--root", type=Path, help="folder; default artifacts/name:vN")
    got.add_argument("-t", "--type", help="fail if it has another type")
    listed = add("ls", _list, "the newest version of each artifact of a project")
    listed.add_argument("project", nargs="?")
    listed.add_argument("-t", "--type", help="only of this type")


def download(repository: Repository, options: argparse.Namespace) -> None:
    """Download a version, and print where it is."""
    version = version_of(repository, options.ref)
    wanted = getattr(options, "type", None)
    if wanted not in (None, version.type):
        raise UsageError(f"{version.ref} has the type {version.type!r}, not {wanted!r}.")
    root = options.root or repository.settings.artifact_dir / version.ref
    print(repository.download(version, root.absolute()))


def _put(options: argparse.Namespace) -> None:
    from artnb._api import init  # every other command would wait for it: 60 ms
    from artnb.artifact import Artifact

    address = "://" in options.path
    path = Path(options.path)
    if not address and not path.exists():
        raise UsageError(f"There is no file or folder {options.path!r}.")
    ref = parse_ref(options.name or path.resolve().name)
    aliases = check_new_aliases(options.alias)
    with init(
        ref.project or _project(open_repository()), "cli_put", {"path": options.path},
        id=options.id, resume="allow" if options.id else None, save_code=False,
    ) as run:  # fmt: skip
        artifact = Artifact(ref.name, options.type, description=options.description)
        if address:
            artifact.add_reference(options.path)
        elif path.is_dir():
            artifact.add_dir(path, policy=options.policy)
        else:
            artifact.add_file(path, policy=options.policy)
        run.log_artifact(artifact, aliases=aliases)
    print(f"{artifact.qualified_name}  {', '.join(artifact.aliases)}")


def _project(repository: Repository) -> str | None:
    """Return the project that is set or the only one; None before the first."""
    return project_of(repository, None) if repository.projects() else None


def _list(repository: Repository, options: argparse.Namespace) -> None:
    project = project_of(repository, options.project)
    for collection in repository.collections(project):
        live = [v for v in repository.versions(project, collection.name) if v.state != "deleted"]
        if live and options.type in (None, collection.type):
            newest = live[0]
            print(
                f"{newest.type:12} {when(newest.created_at)} {size(newest.size):>10}  {newest.ref}"
            )
