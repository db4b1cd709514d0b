"""What a text does to objects that are not the notebook's own, as far as the text tells.

``np.mean = mine`` sets an attribute, ``registry[P] = f`` an item, ``dask.config.set(x=1)``
calls a function that sets something, ``setup(2)`` one whose body does, and ``%run file.py``
or ``exec`` have another text run. Nothing is looked up here: a text says the same in every
process, so it is gone through once.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from artnb.capture._setting import CONTAINER_VERBS, VERBS, WHOLE_VERBS, is_verb
from artnb.capture._standing import last_name
from artnb.secrets import known_secrets, scrubbed

__all__ = ["Deed", "Deeds", "deeds_of", "may_do"]

_MAY = re.compile(
    r"^[ \t]*(?!self\.|cls\.)[A-Za-z_][\w.]{0,200}\.\w{1,200}(?:\[[^\n=]{1,200}\])?[ \t]*=(?!=)"
    r"|\bsetattr\b|\bdel\s+\w+\.|__dict__|\bvars\s*\(|patch|[Rr]egister"
    r"|\b(?:exec|run_path|run_module|copyreg|signal)\b"
    rf"|(?<!self)\.(?:(?:{VERBS})\w*|{WHOLE_VERBS})\s*\("
    rf"|^[ \t]*_*(?:(?:{VERBS})\w*|{WHOLE_VERBS})\s*\("
    rf"|^[ \t]*[A-Za-z_]\w*\.[\w.]+\.(?:{'|'.join(sorted(CONTAINER_VERBS))})\s*\(",
    re.MULTILINE,
)
_MAGICS = frozenset(("config", "load_ext", "matplotlib", "pprint", "precision", "pylab"))
_LONGEST = 1_000_000


@dataclass(frozen=True, eq=False)
class Deed:
    """A call that may set something, or an attribute or item that is set or deleted.

    Attributes
    ----------
    node : ast.expr
        The function that is called, or what holds what is set.
    parts : tuple of ast.AST
        What is passed or set, and what is decorated by it.
    name : str
        The attribute; of a call and an item empty.
    decorated : str or None
        The definition that the call decorates.
    within : tuple of str
        The functions that it is in.
    hidden : frozenset of str
        The parameters of these.
    """

    node: ast.expr
    parts: tuple[ast.AST, ...] = ()
    name: str = ""
    decorated: str | None = None
    within: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    @cached_property
    def text(self) -> str:
        """What is passed or set, as text, without passwords."""
        return scrubbed("\n".join(map(ast.unparse, self.parts)), known_secrets())

    @property
    def files(self) -> list[str]:
        """The files that it names."""
        nodes = [node for part in self.parts for node in ast.walk(part)]
        texts = {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
        return sorted(text for text in texts if _is_file(text))

    @cached_property
    def loads(self) -> list[str]:
        """Names in what is passed or set."""
        found = {n.id for part in self.parts for n in ast.walk(part) if isinstance(n, ast.Name)}
        return sorted(found - self.hidden)


@dataclass
class Deeds:
    """What one text does.

    Attributes
    ----------
    sets, items : list of Deed
        Attributes and items that are set.
    settings : list of Deed
        Calls of functions whose name says so.
    calls : dict
        All calls, by the last part of the function's name.
    is_wild : bool
        It may set what it does not name.
    registers : bool
        It calls a function that registers something.
    owners : dict
        Names, and attributes of names, that may stand for a module or a class, as written.
    imports : dict
        Full names, by the names that imports bind.
    files : list of str
        Files that it runs.
    magics : list of (str, str)
    """

    sets: list[Deed] = field(default_factory=list)
    items: list[Deed] = field(default_factory=list)
    settings: list[Deed] = field(default_factory=list)
    calls: dict[str, list[Deed]] = field(default_factory=dict)
    is_wild: bool = False
    registers: bool = False
    owners: dict[str, ast.expr] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    magics: list[tuple[str, str]] = field(default_factory=list)


def may_do(text: str) -> bool:
    """Return whether a text may do anything at all of this; most of a package's files do not."""
    return len(text) <= _LONGEST and _MAY.search(text) is not None


@lru_cache(maxsize=4096)
def deeds_of(text: str, *, of_module: bool = False) -> Deeds:
    """Return what a text does; of one that is not Python nothing.

    Parameters
    ----------
    of_module : bool
        Of a module, which may be large, what can count of it alone: no calls of other
        modules' functions, and names only where it may set what it does not name.
    """
    visitor = _Visitor()
    visitor.read(text)
    deeds = visitor.deeds
    if of_module:
        every = (*deeds.sets, *deeds.items, *deeds.settings)
        setting = {name for deed in every for name in deed.within}
        deeds.calls = {name: each for name, each in deeds.calls.items() if name in setting}
        deeds.owners = deeds.owners if deeds.is_wild else {}
    return deeds


