"""Which files are no data of the notebook's: code, caches, the system's, the program's own."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable

__all__ = ["CODE", "LeaveOut"]

CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dll", ".dylib")
_SUFFIXES = (*CODE, ".ipynb", "-shm")  # SQLite's shared memory is no content
_NAMES = frozenset(("artnb.toml", "pyproject.toml", "setup.cfg"))
_FOLDERS = frozenset(("__pycache__", "node_modules", "site-packages", "dist-packages"))
_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys"),
    *("/usr", "/var/cache", "/var/lib", "/var/log", "/Library", "/System"),
)


class LeaveOut:
    """Says of a path whether it is passed over.

    Below the working folder only code, notebooks, hidden files and environments are;
    elsewhere also what belongs to the system or to the interpreter, and temporary files.

    Parameters
    ----------
    root : str
        The working folder.
    ours : iterable of str
        Folders that are always left out.
    """

    def __init__(self, root: str, ours: Iterable[str] = ()) -> None:
        self._root = root.rstrip("/") + "/"
        self._has_root = root != "/"
        self._ours = tuple(f"{folder.rstrip('/')}/" for folder in ours)
        interpreter = {sys.prefix, sys.base_prefix, sys.exec_prefix}
        temporary = {tempfile.gettempdir(), os.path.realpath(tempfile.gettempdir())}
        folders = (*_SYSTEM, *interpreter, *temporary)
        self._outside = tuple(f"{folder.rstrip('/')}/" for folder in folders)
        self._inside = tuple(place for place in self._outside if place.startswith(self._root))

    def __call__(self, path: str) -> bool:
        """Return whether `path`, an absolute one, is left out."""
        if path.endswith(_SUFFIXES) or path.startswith(self._ours):
            return True
        if self._has_root and path.startswith(self._root):
            if self._inside and path.startswith(self._inside):
                return True
            path = path[len(self._root) - 1 :]
        elif path.startswith(self._outside):
            return True
        parts = path.split("/")
        return "/." in path or parts[-1] in _NAMES or not _FOLDERS.isdisjoint(parts)
