"""Where code comes from: Python and installed packages, or the person's own files."""

from __future__ import annotations

import os
import sys
import sysconfig
import types
from functools import cache

__all__ = [
    "in_namespace",
    "is_installed",
    "is_installed_file",
    "is_local",
    "is_own",
    "is_own_module",
    "is_package",
]


def is_installed_file(path: str) -> bool:
    """Return whether a file belongs to Python or to an installed package."""
    return is_package(path) or path.startswith(_library_folders())


def is_package(path: str) -> bool:
    """Return whether a file belongs to an installed package."""
    return "/site-packages/" in path or "/dist-packages/" in path


@cache
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    kept = [paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"]]
    return tuple(f"{os.path.realpath(folder)}/" for folder in kept) + tuple(
        f"{folder}/" for folder in kept
    )


def is_installed(module: types.ModuleType) -> bool:
    """Return whether a module belongs to an installed package."""
    path = getattr(module, "__file__", None)
    if not isinstance(path, str):
        return False
    return is_package(path)


def is_local(module: types.ModuleType) -> bool:
    """Return whether a module is the person's own: Python source that is installed nowhere."""
    if module.__name__ == "__main__" or module.__name__.partition(".")[0] == "artnb":
        return False
    path = getattr(module, "__file__", None)
    return isinstance(path, str) and path.endswith(".py") and not is_installed_file(path)


def in_namespace(module: object) -> list[str]:
    """Return the modules in a package that has no ``__init__.py``, as far as it has bound them."""
    if not isinstance(module, types.ModuleType) or getattr(module, "__file__", None) is not None:
        return []
    if not hasattr(module, "__path__"):
        return []
    bound = [value for value in list(vars(module).values()) if isinstance(value, types.ModuleType)]
    return [each.__name__ for each in bound if each.__name__.startswith(f"{module.__name__}.")]


def is_own(name: str) -> bool:
    """Return whether a loaded module is the notebook, or the person's own."""
    module = sys.modules.get(name)
    return name == "__main__" or (isinstance(module, types.ModuleType) and is_local(module))


def is_own_module(name: str) -> bool:
    """Return whether the module that a full name begins with is the person's own, loaded or not."""
    from importlib.util import find_spec

    root = name.partition(".")[0]
    module = sys.modules.get(root)
    if isinstance(module, types.ModuleType):
        return root == "__main__" or is_local(module)
    try:
        spec = find_spec(root)
    except (ImportError, ValueError):
        return False
    path = spec.origin if spec is not None else None
    return path is not None and path.endswith(".py") and not is_installed_file(path)
