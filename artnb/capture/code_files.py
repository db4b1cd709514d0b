"""Files of code: their text, and what stands for it."""

from __future__ import annotations

import hashlib
import json

from artnb.capture.on_disk import file_digest

__all__ = ["code_digest", "code_of_notebook", "text_of_code"]


def code_digest(path: str) -> str | None:
    """Return the SHA-256 of a file of code, of a notebook that of its code; None: it is gone."""
    if not path.endswith(".ipynb"):
        return file_digest(path)
    text = text_of_code(path)
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def text_of_code(path: str) -> str | None:
    """Return the code in a file, of a notebook without what its cells show; None: it is gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
    except (OSError, ValueError):
        return None
    return code_of_notebook(text) if path.endswith(".ipynb") else text


def code_of_notebook(text: str) -> str:
    """Return the code of a notebook's cells, without lines of the shell's."""
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError):
        return ""
    lines = "\n".join("".join(c["source"]) for c in cells if c.get("cell_type") == "code")
    return "\n".join(line for line in lines.splitlines() if line.lstrip()[:1] not in ("%", "!"))
