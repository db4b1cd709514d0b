"""What runs this code: a notebook's kernel, an IPython terminal, or a script."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["in_notebook", "notebook_name", "running_shell", "running_source"]


def running_shell() -> Any:
    """Return IPython's shell, or None."""
    # Only if IPython is loaded already: importing it to ask would cost 200 ms in a script.
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def in_notebook() -> bool:
    """Return whether the shell is that of a kernel."""
    shell = running_shell()
    return shell is not None and hasattr(shell, "kernel")


def running_source() -> str | None:
    """Return the source of what runs: the newest cell, else the script; None of neither."""
    shell = running_shell()
    if shell is not None:
        cells = shell.user_ns.get("In") or [""]
        return str(cells[-1]) or None
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        return Path(path).read_text("utf-8") if path else None
    except (OSError, UnicodeDecodeError):
        return None


def notebook_name() -> str | None:
    """Return the name of the kernel's notebook, where its page tells it."""
    path = os.environ.get("JPY_SESSION_NAME") or running_shell().user_ns.get("__vsc_ipynb_file__")
    return Path(path).name if path else None
