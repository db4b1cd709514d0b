"""``artnb ...``: what is recorded here, on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from artnb.errors import ArtnbError, CommError
from artnb.refs import parse_ref
from artnb.repository import Repository, open_repository

__all__ = ["main"]

Command = Callable[[Repository, argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0, or 1 with a message on stderr."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        command(open_repository(), options)
    except ArtnbError as error:
        print(f"artnb: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="artnb", description="Versions and lineage of what notebooks make."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(command=command)
        return made

    add("status", _status, "where the data lie, and how much is recorded")
    listed = add("ls", _list, "artifacts of a project, or the versions of one")
    listed.add_argument("name", nargs="?", help="project, or project/name")
    shown = add("show", _show, "one version: what it is, its files, who made and used it")
    shown.add_argument("ref", help="project/name:alias")
    runs = add("runs", _runs, "a project's runs, newest first")
    runs.add_argument("project", nargs="?")
    got = add("get", _get, "download a version")
    got.add_argument("ref", help="project/name:alias")
    got.add_argument("--root", type=Path, help="folder; default artifacts/name:vN")
    drawn = add("graph", _graph, "write a project's graph as a page or a picture")
    drawn.add_argument("project", nargs="?")
    drawn.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("graph.html"),
        metavar="FILE",
        help=".html (interactive, opens offline) or .svg; default graph.html",
    )
    served = add("ui", _serve, "serve projects, runs and artifacts as pages, until Ctrl-C")
    served.add_argument("--port", type=int, help="default 8888, or the next that is free")
    served.add_argument("--ip", help="address to listen at; default this machine only")
    served.add_argument("--no-browser", action="store_true", help="print the link, open nothing")
    served.add_argument("--allow-root", action="store_true", help="as Jupyter Server has it")
    return parser


def _status(repository: Repository, _: argparse.Namespace) -> None:
    print(f"repository  {repository.root}")
    print(f"store       {repository.location}" + ("  (read-only)" if repository.read_only else ""))
    for project in repository.projects():
        versions = repository.versions(project)
        damaged = sum(version.state == "damaged" for version in versions)
        print(
            f"project     {project}: {len(repository.runs(project))} runs, "
            f"{len(repository.collections(project))} artifacts, {len(versions)} versions"
            + (f", {damaged} damaged" if damaged else "")
        )


def _list(repository: Repository, options: argparse.Namespace) -> None:
    if options.name and ("/" in options.name or options.name not in repository.projects()):
        ref = parse_ref(options.name)
        project = ref.project or _project(repository, None)
        found = repository.versions(project, ref.name)
        if not found:
            repository.resolve(ref, project)  # says what is missing
        for version in found:
            print(
                f"{version.ref:30} {_size(version.size):>10} {version.entries:>7} files  "
                f"{_when(version.created_at)}  {', '.join(version.aliases)}"
            )
        return
    for collection in repository.collections(_project(repository, options.name)):
        print(f"{collection.name:30} {collection.type:12} {collection.versions:>4} versions")


def _show(repository: Repository, options: argparse.Namespace) -> None:
    ref = parse_ref(options.ref)
    version = repository.resolve(ref, ref.project or _project(repository, None))
    print(f"{version.project}/{version.ref}  {version.type}  {', '.join(version.aliases)}")
    if version.state != "live":
        print(f"state       {version.state}")
    if version.description:
        print(f"            {version.description}")
    print(f"made        {_when(version.created_at)} by {_names(repository.logged_by(version.id))}")
    print(f"used by     {_names(repository.used_by(version.id))}")
    print(f"digest      {version.digest}")
    for key, value in version.metadata.items():
        print(f"  {key}: {value}")
    for entry in repository.manifest(version):
        print(f"  {_size(entry.size):>10}  {entry.path}")


def _runs(repository: Repository, options: argparse.Namespace) -> None:
    for run in repository.runs(_project(repository, options.project)):
        print(
            f"{run.id}  {run.name:24} {run.job_type or '-':18} {run.state:9} "
            f"{_when(run.created_at)}"
        )


def _get(repository: Repository, options: argparse.Namespace) -> None:
    ref = parse_ref(options.ref)
    version = repository.resolve(ref, ref.project or _project(repository, None))
    root = options.root or repository.settings.artifact_dir / version.ref
    print(repository.download(version, root.absolute()))


def _graph(repository: Repository, options: argparse.Namespace) -> None:
    from artnb.widgets import graph

    view = graph(_project(repository, options.project))
    if options.output.suffix == ".svg":
        view.to_svg(options.output)
    else:
        view.to_html(options.output)
    print(options.output.resolve())


def _serve(repository: Repository, options: argparse.Namespace) -> None:
    from artnb.server import serve

    given = {"port": options.port, "ip": options.ip, "root_dir": repository.root.parent}
    arguments = [f"--ServerApp.{name}={value}" for name, value in given.items() if value]
    flags = {"--no-browser": options.no_browser, "--allow-root": options.allow_root}
    serve([*arguments, *(flag for flag, wanted in flags.items() if wanted)])


def _project(repository: Repository, given: str | None) -> str:
    projects = repository.projects()
    if given:
        if given not in projects:
            from artnb.errors import nearest

            raise CommError(f"There is no project {given!r}; {nearest(given, projects)}")
        return given
    if repository.settings.project:
        return repository.settings.project
    if len(projects) == 1:
        return projects[0]
    if not projects:
        raise CommError(f"Nothing is recorded in {repository.root} yet.")
    raise CommError(f"Say which project: {', '.join(projects)}.")


def _names(runs: Sequence[object]) -> str:
    return ", ".join(str(getattr(run, "name", run)) for run in runs) or "no run"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


if __name__ == "__main__":
    sys.exit(main())
