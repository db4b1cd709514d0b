"""What a cell's source says about names: those it needs, binds and deletes.

One pass in the order of execution. Three things meet here: **scopes** (a
comprehension's or a class body's own names hide the module's), **order** (a name
that the cell has bound before it reads it is not an input), and **deferral** (a
function's body reads its globals only if the cell uses the function). Where the
order depends on the data, the pass leans to what makes running a cell twice give
the same answer: loops and ``try`` bodies count as run, each branch of an ``if``
counts on its own.
"""

from __future__ import annotations

import ast
import contextlib
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from artnb.capture._bound import Bound, Names
from artnb.capture._dynamic import literal_access
from artnb.capture._run_line import RunLine
from artnb.capture._scopes import (
    Free,
    bound_by_pattern,
    comprehension_parts,
    free_names,
    is_passive,
    type_parameters,
)

__all__ = ["Names", "analyse"]


def analyse(tree: ast.AST, *, expand: Callable[[str], str] | None = None) -> Names:
    """Return the names of the cell that was parsed to `tree`.

    Parameters
    ----------
    tree : ast.AST
        After IPython's own transformation, so that ``!`` and ``%`` lines are calls.
    expand : callable, optional
        Turns a cell magic's body into Python, where it has such lines itself.
    """
    visitor = _Cell(expand)
    visitor.visit(tree)
    names = visitor.names
    names.reads |= visitor.later - visitor.bound
    names.maybe -= names.stores
    names.temporary -= names.stores | names.maybe
    return names


_NAMELESS = frozenset(("ctx", "op", "ops", "kind", "type_comment", "type_ignores"))
"""Fields of nodes in which no names are."""

_ANNOTATIONS_WAIT = sys.version_info >= (3, 14)
"""Whether an annotation is evaluated only when somebody asks for it."""

_Method = Callable[["_Cell", Any], None]
_methods: dict[type, _Method | None] = {}
"""What visits a node of a type; None: there is nothing to visit in it."""

_fields: dict[type, tuple[str, ...]] = {}
"""The fields of a node's type in which names may be."""


