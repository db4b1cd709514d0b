"""Watches one cell: opened before it runs, closed after, it says what went in and came out."""

from __future__ import annotations

import ast
import contextlib
import sys
import types
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from typing import Any, Literal

from artnb.capture._figures import figures_of, mark_of_figure
from artnb.capture._holding import contained, held_elsewhere
from artnb.capture._iterators import is_iterator, position_of
from artnb.capture._modules import as_if, is_module, modes_of_module
from artnb.capture._sharing import has_content, holding, overlapping, sharing_memory
from artnb.capture.fingerprint import TYPE_ALIAS, fingerprint
from artnb.capture.namespace import Holder, Roster, Snapshot, values_of
from artnb.capture.own_values import OwnValues
from artnb.capture.plain import NOT_PLAIN, NUMBERS, plain
from artnb.capture.reach import is_notebook_code, reachable
from artnb.capture.records import Capture, Input, Output, Role
from artnb.capture.size import size_of
from artnb.capture.source import Names, analyse

__all__ = ["Recorder", "is_handle"]

_LAZY: Any = getattr(types, "LazyImportType", ())
"""What ``lazy import ...`` binds, from Python 3.15 on, until it is read."""

_CODE: tuple[Any, ...] = (
    types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type, TYPE_ALIAS, _LAZY,
)  # fmt: skip
_ATOMS = (str, bytes, int, float, complex, bool, type(None))
_IMMUTABLE = (*_ATOMS, range, types.FunctionType)
_FRAMES = "pandas"
"""The package whose frames write into memory that an array may look at."""