class _Visitor(ast.NodeVisitor):
    def __init__(self) -> None:
        self.deeds = Deeds()
        self._within: tuple[str, ...] = ()
        self._hidden: frozenset[str] = frozenset()
        self._decorated: ast.stmt | None = None
        self._catches = False
        self._given: tuple[ast.AST, ...] = ()

    def read(self, text: str) -> None:
        try:
            self.visit(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError):
            return

    # -- where

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_decorators(node)
        outer = self._within, self._hidden
        self._within += (node.name,)
        args = node.args
        every = (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg)
        self._hidden |= {each.arg for each in every if each is not None}
        for statement in node.body:
            self.visit(statement)
        self._within, self._hidden = outer

    visit_FunctionDef = visit_AsyncFunctionDef = _visit_function

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_decorators(node)
        for part in (*node.bases, *node.keywords, *node.body):
            self.visit(part)

    def _visit_decorators(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> None:
        for decorator in node.decorator_list:
            self._decorated = node
            if isinstance(decorator, ast.Call):
                self.visit(decorator)
            else:
                self._note_call(decorator, [], [])
                self._decorated = None
                self.visit(decorator)
            self._decorated = None

    def _visit_with(self, node: ast.With | ast.AsyncWith) -> None:
        outer = self._catches
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call):  # undone at the end of the block
                self._catches |= last_name(call.func) == "catch_warnings"
                self.generic_visit(call)
            else:
                self.visit(call)
        for statement in node.body:
            self.visit(statement)
        self._catches = outer

    visit_With = visit_AsyncWith = _visit_with

    # -- what

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.deeds.imports[name] = alias.name if alias.asname else name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0:
            for alias in node.names:
                self.deeds.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_Name(self, node: ast.Name) -> None:
        self._note_owner(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self._note_owner(node)
        elif not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
            self._note_set(node.value, node.attr)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            owner = _owner_of_names(node.value)
            if owner is None:
                self.deeds.items.append(self._deed(node.value, (node.slice, *self._given)))
            elif isinstance(node.slice, ast.Constant):
                self._note_set(owner, str(node.slice.value))
            else:
                self.deeds.is_wild = True
        self.generic_visit(node)

    def _visit_assignment(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> None:
        self._given = (node.value,) if node.value else ()
        self.generic_visit(node)
        self._given = ()

    visit_Assign = visit_AugAssign = visit_AnnAssign = _visit_assignment

    def visit_Call(self, node: ast.Call) -> None:
        decorated, self._decorated = self._decorated, None
        name = last_name(node.func)
        if name in ("setattr", "delattr") and len(node.args) > 1:
            second = node.args[1]
            if isinstance(second, ast.Constant):
                self._note_set(node.args[0], str(second.value))
            else:
                self.deeds.is_wild = True
        elif name in ("exec", "eval", "compile", "run_path", "run_module", "execfile"):
            self._note_text(node)
        elif name in ("run_line_magic", "run_cell_magic"):
            self._note_magic([a.value for a in node.args if isinstance(a, ast.Constant)])
        elif not (self._catches and name in ("simplefilter", "filterwarnings")):
            self._decorated = decorated
            self._note_call(node.func, node.args, node.keywords)
            self._decorated = None
        if isinstance(node.func, ast.Attribute) and _owner_of_names(node.func.value) is not None:
            self.deeds.is_wild |= name in CONTAINER_VERBS
        self.generic_visit(node)

    def _note_call(
        self, function: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> None:
        name = last_name(function)
        if name is None:
            return
        given: tuple[ast.AST, ...] = (*args, *keywords)
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
            given += (function.value,)  # `getLogger("a").setLevel(1)`
        if self._decorated:
            given += (self._decorated,)
        call = self._deed(function, given)
        self.deeds.calls.setdefault(name, []).append(call)
        if is_verb(name) or name in CONTAINER_VERBS or name in ("pickle", "constructor", "signal"):
            self.deeds.settings.append(call)
        self.deeds.registers |= "register" in name
        self.deeds.is_wild |= "patch" in ast.unparse(function)

    def _note_set(self, owner: ast.expr, name: str) -> None:
        self.deeds.sets.append(self._deed(owner, self._given, name))

    def _deed(self, node: ast.expr, parts: tuple[ast.AST, ...], name: str = "") -> Deed:
        decorated = getattr(self._decorated, "name", None)
        return Deed(node, parts, name, decorated, self._within, self._hidden)

    def _note_owner(self, node: ast.Name | ast.Attribute) -> None:
        if name := _dotted(node):
            self.deeds.owners.setdefault(name, node)

    def _note_text(self, node: ast.Call) -> None:
        texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
        files = [text for text in texts if isinstance(text, str) and text.endswith(".py")]
        self.deeds.files += files
        if not files and node.args and isinstance(node.args[0], ast.Constant):
            self.read(str(node.args[0].value))
        elif not files:
            self.deeds.is_wild = True

    def _note_magic(self, texts: list[object]) -> None:
        magic, line, cell = [*map(str, texts), "", "", ""][:3]
        if magic == "run":
            file = next((w for w in line.split() if w.endswith((".py", ".ipy", ".ipynb"))), "")
            self.deeds.files += [file.strip("\"'")] if file else []
        elif magic == "load_ext" and line.strip() in ("artnb", "autoreload"):
            return  # code that is loaded anew is compared
        elif magic in _MAGICS:
            self.deeds.magics.append((magic, f"{line} {cell}".strip()))
        else:  # `%%time`, `%time`: the text of a cell
            self.read(cell or line)


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return None if base is None else f"{base}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else None


def _is_file(text: str) -> bool:
    return 0 < len(text) < 1024 and "\0" not in text and os.path.isfile(text)  # noqa: PTH113


def _owner_of_names(node: ast.expr) -> ast.expr | None:
    """Return X of ``vars(X)`` and ``X.__dict__``, else None."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    if isinstance(node, ast.Call) and last_name(node.func) == "vars" and node.args:
        return node.args[0]
    return None
