"""What code runs in: Python, installed packages, the person's own modules, global settings.

Of packages the version says what they are; of modules that are installed nowhere, such as
``helpers.py`` beside the notebook, the file's bytes and the values in them do.
"""

from __future__ import annotations

import ast
import decimal
import enum
import hashlib
import inspect
import linecache
import locale
import os
import platform
import sys
import time
import types
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from artnb.capture._impure import Finding, Source, look_at
from artnb.capture._library_settings import AS_IT_COMES, settings_of_libraries
from artnb.capture.code_files import code_digest
from artnb.capture.fingerprint import fingerprint
from artnb.capture.on_disk import file_digest
from artnb.capture.places import in_namespace, is_installed, is_local

__all__ = [
    "AS_IT_COMES",
    "NOT_COMPARED",
    "Module",
    "changed_packages",
    "global_state",
    "installed_otherwise",
    "local_modules",
    "missing_modules",
    "module_of",
    "own_code",
    "packages",
    "python_version",
    "value_marks",
]

_DISTRIBUTIONS = {
    "PIL": "pillow", "cv2": "opencv-python", "sklearn": "scikit-learn", "yaml": "PyYAML",
    "skimage": "scikit-image", "bs4": "beautifulsoup4", "dateutil": "python-dateutil",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the person's own.

    Attributes
    ----------
    digest : str
        SHA-256 of its file.
    state : str
        Stands for the values in it: those that are neither code nor modules.
    is_file : bool
        False: the file was edited after it was imported, so its bytes do not say what ran.
    """

    name: str
    path: str
    digest: str
    state: str
    is_file: bool


def python_version() -> str:
    """Return which Python this is, and for which machine."""
    return f"{platform.python_implementation()} {platform.python_version()} {platform.machine()}"


# -- packages


def packages() -> dict[str, str]:
    """Return the versions of the installed packages that are loaded, by their module's name."""
    names = {name.partition(".")[0] for name in list(sys.modules)}
    found = {}
    for name in sorted(names):
        module = sys.modules.get(name)
        if module is not None and is_installed(module) and (version := _version(name)):
            found[name] = version
    return found


def installed_otherwise(versions: Mapping[str, str]) -> dict[str, str]:
    """Return what is installed of packages that say another version of themselves, by name.

    Empty where nothing is installed by that name: ``cv2`` comes with some OpenCV.
    """
    found = {name: _installed_version(name) or "" for name in versions}
    return {name: version for name, version in found.items() if version != versions[name]}


def changed_packages(
    then: Mapping[str, str], installed: Mapping[str, str] | None = None
) -> dict[str, tuple[str, str]]:
    """Return the packages of which another version is there now: (then, now) by name.

    Parameters
    ----------
    installed : mapping, optional
        What `installed_otherwise` gave then.
    """
    changed = {}
    for name, version in then.items():
        before, now = version, _version(name) or ""
        if name not in sys.modules:
            # What is not loaded says no more than what is installed.
            before = (installed or {}).get(name, version)
            before = before if "+" in now else before.partition("+")[0]
        if now != before:
            changed[name] = (version, now or "not installed")
    return changed


def _version(name: str) -> str | None:
    """Return a package's version: of what is loaded, else of what would be."""
    module = sys.modules.get(name)
    own = vars(module).get("__version__") if module is not None else None
    return own if isinstance(own, str) else _installed_version(name)


@cache  # a loaded package stays what it is, whatever is installed over it
def _installed_version(name: str) -> str | None:
    from importlib import metadata

    for distribution in (name, _DISTRIBUTIONS.get(name)):
        try:
            if distribution:
                return metadata.version(distribution)
        except (metadata.PackageNotFoundError, ValueError):
            continue
    return None


# -- the person's own modules


def local_modules(roots: Iterable[str]) -> list[Module]:
    """Return the modules of the person's own that `roots` are or reach, as far as loaded.

    Parameters
    ----------
    roots : iterable of str
        Names of modules; what is none is passed over.
    """
    found: dict[str, Module] = {}
    waiting = deque(roots)
    for name, module in _visited(waiting):
        # To import a.b runs a as well; `from a import f` may name a function.
        if parent := name.rpartition(".")[0]:
            waiting.append(parent)
        if module is None:
            continue
        path = str(module.__file__)
        digest = file_digest(path)
        is_file = digest is not None and _is_its_file(module)
        found[name] = Module(name, path, digest or "", _state_of(module), is_file)
        waiting += _reached(module, path)
    return [found[name] for name in sorted(found)]


def own_code(
    roots: Iterable[str], scripts: Iterable[str] = (), reached: Iterable[str] = ()
) -> dict[str, str]:
    """Return the SHA-256 of files of the person's own code, by path.

    Those of `scripts`, of the modules that `roots` and `reached` are, and of modules that are
    bound in these.
    Unlike `local_modules` it reads no source but that of roots: it is asked after each cell.
    It is empty where the file of a root was edited after it was imported, so that its bytes
    are not what ran.
    """
    found = {path: code_digest(path) or "" for path in scripts}
    imports = (name for path in list(found) for name in module_source(path, "").imports)
    first = [*roots, *imports]
    waiting = deque([*first, *reached])
    for name, module in _visited(waiting):
        if len(found) >= _MOST_MODULES:
            break
        if module is None:
            continue
        path = str(module.__file__)
        is_file = name not in first or _is_its_file(module)
        found[path] = file_digest(path) or "" if is_file else ""
        waiting.extend({module_of(value) for value in list(vars(module).values())})
    return found


_MOST_MODULES = 200


def _visited(waiting: deque[str]) -> Iterator[tuple[str, types.ModuleType | None]]:
    """Yield each name once, with its module if that is the person's own; callers add names."""
    seen = set()
    while waiting:
        name = waiting.popleft()
        if name not in seen:
            seen.add(name)
            module = sys.modules.get(name)
            waiting += in_namespace(module)
            is_own = isinstance(module, types.ModuleType) and is_local(module)
            yield name, module if is_own else None


def missing_modules(names: Iterable[str]) -> list[str]:
    """Return those of the modules, by their first name, that are nowhere to be found."""
    from importlib.util import find_spec

    found = set()
    for name in {name.partition(".")[0] for name in names} - {""}:
        try:
            if name not in sys.modules and find_spec(name) is None:
                found.add(name)
        except (ImportError, ValueError):
            continue
    return sorted(found)


def _reached(module: types.ModuleType, path: str) -> Iterator[str]:
    for value in list(vars(module).values()):
        yield module_of(value)
    for name in module_source(path, module.__name__).imports:
        if not name.startswith("."):
            yield name
        elif package := (module.__package__ or ""):
            up = len(name) - len(name.lstrip("."))
            base = package.rsplit(".", up - 1)[0] if up > 1 else package
            yield f"{base}.{name.lstrip('.')}".rstrip(".")


def module_of(value: Any) -> str:
    """Return the name of the module that a value is, or that its code comes from."""
    if issubclass(type(value), types.ModuleType):
        return str(value.__name__)
    if not issubclass(type(value), type | types.FunctionType):
        value = type(value)
    return str(getattr(value, "__module__", ""))


def module_source(path: str, name: str) -> Source:
    """Return what stands out in the source of a module of the person's own."""
    key = (path, file_digest(path))
    if key not in _sources:
        try:
            with open(path, "rb") as stream:
                tree = ast.parse(stream.read())
        except (OSError, SyntaxError, ValueError):
            finding = Finding("unseen", "its source cannot be read", None, os.path.basename(path))  # noqa: PTH119
            return Source([finding])
        module = sys.modules.get(name)
        found = look_at(tree, vars(module) if module else {}, where=os.path.basename(path))  # noqa: PTH119
        _sources[key] = found
    return _sources[key]


_sources: dict[tuple[str, str | None], Source] = {}


def _state_of(module: types.ModuleType) -> str:
    """Return a digest of the values that a module holds, code and modules aside."""
    values: dict[str, Any] = {}
    for name, value in list(vars(module).items()):
        if name.startswith("__") or issubclass(type(value), types.ModuleType):
            continue
        if issubclass(type(value), type):
            if value.__module__ == module.__name__ and not issubclass(value, enum.Enum):
                values[name] = _state_of_members(vars(value))
            continue
        _add_state(values, name, value)
    return fingerprint(values) or ""


def value_marks(module: types.ModuleType, values: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands for each of some values of a module; of code, what its file does not say.

    Modules have none.
    """
    found = {}
    for name, value in values.items():
        if issubclass(type(value), types.ModuleType):
            continue
        state: dict[str, Any] = {}
        if issubclass(type(value), types.FunctionType | type):
            state["is"] = f"{value.__module__}.{value.__qualname__}"
        if not issubclass(type(value), type):
            _add_state(state, name, value)
        elif value.__module__ == module.__name__ and not issubclass(value, enum.Enum):
            state |= _state_of_members(vars(value))
        found[name] = fingerprint(state or value) or type(value).__qualname__
    return found


def _state_of_members(members: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in list(members.items()):
        mine = not name.startswith("__") or getattr(value, "__module__", "") == "__main__"
        if mine and name != "_abc_impl":
            _add_state(found, name, getattr(value, "__func__", value))
    return found


def _add_state(values: dict[str, Any], name: str, value: Any) -> None:
    """Add what a name of a module, or of its class, stands for, unless the file says it."""
    if issubclass(type(value), types.FunctionType):
        own = {key: each for key, each in vars(value).items() if key != "__wrapped__"}
        if value.__module__ == "__main__" or own:  # put there by a notebook, or decorated
            values[name] = fingerprint([value, own])
        if value.__defaults__ or value.__kwdefaults__:
            values[f"{name}()"] = fingerprint([value.__defaults__, value.__kwdefaults__])
    elif not callable(value) or hasattr(type(value), "state_dict"):
        values[name] = fingerprint(value) or type(value).__qualname__


def _is_its_file(module: types.ModuleType) -> bool:
    """Return whether the functions that are loaded are those of the file as it is now."""
    path = str(module.__file__)
    codes = _codes_of(path, file_digest(path))
    if codes is None:
        return False
    return all(_bare(function.__code__) in codes for function in _functions(module))


def _functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    for value in list(vars(module).values()):
        members: Iterable[Any] = (value,)
        if isinstance(value, type) and value.__module__ == module.__name__:
            members = list(vars(value).values())
        for member in members:
            function = getattr(member, "__func__", getattr(member, "fget", member))
            function = getattr(function, "__wrapped__", function)
            if isinstance(function, types.FunctionType) and (
                function.__code__.co_filename == module.__file__
            ):
                yield function


@cache
def _codes_of(path: str, digest: str | None) -> frozenset[types.CodeType] | None:
    try:
        with open(path, "rb") as stream:
            whole = compile(stream.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return None
    found, waiting = set(), [whole]
    while waiting:
        code = waiting.pop()
        found.add(_bare(code))
        waiting += [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return frozenset(found)


def _bare(code: types.CodeType) -> types.CodeType:
    """Return what a code does, without where it stands.

    IPython's autoreload compiles the functions that were edited by themselves, from the first
    line on, and methods in a class of another name, with their texts indented once more.
    """
    constants = [
        _bare(each) if isinstance(each, types.CodeType) else each for each in code.co_consts
    ]
    if constants and isinstance(constants[0], str):
        constants[0] = inspect.cleandoc(constants[0])
    return code.replace(
        co_firstlineno=1, co_linetable=b"", co_qualname=code.co_name, co_consts=tuple(constants)
    )


# -- functions of the notebook


def function_nodes(function: types.FunctionType) -> list[ast.AST] | None:
    """Return the nodes that a function of the notebook was made from, or None."""
    code = function.__code__
    tree = _parsed("".join(linecache.getlines(code.co_filename)))
    if tree is None:
        return None
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            lines = [node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]
            name = getattr(node, "name", "<lambda>")
            if min(lines) == code.co_firstlineno and name == code.co_name:
                found.append(node)
    return found or None


@cache
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text) if text else None
    except (SyntaxError, ValueError):
        return None


# -- settings of the process


def global_state() -> dict[str, str]:
    """Return what is set for the whole process and results may hang on, by what it is."""
    decimals = decimal.getcontext()
    state = {
        "working folder": os.getcwd(),  # noqa: PTH109 - as text
        "home folder": os.path.expanduser("~"),  # noqa: PTH111 - as text
        "decimal context": f"{decimals.prec} {decimals.rounding} {_traps(decimals)}".strip(),
        "locale": str(locale.setlocale(locale.LC_ALL)),
        "time zone": f"{time.tzname} {time.timezone} {os.environ.get('TZ', '')}".strip(),
        "Python's limits": f"{sys.getrecursionlimit()} {sys.get_int_max_str_digits()}",
        "which warnings are errors": _short([w for w in warnings.filters if w[0] == "error"]),
        "sys.path": _short(sys.path),
        "os.environ": _short(sorted(os.environ.items())),
    }
    if (torch := sys.modules.get("torch")) is not None and hasattr(torch, "get_default_dtype"):
        state["torch's settings"] = _torch_settings(torch)
    return {**state, **settings_of_libraries()}


def _traps(context: decimal.Context) -> str:
    return " ".join(sorted(signal.__name__ for signal, is_set in context.traps.items() if is_set))


def _torch_settings(torch: Any) -> str:
    backends = torch.backends
    return " ".join(map(str, (
        torch.get_default_dtype(), getattr(torch, "get_default_device", str)(),
        torch.are_deterministic_algorithms_enabled(), torch.is_grad_enabled(),
        torch.get_num_threads(), torch.get_float32_matmul_precision(),
        *_autocast(torch),
        backends.cudnn.enabled, backends.cudnn.benchmark, backends.cudnn.deterministic,
        vars(torch._tensor_str.PRINT_OPTS) if hasattr(torch, "_tensor_str") else "",
    )))  # fmt: skip


def _autocast(torch: Any) -> tuple[bool, ...]:
    try:
        return tuple(torch.is_autocast_enabled(kind) for kind in ("cuda", "cpu"))
    except TypeError:  # before torch 2.4
        return torch.is_autocast_enabled(), torch.is_autocast_cpu_enabled()


NOT_COMPARED = frozenset(("os.environ", "sys.path"))
"""Of `global_state`: what differs from one kernel to the next, and only counts if it changes."""


def _short(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]