class _Cell(Bound, ast.NodeVisitor):
    """Walks the cell in the order of execution."""

    def __init__(self, expand: Callable[[str], str] | None) -> None:
        super().__init__()
        self._expand = expand
        self._methods = Free()  # of the class whose body is being walked

    def visit(self, node: ast.AST) -> None:
        """Do as a `NodeVisitor` does, in a third of the time: it is done before each cell."""
        kind = type(node)
        method = _methods[kind] if kind in _methods else _know(kind)
        if method is not None:
            method(self, node)

    def generic_visit(self, node: ast.AST) -> None:
        """Visit what is inside a node."""
        for name in _fields[type(node)]:
            part = getattr(node, name, None)
            for each in part if type(part) is list else (part,):
                # As `visit` does: a call for each node is most of what the walk takes.
                kind = type(each)
                method = _methods[kind] if kind in _methods else _know(kind)
                if method is not None:
                    method(self, each)

    # -- names

    def _bind_for_now(self, target: ast.AST) -> None:
        """Bind the targets of a ``for``, ``with`` or ``except``."""
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                if self._in_class:
                    self._hiding[-1].add(node.id)
                else:
                    self.names.temporary.add(node.id)
                    self.bound.add(node.id)
            elif isinstance(node, ast.Attribute | ast.Subscript):
                self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        if type(node.ctx) is ast.Load:
            self._read(node.id)
        elif type(node.ctx) is ast.Store:
            self._bind(node.id)
        elif self._in_class and node.id in self._hiding[-1]:
            self._hiding[-1].discard(node.id)
        else:
            self._read(node.id)
            self.names.deletes.add(node.id)
            self.bound.discard(node.id)

    # -- binding statements

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Lambda) and isinstance(node.targets[0], ast.Name):
            self.visit(node.value.args)
            self._bind(node.targets[0].id)
            self._defer(node.targets[0].id, free_names(node.value))
            return
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_annotation(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._bind(node.target.id)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*" and isinstance(node, ast.ImportFrom):
                self.names.stars.append(node.module or "")
                continue
            name = (alias.asname or alias.name).partition(".")[0]
            self._bind(name)
            if not self._in_class:
                self.names.imports.add(name)

    visit_ImportFrom = visit_Import

    # -- functions, classes and types

    def _visit_annotation(self, node: ast.expr) -> None:
        if _ANNOTATIONS_WAIT:
            self._read_later([node])
        else:
            self.visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        if node.annotation is not None:
            self._visit_annotation(node.annotation)

    @contextlib.contextmanager
    def _type_parameters(self, node: ast.AST) -> Iterator[None]:
        """Hide the module's names behind the type parameters of `node`, from Python 3.12 on."""
        own = type_parameters(node)
        if not own:
            yield
            return
        self._hiding.insert(0, own)  # the last is what a class around binds in
        self._read_later(getattr(node, "type_params", ()))
        yield
        del self._hiding[0]

    def visit_TypeAlias(self, node: Any) -> None:
        self._bind(node.name.id)
        with self._type_parameters(node):
            self._read_later([node.value])

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        with self._type_parameters(node):
            self.visit(node.args)
            if node.returns is not None:
                self._visit_annotation(node.returns)
        in_class = self._in_class
        self._bind(node.name)
        free = free_names(node)
        if not all(map(is_passive, node.decorator_list)):
            self._run(free)  # the decorator may call it at once
        if in_class:
            self._methods.add(free)
        else:
            self._defer(node.name, free)

    visit_FunctionDef = visit_AsyncFunctionDef = _visit_function

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self._run(free_names(node))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        with self._type_parameters(node):
            methods = self._visit_class_body(node)
        self._bind(node.name)
        if self._in_class:
            self._methods.add(methods)
        elif all(map(is_passive, node.decorator_list)):
            self._defer(node.name, methods)
        else:
            self._run(methods)
            self._defer(node.name, methods)

    def _visit_class_body(self, node: ast.ClassDef) -> Free:
        """Visit what runs where the class is defined; return what its methods need."""
        for part in [*node.bases, *node.keywords]:
            self.visit(part)
        outer = self._in_class, self._methods
        self._in_class, self._methods = True, Free()
        self._hiding.append(set())
        self._visit_all(node.body)
        self._hiding.pop()
        methods = self._methods
        self._in_class, self._methods = outer
        return Free(methods.reads - type_parameters(node), methods.writes)

    # -- comprehensions

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        in_class, self._in_class = self._in_class, False
        own: set[str] = set()
        for index, generator in enumerate(node.generators):
            self.visit(generator.iter)
            if index == 0:
                self._hiding.append(own)
            own |= {name.id for name in ast.walk(generator.target) if isinstance(name, ast.Name)}
            for condition in generator.ifs:
                self.visit(condition)
        for part in comprehension_parts(node):
            self.visit(part)
        self._hiding.pop()
        self._in_class = in_class

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    # -- control flow

    def _visit_all(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    def _visit_branches(self, branches: list[list[ast.stmt]]) -> None:
        before = set(self.bound)
        ends = []
        self._branch += 1
        for branch in branches:
            self.bound = set(before)
            self._visit_all(branch)
            ends.append(self.bound)
        self._branch -= 1
        self.bound = set.intersection(*ends)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._visit_branches([node.body, node.orelse])

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        before = set(self.bound)
        self._branch += 1
        for case in node.cases:
            self.bound = set(before)
            self.visit(case)
        self._branch -= 1
        self.bound = before

    def _visit_pattern(self, node: ast.AST) -> None:
        if name := bound_by_pattern(node):
            self._bind(name)
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _visit_pattern

    def _visit_for(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._bind_for_now(node.target)
        self._visit_all(node.body)
        self._visit_all(node.orelse)

    visit_For = visit_AsyncFor = _visit_for

    def _visit_with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._bind_for_now(item.optional_vars)
        self._visit_all(node.body)

    visit_With = visit_AsyncWith = _visit_with

    def _visit_try(self, node: ast.Try | ast.TryStar) -> None:
        before = set(self.bound)
        self._visit_all([*node.body, *node.orelse])
        after = self.bound
        self._branch += 1
        for handler in node.handlers:
            self.bound = set(before)
            if handler.type is not None:
                self.visit(handler.type)
            if handler.name:
                self.names.temporary.add(handler.name)
                self.bound.add(handler.name)
            self._visit_all(handler.body)
        self._branch -= 1
        self.bound = after
        self._visit_all(node.finalbody)

    visit_Try = visit_TryStar = _visit_try

    # -- names spelled as text

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        self._visit_literal(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.generic_visit(node)
        self._visit_literal(node)

    def _visit_literal(self, node: ast.Call | ast.Subscript) -> None:
        access = literal_access(node)
        if access is None:
            return
        for name in access.reads | access.deletes:
            self._read(name)
        for name in access.writes:
            self._bind(name)
        self.names.deletes |= access.deletes
        for text in access.code:
            self._visit_text(text)
        if access.run is not None:
            self._visit_run(access.run)

    def _visit_run(self, run: RunLine) -> None:
        """Visit the code of a file: by itself, unless it runs among the notebook's variables."""
        self.names.files.append(run.path)
        if run.is_inside:
            self._visit_text(run.text)
            return
        inner = _Cell(self._expand)
        inner._visit_text(run.text)
        found = inner.names
        for name in found.stores | found.maybe:
            self._bind(name)
        self.names.imports |= found.imports
        self.names.temporary |= found.temporary
        self.bound |= found.temporary
        self.names.files += found.files

    def _visit_text(self, text: str) -> None:
        for prepare in (textwrap.dedent, self._expand):
            if prepare is None:
                continue
            try:
                tree = ast.parse(prepare(text))
            except (SyntaxError, ValueError):
                continue
            self._visit_all(tree.body)
            return


def _know(kind: type) -> _Method | None:
    """Find what visits a node of a type, and note it."""
    _fields[kind] = tuple(name for name in getattr(kind, "_fields", ()) if name not in _NAMELESS)
    # What stands in a text is looked for where the text is run.
    has_names = issubclass(kind, ast.AST) and kind is not ast.Constant
    named = getattr(_Cell, f"visit_{kind.__name__}", _Cell.generic_visit)
    _methods[kind] = named if has_names else None
    return _methods[kind]
