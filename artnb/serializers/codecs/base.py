"""How values of one type are taken apart and made again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Codec"]


@dataclass(frozen=True, slots=True)
class Codec:
    """How values of one type are written.

    Attributes
    ----------
    name : str
        As in the file.
    parts : callable
        Returns the parts of a value; CannotSave where an equal one could not be made of them.
    make : callable
        Takes the parts; lists, dicts and sets among them may still be empty. The file may be a
        stranger's: it raises for what it does not expect.
    fill : callable or None
        Of what can hold itself: takes what `make` made of the first `fixed` parts, and the rest.
    of_class : bool
        The first part names a class as `find_class` finds it; `make` gets the class.
    mutable : bool
        It can be changed in place, though nothing can be put into it: two that are equal stay two.
    """

    name: str
    parts: Callable[[Any], Sequence[Any]]
    make: Callable[..., Any]
    fill: Callable[[Any, list[Any]], object] | None = None
    fixed: int = 0
    of_class: bool = False
    mutable: bool = False

    def parts_or_none(self, value: Any) -> Sequence[Any] | None:
        """Return the parts of a value, or None where an equal one could not be made of them."""
        try:
            return self.parts(value)
        except (OSError, MemoryError):
            raise
        except Exception:  # beside CannotSave, what a library says of a value that it made odd
            return None
