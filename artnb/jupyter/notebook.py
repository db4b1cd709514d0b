"""The notebook's own file, as far as the kernel knows it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artnb.jupyter.header import blank_header

__all__ = ["body_of", "cell_source", "notebook_path"]


def notebook_path(namespace: Mapping[str, Any]) -> Path | None:
    """Return the path that the front end gave, or None; the file need not be there."""
    path = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return Path(str(path)) if path else None


def cell_source(notebook: Path | None, cell_id: str | None) -> str | None:
    """Return the source of a cell as the notebook was last saved, or None."""
    if notebook is None or cell_id is None:
        return None
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        for cell in cells:
            if cell.get("id") == cell_id and cell.get("cell_type") == "code":
                source = cell["source"]
                return source if isinstance(source, str) else "".join(source)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # no file, or not a notebook
    return None


def body_of(source: str) -> list[str]:
    """Return a cell's lines without the header, for other options are no other code."""
    lines = blank_header(source.strip("\n").splitlines(keepends=True))
    return "".join(lines).strip("\n").splitlines()
