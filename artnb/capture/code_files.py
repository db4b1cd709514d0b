"""Files of code: their text, and what stands for it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from importlib.util import decode_source

from artnb.capture.on_disk import file_digest
from artnb.capture.places import is_installed_file

__all__ = ["code_digest", "code_of_notebook", "named_scripts", "text_of_code"]


def code_digest(path: str) -> str | None:
    """Return the SHA-256 of a file of code, of a notebook that of its code; None: it is gone."""
    if not path.endswith(".ipynb"):
        return file_digest(path)
    text = text_of_code(path)
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def text_of_code(path: str) -> str | None:
    """Return the code in a file, of a notebook without what its cells show; None: it is gone."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except (OSError, ValueError):
        return None
    try:
        text = decode_source(data)
    except (SyntaxError, ValueError):  # it is not written as it says
        text = data.decode("utf-8", "replace")
    return code_of_notebook(text) if path.endswith(".ipynb") else text


def code_of_notebook(text: str) -> str:
    """Return the code of a notebook's cells, without lines of the shell's."""
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError):
        return ""
    lines = "\n".join("".join(c["source"]) for c in cells if c.get("cell_type") == "code")
    return "\n".join(line for line in lines.splitlines() if line.lstrip()[:1] not in ("%", "!"))


def named_scripts(source: str, since: float) -> list[str]:
    """Return the files of Python that a cell names: it runs them in ways that are not seen.

    ``!python train.py``, ``python -m package``, ``runpy.run_path("train.py")``. Those that were
    written since a time, as by the cell itself, are not among them.
    """
    found: list[str] = []
    now = time.time()
    for path in map(os.path.abspath, _names(source)):
        try:
            is_new = since <= os.stat(path).st_mtime <= now  # noqa: PTH116 - as text
        except (OSError, ValueError):
            continue
        if not is_new and not is_installed_file(path) and path not in found:
            found.append(path)
    return found


def _names(source: str) -> Iterator[str]:
    yield from (os.path.expanduser(name) for name in _SCRIPT.findall(source))  # noqa: PTH111
    for name in _AS_MODULE.findall(source):
        place = name.replace(".", "/")
        yield from (f"{place}.py", f"{place}/__main__.py")


_SCRIPT = re.compile(r"[\w./~-]+\.py\b")
_AS_MODULE = re.compile(r"(?:python[\d.]*|%run)\b[^\n;&|]*?['\" ]-m['\", ]+([\w.]+)")
