"""What a cell has read, bound and deleted so far, while it is walked in the order of execution."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from artnb.capture._scopes import Free

__all__ = ["Bound", "Names"]


@dataclass
class Names:
    """The names of a cell, as its source tells.

    Attributes
    ----------
    reads : set of str
        Needed from before the cell. Builtins are among them; the namespace decides.
    stores : set of str
        Bound on every way through the cell.
    maybe : set of str
        Bound in a branch that may not have run.
    deletes : set of str
        Named by ``del``.
    imports : set of str
        Bound by an import.
    stars : list of str
        Modules of which everything is imported.
    temporary : set of str
        Bound only by ``for``, ``with ... as`` or ``except ... as``.
    files : list of str
        Paths of files of code that ``%run`` runs.
    """

    reads: set[str] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    temporary: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)


class Bound:
    """The names that hold at a place of the cell.

    Attributes
    ----------
    names : Names
        Those of the cell, up to there.
    bound : set of str
        Bound before, on every way to there.
    later : set of str
        Read when somebody asks, and that is after the cell.
    """

    def __init__(self) -> None:
        self.names = Names()
        self.bound: set[str] = set()
        self.later: set[str] = set()
        self._deferred: dict[str, Free] = {}
        self._hiding: list[set[str]] = []  # own names of what is around
        self._branch = 0
        self._in_class = False

    def _read(self, name: str) -> None:
        if self._hiding and any(name in own for own in self._hiding):
            return
        if name not in self.bound:
            self.names.reads.add(name)
        if name in self._deferred:
            self._use(name, set())

    def _read_later(self, parts: Iterable[ast.AST]) -> None:
        found = {
            node.id
            for part in parts
            for node in ast.walk(part)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        self.later |= found.difference(*self._hiding)

    def _use(self, name: str, seen: set[str]) -> None:
        """Count the globals of the function `name` if it is the cell's own: it may be called."""
        if name in seen or name not in self._deferred:
            return
        seen.add(name)
        free = self._deferred[name]
        self.names.reads |= free.reads - self.bound
        for written in free.writes:
            self._bind(written)
        for inner in free.reads:
            self._use(inner, seen)

    def _bind(self, name: str) -> None:
        if self._in_class:
            self._hiding[-1].add(name)
            return
        self._deferred.pop(name, None)
        (self.names.maybe if self._branch else self.names.stores).add(name)
        self.bound.add(name)

    def _defer(self, name: str, free: Free) -> None:
        if not self._in_class:
            self._deferred[name] = free

    def _run(self, free: Free) -> None:
        for name in free.reads:
            self._read(name)
        for name in free.writes:
            self._bind(name)
