"""The source that belongs to a run: the cell's, and that of what it can reach."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import types
from collections.abc import Iterable
from typing import Any

__all__ = ["named_source", "source_now", "source_of"]


def source_of(cell: str, code: Iterable[Any]) -> str:
    """Return the cell's source, followed by that of the functions that it can reach."""
    parts = [cell.strip("\n")]
    for defined in code:
        source = source_now(defined)
        if source is not None and not any(source in part for part in parts):
            parts.append(source)
    return "\n\n\n".join(parts) + "\n"


def source_now(defined: Any) -> str | None:
    """Return the source of a function or class of the notebook, or None if it is gone."""
    try:
        if isinstance(defined, type):
            return _class_source(defined)
        return inspect.getsource(defined).rstrip()
    except (OSError, TypeError, SyntaxError):
        return None  # made by exec, or its cell's source is gone


def named_source(code: str, name: str) -> str | None:
    """Return the function or class `name` out of the code that `source_of` returned, or None."""
    lines = code.splitlines()
    begins = re.compile(rf"(async def|def|class)\s+{re.escape(name)}\b")
    found = [at for at, line in enumerate(lines) if begins.match(line)]
    if not found:
        return None
    first = last = found[-1]  # functions that are reached stand below the cell
    while first > 0 and lines[first - 1].startswith("@"):
        first -= 1
    while last + 1 < len(lines) and lines[last + 1][:1] in ("", " ", "\t", ")", "]", "}"):
        last += 1
    return "\n".join(lines[first : last + 1]).rstrip()


def _class_source(defined: type) -> str | None:
    # `inspect` looks for a class in its module's file, and a notebook has none; a method
    # knows the cell that it comes from.
    for member in vars(defined).values():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if isinstance(function, types.FunctionType):
            code = function.__code__
            text = "".join(linecache.getlines(code.co_filename))
            return _class_around(text, defined.__name__, code.co_firstlineno)
    return None


def _class_around(text: str, name: str, line: int) -> str | None:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            last = node.end_lineno or first
            if first <= line <= last:
                return "\n".join(text.splitlines()[first - 1 : last])
    return None
