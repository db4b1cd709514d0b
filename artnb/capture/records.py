"""The records of what one cell read and made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from artnb.capture.own_values import OwnValue
from artnb.capture.plain import NOT_PLAIN

__all__ = ["Capture", "Input", "Output", "Role"]

Role = Literal["config", "code", "handle", "iterator", "variable"]
"""What an input is to the run.

``config``: a small plain value. ``code``: a function or class of the notebook.
``handle``: one of artnb's own objects. ``iterator``: reading it uses it up.
``variable``: everything else; whether some version holds it is not known here.
"""


@dataclass(frozen=True)
class Input:
    """A name that the cell reads.

    Attributes
    ----------
    fingerprint : str or None
        Of the value before the cell; None where there is none.
    plain : object
        The value as JSON knows it, for role ``config``; else ``NOT_PLAIN``.
    handle : object
        The value itself, for role ``handle``; else None, for an input is not kept alive.
    kind : str
        The name of the value's type.
    over_budget : bool
        The value is too large to be hashed: whether it changes is not seen.
    """

    name: str
    role: Role
    fingerprint: str | None
    kind: str
    plain: Any = NOT_PLAIN
    handle: Any = None
    over_budget: bool = False


@dataclass(frozen=True)
class Output:
    """A name that the cell leaves with another value, or with a value of other content.

    Attributes
    ----------
    how : {'stored', 'changed'}
        Bound by the cell, or changed in place.
    role : {'value', 'code', 'import', 'temporary', 'handle'}
        ``import``: a module or what was imported from one. ``temporary``: left over by
        ``for``, ``with`` or ``except``.
    """

    name: str
    value: Any
    how: Literal["stored", "changed"]
    role: Literal["value", "code", "import", "temporary", "handle"]


@dataclass(frozen=True)
class Capture:
    """What one cell read and made.

    Attributes
    ----------
    inputs, outputs : mapping
        By name.
    over_budget : tuple of str
        Inputs that are too large to be hashed.
    changed : frozenset of str
        Outputs that were changed in place.
    deleted : frozenset of str
        Names that are gone.
    consumed : frozenset of str
        Iterators that moved on: they cannot be captured.
    code : tuple
        Functions and classes of the notebook that the cell can reach.
    library : mapping
        What the cell reads that was imported: modules, functions and classes, by name.
    scripts : tuple of str
        Paths of the files that it runs by ``%run``.
    roots : frozenset of str
        Modules of the person's own that what it reads is, or comes from.
    own_modules : frozenset of str
        All modules of the person's own that it can reach.
    own_values : mapping
        Values in modules of the person's own that it reads, by module and name.
    """

    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    over_budget: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    consumed: frozenset[str] = frozenset()
    code: tuple[Any, ...] = ()
    library: Mapping[str, Any] = field(default_factory=dict)
    scripts: tuple[str, ...] = ()
    roots: frozenset[str] = frozenset()
    own_modules: frozenset[str] = frozenset()
    own_values: Mapping[str, OwnValue] = field(default_factory=dict)

    def without_values(self) -> Capture:
        """Return it without the objects that the cell made: whoever holds it holds none of them."""
        return replace(self, outputs={}, code=())
