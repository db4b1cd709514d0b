"""When a cell's run and its values are recorded: before it, after it, or beside the next one."""

from __future__ import annotations

from typing import Any

from artnb.jupyter.saving import SMALL, Saver
from artnb.repository import Repository

__all__ = ["When"]


class When:
    """What one cell may leave for later.

    Parameters
    ----------
    by_page : bool
        Whether a page runs the cell. What runs a notebook as a program may kill a kernel that
        takes long to end.
    """

    def __init__(self, repository: Repository, saver: Saver, shell: Any, *, by_page: bool) -> None:
        self._repository = repository
        self._saver = saver
        self._has_kernel = hasattr(type(shell), "kernel") or hasattr(shell, "kernel")  # a trait
        wanted = repository.settings.background
        auto = wanted == "auto" and by_page and self._has_kernel
        self._background = wanted == "on" or auto

    @property
    def begins_later(self) -> bool:
        """Whether the run is written while the cell runs, or with its end.

        Only where all went well before: a cell is not to run where nothing can be recorded.
        """
        well = not self._saver.failed and self._repository.run_trouble is None
        return well and self._background and self._has_kernel

    def saves_later(self, size: int) -> bool:
        """Return whether values of so many bytes are saved after the cell.

        What is small is, too, for the disk's syncs take longest; but only where the cell's line
        is brought up to date, and behind nothing that takes long: the cell that reads a small
        value would wait for that.
        """
        small_later = self._has_kernel and not self._saver.waiting
        return self._background and (size >= SMALL or small_later)
