"""Names that code spells as text: ``globals()["x"]``, ``eval("x + 1")``, ``!ls $x``, queries."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from dataclasses import dataclass, field
from typing import Any

from artnb.capture._run_line import RunLine, run_line

__all__ = ["QUERIES", "Access", "literal_access", "names_in_line", "names_in_query"]

_NAMESPACES = {"globals", "locals", "vars"}
_RUNNERS = {"exec", "eval"}
_LINE_RUNNERS = {"time", "timeit", "prun", "memit", "mprun", "lprun"}
_CELL_RUNNERS = {"time", "timeit", "prun", "capture", "memit", "artifact"}
QUERIES = frozenset(("eval", "execute", "query", "sql"))
"""Methods whose text may name variables: pandas's ``@k``, the tables of duckdb and polars."""

_WITH_VALUES: tuple[Any, ...] = (ast.JoinedStr,)
if sys.version_info >= (3, 14):
    _WITH_VALUES = (ast.JoinedStr, ast.TemplateStr)

_AT = re.compile(r"@([A-Za-z_]\w*)")
_TABLES = re.compile(r"\b(?:from|join)\s+((?:\w+(?:\s+as\s+\w+)?\s*,\s*)*\w+)", re.IGNORECASE)
_SQL = re.compile(
    r"\s*\(*\s*(?:select|from|with|describe|summarize|pivot|create|insert)\b", re.IGNORECASE
)
_DOLLAR = re.compile(r"(\$+)([A-Za-z_]\w*)")
_BRACES = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})")
_FLAGS = re.compile(r"(?:-\w+(?:\s+\d+)?\s+)*")


@dataclass
class Access:
    """What a call or a subscript does with names that are text in it.

    Attributes
    ----------
    reads, writes, deletes : set of str
        Module-level names.
    code : list of str
        Python source that the call runs in the module's namespace.
    run : RunLine or None
        The file that ``%run`` runs.
    """

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    code: list[str] = field(default_factory=list)
    run: RunLine | None = None


def literal_access(node: ast.Call | ast.Subscript) -> Access | None:
    """Return what `node` reads, writes or runs by literal text, or None."""
    if isinstance(node, ast.Subscript):
        return _subscript(node)
    function = node.func
    if isinstance(function, ast.Name) and function.id in _RUNNERS and len(node.args) == 1:
        text = _text(node.args[0])
        return None if text is None else Access(code=[text])
    if isinstance(function, ast.Attribute):
        if _is_namespace(function.value):
            return _namespace_method(function.attr, node)
        if _is_call_of(function.value, "get_ipython"):
            return _shell_method(function.attr, node)
        if function.attr in QUERIES:
            return _query(function, node)
    return None


def names_in_query(text: str) -> set[str]:
    """Return the names that a query may take from the notebook: ``@k``, and tables of SQL.

    The namespace decides which of them are variables.
    """
    names = set(_AT.findall(text))
    if _SQL.match(text):
        tables = [each for found in _TABLES.findall(text) for each in found.split(",")]
        names |= {table.split()[0] for table in tables}
    return names


def names_in_line(line: str) -> set[str]:
    """Return the names that IPython puts into a ``!`` or ``%`` line: ``$x`` and ``{x + 1}``.

    ``$$x`` is the shell's own and stays out.
    """
    names = {match[2] for match in _DOLLAR.finditer(line) if len(match[1]) % 2}
    for match in _BRACES.finditer(line):
        names |= _loads(match[1].partition("!")[0].partition(":")[0])
    return names


def _subscript(node: ast.Subscript) -> Access | None:
    name = _text(node.slice)
    if name is None or not _is_namespace(node.value):
        return None
    if isinstance(node.ctx, ast.Load):
        return Access(reads={name})
    return Access(writes={name}) if isinstance(node.ctx, ast.Store) else Access(deletes={name})


def _query(function: ast.Attribute, node: ast.Call) -> Access | None:
    texts = [text for part in node.args[:1] for text in _texts(part)]
    if not texts:
        return None
    names = set().union(*map(names_in_query, texts))
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if function.attr == "eval" and owner in ("pd", "pandas"):
        names |= _loads(texts[0])
    return Access(reads=names)


def _namespace_method(method: str, node: ast.Call) -> Access | None:
    name = _text(node.args[0]) if node.args else None
    if method == "update":
        return Access(writes={keyword.arg for keyword in node.keywords if keyword.arg})
    if name is None:
        return None
    if method in ("get", "__getitem__"):
        return Access(reads={name})
    if method == "pop":
        return Access(reads={name}, deletes={name})
    if method in ("setdefault", "__setitem__"):
        return Access(reads={name} if method == "setdefault" else set(), writes={name})
    return None


def _shell_method(method: str, node: ast.Call) -> Access | None:
    words = [_text(argument) for argument in node.args]
    if any(word is None for word in words):
        return None
    texts = [word for word in words if word is not None]
    if method in ("system", "getoutput") and texts:
        return Access(reads=names_in_line(texts[0]))
    if method == "run_line_magic" and len(texts) >= 2:
        return _line_magic(texts[0], texts[1])
    if method == "run_cell_magic" and len(texts) >= 3:
        code = [texts[2]] if texts[0] in _CELL_RUNNERS else []
        return Access(reads=names_in_line(texts[1]), code=code)
    return None


def _line_magic(magic: str, line: str) -> Access:
    if magic in _LINE_RUNNERS:
        return Access(code=[line[match.end() :] if (match := _FLAGS.match(line)) else line])
    return Access(reads=names_in_line(line), run=run_line(line) if magic == "run" else None)


def _is_namespace(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and node.attr == "user_ns":
        return _is_call_of(node.value, "get_ipython")
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _NAMESPACES
        and not node.args
    )


def _is_call_of(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _texts(node: ast.expr) -> list[str]:
    """Return a text, or those between the values of an f-string or a template."""
    parts = node.values if isinstance(node, _WITH_VALUES) else [node]
    return [text for part in parts if (text := _text(part)) is not None]


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _loads(expression: str) -> set[str]:
    try:
        tree = ast.parse(textwrap.dedent(expression).strip(), mode="eval")
    except (SyntaxError, ValueError):
        return set()
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
