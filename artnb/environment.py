"""What is written down about the place where a run happened."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path
from typing import Any

__all__ = ["HOST", "describe_environment", "git_commit"]

HOST = platform.node()
"""This machine's name: what a record of a process here has, and is compared with."""

_NOTED = ("artnb", "ipykernel", "numpy", "pandas", "polars", "sklearn", "torch", "torchvision")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def describe_environment() -> dict[str, Any]:
    """Return Python, platform, and the versions of the packages that results hang on.

    Only packages that are loaded are asked, so nothing is imported.
    """
    loaded = {name: sys.modules[name] for name in _NOTED if name in sys.modules}
    versions = {name: getattr(module, "__version__", None) for name, module in loaded.items()}
    packages = {
        {"sklearn": "scikit-learn"}.get(name, name): str(version)
        for name, version in versions.items()
        if version
    }
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "packages": packages,
    }


def git_commit(folder: Path) -> str | None:
    """Return the commit that the checkout around `folder` is at, or None.

    Reads git's files itself: starting git takes longer than all else that a run's start
    does.
    """
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.exists():
            try:
                return _head(git)
            except (OSError, UnicodeDecodeError):
                return None
    return None


def _head(git: Path) -> str | None:
    if git.is_file():  # a worktree or a submodule
        git = git.parent / git.read_text("utf-8").removeprefix("gitdir:").strip()
    head = (git / "HEAD").read_text("utf-8").strip()
    if not head.startswith("ref:"):
        return head if _COMMIT.fullmatch(head) else None
    name = head.removeprefix("ref:").strip()
    common = git
    if (git / "commondir").is_file():
        common = git / (git / "commondir").read_text("utf-8").strip()
    if (common / name).is_file():
        return (common / name).read_text("utf-8").strip()
    if (common / "packed-refs").is_file():
        for line in (common / "packed-refs").read_text("utf-8").splitlines():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return commit
    return None
