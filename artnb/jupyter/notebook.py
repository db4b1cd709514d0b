"""The notebook's own file, as far as the kernel knows it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from artnb.jupyter.header import blank_header
from artnb.process import variables

__all__ = ["body_of", "cell_source", "notebook_name", "notebook_path"]


_file_name = lru_cache(maxsize=32)(os.path.basename)


def notebook_path(namespace: Mapping[str, Any]) -> Path | None:
    """Return the path that the front end gave, or None; the file need not be there."""
    path = _told(namespace)
    return Path(path) if path else None


def notebook_name(namespace: Mapping[str, Any]) -> str | None:
    """Return the name of the file that `notebook_path` returns."""
    return _file_name(_told(namespace)) or None


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


def _told(namespace: Mapping[str, Any]) -> str:
    path = namespace.get("__vsc_ipynb_file__") or variables().get("JPY_SESSION_NAME")
    return str(path or "")


def body_of(source: str) -> list[str]:
    """Return a cell's lines without the header, for other options are no other code."""
    lines = blank_header(source.strip("\n").splitlines(keepends=True))
    return "".join(lines).strip("\n").splitlines()
