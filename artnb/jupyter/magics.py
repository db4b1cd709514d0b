"""``%artnb``: what is kept, in a line."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from typing import Any, NoReturn

from artnb import serializers
from artnb.capture import fingerprint
from artnb.errors import UsageError, nearest
from artnb.jupyter.display import Line, Message, Table, ago, size_text
from artnb.jupyter.session import Session
from artnb.model import Entry, VersionRecord
from artnb.refs import check_project

__all__ = ["COMMANDS", "Commands"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%{self.prog}: {message}. {self.format_usage().strip()}")


def _parser(name: str, about: str) -> _Parser:
    parser = _Parser(prog=f"artnb {name}", description=about, add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true", help="show this")
    return parser


def _build_parsers() -> dict[str, _Parser]:
    status = _parser("status", "Where things are kept, and which variables some version holds.")
    ls = _parser("ls", "The artifacts of the project, or the versions of one.")
    ls.add_argument("name", nargs="?", metavar="NAME")
    show = _parser("show", "One version: its entries, metadata, the runs around it.")
    show.add_argument("ref", nargs="?", metavar="REF", help="name, name:alias, project/name:v0")
    load = _parser("load", "Bring the values of a version back into the notebook.")
    load.add_argument("ref", nargs="?", metavar="REF", help="name, name:alias, project/name:v0")
    load.add_argument("rest", nargs="*", metavar="as NAME", help="bind the value to NAME")
    load.add_argument("--trust", action="store_true", help="also load formats that can run code")
    graph = _parser("graph", "The graph of runs and artifacts.")
    graph.add_argument("--names", action="store_true", help="each artifact by its name")
    graph.add_argument("--instances", action="store_true", help="each run and version by itself")
    runs = _parser("runs", "The runs of the project, newest first.")
    project = _parser("project", "The project of the cells that follow.")
    project.add_argument("name", nargs="?", metavar="NAME", help="switch to NAME")
    return {
        "status": status,
        "ls": ls,
        "show": show,
        "load": load,
        "graph": graph,
        "runs": runs,
        "project": project,
    }


_PARSERS = _build_parsers()
COMMANDS = tuple(_PARSERS)


class Commands:
    """The subcommands; each returns what is to be displayed, or None.

    Parameters
    ----------
    session : Session
    namespace : dict
        The notebook's variables: `load` writes there.
    """

    def __init__(self, session: Session, namespace: dict[str, Any]) -> None:
        self._session = session
        self._namespace = namespace
        self._do: dict[str, Callable[[Any], Any]] = {
            "status": self._status,
            "ls": self._ls,
            "show": self._show,
            "load": self._load,
            "graph": self._graph,
            "runs": self._runs,
            "project": self._switch,
        }

    def run(self, line: str) -> Any:
        """Do what `line` says.

        Raises
        ------
        UsageError
            There is no such subcommand or option; the nearest is named.
        """
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"%artnb: the line cannot be read ({error}): {line!r}.") from None
        name, *rest = words or ["--help"]
        if name in ("help", "-h", "--help"):
            return Message(help_text())
        if name not in _PARSERS:
            raise UsageError(f"%artnb has no subcommand {name!r}; {nearest(name, COMMANDS)}")
        parser = _PARSERS[name]
        options, unknown = parser.parse_known_args(rest)
        if options.help:
            return Message(parser.format_help())
        if unknown:
            raise UsageError(_about_unknown(name, parser, unknown[0]))
        return self._do[name](options)

    # -- subcommands

    def _status(self, options: Any) -> Table:
        session, repository = self._session, self._session.repository
        facts = [
            ("repository", str(repository.root)),
            ("project", session.project),
            ("artifacts", str(len(repository.collections(session.project)))),
            ("runs", str(len(repository.runs(session.project)))),
        ]
        held = [(name, held.version.ref, self._state(name)) for name, held in session.held.items()]
        variables = Table(
            "variables", ("name", "saved in", "now"), held, empty="No variable is in a version yet."
        )
        return Table("artnb", rows=facts, parts=(variables,))

    def _state(self, name: str) -> str:
        held = self._session.held[name]
        if name not in self._namespace:
            return "deleted"
        value = self._namespace[name]
        if held.fingerprint is None:
            return "the same object" if held.object.is_same(value) else "another object"
        return "the same" if fingerprint(value) == held.fingerprint else "changed since"

    def _ls(self, options: Any) -> Table:
        repository, project = self._session.repository, self._session.project
        if options.name:
            name = repository.resolve(options.name, project).name
            rows = [_version_row(version) for version in repository.versions(project, name)]
            return Table(name, ("version", "aliases", "entries", "size", "made"), rows)
        rows = []
        for collection in repository.collections(project):
            newest = repository.versions(project, collection.name)[0]
            facts = (collection.type, newest.version, size_text(newest.size))
            rows.append((collection.name, *facts, ago(newest.created_at)))
        return Table(
            project,
            ("artifact", "type", "newest", "size", "made"),
            rows,
            empty="No artifact yet. Begin a cell with %%artifact NAME.",
        )

    def _show(self, options: Any) -> Table:
        version = self._resolve(options.ref, "show")
        repository = self._session.repository
        facts = [
            ("type", version.type),
            ("description", version.description or ""),
            ("aliases", ", ".join(version.aliases)),
            ("size", size_text(version.size)),
            ("made by", _names(repository.logged_by(version.id))),
            ("used by", _names(repository.used_by(version.id))),
            ("digest", version.digest),
        ]
        metadata = [(key, _short(value)) for key, value in version.metadata.items()]
        entries = [_entry_row(entry) for entry in repository.manifest(version)]
        parts = [Table("entries", ("path", "variable", "format", "size"), entries)]
        if metadata:
            parts.insert(0, Table("metadata", rows=metadata))
        return Table(version.ref, rows=[fact for fact in facts if fact[1]], parts=parts)

    def _load(self, options: Any) -> Line:
        target = _target(options.rest)
        version = self._resolve(options.ref, "load")
        repository = self._session.repository
        entries = [entry for entry in repository.manifest(version) if entry.format != "file"]
        if not entries:
            raise UsageError(
                f"{version.ref} holds files, no values. Get them with "
                f"artnb.Api().artifact({version.ref!r}).download()."
            )
        loaded = [
            (entry, repository.load_value(version, entry.path, trust=options.trust))
            for entry in entries
            if entry.format != "stub"
        ]
        if not loaded:
            raise UsageError(f"{version.ref} holds only notes on values that could not be saved.")
        if target is None:
            named = {_variable(entry): value for entry, value in loaded}
        elif len(loaded) == 1:
            named = {target: loaded[0][1]}
        else:
            named = {target: {_variable(entry): value for entry, value in loaded}}
        self._bind(version, named, loaded)
        skipped = [_variable(entry) for entry in entries if entry.format == "stub"]
        notes = [f"not saved, not loaded: {', '.join(skipped)}"] if skipped else []
        what = [f"{name} ({type(value).__name__})" for name, value in named.items()]
        return Line(version.ref, [f"loaded {', '.join(what)}", *notes])

    def _bind(
        self, version: VersionRecord, named: dict[str, Any], loaded: list[tuple[Entry, Any]]
    ) -> None:
        self._namespace.update(named)
        for name, value in named.items():
            path = next((entry.path for entry, part in loaded if part is value), "")
            self._session.remember(name, version, path, fingerprint(value), value)

    def _graph(self, options: Any) -> Any:
        from artnb.widgets import graph

        level = "instances" if options.instances else "names" if options.names else "types"
        return graph(self._session.project, level=level)

    def _runs(self, options: Any) -> Table:
        repository, project = self._session.repository, self._session.project
        rows = [
            (
                *(run.name, run.job_type or "", run.state),
                *(_refs(repository.used(run.id)), _refs(repository.logged(run.id))),
                ago(run.created_at),
            )
            for run in repository.runs(project)
        ]
        columns = ("run", "job type", "state", "used", "logged", "began")
        return Table(project, columns, rows, empty="No run yet.")

    def _switch(self, options: Any) -> Line:
        if options.name:
            self._session.project = check_project(options.name)
        known = self._session.repository.projects()
        return Line(f"project {self._session.project}", [f"known: {', '.join(known) or 'none'}"])

    # -- parts

    def _resolve(self, ref: str | None, command: str) -> VersionRecord:
        if ref is None:
            names = [found.name for found in self._session.repository.collections(self._project)]
            raise UsageError(
                f"%artnb {command} needs an artifact, such as NAME or NAME:v0; {nearest('', names)}"
            )
        return self._session.repository.resolve(ref, self._project)

    @property
    def _project(self) -> str:
        return self._session.project


def help_text() -> str:
    """Return the help of ``%artnb``."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {parser.description}" for name, parser in _PARSERS.items()]
    return "\n".join(["%artnb SUBCOMMAND", "", *lines, "", "%artnb SUBCOMMAND --help says more."])


