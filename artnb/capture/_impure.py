"""What source does that may come out otherwise the next time, as far as its text tells.

Names are followed to what they stand for: by the imports of the source itself, else by the
values that its globals have. So ``from time import time as now`` and ``t = time.time`` are
seen, and a method of the person's own that is called ``now`` is not taken for the clock.
"""

from __future__ import annotations

import ast
import builtins
import dis
import os
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from artnb.capture._setting import CONTAINER_VERBS, acts_on_argument, is_compared, is_setting
from artnb.capture._standing import NOTHING, Scope, canonical, full_name, last_name
from artnb.capture.places import is_own_module
from artnb.secrets import scrubbed

__all__ = ["Finding", "Source", "look_at", "of_held"]

_CLOCK = frozenset((
    *(f"time.{name}{unit}" for unit in ("", "_ns")
      for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time")),
    *(f"time.{name}" for name in ("localtime", "gmtime", "ctime", "strftime", "clock_gettime")),
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")), "datetime.date.today",
    *(f"pandas.{part}Timestamp.{name}" for part in ("", "_libs.tslibs.timestamps.")
      for name in ("now", "utcnow", "today")),
    "timeit.timeit", "timeit.repeat", "timeit.default_timer",
    "email.utils.formatdate", "email.utils.localtime", "email.utils.make_msgid",
))  # fmt: skip
_RANDOM = frozenset((
    "uuid.uuid1", "uuid.uuid4", "os.urandom", "os.getrandom", "random.SystemRandom", "torch.seed",
    "torch.random.seed", "tempfile.mkdtemp", "tempfile.mkstemp", "tempfile.mktemp",
))  # fmt: skip
_RANDOM_STATE = frozenset((
    "random.getstate", "numpy.random.get_state", "torch.get_rng_state", "torch.initial_seed",
    "torch.random.get_rng_state", "torch.random.initial_seed",
))  # fmt: skip
_SEEDED_BY_ARGUMENT = frozenset((
    "random.Random", "random.seed", "random.Random.seed", "numpy.random.seed",
    "numpy.random.default_rng", "numpy.random._generator.default_rng", "numpy.random.RandomState",
    "numpy.random.mtrand.RandomState", "numpy.random.mtrand.seed", "numpy.random.SeedSequence",
    "numpy.random.PCG64", "numpy.random.MT19937", "numpy.random.Philox", "numpy.random.SFC64",
))  # fmt: skip
_ASKS = frozenset(("builtins.input", "getpass.getpass", "sys.stdin"))
_PROCESS = frozenset((
    "os.environ", "os.environb", "os.getenv", "os.getpid", "os.getppid", "os.getlogin", "sys.argv",
    "socket.gethostname", "platform.node", "getpass.getuser", "builtins.id", "builtins.hash",
    "os.path.expandvars", "os.cpu_count", "os.sched_getaffinity", "os.times", "os.getloadavg",
    "sys.modules", "sys.flags", "importlib.util.find_spec", "tempfile.gettempdir", "shutil.which",
    "shutil.disk_usage", "gc.get_objects", "gc.get_referrers", "resource.getrusage",
))  # fmt: skip
_RUNS_TEXT = frozenset(("builtins.exec", "builtins.eval", "builtins.compile"))
_ASKS_FOR_FILE = frozenset((
    "os.path.exists", "os.path.lexists", "os.path.isfile", "os.path.isdir", "os.path.islink",
))  # fmt: skip
_ASKS_OF_FILE = frozenset((
    "os.stat", "os.lstat", "os.access", "os.path.getsize", "os.path.getmtime", "os.path.getatime",
    "os.path.getctime", "os.path.samefile",
))  # fmt: skip
_FILE_METHODS = frozenset(("exists", "is_dir", "is_file", "is_symlink"))
_ASKING = {name.rpartition(".")[2] for name in _ASKS_FOR_FILE} | _FILE_METHODS
_ADDING = frozenset(("a", "a+", "r+"))
_SHARED = frozenset((
    *(f"duckdb.{name}" for name in ("cursor", "execute", "executemany", "query", "sql", "table")),
    "duckdb.default_connection", "matplotlib.pyplot.get_fignums", "matplotlib.pyplot.gcf",
    "matplotlib.pyplot.gca", "matplotlib.pyplot.fignum_exists",
))  # fmt: skip
_NAMESPACES = frozenset(("builtins.dir", "builtins.globals", "builtins.locals", "builtins.vars"))
_IMPORTS = frozenset(("builtins.__import__", "importlib.import_module"))
_NATIVE_CLIENTS = frozenset((
    "adbc_driver_manager", "grpc", "MySQLdb", "oracledb", "psycopg", "psycopg2", "pycurl",
    "pymssql", "pyodbc",
))  # fmt: skip
_TAKES_NOW = frozenset(("numpy", "pandas", "polars"))
_TRACKERS = frozenset(("artnb", "wandb", "mlflow", "trackio"))
_DRAWS = re.compile(
    r"random\.|numpy\.random\.|torch\.(?:rand|normal|bernoulli|multinomial|poisson|nn\.)"
)
_OF_EARLIER_CELLS = re.compile(r"_{1,3}|_\d+|_i{0,3}|_i\d+|_[oid]h|In|Out")
_URL = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]{1,20}://\S")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that may come out otherwise the next time.

    Attributes
    ----------
    kind : str
        ``clock``, ``random``, ``network``, ``process``, ``input``, ``environment``,
        ``unseen``, ``effect``.
    what : str
        In words, without the place.
    line : int or None
        Of the cell, or of the file that `where` names.
    where : str
        A function or a file; empty: the cell itself.
    """

    kind: str
    what: str
    line: int | None = None
    where: str = ""

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        place = ", ".join(part for part in (self.where, line) if part)
        return f"{self.what} ({place})" if place else self.what


@dataclass
class Source:
    """What was seen in a piece of source.

    Attributes
    ----------
    findings : list of Finding
    texts : set of str
        Its text constants: some may name files.
    imports : set of str
        What it imports, also names out of modules; relative ones with their dots.
    draws : dict
        Where it first names the random numbers of a library: (line, where).
    calls : set of str
        The functions that it calls, by the last part of their names.
    setters : list of (str, Finding)
        Of a module: the functions in it that set something, and what.
    asks_for_files : bool
        Whether it asks if files are there, or opens some to add to them.
    """

    findings: list[Finding] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    draws: dict[str, tuple[int, str]] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    setters: list[tuple[str, Finding]] = field(default_factory=list)
    asks_for_files: bool = False


def look_at(tree: ast.AST, namespace: Mapping[str, Any], *, where: str = "") -> Source:
    """Return what stands out in `tree`, whose globals are `namespace`."""
    visitor = _Visitor(tree, namespace, where)
    visitor.visit(tree)
    return visitor.source


class _Visitor(ast.NodeVisitor):
    def __init__(self, tree: ast.AST, namespace: Mapping[str, Any], where: str) -> None:
        self.source = Source()
        self._namespace = namespace
        self._scope = Scope(namespace)
        self._where = where
        self._tree = tree
        self._within: tuple[str, ...] = ()
        self._passing: set[int] = set()
        self._catches = 0
        self._imported: dict[str, str] = {}
        self._bound: set[str] = set()
        for node in ast.walk(tree):
            self._note_bindings(node)

    def _note_bindings(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.source.imports.add(alias.name)
                name = alias.asname or alias.name.partition(".")[0]
                self._imported[name] = alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            whole = "." * node.level + module
            self.source.imports.add(whole)
            for alias in node.names:
                self.source.imports.add(f"{whole}{'.' if module else ''}{alias.name}")
                self._imported[alias.asname or alias.name] = f"{module}.{alias.name}"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self._bound.add(node.id)
        elif isinstance(node, ast.arg):
            self._bound.add(node.arg)

    # -- what a name stands for

    def _stands_for(self, node: ast.expr) -> Any:
        return self._scope.object_of(node, self._bound | self._imported.keys())

    def _dotted(self, node: ast.expr) -> str | None:
        """Return the full name of what `node` stands for, or None."""
        if isinstance(node, ast.Attribute):
            base = self._dotted(node.value)
            return None if base is None else canonical(f"{base}.{node.attr}")
        if not isinstance(node, ast.Name):
            return None
        if node.id in self._imported:
            return canonical(self._imported[node.id])
        if node.id in self._bound:
            return None
        if node.id in self._namespace:
            return full_name(self._namespace[node.id])
        return f"builtins.{node.id}" if hasattr(builtins, node.id) else None

    def _find(self, kind: str, what: str, node: ast.AST) -> None:
        self.source.findings.append(Finding(kind, what, getattr(node, "lineno", None), self._where))

    # -- nodes

    def visit_If(self, node: ast.If) -> None:
        if not (self._where.endswith(".py") and _asks_for_main(node.test)):
            self.generic_visit(node)

    def _visit_definition(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> None:
        if not self._where or node is self._tree:  # a hit defines, and so registers, it again
            self._passing |= set(map(id, node.decorator_list))
        is_class = isinstance(node, ast.ClassDef)
        self._within = (*self._within, *(() if is_class else (node.name,)))
        self.generic_visit(node)
        self._within = self._within if is_class else self._within[:-1]

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_definition

    def _visit_with(self, node: ast.With | ast.AsyncWith) -> None:
        calls = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
        self._passing |= set(map(id, calls))  # undone at the end of the block
        catches = sum(self._dotted(call.func) == "warnings.catch_warnings" for call in calls)
        self._catches += catches
        self.generic_visit(node)
        self._catches -= catches

    visit_With = visit_AsyncWith = _visit_with

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._reference(node, self._dotted(node))
            if _OF_EARLIER_CELLS.fullmatch(node.id) and self._is_free(node.id):
                self._find("unseen", f"reads what earlier cells said or showed: {node.id}", node)

    def _is_free(self, name: str) -> bool:
        is_cells = not self._where.endswith(".py")
        return is_cells and name not in self._bound and name not in self._imported

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self._dotted(node)
        if isinstance(node.ctx, ast.Load):
            if not (self._reference(node, name) or self._reference(node, self._held_by(node))):
                self.generic_visit(node)
            return
        self._assigned(node)
        self.generic_visit(node)

    def _held_by(self, node: ast.Attribute) -> str | None:
        """Return the full name of a function that a class or an object has as its own."""
        found = self._stands_for(node)
        return None if found is NOTHING or issubclass(type(found), type) else full_name(found)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._assigned(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = self._dotted(node.func)
        if name in _SEEDED_BY_ARGUMENT and _has_no_seed(node):
            self._find("random", f"{_shown(name)}() without a seed", node)
        elif name in _RUNS_TEXT and not _is_text(node):
            self._find("unseen", f"runs code that is text ({_shown(name)})", node)
        elif name in _IMPORTS:
            if _is_text(node):
                self.source.imports.add(str(node.args[0].value))  # type: ignore[attr-defined]
            else:
                self._find("unseen", "imports a module whose name is computed", node)
        elif name in _NAMESPACES and not node.args:
            self._find("unseen", f"reads names by {_shown(name)}()", node)
        elif name and name.partition(".")[0] in _TAKES_NOW and _is_now(node):
            self._find("clock", f"reads the clock: {_shown(name)}", node)
        elif name in _ASKS_FOR_FILE:
            if not _is_text(node) and not self._is_input(node.args[0] if node.args else None):
                self._find("unseen", f"asks whether a computed name is there: {name}", node)
        elif isinstance(node.func, ast.Attribute) and name is None and not node.args:
            self._method(node.func)
        elif isinstance(node.func, ast.Name) and node.func.id == "get_ipython":
            self._find("unseen", "runs a magic or a command of the shell", node)
        elif id(node) not in self._passing:
            self._setting(node, name or self._of_got(node.func))
        called = last_name(node.func) or ""
        self.source.calls.add(called)
        self.source.asks_for_files |= called in _ASKING or _adds(node)
        self.generic_visit(node)

    def _of_got(self, function: ast.expr) -> str | None:
        """Return the name of a method of what a call gets: ``getLogger("a").setLevel``."""
        if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call)):
            return None
        got = self._dotted(function.value.func) or ""
        is_got = got.rpartition(".")[2].startswith("get")
        return f"{got}.{function.attr}" if is_got else None

    def _is_held(self, function: ast.expr, name: str) -> bool:
        """Return whether `function` changes a container that a library holds."""
        if name.rpartition(".")[2] not in CONTAINER_VERBS or is_compared(name):
            return False
        owner = self._stands_for(function.value) if isinstance(function, ast.Attribute) else NOTHING
        return not (
            owner is NOTHING or issubclass(type(owner), types.ModuleType | type) or callable(owner)
        )

    def _setting(self, node: ast.Call, name: str | None) -> None:
        """Note a call that sets something that lasts, and that a hit would not set."""
        if name and self._catches and name.startswith("warnings."):
            return
        if name and (is_setting(name) or self._is_held(node.func, name)):
            is_own = not name.endswith(".register") and is_own_module(name)
            if not is_own and not acts_on_argument(node, self._tree) and not self._is_of_own(node):
                self._effect(f"sets something that lasts: {name.removeprefix('__main__.')}", node)
        elif (function := self._stands_for(node.func)) is not NOTHING and sets_attributes(function):
            for argument in node.args:
                value = self._stands_for(argument)
                if (
                    issubclass(type(value), types.ModuleType | type)
                    and value.__name__ != "__main__"
                ):
                    name = full_name(value)
                    self._effect(f"may set something in {name}: {function.__name__}", node)

    def _is_of_own(self, node: ast.Call) -> bool:
        found = self._stands_for(node.func)
        first = self._stands_for(node.args[0]) if node.args else NOTHING
        if issubclass(type(found), types.FunctionType) and is_own_module(found.__module__ or ""):
            return True
        plain = (str, bytes, int, float, bool, dict, list, tuple, set, types.ModuleType)
        return not (first is NOTHING or issubclass(type(first), plain) or callable(first))

    def _effect(self, what: str, node: ast.AST) -> None:
        """Note an effect; what a module does as it is imported is none of the cell's."""
        if not self._where.endswith(".py"):
            self._find("effect", what, node)
        else:
            found = Finding("effect", what, getattr(node, "lineno", None), self._where)
            self.source.setters += [(name, found) for name in self._within]

    def _method(self, function: ast.Attribute) -> None:
        if function.attr in ("stat", "lstat"):
            self._find(
                "environment", f"asks for a file's size or time: {function.attr}()", function
            )
        elif function.attr in _FILE_METHODS and not self._is_input(function.value):
            self._find(
                "unseen", f"asks whether a computed name is there: {function.attr}()", function
            )

    def _is_input(self, node: ast.expr | None) -> bool:
        """Return whether `node` is a text, a path of one, or a variable: these are looked at."""
        if isinstance(node, ast.Call):
            name = self._dotted(node.func) or ""
            return name.startswith("pathlib.") and _is_text(node) and len(node.args) == 1
        return isinstance(self._stands_for(node), str | os.PathLike) if node is not None else False

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.source.texts.add(node.value.removeprefix("file://"))
            if _URL.match(node.value):
                self._find("network", f"names {scrubbed(node.value)[:60]}", node)

    def _reference(self, node: ast.expr, name: str | None) -> bool:
        """Note a name that may be called; return whether it is one of ours."""
        if name is None:
            return False
        root = name.partition(".")[0]
        if match := _DRAWS.match(name):
            place = (node.lineno, self._where)
            self.source.draws.setdefault(match[0].rstrip(".").partition(".")[0], place)
        if name in _CLOCK:
            self._find("clock", f"reads the clock: {name}", node)
        elif name in _RANDOM or root == "secrets":
            self._find("random", f"{name} is never the same", node)
        elif name in _RANDOM_STATE:
            self._find("random", f"reads the state of random numbers: {name}", node)
        elif name in _ASKS_OF_FILE:
            self._find("environment", f"asks for a file's size or time: {name}", node)
        elif name in _SHARED:
            self._find("unseen", f"uses what the whole process shares: {name}", node)
        elif name in _ASKS:
            self._find("input", f"asks for input: {_shown(name)}", node)
        elif name in _PROCESS:
            self._find("environment", f"depends on the process: {_shown(name)}", node)
        elif root in _NATIVE_CLIENTS:
            self._find("network", f"uses {root}", node)
        elif root in _TRACKERS:
            self._find("effect", f"speaks to {root}", node)
        else:
            return False
        return True

    def _assigned(self, node: ast.Attribute | ast.Subscript) -> None:
        root: ast.expr = node
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if not isinstance(root, ast.Name):
            return
        name = self._imported.get(root.id)
        value = self._namespace.get(root.id)
        if self._where.endswith(".py") and not self._within:
            return  # set as the module is imported: none of the cell's doing
        if root.id not in self._bound and (name or issubclass(type(value), types.ModuleType)):
            self._find("effect", f"changes something in {name or root.id}", node)


