"""What becomes of the runs that are open when the process ends: they are finished, as it ended.

How it ended, `exiting` finds out. A child of multiprocessing mostly ends without `atexit`, which
is why its runs are finished by what multiprocessing itself calls last.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from artnb._run import Run
from artnb.exiting import how_it_ended, note_exits, note_printed
from artnb.failure import describe_error, exit_code
from artnb.shell import in_notebook

__all__ = ["Ending"]


class Ending:
    """Finishes the open runs.

    Parameters
    ----------
    runs : sequence of Run
        Those that are open, the innermost last, as they are by then.

    Attributes
    ----------
    of_notebook : bool
        Whether a kernel ends: the page is gone then, and nobody is left to be told.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self.of_notebook = False

    def watch(self) -> None:
        """See to it that how the process ends is known by then; called as a run is opened."""
        if not in_notebook():
            note_exits()
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            from multiprocessing.util import Finalize

            note_printed()
            Finalize(None, self._finish_in_child, exitpriority=0)

    def finish_all(self) -> None:
        """Finish the runs; for `atexit`."""
        self.of_notebook = in_notebook()
        # There an error ends a cell, and no run that is open beside it.
        self._finish(*((0, None) if self.of_notebook else how_it_ended()))

    def _finish_in_child(self) -> None:
        # What the child raised is being handled, or has been.
        error = sys.exception()
        code = exit_code(error)
        if error is not None and code:
            self._finish(code, describe_error(error))
        else:
            self._finish(*how_it_ended())

    def _finish(self, code: int, said: Mapping[str, str] | None) -> None:
        for run in reversed(list(self._runs)):
            try:
                if said is not None:
                    run._note_error(said)
                run.finish(exit_code=code)
            except Exception as error:
                _say(
                    f"The run {run.name} could not be finished: {error} Its rows are kept; "
                    "whoever opens the repository next closes it as crashed.\n"
                )


def _say(text: str) -> None:
    with suppress(Exception):  # a stream that is closed, or None
        sys.stderr.write(text)
