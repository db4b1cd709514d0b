"""``%artnb show RUN``, ``artnb show RUN``: one run, also of a cell that made no version."""

from __future__ import annotations

from os.path import relpath
from typing import Any

from artnb.display import Message, Shown, Table, ago
from artnb.errors import ArtnbError
from artnb.listing import shortened
from artnb.logged_files import without_files
from artnb.model import RunRecord
from artnb.own_texts import text_of_run
from artnb.repository import Repository

__all__ = ["all_code", "shown_run"]

_MOST_LINES = 40


def shown_run(repository: Repository, run: RunRecord, *, everything: bool = False) -> Table:
    """Return what is known of a run as it is displayed.

    Parameters
    ----------
    everything : bool
        Show its whole code, with what it used of the notebook and of the person's own modules.
    """
    outputs = run.outputs
    error = outputs.get("error") if run.state in ("failed", "crashed") else None
    facts = [
        ("state", run.state),
        ("of", run.job_type or ""),
        ("begun", ago(run.created_at)),
        ("error", f"{error['name']}: {shortened(error['message'], 200)}" if error else ""),
        ("made", ", ".join(version.ref for version in repository.logged(run.id))),
        ("used", ", ".join(version.ref for version in repository.used(run.id))),
        ("own modules", ", ".join(map(relpath, outputs.get("own_code", ())))),
    ]
    parts: list[Shown] = [
        Table(title, rows=[(key, shortened(values[key], 200)) for key in values])
        for title, values in (("settings", run.config), ("metrics", without_files(run.summary)))
        if values
    ]
    parts += all_code(repository, run) if everything else _code(repository, run, False)
    if error and error.get("traceback"):
        parts.append(_text("error", error["traceback"]))
    for name in ("stdout", "stderr"):
        if outputs.get(name):
            parts.append(_text("output" if name == "stdout" else name, outputs[name]))
    return Table(f"run {run.name}", rows=[fact for fact in facts if fact[1]], parts=parts)


def all_code(repository: Repository, run: RunRecord) -> list[Shown]:
    """Return a run's whole code, and the person's own modules as they were for it."""
    parts = _code(repository, run, True)
    for path in run.outputs.get("own_code", ()):
        text = text_of_run(repository, run, path)
        parts.append(_text(relpath(path), "its text was not kept" if text is None else text))
    return parts


def _code(repository: Repository, run: RunRecord, everything: bool) -> list[Shown]:
    try:
        code = repository.code(run.id)
    except ArtnbError as error:  # it is damaged
        code = str(error)
    if not code:
        return []
    lines = code.splitlines()
    most = (
        len(lines) if everything else min(run.outputs.get("cell_lines", _MOST_LINES), _MOST_LINES)
    )
    more = len(lines) - most
    rest = f"\n... {more} lines more: --code shows them" if more > 0 else ""
    return [_text("code", "\n".join(lines[:most]) + rest)]


def _text(title: str, text: Any) -> Table:
    return Table(title, parts=[Message(str(text).rstrip())])
