"""What a notebook set in the libraries that it uses: ``np.mean = mine``, ``json.dumps = fast``.

Such a change lasts in the process, whatever cell made it, and no cell that hangs on it
names it. It is looked for in the text of what has run; what is compared is the value now.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from artnb.capture._impure import NOTHING, full_name, stands_for
from artnb.capture.fingerprint import fingerprint

__all__ = ["patched"]

_MAY_SET = re.compile(r"\.\w+(?:\s*:[^=\n]+)?\s*[-+*/|&^%@]?=(?!=)|\bsetattr\s*\(|\bdel\s")
_OURS = ("__main__", "artnb")


def patched(texts: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what attributes of libraries hold that the code in `texts` may have set.

    Parameters
    ----------
    texts : iterable of str
        The cells that have run.
    namespace : mapping
        Their globals.

    Returns
    -------
    dict
        Fingerprints of the values, by full name; of what has no content None. What is as
        the library has it is left out.
    """
    found: dict[str, str | None] = {}
    for text in texts:
        for owner, name in _targets(text) if _MAY_SET.search(text) else ():
            holder = stands_for(owner, namespace)
            if not isinstance(holder, types.ModuleType | type):
                continue
            home = full_name(holder) or ""
            if home.partition(".")[0] in _OURS:
                continue  # the notebook's own classes are compared whole
            value = vars(holder).get(name, NOTHING)
            if value is NOTHING:
                found[f"{home}.{name}"] = "none"
            elif full_name(value) != f"{home}.{name}":
                found[f"{home}.{name}"] = fingerprint(value)
    return found


@lru_cache(maxsize=4096)
def _targets(text: str) -> tuple[tuple[ast.expr, str], ...]:
    """Return the objects and the names of attributes that a text sets or deletes."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()
    return tuple(_set_by(tree))


def _set_by(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            yield node.value, node.attr
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("setattr", "delattr")
            and len(node.args) > 1
            and isinstance(node.args[1], ast.Constant)
        ):
            yield node.args[0], str(node.args[1].value)