def command_options(name: str) -> list[str]:
    """Return the options of a subcommand."""
    parser = _PARSERS.get(name)
    return sorted(parser._option_string_actions) if parser else []


def _about_unknown(name: str, parser: _Parser, word: str) -> str:
    if word.startswith("-"):
        return f"%artnb {name} has no option {word}; {nearest(word, command_options(name))}"
    return f"%artnb {name}: what is {word!r}? {parser.format_usage().strip()}"


def _target(rest: list[str]) -> str | None:
    if not rest:
        return None
    if len(rest) == 2 and rest[0] == "as" and rest[1].isidentifier():
        return rest[1]
    raise UsageError(f"%artnb load: write 'load REF as NAME', got {' '.join(rest)!r} after REF.")


def _variable(entry: Entry) -> str:
    stem = entry.path.rpartition("/")[2].partition(".")[0]
    return entry.variable or (stem if stem.isidentifier() else "value")


def _version_row(version: VersionRecord) -> tuple[str, ...]:
    aliases = ", ".join(version.aliases)
    when = ago(version.created_at)
    return (version.version, aliases, str(version.entries), size_text(version.size), when)


def _entry_row(entry: Entry) -> tuple[str, ...]:
    unsafe = "" if entry.format in ("file", "stub") or serializers.is_safe(entry.format) else "*"
    return (entry.path, entry.variable or "", entry.format + unsafe, size_text(entry.size))


def _names(runs: list[Any]) -> str:
    return ", ".join(f"{run.name} ({run.job_type})" if run.job_type else run.name for run in runs)


def _refs(versions: list[VersionRecord]) -> str:
    return ", ".join(version.ref for version in versions)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:197] + "..."
