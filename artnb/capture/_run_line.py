"""What ``%run FILE`` runs, and whether that is done among the notebook's variables."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass

from artnb.capture.code_files import text_of_code

__all__ = ["RunLine", "run_line"]

_WITH_VALUE = ("-N", "-b", "-l", "-s", "-T")


@dataclass(frozen=True, slots=True)
class RunLine:
    """A file that a line runs.

    Attributes
    ----------
    path : str
        Absolute.
    text : str
        Its code.
    is_inside : bool
        Whether it sees the notebook's variables: ``%run -i``, and a notebook that is run.
    """

    path: str
    text: str
    is_inside: bool


def run_line(line: str) -> RunLine | None:
    """Return what ``%run`` followed by `line` runs; None where no file of that name can be read.

    A module (``-m``) and a name that holds variables (``$x``, ``{x}``) are none.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    flags = []
    while words and words[0].startswith("-"):
        flags.append(words.pop(0))
        if flags[-1] in _WITH_VALUE and words:
            words.pop(0)
    if not words or "-m" in flags:
        return None
    for name in (words[0], f"{words[0]}.py"):
        path = os.path.abspath(os.path.expanduser(name))  # noqa: PTH100, PTH111 - as text
        text = text_of_code(path)
        if text is not None:
            inside = path.endswith((".ipy", ".ipynb"))
            return RunLine(path, text, is_inside=inside or "-i" in flags)
    return None
