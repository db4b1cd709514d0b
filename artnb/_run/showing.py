"""What a run says of itself while it is open, and what it is told to say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from artnb._run.base import RunBase
from artnb.card import run_html, show_html
from artnb.console import LOG_FILE
from artnb.public_types import RunStatus

__all__ = ["RunShowing"]


class RunShowing(RunBase):
    """The part of a run that shows it."""

    def status(self) -> RunStatus:
        """Return that nothing waits, and when the record was last written."""
        at = self._record.heartbeat_at or self.start_time
        return RunStatus(sync_time=datetime.fromtimestamp(at, UTC))

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return HTML that shows the run: config, summary, and the versions it took and made.

        Parameters
        ----------
        height : int
            In pixels, at most.
        hidden : bool
            Whether it is folded away until one asks for it.
        """
        record = self._record
        if not self._finished:
            now = {"config": self.config.as_dict(), "summary": self.summary.as_dict()}
            record = record.with_changes(**now)
        return run_html(record, self._repository, height, hidden=hidden)

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Show `to_html` below the cell; return False where there is no notebook."""
        return show_html(self.to_html(height, hidden), repr(self))

    def pin_config_keys(self, keys: Sequence[str] = ()) -> None:
        """Do nothing: the panel shows all of the config."""

    def write_logs(self, text: str) -> None:
        """Add a line to the run's ``output.log``, which is kept with it when it finishes.

        After that, do nothing, as W&B has it.
        """
        if self._finished:
            return
        with self._lock, open(f"{self.dir}/{LOG_FILE}", "a", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else f"{text}\n")
