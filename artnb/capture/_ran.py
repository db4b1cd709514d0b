"""The texts that have run in this process: cells, files that they run, modules of one's own."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from artnb.capture._deeds import deeds_of, may_do
from artnb.capture.code_files import text_of_code
from artnb.capture.on_disk import file_digest
from artnb.capture.places import is_local

__all__ = ["Ran", "loaded_texts", "look_at_modules", "own_modules"]

_looked_at: dict[str, int] = {}
_own: set[str] = set()
_state: dict[str, tuple[int, str]] = {}
_texts: dict[str, tuple[str | None, str]] = {}


@dataclass(frozen=True, slots=True)
class Ran:
    """A text that has run, and that may have set something.

    Attributes
    ----------
    namespace : mapping
        Its globals.
    module : str
        Their module's name.
    """

    text: str
    namespace: Mapping[str, Any]
    module: str = "__main__"


def loaded_texts(texts: Iterable[str], namespace: Mapping[str, Any]) -> list[Ran]:
    """Return `texts`, and those of what they run and import that may have set something."""
    look_at_modules()
    found = []
    for name in sorted(_own):
        module = sys.modules.get(name)
        if isinstance(module, types.ModuleType) and (text := _text(str(module.__file__))):
            found.append(Ran(text, vars(module), name))
    return found + [Ran(text, namespace) for text in _with_files(texts, set())]


def own_modules() -> Collection[str]:
    """Return the names of the modules that are installed nowhere, as of the last look."""
    return _own


def look_at_modules() -> Collection[str]:
    """Return the names of the modules that are installed nowhere."""
    last = len(sys.modules), next(reversed(sys.modules))
    if last == _state.get("last"):
        return _own
    _state["last"] = last
    for name, module in list(sys.modules.items()):
        if _looked_at.get(name) == id(module):
            continue
        _looked_at[name] = id(module)
        _own.discard(name)
        if isinstance(module, types.ModuleType) and is_local(module):
            _own.add(name)
    return _own


def _with_files(texts: Iterable[str], seen: set[str]) -> Iterator[str]:
    for text in texts:
        yield text
        for file in deeds_of(text).files:
            path = os.path.abspath(os.path.expanduser(file))  # noqa: PTH100, PTH111 - as text
            if path not in seen:
                seen.add(path)
                yield from _with_files([_text(path)], seen)


def _text(path: str) -> str:
    """Return a file's text if it may set something, else an empty one."""
    digest = file_digest(path)
    if path not in _texts or _texts[path][0] != digest:
        text = text_of_code(path) or ""
        _texts[path] = digest, text if may_do(text) else ""
    return _texts[path][1]