def sets_attributes(function: Any) -> bool:
    """Return whether a function of the notebook sets attributes of something."""
    if not issubclass(type(function), types.FunctionType) or function.__module__ != "__main__":
        return False
    return any(each.opname == "STORE_ATTR" for each in dis.get_instructions(function)) or (
        "setattr" in function.__code__.co_names
    )


def of_held(values: Iterable[Any]) -> list[Finding]:
    """Return what stands out in functions of libraries that something holds."""
    found = []
    for value in values:
        name = full_name(value)
        if name in _CLOCK:
            found.append(Finding("clock", f"holds {name}, which reads the clock"))
        elif name in _RANDOM:
            found.append(Finding("random", f"holds {name}, which is never the same"))
        elif name in _ASKS | _PROCESS and name not in ("builtins.id", "builtins.hash"):
            found.append(Finding("environment", f"holds {name}"))
    return found


def _shown(name: str | None) -> str:
    return (name or "").removeprefix("builtins.")


def _has_no_seed(node: ast.Call) -> bool:
    if not node.args and not node.keywords:
        return True
    first = node.args[0] if node.args else node.keywords[0].value
    return isinstance(first, ast.Constant) and first.value is None


def _adds(node: ast.Call) -> bool:
    """Return whether a call has the mode of one that opens a file to add to it."""
    modes = [*node.args[1:2], *(each.value for each in node.keywords if each.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and mode.value in _ADDING for mode in modes)


def _is_text(node: ast.Call) -> bool:
    return bool(node.args) and isinstance(node.args[0], ast.Constant)


def _is_now(node: ast.Call) -> bool:
    given = (*node.args, *(keyword.value for keyword in node.keywords))
    return any(isinstance(a, ast.Constant) and a.value in ("now", "today") for a in given)


def _asks_for_main(test: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(test))
