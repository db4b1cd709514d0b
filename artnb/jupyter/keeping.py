"""Which statements of a skipped cell run all the same: imports and definitions.

They bind what no version holds. A definition is among them only if what it evaluates while
it is made (decorators, defaults, bases) hangs on nothing that the skipped statements make,
and none of these binds or changes what it defines: ``f = decorated(f)``, ``Box.size = 3``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["kept_names", "kept_statements"]

_IMPORTS = (ast.Import, ast.ImportFrom)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ALIASES: tuple[Any, ...] = ()
_CONTAINERS = (ast.List, ast.Dict, ast.Set)
if sys.version_info >= (3, 12):
    _ALIASES = (ast.TypeAlias,)


def kept_statements(tree: ast.Module) -> list[ast.stmt]:
    """Return the statements that run at a hit, in order."""
    made = _made_by_others(tree)
    bodies = {
        each.name: {name.id for name in _loads(each)}
        for each in tree.body
        if isinstance(each, (*_FUNCTIONS, ast.ClassDef))
    }
    return [statement for statement in tree.body if _is_kept(statement, made, bodies)]


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
    functions = (each for each in tree.body if isinstance(each, _FUNCTIONS))
    remembering = {each.name for each in functions if _remembers(each)}
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
            elif isinstance(node, ast.Call):
                made |= _changed_by(node)
            elif isinstance(node, ast.Name) and node.id in remembering:
                made.add(node.id)
    return made


def _remembers(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a function has a default that may hold what earlier calls put there."""
    defaults = (*function.args.defaults, *function.args.kw_defaults)
    return any(isinstance(each, _CONTAINERS) for each in defaults)


def _changed_by(call: ast.Call) -> set[str]:
    """Return the name that a call changes what it holds of, as far as its text tells."""
    function = call.func
    if isinstance(function, ast.Name) and function.id in ("setattr", "delattr"):
        changed = call.args[:1]
    elif isinstance(function, ast.Attribute) and isinstance(function.value, ast.Attribute):
        changed = [function.value]  # ``Box.seen.append(1)``
    else:
        return set()
    return {name.id for part in changed for name in _loads(part)}


def _is_kept(statement: ast.stmt, made: set[str], bodies: Mapping[str, set[str]]) -> bool:
    if isinstance(statement, (*_IMPORTS, *_ALIASES)):  # an alias is evaluated when it is asked for
        return True
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        evaluated = {name.id for part in _evaluated(statement) for name in _loads(part)}
        called = evaluated & _called(statement)
        while called:  # a decorator of the cell runs, too, and may need what is made below it
            more = set().union(*(bodies.get(name, ()) for name in called)) - evaluated
            evaluated |= more
            called = more & bodies.keys()
        return not (evaluated | {statement.name}) & made
    return False


def _called(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """Return the names of what is called while a definition is made."""
    parts = list(_evaluated(statement))
    calls = [each.func for part in parts for each in ast.walk(part) if isinstance(each, ast.Call)]
    return {name.id for part in (*statement.decorator_list, *calls) for name in _loads(part)}


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
