"""A panel beside the notebook: JupyterLab's, opened by the package ``sidecar``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from artnb.errors import MissingExtraError, UsageError
from artnb.widgets.cells import keep_with_cell
from artnb.widgets.host import host_of

__all__ = ["show_beside"]

_CALLED = {
    "notebook": "Notebook 7",
    "vscode": "VS Code",
    "colab": "Colab",
    "marimo": "marimo",
    "none": "a terminal or script",
}


def show_beside(make: Callable[[], Any], project: str) -> None:
    """Show the widget that `make` makes in a new panel to the right of the notebook.

    Raises
    ------
    UsageError
        The notebook is open in a host that has no such panels.
    MissingExtraError
        ``sidecar`` is not installed.
    """
    from IPython import get_ipython

    shell = get_ipython()
    # Before there is a widget: a page logs an error where one goes while it still loads it.
    panels = _panels(host_of(shell))
    widget = make()
    panel = panels(title=f"{project} · artnb", anchor="split-right")
    panel.append_display_data(widget)
    for each in (widget, panel):
        keep_with_cell(shell, each)
    # Not displayed: the page opens the panel when it hears of it, and would open a second.


def _panels(host: str) -> Any:
    """Return the class of panels in the page of `host`."""
    if host != "jupyter":
        raise UsageError(
            f"A graph beside the notebook needs JupyterLab; this is {_CALLED[host]}. Show it "
            "below the cell: %artnb graph, without --beside."
        )
    try:
        from sidecar import Sidecar
    except ImportError as error:
        raise MissingExtraError("A graph beside the notebook", "sidecar", "beside") from error
    return Sidecar
