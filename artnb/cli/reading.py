"""Commands that only read: status, ls, show, log, runs, diff, get, graph."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from artnb.cli.artifacts import download
from artnb.cli.facts import json_option, print_json, run_facts, version_facts
from artnb.cli.text import (
    Commands,
    add_command,
    counted,
    names,
    project_of,
    size,
    version_of,
    when,
)
from artnb.differences import shown_differences
from artnb.errors import CommError, UsageError, nearest
from artnb.linking import source_name
from artnb.listing import (
    RUNS,
    Listing,
    chosen_runs,
    list_artifacts,
    list_runs,
    list_versions,
    newest_versions,
    runs_options,
)
from artnb.model import VersionRecord
from artnb.refs import parse_ref
from artnb.repository import Repository
from artnb.shown_run import all_code, shown_run
from artnb.texts import LANGUAGES
from artnb.upkeep import LOG, about_held, about_moves, signer

__all__ = ["add_commands"]

_DURABILITY = {
    "full": "full: what was acknowledged survives a power cut; all is synced",
    "batch": "batch: what was acknowledged survives a power cut; one sync a commit",
    "none": "none: a power cut may take what was logged lately; nothing is synced",
}


def add_commands(commands: Commands) -> None:
    """Add the commands that only read."""
    add = partial(add_command, commands)
    add("status", _status, "where the data lie, and how much is recorded")
    listed = add("ls", _list, "artifacts of a project, or the versions of one")
    listed.add_argument("name", nargs="?", help="project, or project/name")
    json_option(listed)
    shown = add("show", _show, "one version, with its files, who made and used it; or one run")
    shown.add_argument("ref", help="project/name:alias, or a run's name or id")
    shown.add_argument("--code", action="store_true", help="all code of that run, or of its maker")
    json_option(shown)
    logged = add("log", _log, LOG)
    logged.add_argument("name", help="project/name")
    runs = add("runs", _runs, RUNS)
    runs.add_argument("project", nargs="?")
    runs_options(runs)
    json_option(runs)
    compared = add("diff", _diff, "what differs between two versions, or between two runs")
    compared.add_argument("ref", metavar="A", help="project/name:alias, or a run's name or id")
    compared.add_argument("other", metavar="B", nargs="?", help="default: A and the one before it")
    compared.add_argument("--trust", action="store_true", help="also load what can run code")
    got = add("get", download, "download a version")
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
        help="graph.html (interactive, opens offline; default), or .svg, .png, .mmd, .dot",
    )
    drawn.add_argument(
        "--lang", choices=LANGUAGES, help="its own texts' language; default ARTNB_LANG"
    )
    drawn.add_argument("--down", action="store_true", help="from top to bottom")
    text = "serve projects, runs and artifacts as pages, until Ctrl-C"
    served = add("ui", _serve, text, begins=True)
    served.add_argument("--port", type=int, help="default 8888, or the next that is free")
    served.add_argument("--ip", help="address to listen at; default this machine only")
    served.add_argument("--no-browser", action="store_true", help="print the link, open nothing")
    served.add_argument("--allow-root", action="store_true", help="as Jupyter Server has it")


def _status(repository: Repository, _: argparse.Namespace) -> None:
    print(f"repository  {repository.root}")
    print(f"store       {repository.location}" + ("  (read-only)" if repository.read_only else ""))
    print(f"catalogue   {repository.parts.catalog.location}")
    print(f"durability  {_durability(repository)}")
    for project in repository.projects():
        versions = repository.versions(project)
        damaged = sum(version.state == "damaged" for version in versions)
        print(
            f"project     {project}: {counted(len(repository.runs(project)), 'run')}, "
            f"{counted(len(repository.collections(project)), 'artifact')}, "
            f"{counted(len(versions), 'version')}" + (f", {damaged} damaged" if damaged else "")
        )


def _durability(repository: Repository) -> str:
    if "://" in repository.location and not repository.location.startswith("file://"):
        return (
            "of the bytes, what the service promises; of the catalogue, "
            + _DURABILITY[repository.settings.durability].partition(":")[0]
        )
    return _DURABILITY[repository.settings.durability]


def _list(repository: Repository, options: argparse.Namespace) -> None:
    if options.name and ("/" in options.name or options.name not in repository.projects()):
        ref = parse_ref(options.name)
        project = ref.project or project_of(repository, None)
        found = repository.versions(project, ref.name)
        if not found:
            repository.resolve(ref, project)  # says what is missing
        if options.json:
            print_json(list(map(version_facts, found)))
        else:
            _print(list_versions(found, when))
        return
    project = project_of(repository, options.name)
    if options.json:
        print_json([version_facts(newest) for newest, _ in newest_versions(repository, project)])
    else:
        _print(list_artifacts(repository, project, when))


def _print(listing: Listing) -> None:
    for line in listing.lines():
        print(line)


def _show(repository: Repository, options: argparse.Namespace) -> None:
    try:
        version = version_of(repository, options.ref)
    except CommError:
        project, _, name = options.ref.rpartition("/")
        run = repository.find_run(project_of(repository, project or None), name)
        if run is None:
            raise
        if options.json:
            print_json(run_facts(repository, run))
        else:
            print(repr(shown_run(repository, run, everything=options.code)))
        return
    if options.json:
        print_json(_all_of(repository, version))
        return
    print(f"{version.project}/{version.ref}  {version.type}  {', '.join(version.aliases)}")
    if version.state != "live":
        print(f"state       {version.state}")
    if version.description:
        print(f"            {version.description}")
    if source := source_name(repository, version):
        print(f"link of     {source}")
    makers = names(repository.logged_by(version.id, deleted=True))
    print(f"made        {when(version.created_at)} by {makers}")
    print(f"used by     {names(repository.used_by(version.id, deleted=True))}")
    print(f"digest      {version.digest}")
    print(f"signed      {signer(repository, version)}")
    for key, value in version.metadata.items():
        print(f"  {key}: {value}")
    entries, held = about_held(repository.manifest(version))
    for entry in entries:
        print(f"  {size(entry.size):>10}  {entry.path}")
    if held:
        print(f"  {held}")
    if options.code and (maker := repository.maker(version.id)) is not None:
        for part in all_code(repository, maker):
            print(repr(part))


def _all_of(repository: Repository, version: VersionRecord) -> dict[str, Any]:
    return {
        **version_facts(version),
        "link_of": source_name(repository, version) or None,
        "logged_by": [run.id for run in repository.logged_by(version.id)],
        "used_by": [run.id for run in repository.used_by(version.id)],
        "signed": signer(repository, version),
        "files": [
            {"path": path, **entry.to_json()}
            for path, entry in repository.manifest(version).entries.items()
        ],
    }


def _log(repository: Repository, options: argparse.Namespace) -> None:
    ref = parse_ref(options.name)
    project = ref.project or project_of(repository, None)
    for line in about_moves(repository, project, ref.name):
        print(line)


def _runs(repository: Repository, options: argparse.Namespace) -> None:
    project = project_of(repository, options.project)
    if options.json:
        shown = chosen_runs(repository, project, options).shown
        print_json([run_facts(repository, run) for run in shown])
    else:
        _print(list_runs(repository, project, options, when))


def _diff(repository: Repository, options: argparse.Namespace) -> None:
    project = parse_ref(options.ref).project or project_of(repository, None)
    shown = shown_differences(
        repository, project, options.ref.rpartition("/")[2], options.other, trust=options.trust
    )
    print(repr(shown))


def _graph(repository: Repository, options: argparse.Namespace) -> None:
    from artnb.widgets import graph

    view = graph(
        project_of(repository, options.project),
        direction="down" if options.down else None,
        lang=options.lang,
    )
    writers: dict[str, Callable[[Path], object]] = {
        ".html": view.to_html,
        ".svg": view.to_svg,
        ".png": view.to_png,
        ".mmd": view.to_mermaid,
        ".dot": view.to_dot,
    }
    suffix = options.output.suffix
    if suffix not in writers:
        raise UsageError(
            f"artnb graph writes no {suffix or 'file without a suffix'}; {nearest(suffix, writers)}"
        )
    writers[suffix](options.output)
    print(options.output.resolve())


def _serve(repository: Repository, options: argparse.Namespace) -> None:
    from artnb.server import serve

    given = {"port": options.port, "ip": options.ip, "root_dir": repository.root.parent}
    arguments = [f"--ServerApp.{name}={value}" for name, value in given.items() if value]
    if options.no_browser:
        # The flag of that name sets a trait that extensions lack, which Jupyter warns of.
        arguments.append("--ServerApp.open_browser=False")
    serve([*arguments, *(["--allow-root"] if options.allow_root else [])])
