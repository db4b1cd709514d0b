"""What is written down about the place where a run happened."""

from __future__ import annotations

import os
import platform
import re
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from artnb.process import Stamp, is_settled, stamp, variables

__all__ = ["HOST", "describe_environment", "git_commit", "person"]

HOST = platform.node()
"""This machine's name: what a record of a process here has, and is compared with."""

_USER = ("JUPYTERHUB_USER", "LOGNAME", "USER", "LNAME", "USERNAME")
_NOTED = ("artnb", "ipykernel", "numpy", "pandas", "polars", "sklearn", "torch", "torchvision")
_PYTHON = {"python": platform.python_version(), "platform": platform.platform(terse=True)}
_NAMES = {"sklearn": "scikit-learn"}
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def person() -> str:
    """Return who works here: ``user@host``, or the host where nobody has a name."""
    name = next(filter(None, map(variables().get, _USER)), None)
    if name is None and hasattr(os, "getuid"):
        import pwd

        with suppress(KeyError):  # a container's number without a line in its file
            name = pwd.getpwuid(os.getuid()).pw_name
    return f"{name}@{HOST}" if name else HOST


def describe_environment() -> dict[str, Any]:
    """Return Python, platform, and the versions of the packages that results hang on.

    Only packages that are loaded are asked, so nothing is imported.
    """
    packages = {}
    for name in _NOTED:
        if version := getattr(sys.modules.get(name), "__version__", None):
            packages[_NAMES.get(name, name)] = str(version)
    return {**_PYTHON, "packages": packages}


def git_commit(folder: str) -> str | None:
    """Return the commit that the checkout around `folder` is at, or None.

    Reads git's files itself: starting git takes longer than all else that a run's start
    does. What it has read it reads again only once it may have changed, for each cell asks.
    """
    git = _git_around(folder)
    if git is None:
        return None
    known = _commits.get(git)
    if known is None or any(stamp(path) != mark for path, mark in known.seen.items()):
        try:
            known = _Head(git)
        except (OSError, UnicodeDecodeError):
            return None
        if all(map(is_settled, known.seen.values())):
            _commits[git] = known
    return known.commit


def _git_around(folder: str) -> str | None:
    for git in _git_places(folder):
        if os.access(git, os.F_OK):
            return git
    return None


@lru_cache(maxsize=32)
def _git_places(folder: str) -> tuple[str, ...]:
    """Return where the files of a checkout around a folder may lie, the nearest first."""
    return tuple(str(place / ".git") for place in (Path(folder), *Path(folder).parents))


class _Head:
    """Which commit a checkout is at.

    Attributes
    ----------
    commit : str or None
    seen : dict
        How the files were that say so; of those that were not there None.
    """

    def __init__(self, git: str) -> None:
        self.seen: dict[str, Stamp] = {}
        self.commit = self._find(git)

    def _find(self, git: str) -> str | None:
        if link := self._text(git):  # a worktree or a submodule
            git = os.path.join(os.path.dirname(git), link.removeprefix("gitdir:").strip())  # noqa: PTH118, PTH120
        head = self._text(f"{git}/HEAD")
        if not head.startswith("ref:"):
            return head if _COMMIT.fullmatch(head) else None
        name = head.removeprefix("ref:").strip()
        common = git
        if place := self._text(f"{git}/commondir"):
            common = os.path.join(git, place)  # noqa: PTH118
        if found := self._text(f"{common}/{name}"):
            return found
        for line in self._text(f"{common}/packed-refs").splitlines():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return commit
        return None

    def _text(self, path: str) -> str:
        """Return what is in a file, empty if there is none."""
        mark = self.seen[path] = stamp(path)
        return Path(path).read_text("utf-8").strip() if mark is not None else ""


_commits: dict[str, _Head] = {}
