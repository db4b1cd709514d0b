"""What the names in a text stand for now, where the text ran."""

from __future__ import annotations

import ast
import builtins
import inspect
import os
import random
import sys
import types
from collections.abc import Collection, Mapping
from typing import Any

from artnb.capture._setting import is_verb

__all__ = ["NOTHING", "Scope", "canonical", "full_name", "last_name"]

NOTHING: Any = object()


class Scope:
    """Where a text ran.

    Parameters
    ----------
    namespace : mapping
        Its globals.
    imports : mapping
        Full names of what its imports bound.
    """

    def __init__(
        self, namespace: Mapping[str, Any], imports: Mapping[str, str] | None = None
    ) -> None:
        self.namespace = namespace
        self._imports = imports or {}

    def object_of(self, node: ast.AST, hidden: Collection[str] = ()) -> Any:
        """Return the object, or `NOTHING`; runs no code of the person's.

        Parameters
        ----------
        hidden : collection of str
            Names that are a function's own.
        """
        if isinstance(node, ast.Name):
            if node.id in hidden:
                return NOTHING
            found = self.namespace.get(node.id, NOTHING)
            return _imported(self._imports.get(node.id)) if found is NOTHING else found
        if isinstance(node, ast.Attribute):
            return _attribute(self.object_of(node.value, hidden), node.attr)
        if isinstance(node, ast.Call) and _is_name(node.func, "type") and len(node.args) == 1:
            of = self.object_of(node.args[0], hidden)
            return of if of is NOTHING else type(of)
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and self.object_of(node.value, hidden) is sys.modules
        ):
            return sys.modules.get(str(node.slice.value), NOTHING)
        return NOTHING

    def name_of(self, node: ast.AST, hidden: Collection[str] = ()) -> str | None:
        """Return the full name if it begins at a module, a class or a function, else None."""
        if isinstance(node, ast.Name):
            if node.id in hidden:
                return None
            if node.id in self.namespace:
                found = self.namespace[node.id]
                if issubclass(type(found), types.ModuleType | type) or callable(found):
                    return full_name(found)
            if node.id in self._imports:
                return self._imports[node.id]
            return f"builtins.{node.id}" if hasattr(builtins, node.id) else None
        if isinstance(node, ast.Attribute):
            base = self.name_of(node.value, hidden)
            return None if base is None else f"{base}.{node.attr}"
        if isinstance(node, ast.Subscript):
            base = self.name_of(node.value, hidden)
            return None if base is None else f"{base}[]"
        if isinstance(node, ast.Call):
            if _is_name(node.func, "get_ipython"):
                return "IPython"
            last = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            last = node.func.id if isinstance(node.func, ast.Name) else last
            if last.startswith("get") or is_verb(last):
                return self.name_of(node.func, hidden)
            found = self.object_of(node, hidden)
            return full_name(found) if issubclass(type(found), type) else None
        return None


def last_name(function: ast.expr) -> str | None:
    """Return the last part of the name of a function that is called, or None."""
    if isinstance(function, ast.Attribute):
        return function.attr
    if isinstance(function, ast.Call):  # `@show.register(int)(...)`
        return last_name(function.func)
    return function.id if isinstance(function, ast.Name) else None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _attribute(owner: Any, name: str) -> Any:
    if owner is NOTHING:
        return NOTHING
    if name == "__class__":
        return type(owner)
    found = inspect.getattr_static(owner, name, NOTHING)
    if found is NOTHING and issubclass(type(owner), types.ModuleType):
        return sys.modules.get(f"{owner.__name__}.{name}", NOTHING)
    if issubclass(type(found), types.MemberDescriptorType):  # a slot
        return getattr(owner, name, NOTHING)
    return found.__func__ if issubclass(type(found), staticmethod | classmethod) else found


def _imported(name: str | None) -> Any:
    """Return what stands at a full name in the modules that are loaded."""
    if name is None:
        return NOTHING
    if name in sys.modules:
        return sys.modules[name]
    module, _, last = name.rpartition(".")
    return _attribute(_imported(module), last) if module else NOTHING


def _own(value: Any, name: str) -> Any:
    """Return an attribute that does not hang on the code of the person's class, or None."""
    try:
        return object.__getattribute__(value, name)
    except (AttributeError, TypeError):
        return None


def full_name(value: Any) -> str | None:
    """Return the full name of a module, class or function; of instances none."""
    if issubclass(type(value), types.ModuleType):
        return str(value.__name__)
    owner = _own(value, "__self__")
    if issubclass(type(owner), type):
        return canonical(f"{owner.__module__}.{owner.__qualname__}.{value.__name__}")
    if type(owner).__module__ in ("random", "numpy.random.mtrand"):
        # `random.seed` and the like are methods of one hidden instance.
        module = "random" if issubclass(type(owner), random.Random) else "numpy.random"
        return f"{module}.{value.__name__}"
    if issubclass(type(owner), types.ModuleType) and owner is not builtins:
        return canonical(f"{owner.__name__}.{value.__name__}")
    if callable(value):
        names = _own(value, "__module__"), _own(value, "__qualname__")
        if all(isinstance(name, str) for name in names):
            return canonical(f"{names[0]}.{names[1]}")
    for known, shown in (
        (os.environ, "os.environ"),
        (sys.modules, "sys.modules"),
        (sys.argv, "sys.argv"),
        (sys.stdin, "sys.stdin"),
    ):
        if value is known:
            return shown
    return None


def canonical(name: str) -> str:
    """Return the name by which something is known that a module in C defines."""
    for real, known in (
        ("posix.", "os."),
        ("nt.", "os."),
        ("posixpath.", "os.path."),
        ("ntpath.", "os.path."),
        ("genericpath.", "os.path."),
        ("_random.", "random."),
    ):
        if name.startswith(real):
            return known + name.removeprefix(real)
    return name
