"""Which cell shows which widget: a cell that runs again has no more use for those before."""

from __future__ import annotations

from typing import Any

__all__ = ["keep_with_cell"]

_ATTRIBUTE = "_artnb_shown"


def keep_with_cell(shell: Any, widget: Any) -> None:
    """Close what the running cell showed when it ran before; note that it shows `widget` now.

    The page has dropped the outputs of that time, and nothing else would ever end what
    they listen to. Where the host does not name its cells nothing is closed.

    Parameters
    ----------
    shell : InteractiveShell or None
        It carries the notes.
    widget : object
        Has ``close()``.
    """
    parent = (shell.get_parent() if hasattr(shell, "get_parent") else None) or {}
    cell = parent.get("metadata", {}).get("cellId")
    if not cell:
        return
    request = parent["header"]["msg_id"]
    shown = shell.__dict__.setdefault(_ATTRIBUTE, {})
    before, widgets = shown.get(cell, (request, []))
    if before != request:
        for each in widgets:
            each.close()
        widgets = []
    shown[cell] = (request, [*widgets, widget])
