"""Keeps a cell from running while a value that it could change is still to be written.

It stands as an AST transformer, for that is asked before every cell, silent ones too, and
may refuse it. It stands only while there is something to wait for, or to tell.
"""

from __future__ import annotations

import ast
import sys
from typing import Any

from artnb.jupyter.refusal import CellNotRun, explain
from artnb.jupyter.saving import Job, Saver

__all__ = ["Barrier"]

_LOOK_ONLY = ("status", "help")


class Barrier:
    """One for each shell.

    Parameters
    ----------
    shell : InteractiveShell
    saver : Saver
    """

    def __init__(self, shell: Any, saver: Saver) -> None:
        self._shell = shell
        self._saver = saver
        self._is_up = False

    def put_up(self) -> None:
        """Stand before the cells that follow, if there is anything to wait for or to tell."""
        if self._saver.is_busy and self not in self._shell.ast_transformers:
            self._shell.ast_transformers.append(self)
            self._is_up = True

    def dismiss(self) -> None:
        """Go away."""
        self._is_up = False
        if self in self._shell.ast_transformers:
            self._shell.ast_transformers.remove(self)

    def dismiss_if_open(self) -> None:
        """Go away if there is nothing to wait for and nothing to tell.

        Between cells only: while IPython walks its transformers it would skip the next.
        """
        if self._is_up and not self._saver.is_busy:
            self.dismiss()

    def visit(self, tree: Any) -> Any:
        """Wait until the cell can change nothing that is still to be written."""
        try:
            if not _only_looks(tree):
                self._saver.release()
        except KeyboardInterrupt:
            waiting = ", ".join(job.title for job in self._saver.waiting)
            raise CellNotRun(
                f"interrupted while {waiting} was being saved, which this cell could have "
                "changed. The save goes on; run the cell again."
            ) from None
        for job in self._saver.news():
            _tell(job)
        return tree


def _only_looks(tree: Any) -> bool:
    """Return whether a cell is empty, or asks artnb how things are."""
    return all(map(_is_look, getattr(tree, "body", ())))


def _is_look(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return False
    words = [each.value for each in call.args if isinstance(each, ast.Constant)]
    return (
        call.func.attr == "run_line_magic"
        and len(words) == len(call.args) == 2
        and words[0] == "artnb"
        and str(words[1]).partition(" ")[0] in _LOOK_ONLY
    )


def _tell(job: Job) -> None:
    assert job.error is not None
    names = ", ".join(sorted(job.names)) or "its files"
    sys.stderr.write(
        f"artnb: {job.title} WAS NOT SAVED: {explain(job.error)}\n"
        f"artnb: {names} of that cell: still in memory. '%artnb save' tries again, or run the "
        "cell again; '%artnb save --forget' gives it up.\n"
    )
