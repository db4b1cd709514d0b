"""Which program shows the notebook, as far as the kernel can tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

__all__ = ["Host", "host_of", "prepare"]

Host = Literal["jupyter", "notebook", "vscode", "colab", "marimo", "none"]


def host_of(
    shell: Any,
    environ: Mapping[str, str] | None = None,
    modules: Mapping[str, Any] | None = None,
) -> Host:
    """Return the host of a shell.

    ``notebook`` is Notebook 7, as far as the server's command tells: it can show JupyterLab's
    page, too, and the other way. Any other Jupyter is ``jupyter``.

    Parameters
    ----------
    shell : InteractiveShell or None
    environ, modules : mapping, optional
        Default: ``os.environ``, ``sys.modules``.
    """
    env = os.environ if environ is None else environ
    loaded = sys.modules if modules is None else modules
    if "google.colab" in loaded:
        return "colab"
    if (marimo := loaded.get("marimo")) is not None and marimo.running_in_notebook():
        return "marimo"
    if shell is None or not hasattr(shell, "kernel"):
        return "none"
    if "__vsc_ipynb_file__" in shell.user_ns or "VSCODE_PID" in env:
        return "vscode"
    return "notebook" if _started_as_notebook(env.get("JPY_PARENT_PID", "")) else "jupyter"


def prepare(shell: Any) -> None:
    """Do what the host asks for before it shows a widget of a package that it does not ship."""
    if host_of(shell) == "colab":
        from google.colab import output

        output.enable_custom_widget_manager()


def _started_as_notebook(pid: str) -> bool:
    try:
        import psutil
    except ImportError:
        return False  # it comes with ipykernel, and without that there is no such server
    try:
        words = psutil.Process(int(pid)).cmdline()[:3]
    except (ValueError, OSError, psutil.Error):
        return False
    return any(Path(word).name in ("notebook", "jupyter-notebook") for word in words)
