"""Which names a function's body takes from, and puts into, the module around it.

A function reads its globals when it is called, not where it is written, so the
order of statements does not matter here; `source` decides when the call may be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from artnb.capture._dynamic import literal_access

__all__ = [
    "Free",
    "bound_by_pattern",
    "comprehension_parts",
    "free_names",
    "is_passive",
    "type_parameters",
]

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_PASSIVE_DECORATORS = frozenset(
    (
        *("abstractmethod", "cache", "cached_property", "classmethod", "compile", "property"),
        *("contextmanager", "dataclass", "deleter", "getter", "setter", "inference_mode", "jit"),
        *("lru_cache", "njit", "no_grad", "overload", "singledispatch", "staticmethod"),
        *("total_ordering", "wraps"),
    )
)


@dataclass
class Free:
    """What a function's body needs of its surroundings.

    Attributes
    ----------
    reads, writes : set of str
        Names that it loads without binding them, and ``global`` names that it binds.
    """

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)

    def add(self, other: Free) -> None:
        """Take the names of `other` too."""
        self.reads |= other.reads
        self.writes |= other.writes


def free_names(node: _Function) -> Free:
    """Return the free names of the function that `node` defines.

    Decorators, defaults and annotations are not part of the body: they run where
    the function is defined.
    """
    body = _Body()
    for statement in node.body if isinstance(node.body, list) else [node.body]:
        body.visit(statement)
    return body.free(parameters(node))


def parameters(node: _Function) -> set[str]:
    """Return the names of the arguments, and of the type parameters."""
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return {arg.arg for arg in every if arg is not None} | type_parameters(node)


def type_parameters(node: ast.AST) -> set[str]:
    """Return the ``T`` of ``def f[T]``, ``class A[T]`` and ``type X[T]`` (Python 3.12)."""
    return {parameter.name for parameter in getattr(node, "type_params", ())}


def comprehension_parts(node: _Comprehension) -> list[ast.expr]:
    """Return the expressions that a comprehension makes its elements of."""
    if not isinstance(node, ast.DictComp):
        return [node.elt]
    value: ast.expr | None = node.value  # None in {**d for d in dicts}, from Python 3.15 on
    return [node.key] if value is None else [node.key, value]


def bound_by_pattern(node: ast.AST) -> str | None:
    """Return the name that a ``match`` pattern binds, if it binds one."""
    if isinstance(node, ast.MatchAs | ast.MatchStar):
        return node.name
    return node.rest if isinstance(node, ast.MatchMapping) else None


def is_passive(decorator: ast.expr) -> bool:
    """Return whether `decorator` is known not to call what it decorates."""
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    name = decorator.attr if isinstance(decorator, ast.Attribute) else None
    if isinstance(decorator, ast.Name):
        name = decorator.id
    return name in _PASSIVE_DECORATORS


class _Body(ast.NodeVisitor):
    """Collects what one function body loads and binds."""

    def __init__(self) -> None:
        self.loads: set[str] = set()
        self.binds: set[str] = set()
        self.global_names: set[str] = set()
        self.nonlocal_names: set[str] = set()
        self.inner = Free()

    def free(self, parameters: set[str]) -> Free:
        """Return what is left when the function's own names are taken away."""
        own = (self.binds | parameters) - self.global_names - self.nonlocal_names
        reads = (self.loads - own) | (self.inner.reads - own)
        return Free(reads, (self.binds & self.global_names) | self.inner.writes)

    def visit_Name(self, node: ast.Name) -> None:
        (self.loads if isinstance(node.ctx, ast.Load) else self.binds).add(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self.global_names.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.nonlocal_names.update(node.names)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.loads.add(node.target.id)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.binds.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.binds.add(node.name)
        self.generic_visit(node)

    def _visit_pattern(self, node: ast.AST) -> None:
        if name := bound_by_pattern(node):
            self.binds.add(name)
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _visit_pattern

    def _visit_function(self, node: _Function) -> None:
        outside: list[ast.AST] = [node.args]
        if not isinstance(node, ast.Lambda):
            self.binds.add(node.name)
            outside += node.decorator_list
            if node.returns is not None:
                outside.append(node.returns)
        self._visit_generic(outside, node)
        self.inner.add(free_names(node))

    def _visit_generic(self, parts: Iterable[ast.AST], owner: ast.AST) -> None:
        """Visit the parts of `owner` in which its type parameters are names of its own."""
        own = type_parameters(owner)
        inside = _Body() if own else self
        for part in (*parts, *getattr(owner, "type_params", ())):
            inside.visit(part)
        if own:
            self.loads |= inside.loads - own
            self.binds |= inside.binds
            self.inner.add(Free(inside.inner.reads - own, inside.inner.writes))

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _visit_function

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.binds.add(node.name)
        self._visit_generic([*node.decorator_list, *node.bases, *node.keywords], node)
        inside = _Body()
        for statement in node.body:
            inside.visit(statement)
        # Methods do not see the class's own names, only statements of its body do.
        own = type_parameters(node)
        self.loads |= inside.loads - inside.binds - own
        self.inner.add(Free(inside.inner.reads - own, inside.inner.writes))

    def visit_TypeAlias(self, node: Any) -> None:
        self.binds.add(node.name.id)
        self._visit_generic([node.value], node)

    def _visit_comprehension(self, node: _Comprehension) -> None:
        inside = _Body()
        for index, generator in enumerate(node.generators):
            (self if index == 0 else inside).visit(generator.iter)
            inside.visit(generator.target)
            for condition in generator.ifs:
                inside.visit(condition)
        targets = set(inside.binds)
        for part in comprehension_parts(node):
            inside.visit(part)
        self.loads |= inside.loads - targets
        self.binds |= inside.binds - targets  # a walrus binds in the function
        self.inner.add(Free(inside.inner.reads - targets, inside.inner.writes))

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def visit_Call(self, node: ast.Call) -> None:
        self._visit_literal(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._visit_literal(node)

    def _visit_literal(self, node: ast.Call | ast.Subscript) -> None:
        access = literal_access(node)
        if access is not None:
            # Whatever the function binds, these go to the module's names.
            self.inner.reads |= access.reads
            self.inner.writes |= access.writes
        self.generic_visit(node)
