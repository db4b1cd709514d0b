"""Which statements of a skipped cell run all the same: imports and definitions.

They bind what no version holds. A definition is among them only if what it evaluates while
it is made (decorators, defaults, bases) hangs on nothing that the skipped statements make.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["kept_names", "kept_statements"]

_IMPORTS = (ast.Import, ast.ImportFrom)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ALIASES: tuple[Any, ...] = ()
if sys.version_info >= (3, 12):
    _ALIASES = (ast.TypeAlias,)


def kept_statements(tree: ast.Module) -> list[ast.stmt]:
    """Return the statements that run at a hit, in order."""
    made = _made_by_others(tree)
    return [statement for statement in tree.body if _is_kept(statement, made)]


def kept_names(tree: ast.Module) -> set[str]:
    """Return the names that these statements bind, once they have run."""
    names: set[str] = set()
    for statement in kept_statements(tree):
        if isinstance(statement, _IMPORTS):
            for alias in statement.names:
                names.add(alias.asname or alias.name.partition(".")[0])
                if alias.name == "*" and isinstance(statement, ast.ImportFrom):
                    names |= vars(sys.modules.get(statement.module or "", sys)).keys()
        elif isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            names.add(statement.name)
        elif isinstance(statement, _ALIASES):
            names.add(statement.name.id)
    return names


def _made_by_others(tree: ast.Module) -> set[str]:
    made = set()
    for statement in tree.body:
        if isinstance(statement, (*_IMPORTS, *_FUNCTIONS, *_ALIASES, ast.ClassDef)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                made.add(node.id)
            elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(
                node.ctx, ast.Load
            ):
                made |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return made


def _is_kept(statement: ast.stmt, made: set[str]) -> bool:
    if isinstance(statement, (*_IMPORTS, *_ALIASES)):  # an alias is evaluated when it is asked for
        return True
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        evaluated = {name.id for part in _evaluated(statement) for name in _loads(part)}
        return not evaluated & made
    return False


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is evaluated while a definition is made."""
    if isinstance(node, ast.Lambda):
        yield from (*node.args.defaults, *filter(None, node.args.kw_defaults))
    elif isinstance(node, _FUNCTIONS):
        yield from node.decorator_list
        yield from (*node.args.defaults, *filter(None, node.args.kw_defaults))
        every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        yield from filter(None, (argument.annotation for argument in every))
        yield from filter(None, [node.returns])
    elif isinstance(node, ast.ClassDef):
        yield from (*node.decorator_list, *node.bases, *(k.value for k in node.keywords))
        for statement in node.body:
            if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
                yield from _evaluated(statement)
            else:
                yield statement


def _loads(node: ast.AST) -> Iterator[ast.Name]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Name))
