"""The code that a cell reaches, as its purity is read from it."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable
from typing import Any

from artnb.capture._impure import Finding, Source, look_at
from artnb.capture.places import is_installed_file
from artnb.capture.surroundings import function_nodes

__all__ = ["made_by_text", "source_of_code"]

_MAKERS = ("__dataclass_fields__", "__attrs_attrs__", "_fields")


def source_of_code(code: Any) -> Source:
    """Return what the source of a function, or of a class's methods, tells."""
    functions = [code] if isinstance(code, types.FunctionType) else _methods(code)
    whole = Source()
    for function in functions:
        if is_installed_file(function.__code__.co_filename):
            continue
        where = function.__qualname__
        nodes = function_nodes(function)
        if nodes is None:
            whole.findings.append(Finding("unseen", "its source cannot be seen", None, where))
            continue
        for node in nodes:
            found = look_at(node, function.__globals__, where=where)
            whole.findings += found.findings
            whole.texts |= found.texts
            whole.imports |= found.imports
            whole.draws |= found.draws
            whole.calls |= found.calls
    return whole


def _methods(kind: Any) -> list[types.FunctionType]:
    found = []
    made = made_by_text([kind])
    for member in vars(kind).values() if isinstance(kind, type) else ():
        parts = [
            getattr(member, name, None) for name in ("__func__", "fget", "fset", "fdel", "func")
        ]
        for part in (member, *parts):
            if isinstance(part, types.FunctionType) and part not in made:
                found.append(part)
    return found


def made_by_text(code: Iterable[Any]) -> set[Any]:
    """Return the methods that dataclass and the like have made, or that a library lends."""
    made = set()
    for kind in code:
        is_made = any(hasattr(kind, name) for name in _MAKERS)
        for member in vars(kind).values() if isinstance(kind, type) else ():
            if isinstance(member, types.FunctionType):
                file = inspect.unwrap(member).__code__.co_filename
                if is_installed_file(file) or (is_made and file.startswith("<")):
                    made |= {member, getattr(member, "__wrapped__", member)}
    return made
