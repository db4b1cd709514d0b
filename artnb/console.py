"""What a run printed, line by line, as far as it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from artnb.model import RunRecord
from artnb.repository import Repository

__all__ = ["LOG_FILE", "ConsoleLine", "console_lines"]

LOG_FILE = "output.log"
"""Where `Run.write_logs` writes: a file that the run keeps, by W&B's name for it."""


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One line that was printed.

    Attributes
    ----------
    number : int
        Its place, from 0.
    content : str
        Without its end.
    level : {'', 'error'}
        ``error`` of what went to stderr.
    timestamp : None
        When a line was printed is not kept.
    label : str
        Empty.
    """

    number: int
    content: str
    level: str = ""
    timestamp: datetime | None = None
    label: str = ""


def console_lines(
    run: RunRecord, repository: Repository, last: int | None = None
) -> list[ConsoleLine]:
    """Return what a cell printed, stdout before stderr, and what `Run.write_logs` was given."""
    found = [ConsoleLine(n, *each) for n, each in enumerate(_lines(run, repository))]
    return found if last is None else found[max(0, len(found) - last) :]


def _lines(run: RunRecord, repository: Repository) -> Iterator[tuple[str, str]]:
    for stream, level in (("stdout", ""), ("stderr", "error")):
        for line in str(run.outputs.get(stream, "")).splitlines():
            yield line, level
    kept = run.outputs.get("files", {}).get(LOG_FILE)
    if kept is not None:
        text = repository.read_blob(kept["sha256"]).decode("utf-8", "replace")
    else:  # it is kept when the run finishes
        path = repository.root / "runs" / run.id / LOG_FILE
        text = path.read_text("utf-8", "replace") if path.is_file() else ""
    for line in text.splitlines():
        yield line, ""
