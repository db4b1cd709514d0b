"""How artnb's own errors fail a cell: short, without our frames."""

from __future__ import annotations

from IPython.core.error import InputRejected

from artnb.errors import ArtnbError, UsageError

__all__ = ["CellNotRun", "CellNotSaved", "MagicError", "ShownAbove", "explain"]

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"


class _Brief:
    """Shown as one line in place of a traceback, for the fault is not in our frames."""

    def _render_traceback_(self) -> list[str]:
        return [f"{_RED}{type(self).__name__}{_PLAIN}: {self}"]


class CellNotRun(_Brief, UsageError, InputRejected):  # type: ignore[misc]  # IPython is untyped
    """The cell was refused before its first statement."""


class MagicError(_Brief, UsageError):
    """``%artnb`` could not do what its line says."""


class CellNotSaved(_Brief, ArtnbError):
    """The cell ran, but what it made could not be saved."""


class ShownAbove(_Brief, ArtnbError):
    """A cell inside this one failed, and said so itself."""


def explain(error: BaseException) -> str:
    """Return the message of an error; of one that is not artnb's, the class too."""
    return str(error) if isinstance(error, ArtnbError) else f"{type(error).__name__}: {error}"