class Recorder:
    """Watches one cell.

    Parameters
    ----------
    namespace : mapping
        The live globals of the notebook. They are only read.
    roster : Roster, optional
        Says which names are the person's; default: all but those that a shell binds.
    expand : callable, optional
        See `artnb.capture.source.analyse`.
    budget : int, optional
        Bytes above which a value is not hashed; default: none.
    saved : callable, optional
        Returns the fingerprint under which a version holds the object that a name stands for,
        or None.

    Attributes
    ----------
    inputs : mapping
        What the cell reads, by name; known, like the others, once `open` has been called.
    code : tuple
        Functions and classes of the notebook that the cell can reach.
    library : mapping
        What it reads that was imported: modules, functions and classes, by name.
    held : tuple
        Functions of libraries that what it reads holds, under whatever name.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        *,
        roster: Roster | None = None,
        expand: Callable[[str], str] | None = None,
        budget: int | None = None,
        saved: Callable[[str], str | None] = lambda name: None,
    ) -> None:
        self._budget = budget
        self._saved = saved
        self._namespace = namespace
        self._roster = roster or Roster(namespace)
        self._expand = expand
        self.inputs: Mapping[str, Input] = {}
        self.code: tuple[Any, ...] = ()
        self.library: Mapping[str, Any] = {}
        self.held: tuple[Any, ...] = ()
        self._names: Names
        self._objects: dict[str, Holder] = {}
        self._marks: dict[str, str | None] = {}
        self._over_budget: list[str] = []
        self._positions: dict[str, Any] = {}
        self._figures: dict[int, tuple[Holder, int | None]] = {}
        self._modules: list[weakref.ref[Any]] = []
        self._modes: dict[int, bool] = {}
        self._writes: set[str] = set()
        self._own_after: frozenset[str] | None = None

    def open(self, tree: ast.AST) -> None:
        """Read the source, and take the fingerprints of what it is about to read."""
        self._names = analyse(tree, expand=self._expand)
        own = self._own = self._roster.names()
        reads = own & self._names.reads
        reach = reachable(reads, self._namespace)
        self.code, self.held, self._writes = tuple(reach.code), tuple(reach.held), reach.writes
        if reach.reads:
            reads |= own & reach.reads
        inputs, library = {}, {}
        for name in sorted(reads):
            value = self._imported(name) if _LAZY else self._namespace[name]
            if issubclass(type(value), _CODE) and not self._is_notebook_code(value):
                library[name] = value
            else:
                inputs[name] = self._input(name, value)
        self.inputs, self.library = inputs, library
        self._own_values = OwnValues(tree, reach, library.values(), self._budget)
        if self._objects or self._positions or reach.values:
            self._watch_contained(reach.values)
            self._watch_holders()
            self._watch_looked_at()
            self._figures = {
                id(figure): (Holder(figure), mark_of_figure(figure))
                for name in self._objects
                for figure in figures_of(self._namespace[name])
            }
        self._before = Snapshot(self._namespace, own)

    def close(self, *, failed: bool = False) -> Capture:
        """Return what the cell read and made.

        Parameters
        ----------
        failed : bool
            The cell raised: not every name that its source binds has been bound.
        """
        self._own = self._own_after or self._roster.names()
        rebound = self._before.rebound(self._own)
        stored = rebound if failed else rebound | self._stored()
        changed = self._changed(stored) if self._objects else set()
        outputs = [self._output(name, "stored") for name in sorted(stored)]
        outputs += [self._output(name, "changed") for name in sorted(changed)]
        kept = {o.name: o for o in outputs if not issubclass(type(o.value), types.ModuleType)}
        own_values = self._own_values.close()
        consumed = {name for name, before in self._positions.items() if self._moved(name, before)}
        return Capture(
            inputs=self.inputs,
            outputs=kept,
            over_budget=tuple(self._over_budget),
            changed=frozenset(kept.keys() & changed),
            deleted=frozenset(self._before.gone()),
            consumed=frozenset(consumed),
            code=self.code,
            library=self.library,
            scripts=tuple(self._names.files),
            roots=self._own_values.roots,
            own_modules=self._own_values.modules,
            own_values=own_values,
        )

    @property
    def roots(self) -> frozenset[str]:
        """The modules of the person's own that what it reads is, or comes from."""
        return self._own_values.roots

    def is_same(self, name: str) -> bool:
        """Return whether `name` is bound to the object that it was bound to before the cell."""
        return self._before.is_same(name)

    def values(self) -> list[Any]:
        """Return what the person's names are bound to after the cell, and the last result."""
        self._own_after = self._roster.names()
        return [*map(self._namespace.get, self._own_after), self._namespace.get("_")]

    def value(self, name: str) -> Any:
        """Return what `name` is bound to now."""
        return self._namespace.get(name)

    def others(self, known: Collection[str]) -> dict[str, Any]:
        """Return the names that were there before the cell, and their values, without `known`."""
        return self._others(set(known))

    # -- inputs

    def _imported(self, name: str) -> Any:
        """Return a variable's value; a lazy import is made, as it is where the cell reads it."""
        value = self._namespace[name]
        if issubclass(type(value), _LAZY):
            namespace: Any = self._namespace
            with contextlib.suppress(Exception):  # the cell will fail by it, and say so
                return eval(name, namespace)
        return value

    def _is_notebook_code(self, value: Any) -> bool:
        if issubclass(type(value), TYPE_ALIAS):
            return bool(value.__module__ == "__main__")
        return is_notebook_code(value, self._namespace)

    def _input(self, name: str, value: Any) -> Input:
        kind = type(value).__qualname__
        if type(value) not in _ATOMS:
            if self._is_notebook_code(value):
                return Input(name, "code", fingerprint(value), kind)
            if is_handle(value):
                return Input(name, "handle", None, kind, handle=value)
            if is_iterator(value):
                self._positions[name] = position_of(value)
                return Input(name, "iterator", None, kind)
            self._objects[name] = Holder(value)
        as_json = plain(value)
        role: Role = "variable" if as_json is NOT_PLAIN else "config"
        if type(value) not in NUMBERS and self._is_over_budget(value):
            self._over_budget.append(name)
            return Input(name, role, None, kind, plain=as_json, over_budget=True)
        return Input(name, role, fingerprint(value), kind, plain=as_json)

    def _is_over_budget(self, value: Any) -> bool:
        return self._budget is not None and size_of(value) > self._budget

    def _watch_contained(self, values: list[Any]) -> None:
        """Watch the names of objects that the inputs or `values` hold: they may change by them."""
        for name in self._objects:
            self._marks[name] = self.inputs[name].fingerprint
        read = [self._namespace[name] for name in (*self._objects, *self._positions)]
        parts = [part for value in read for part in contained(value, weakly=True)]
        self._note_modes([*read, *parts])
        named = set(map(id, self._bound(self._own).values()))
        inner = held_elsewhere(parts) - named
        held = set(map(id, parts))
        held |= {id(part) for value in values for part in (value, *contained(value, weakly=True))}
        if held:
            for name, value in self._unread().items():
                if id(value) in held or (inner and not inner.isdisjoint(map(id, contained(value)))):
                    self._watch(name, value)

    def _note_modes(self, values: Iterable[Any]) -> None:
        for value in filter(is_module, values):
            if id(value) not in self._modes:
                self._modes |= modes_of_module(value)
                self._modules.append(weakref.ref(value))

    def _watch_holders(self) -> None:
        """Watch what holds an input whose name the cell takes away: it tells of a change by then.

        ``d.append(1); del d`` changes all that holds the list, and leaves no name of it.
        """
        names = self._names
        bound = names.stores | names.maybe | names.temporary | names.deletes | self._writes
        lost = [self._namespace[name] for name in self._objects.keys() & bound]
        lost = [value for value in lost if not issubclass(type(value), _IMMUTABLE)]
        if lost:
            unread = self._unread()
            for name in sharing_memory(lost, unread, frames=True):
                self._watch(name, unread[name])

    def _watch_looked_at(self) -> None:
        """Watch arrays in the memory of frames that are read, and of what cannot be hashed.

        A frame that has got one more column is another, and the array that looks at one of its
        columns is not: whether that has changed, only its content tells.
        """
        read = {name: self._namespace[name] for name in self._objects}
        below = [v for n, v in read.items() if self._marks[n] is None or _is_of(v, _FRAMES)]
        if below:
            unread = self._unread()
            for name in overlapping(below, unread):
                self._watch(name, unread[name])

    def _unread(self) -> dict[str, Any]:
        """Return the variables that are not watched yet."""
        return self._bound(self._own - self.inputs.keys() - self._objects.keys())

    def _watch(self, name: str, value: Any) -> None:
        self._objects[name] = Holder(value)
        self._marks[name] = None if self._is_over_budget(value) else fingerprint(value)

    # -- outputs

    def _stored(self) -> Set[str]:
        """Names that the source binds, as far as they are there."""
        names = self._names.stores | self._names.temporary | self._writes
        if self._names.maybe:
            names |= set(filter(self._may_be_stored, self._names.maybe))
        return self._own & names

    def _may_be_stored(self, name: str) -> bool:
        # A small value that was bound anew may be the very same object: counting it as
        # bound gives the same entries when the cell runs again.
        same = self._before.is_same(name)
        return not same or issubclass(type(self._namespace.get(name)), _IMMUTABLE)

    def _changed(self, stored: set[str]) -> set[str]:
        """Names whose object has other content, and those that share its memory."""
        # `x *= 2` binds x, to the same array: it is stored, and what shares it has changed.
        altered = {name for name, held in self._objects.items() if self._has_changed(name, held)}
        drawn = self._drawn_on() - stored
        if not altered:
            return drawn
        others = self._others(stored | altered)
        only_set = self._only_set(altered)
        changed = [self._namespace[name] for name in altered - only_set]
        sharing = sharing_memory(changed, others, frames=True)
        # Near a change, and not changed as its content says: another part of the memory was.
        same = {name for name in sharing if self._is_proven(name, others[name])}
        sharing -= same - holding(changed, {name: others[name] for name in same})
        sharing |= holding([self._namespace[name] for name in only_set], others)
        sharing = {name for name in sharing if has_content(others[name])}
        return (altered - stored) | sharing | drawn

    def _only_set(self, altered: set[str]) -> set[str]:
        """Return those of which modules were set otherwise (`eval()`), and no tensor changed."""
        modules = [module for each in self._modules if (module := each()) is not None]
        if all(modes_of_module(each).items() <= self._modes.items() for each in modules):
            return set()
        with as_if(self._modes):
            return {n for n in altered if fingerprint(self._namespace[n]) == self._marks[n]}

    def _drawn_on(self) -> set[str]:
        """Return the names of figures that the cell drew on, and of what is part of them."""
        if not self._figures:
            return set()
        there = {name: list(figures_of(value)) for name, value in self._others(set()).items()}
        figures = {id(figure): figure for each in there.values() for figure in each}
        drawn = {
            i
            for i, (held, before) in self._figures.items()
            if i in figures and held.is_same(figures[i]) and mark_of_figure(figures[i]) != before
        }
        return {name for name, each in there.items() if not drawn.isdisjoint(map(id, each))}

    def _has_changed(self, name: str, held: Holder) -> bool:
        value = self._namespace.get(name)
        before = self._marks[name]
        if before is None or issubclass(type(value), _IMMUTABLE) or not held.is_same(value):
            return False
        return fingerprint(value) != before

    def _is_proven(self, name: str, value: Any) -> bool:
        """Return whether a value was compared, and has the content that it had before the cell."""
        if name in self._objects:
            return self._marks[name] is not None and self._objects[name].is_same(value)
        saved = self._saved(name)
        return saved is not None and saved == fingerprint(value)

    def _others(self, known: set[str]) -> dict[str, Any]:
        return self._bound([name for name in self._own - known if name in self._before])

    def _bound(self, names: Iterable[str]) -> dict[str, Any]:
        return values_of(self._namespace, sorted(names))

    def _output(self, name: str, how: Literal["stored", "changed"]) -> Output:
        value = self._namespace[name]
        names = self._names
        if name in names.imports or (names.stars and self._from_star(name, value)):
            return Output(name, value, how, "import")
        if type(value) not in _ATOMS:
            if self._is_notebook_code(value):
                return Output(name, value, how, "code")
            if is_handle(value):
                return Output(name, value, how, "handle")
        if name in names.temporary and how == "stored":
            return Output(name, value, how, "temporary")
        return Output(name, value, how, "value")

    def _from_star(self, name: str, value: Any) -> bool:
        bound = self._names.stores | self._names.maybe
        return name not in bound and any(
            getattr(sys.modules.get(module), name, position_of) is value
            for module in self._names.stars
        )

    # -- iterators

    def _moved(self, name: str, before: Any) -> bool:
        return self._before.is_same(name) and position_of(self._namespace[name]) != before


def is_handle(value: object) -> bool:
    """Return whether `value` is one of artnb's own objects."""
    return type(value).__module__.partition(".")[0] == "artnb"


def _is_of(value: Any, package: str) -> bool:
    return str(type(value).__module__).partition(".")[0] == package
