"""The values in the person's own modules that a cell reads: ``config.LR``, also in functions.

Cells share what a module holds as they share variables: whoever sets something there changes
what others read. Which values a cell reads is told by names: the attributes in its code and
in that of functions which it can reach, in own modules that it can reach.
"""

from __future__ import annotations

import ast
import functools
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from artnb.capture._bookkeeping import globals_changed_in
from artnb.capture._ran import look_at_modules, own_modules
from artnb.capture.places import in_namespace
from artnb.capture.plain import NOT_PLAIN, plain
from artnb.capture.reach import Reach, functions_of, imports_in, names_in
from artnb.capture.size import size_of
from artnb.capture.surroundings import module_of, value_marks

__all__ = ["OwnValue", "OwnValues", "value_now"]

_ALL = frozenset(("__dict__", "dir", "getattr", "globals", "vars"))
"""What reads names that the source does not tell."""

_IMPORTS = ("__import__", "import_module")
_CACHED: Any = functools._lru_cache_wrapper
_MOST_ITEMS = 100
_MOST_MODULES = 50
_MOST_CODE = 200
"""Functions and classes whose names are followed: in a large package nearly all hang together."""


@dataclass(frozen=True, slots=True)
class OwnValue:
    """A value of a module.

    Attributes
    ----------
    fingerprint : str
    kind : str
        The name of its type.
    plain : object
        It as JSON knows it, else ``NOT_PLAIN``.
    """

    fingerprint: str
    kind: str
    plain: Any


class OwnValues:
    """Watches what one cell reads of own modules, from before it to its end.

    Parameters
    ----------
    tree : ast.AST
        The cell.
    reach : Reach
        What its names reach.
    library : iterable
        What it reads that was imported.
    budget : int or None
        Bytes above which a value is not compared.

    Attributes
    ----------
    roots : frozenset of str
        The own modules that the cell names, or that what it reads comes from.
    modules : frozenset of str
        All own modules that it can reach.
    """

    def __init__(
        self, tree: ast.AST, reach: Reach, library: Iterable[Any], budget: int | None
    ) -> None:
        self._of_cell = tree, reach, tuple(library)
        self._budget = budget
        self._search: _Search | None = None
        self.roots = self.modules = frozenset[str]()
        self._before: dict[str, OwnValue] = {}
        if look_at_modules():
            self._before = self._known_values()

    def close(self) -> dict[str, OwnValue]:
        """Return the values that the cell found and left as they are, by module and name."""
        if not look_at_modules():
            return {}
        loaded = self.modules
        return {
            name: value
            for name, value in self._known_values().items()
            if (
                self._before[name].fingerprint == value.fingerprint
                if name in self._before
                else name.rpartition(".")[0] not in loaded
            )
        }

    def _known_values(self) -> dict[str, OwnValue]:
        try:
            return self._values()
        except Exception:  # objects may raise anything when they are looked at
            return {}

    def _values(self) -> dict[str, OwnValue]:
        search, found = self._searched(), {}
        self.roots, self.modules = frozenset(search.roots), frozenset(search.modules)
        for module in search.modules.values():
            names = [name for name in search.read_in(module) if self._is_small(module, name)]
            values = {name: vars(module)[name] for name in names}
            for name, mark in value_marks(module, values).items():
                kind = type(values[name]).__qualname__
                found[f"{module.__name__}.{name}"] = OwnValue(mark, kind, plain(values[name]))
        return found

    def _searched(self) -> _Search:
        """Return what the cell can reach: again once modules were loaded."""
        if self._search is None or self._search.loaded != len(sys.modules):
            self._search = _Search(*self._of_cell)
        return self._search

    def _is_small(self, module: types.ModuleType, name: str) -> bool:
        return self._budget is None or size_of(vars(module)[name]) <= self._budget


