"""``%artnb``: what is kept, in a line."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from typing import Any

from IPython.display import display

from artnb import serializers
from artnb.capture import fingerprint
from artnb.deleting import about_deleting
from artnb.differences import shown_differences
from artnb.display import Line, Message, Shown, Table, ago, size_text
from artnb.errors import CommError, UsageError, nearest
from artnb.jupyter.parsers import about_unknown, help_text, parser_of
from artnb.jupyter.restoring import about_problems, bind, known_values, load_values, restore
from artnb.jupyter.resuming import resume
from artnb.jupyter.session import Session
from artnb.jupyter.staleness import Checker
from artnb.jupyter.status import status
from artnb.listing import Listing, list_artifacts, list_runs, list_versions, shortened
from artnb.model import Entry, RunRecord, VersionRecord
from artnb.refs import check_project
from artnb.shown_run import all_code, shown_run
from artnb.upkeep import (
    about_collecting,
    about_held,
    about_verifying,
    known_project,
    list_moves,
    list_usage,
    run_label,
)

__all__ = ["Commands"]

_KINDS = {"newer": "artifact", "outdated": "artifact", "saved": "variable"} | {
    kind: kind for kind in (
        "variable", "setting", "function", "class", "cell", "file", "module", "package",
    )
}  # fmt: skip

_LONGEST_NAMES = 80
"""Of the projects that are named where another has nothing yet."""

_NEED_NOT_WAIT = frozenset(("status", "auto", "graph", "project", "save"))


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
            "why": self._why,
            "ls": self._ls,
            "show": self._show,
            "load": self._load,
            "restore": self._restore,
            "resume": self._resume,
            "diff": self._diff,
            "auto": self._auto,
            "save": self._save,
            "graph": self._graph,
            "runs": self._runs,
            "log": self._log,
            "du": self._usage,
            "verify": self._verify,
            "delete": self._delete,
            "gc": self._collect,
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
        if words in (["on"], ["off"]):
            words = ["auto", *words]
        name, *rest = words or ["--help"]
        if name in ("help", "-h", "--help"):
            return Message(parser_of(rest[0]).format_help() if rest else help_text())
        parser = parser_of(name)
        options, unknown = parser.parse_known_intermixed_args(rest)
        if options.help:
            return Message(parser.format_help())
        if unknown:
            raise UsageError(about_unknown(name, unknown[0]))
        if name not in _NEED_NOT_WAIT:
            self._session.saver.settle()
        return self._do[name](options)

    # -- subcommands

    def _status(self, options: Any) -> Table:
        return status(self._session, self._namespace, everything=options.all)

    def _why(self, options: Any) -> Table:
        version = self._resolve(options.ref, "why")
        checker = Checker(self._session, self._namespace)
        run = checker.maker(version)
        states = checker.inputs(version)
        besides = [
            (_KINDS[each.kind], each.name, each.then, each.text)
            for each in checker.besides(version)
        ]
        told = {found[:2] for found in besides}
        rows = [
            (_KINDS[each.kind], each.name, each.then, each.now)
            for each in states
            if (_KINDS[each.kind], each.name) not in told
        ]
        rows += besides
        parts = [part for each in states if each.changed and each.detail for part in each.detail()]
        parts += _about_skipping(run)
        if now := checker.renamed(version):
            removed = f"%artnb delete {version.ref} --aliases"
            said = "it is not shown as out of date", f"{removed} removes it"
            parts.append(Line(f"its cell makes {now.ref} now", said))
        gone = () if run else self._session.repository.logged_by(version.id, deleted=True)[-1:]
        made = f", made by {run.name} {ago(run.created_at)}" if run else ""
        made += "".join(f", made by {run_label(each)}" for each in gone)
        return Table(
            f"{version.ref}{made}",
            ("input", "", "then", "now"),
            rows,
            parts=parts,
            empty="What its run read went with that."
            if gone
            else "Its run read nothing that is known.",
            foot=""
            if gone or besides or any(each.changed for each in states)
            else "No input has changed since.",
        )

    def _auto(self, options: Any) -> Line:
        if options.state is not None:
            self._session.automatic = options.state == "on"
        if self._session.automatic:
            return Line("auto on", ["each cell that follows is a run, each variable an artifact"])
        return Line("auto off", ["cells that begin with %%artifact NAME are runs"])

    def _save(self, options: Any) -> Table:
        saver = self._session.saver
        if options.forget:
            rows = [(job.title, "given up") for job in saver.give_up()]
            return Table("", rows=rows, empty="Nothing had failed.")
        saver.settle()
        rows = [(job.title, "saved" if job.error is None else job.state) for job in saver.retry()]
        return Table("", rows=rows, empty="Everything is saved.")

    def _ls(self, options: Any) -> Table:
        repository, project = self._session.repository, self._session.project
        if options.name:
            found = repository.resolve(options.name, project)
            versions = repository.versions(found.project, found.name)
            return _table(found.name, list_versions(versions, ago))
        listing = list_artifacts(repository, project, ago)
        none = self._elsewhere() or "Begin a cell with %%artifact NAME."
        return _table(project, listing, f"No artifact yet. {none}")

    def _show(self, options: Any) -> Table:
        repository = self._session.repository
        try:
            version = self._resolve(options.ref, "show")
        except CommError:
            # Or the newest of the cell of an artifact's name.
            run = repository.find_run(self._project, options.ref, ("id", "name", "job_type"))
            if run is None:
                raise
            return shown_run(repository, run, everything=options.code)
        facts = [
            ("type", version.type),
            ("description", version.description or ""),
            ("aliases", ", ".join(version.aliases)),
            ("size", size_text(version.size)),
            ("made by", _names(repository.logged_by(version.id, deleted=True))),
            ("used by", _names(repository.used_by(version.id, deleted=True))),
            ("digest", version.digest),
        ]
        metadata = [(key, shortened(value, 200)) for key, value in version.metadata.items()]
        entries, held = about_held(repository.manifest(version))
        rows = list(map(_entry_row, entries))
        unsafe = any(row[2].endswith("*") for row in rows)
        foot = "; ".join(filter(None, [held, "* loaded with --trust only" if unsafe else ""]))
        parts: list[Shown] = [
            Table("entries", ("path", "variable", "format", "size"), rows, foot=foot)
        ]
        if metadata:
            parts.insert(0, Table("metadata", rows=metadata))
        if options.code and (maker := repository.maker(version.id)) is not None:
            parts += all_code(repository, maker)
        return Table(version.ref, rows=[fact for fact in facts if fact[1]], parts=parts)

    def _load(self, options: Any) -> Line:
        target = _target(options.rest)
        version = self._resolve(options.ref, "load")
        known = known_values(self._session, self._namespace, version)
        repository = self._session.repository
        loaded = load_values(repository, version, trust=options.trust, known=known)
        if not loaded.values:
            raise UsageError(about_problems(version, loaded))
        if target is None:
            bind(self._session, self._namespace, version, loaded)
            named = loaded.values
        else:
            several = len(loaded.values) > 1
            named = {target: loaded.values if several else next(iter(loaded.values.values()))}
            self._namespace.update(named)
            path = "" if several else next(iter(loaded.entries.values())).path
            value = named[target]
            self._session.remember(target, version, path, fingerprint(value), value)
        notes = [f"not loaded: {name}: {why}" for name, why in loaded.problems.items()]
        what = [f"{name} ({type(value).__name__})" for name, value in named.items()]
        return Line(version.ref, [f"loaded {', '.join(what)}", *notes])

    def _restore(self, options: Any) -> Table:
        version = self._resolve(options.ref, "restore")
        return restore(
            self._session, self._namespace, version, trust=options.trust, force=options.force
        )

    def _resume(self, options: Any) -> Table:
        version = self._resolve(options.ref, "resume")
        return resume(
            self._session, self._namespace, version, trust=options.trust, force=options.force
        )

    def _diff(self, options: Any) -> Table:
        ref = self._named(options.ref, "diff")
        return shown_differences(
            self._session.repository, self._project, ref, options.other, trust=options.trust
        )

    def _graph(self, options: Any) -> Any:
        from artnb.widgets.view import view_of

        level = "instances" if options.instances else "names" if options.names else "types"
        direction = "down" if options.down else None
        session = self._session
        if elsewhere := self._elsewhere():
            display(Line(session.project, ["nothing yet", elsewhere]))
        shown = view_of(session.repository, session.project, level=level, direction=direction)
        if not options.beside:
            return shown
        shown.beside()
        return Line(f"graph of {shown.project}", ["open beside the notebook"])

    def _elsewhere(self) -> str:
        """Return which projects have something, where that of the cells has nothing; or ""."""
        projects = self._session.repository.projects()
        if not projects or self._session.project in projects:
            return ""
        names = shortened(", ".join(projects), _LONGEST_NAMES)
        return f"Recorded in {names}: %artnb project NAME goes there."

    def _runs(self, options: Any) -> Table:
        project = self._session.project
        listing = list_runs(self._session.repository, project, options, ago)
        return _table(project, listing, f"No run yet. {self._elsewhere()}".rstrip())

    def _log(self, options: Any) -> Table:
        # A name that is not there is said by the way to it.
        version = self._resolve(options.ref, "log")
        rows = [
            (at, alias, f"{before} → {after}", who)
            for at, alias, before, after, who in list_moves(
                self._session.repository, version.project, version.name
            )
        ]
        return Table(f"aliases of {version.name}", ("when", "alias", "moved", "by"), rows)

    def _usage(self, options: Any) -> Table:
        # No browser and no column eats these spaces.
        rows = [
            (name.replace("  ", "\u2003"), room, shared)
            for name, room, shared in list_usage(self._session.repository)
        ]
        return Table("", ("what", "bytes", "of these shared"), rows)

    def _verify(self, options: Any) -> Message:
        lines, _ = about_verifying(self._session.repository, options)
        return _lines(lines)

    def _delete(self, options: Any) -> Message:
        lines, _ = about_deleting(
            self._session.repository,
            options,
            find=lambda ref: self._resolve(ref, "delete"),
            project=lambda name: (
                known_project(self._session.repository, name) if name else self._project
            ),
        )
        return _lines(lines)

    def _collect(self, options: Any) -> Message:
        return _lines(about_collecting(self._session.repository, options))

    def _switch(self, options: Any) -> Line:
        if options.name:
            self._session.project = check_project(options.name)
        known = self._session.repository.projects()
        return Line(f"project {self._session.project}", [f"known: {', '.join(known) or 'none'}"])

    # -- parts

    def _resolve(self, ref: str | None, command: str) -> VersionRecord:
        return self._session.repository.resolve(self._named(ref, command), self._project)

    def _named(self, ref: str | None, command: str) -> str:
        if ref is None:
            names = [found.name for found in self._session.repository.collections(self._project)]
            raise UsageError(
                f"%artnb {command} needs an artifact, such as NAME or NAME:v0; {nearest('', names)}"
            )
        return ref

    @property
    def _project(self) -> str:
        return self._session.project


def _lines(lines: Iterable[str]) -> Message:
    return Message("\n".join(lines))


def _target(rest: list[str]) -> str | None:
    if not rest:
        return None
    if len(rest) == 2 and rest[0] == "as" and rest[1].isidentifier():
        return rest[1]
    raise UsageError(f"%artnb load: write 'load REF as NAME', got {' '.join(rest)!r} after REF.")


def _about_skipping(run: RunRecord | None) -> list[Table]:
    """Return why a cell with ``--cache`` cannot be skipped, from its run's purity ledger."""
    cache = run.outputs.get("cache") if run else None
    if not cache:
        return []
    from artnb.capture.purity import Finding

    reasons = [str(Finding(**each)) for each in cache["impure"]] + list(cache["lost"])
    title = "cannot be skipped" if reasons else "is skipped when nothing of this changes"
    return [Table(title, rows=[(reason,) for reason in reasons])]


def _table(title: str, listing: Listing, empty: str = "") -> Table:
    return Table(title, listing.columns, listing.rows, empty=empty, foot=listing.foot)


def _entry_row(entry: Entry) -> tuple[str, ...]:
    unsafe = "" if entry.format in ("file", "stub") or serializers.is_safe(entry.format) else "*"
    return (entry.path, entry.variable or "", entry.format + unsafe, size_text(entry.size))


def _names(runs: Iterable[RunRecord]) -> str:
    return ", ".join(
        f"{run_label(run)} ({run.job_type})" if run.job_type else run_label(run) for run in runs
    )
