"""How a torch module is set: its modes, what of it is frozen, and what it holds as attributes."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from artnb.diff.base import Change, ValueDiff, short
from artnb.diff.parts import compare_parts
from artnb.texts import Message

__all__ = ["SET_OTHERWISE", "is_module", "with_settings"]

SET_OTHERWISE = Message("set otherwise")
_PLAIN = (bool, int, float, str, tuple, list, dict, type(None))


def is_module(value: Any) -> bool:
    """Return whether `value` is a module of torch's."""
    return all(hasattr(value, name) for name in ("state_dict", "named_modules", "training"))


def with_settings(found: ValueDiff, old: Any, new: Any) -> ValueDiff:
    """Return a difference between the tensors of two modules with that of how they are set."""
    before, after = _settings(old), _settings(new)
    changes = tuple(
        Change(".".join(filter(None, key)), before[key], after[key])
        for key in before
        if key in after and before[key] != after[key] and not _follows(key, before, after)
    )
    held = compare_parts(_held(old), _held(new))
    changes += held.changes if held is not None else ()
    if not changes:
        return found
    summary = Message("{0}; {1}", found.summary, SET_OTHERWISE) if found else SET_OTHERWISE
    return replace(found, summary=summary, changes=found.changes + changes)


def _settings(module: Any) -> dict[tuple[str, str], str]:
    """Return what is set, by the part's path and the name."""
    found = {}
    for path, part in module.named_modules():
        for key, value in vars(part).items():
            if key[:1] != "_" and _is_plain(value):
                found[path, key] = short(value)
    for path, each in module.named_parameters():
        found[path, "requires_grad"] = short(each.requires_grad)
    return found


def _held(module: Any) -> dict[str, Any]:
    """Return what its parts hold that is not plain: a configuration, arrays; not torch's own."""
    torchs = vars(sys.modules["torch"].nn.Module())
    found = {}
    for path, part in module.named_modules():
        if type(part).__module__.startswith("torch."):
            continue
        is_notebooks = type(part).__module__ == "__main__"
        for key, value in vars(part).items():
            counts = is_notebooks if key[:1] == "_" else not _is_plain(value)
            if counts and key not in torchs:
                found[".".join(filter(None, (path, key)))] = value
    return found


def _is_plain(value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value
    inside = parts if isinstance(value, tuple | list | dict) else ()
    return isinstance(value, _PLAIN) and all(isinstance(part, _PLAIN) for part in inside)


def _follows(
    key: tuple[str, str], before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]
) -> bool:
    """Return whether a part was set as the one that it is part of was: ``eval()`` sets all."""
    path, name = key
    whole = path.rpartition(".")[0], name
    is_part = bool(path) and name == "training" and whole in before and whole in after
    return is_part and (before[whole], after[whole]) == (before[key], after[key])