class _Search:
    """Finds the own modules that a cell can reach, and the names that it may read there."""

    def __init__(self, tree: ast.AST, reach: Reach, library: Iterable[Any]) -> None:
        self._own = set(own_modules())
        self.loaded = len(sys.modules)
        self.modules: dict[str, types.ModuleType] = {}
        self.names: set[str] = set()
        self.named: set[str] = set()  # by the notebook itself
        self._kept: set[str] = set()
        self._seen: set[int] = set()
        self._gone_through: set[str] = set()
        self._left = _MOST_CODE
        homes = {home for value in (*library, *reach.held, *reach.kinds) for home in _homes(value)}
        self.roots = self._own & _with_inner(homes | reach.modules | _imports_of(tree))
        self._add_modules(self.roots)
        if not self.modules:
            return
        self.named = _attributes_of(tree).union(*map(names_in, reach.code))
        self.names |= self.named
        if not _ALL.isdisjoint(self.names) or "*" in self.names:
            for module in list(self.modules.values()):
                self.names |= vars(module).keys()
        for value in (*library, *reach.held, *reach.kinds):
            self._follow(value)
            self.names.add(str(getattr(value, "__name__", "")))
        self._follow_names()

    def read_in(self, module: types.ModuleType) -> Iterator[str]:
        """Yield the names of values in a module that the cell may read.

        Without what functions that it may call keep there for themselves, such as a memo.
        """
        for name in self.names & vars(module).keys():
            is_kept = f"{module.__name__}.{name}" in self._kept and name not in self.named
            if name[:2] != "__" and not is_kept:
                yield name

    def _follow_names(self) -> None:
        done: set[str] = set()
        loaded = 0
        while self._left > 0 and (len(done) < len(self.names) or loaded < len(self.modules)):
            names, loaded = self.names - done, len(self.modules)
            for module in list(self.modules.values()):
                fresh = module.__name__ not in self._gone_through
                self._gone_through.add(module.__name__)
                for name in (self.names if fresh else names) & vars(module).keys():
                    self._follow(vars(module)[name])
            done |= names

    def _add_modules(self, names: Iterable[str]) -> None:
        waiting = deque(sorted(self._own.intersection(names)))
        while waiting and len(self.modules) < _MOST_MODULES:  # the nearest first
            name = waiting.popleft()
            module = sys.modules.get(name)
            if name in self.modules or not isinstance(module, types.ModuleType):
                continue
            self.modules[name] = module
            near = _with_inner({module_of(value) for value in list(vars(module).values())})
            near.add(name.rpartition(".")[0])  # to import a.b runs a as well
            waiting += sorted((near & self._own) - self.modules.keys())

    def _follow(self, value: Any) -> None:
        """Take the names that code of own modules uses, and what it imports."""
        if id(value) in self._seen or issubclass(type(value), types.ModuleType):
            return
        self._seen.add(id(value))
        for code in _code_in(value):
            module = code.__module__
            if module not in self._own or (code is not value and id(code) in self._seen):
                continue
            self._seen.add(id(code))
            self._left -= 1
            for each in functions_of(code):
                self._kept |= {f"{module}.{name}" for name in globals_changed_in(each.__code__)}
            names = names_in(code)
            self.names |= names
            if "globals" in names and module in self.modules:
                self.names |= vars(self.modules[module]).keys()
            self._add_modules([module, *_absolute(imports_in(code), module)])


def value_now(name: str) -> OwnValue | None:
    """Return a value by module and name as it is now; None if its module is not loaded.

    The fingerprint is empty where it is gone.
    """
    home, _, own = name.rpartition(".")
    module = sys.modules.get(home)
    if not isinstance(module, types.ModuleType):
        return None
    if own not in vars(module):
        return OwnValue("", "", NOT_PLAIN)
    value = vars(module)[own]
    mark = value_marks(module, {own: value}).get(own, "")
    return OwnValue(mark, type(value).__qualname__, plain(value))


def _code_in(value: Any, inside: bool = True) -> Iterator[Any]:
    """Yield the functions and classes that a value is, is of, or holds."""
    if issubclass(type(value), _CACHED):
        value = value.__wrapped__
    if issubclass(type(value), types.FunctionType):
        yield value
        for cell in value.__closure__ or ():
            if issubclass(type(part := _content(cell)), types.FunctionType | type):
                yield part
        return
    yield from (value if issubclass(type(value), type) else type(value)).__mro__
    if inside and type(value) in (list, tuple, set, dict) and len(value) <= _MOST_ITEMS:
        for part in list(value.values() if type(value) is dict else value):
            yield from _code_in(part, inside=False)


def _with_inner(names: set[str]) -> set[str]:
    """Return the names with those of what packages without ``__init__.py`` hold."""
    waiting = list(names)
    while waiting:
        inner = set(in_namespace(sys.modules.get(waiting.pop()))) - names
        names |= inner
        waiting += inner
    return names


def _homes(value: Any) -> Iterator[str]:
    yield module_of(value)
    if issubclass(type(value), type):
        yield from (kind.__module__ for kind in value.__mro__)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


def _absolute(names: Iterable[str], module: str) -> Iterator[str]:
    """Yield the full names that imports in a module may mean."""
    for name in names:
        yield name.strip(".")
        package = module
        while package:
            yield f"{package}.{name.strip('.')}"
            package = package.rpartition(".")[0]


def _imports_of(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and node.args and _named(node.func) in _IMPORTS:
            found |= _texts_in(node.args[0])
        elif isinstance(node, ast.Subscript) and _named(node.value) == "modules":
            found |= _texts_in(node.slice)
    return found


def _named(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _texts_in(node: ast.expr) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _attributes_of(tree: ast.AST) -> set[str]:
    found, plain_names = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            plain_names.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found | (plain_names if "*" in found else plain_names & _ALL)
