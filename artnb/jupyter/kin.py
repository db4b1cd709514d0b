"""Which variables of earlier cells a value has to do with: as a part, a view, or by moving them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from artnb.capture import size_of
from artnb.jupyter.spans import MOST_TIMES, SMALL, Spans, reach
from artnb.serializers import first_format
from artnb.serializers.linked import Ref

__all__ = ["kin_of", "parts_of_module", "whole_ones"]


def kin_of(values: Iterable[Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the known variables that values are, are parts or views of, move or step.

    With them what these move in turn. One that is so much larger than what is seen of it that
    nobody would want to load it for that is left out; and so is a module that is part of a new
    one: to bring that back would not put the old one into it.
    """
    found: dict[str, Any] = {}
    waiting = list(values)
    if not known or not waiting:
        return found
    relations = _Relations(known)
    while waiting:
        near = {n: known[n] for n in relations.of(waiting) if n not in found}
        found |= near
        waiting = list(near.values())
    return found


def whole_ones(known: Mapping[str, Any], values: Iterable[Any]) -> dict[str, Any]:
    """Return the known variables without those that would be torn from what they move or step.

    An optimizer or scheduler is kept apart from what it moves: that must be a variable, too.
    """
    there = [*known.values(), *values]
    of_types = {kind: first_format(kind) for kind in set(map(type, there))}
    forms = {name: of_types[type(each)] for name, each in known.items()}
    moving = {name: known[name] for name, form in forms.items() if form == "optimizer"}
    odd = set[str]()
    if moving:
        modules = [each for each in there if of_types[type(each)] == "module"]
        parts = {id(part) for each in modules for _, part in parts_of_module(each)}
        odd = {n for n, each in moving.items() if not parts.issuperset(map(id, _moved(each)))}
    ids = {id(each) for each in there} - {id(known[name]) for name in odd}
    stepping = (name for name, form in forms.items() if form == "lr-scheduler")
    odd |= {name for name in stepping if id(_stepped(known[name])) not in ids}
    return {name: each for name, each in known.items() if name not in odd}


class _Relations:
    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = known
        self._whole = {id(value): name for name, value in known.items()}

    @cached_property
    def _modules(self) -> dict[str, list[Any]]:
        """The known modules' parts, of the largest first: a part belongs to the whole."""
        modules = {n: each for n, each in self._known.items() if hasattr(each, "named_modules")}
        ordered = _largest_first(modules) if len(modules) > 1 else modules.items()
        return {name: [part for _, part in parts_of_module(value)] for name, value in ordered}

    @cached_property
    def _parts(self) -> dict[int, str]:
        pairs = [(id(part), name) for name, parts in self._modules.items() for part in parts]
        return dict(reversed(pairs))

    def of(self, values: list[Any]) -> Iterator[str]:
        seen: dict[str, int] = {}
        arrays = {}
        for value in values:
            if id(value) in self._whole:
                yield self._whole[id(value)]
            elif hasattr(value, "param_groups"):
                moved = (self._parts[i] for i in map(id, _moved(value)) if i in self._parts)
                yield from dict.fromkeys(moved)  # in their order: the first owns what is tied
            elif id(_stepped(value)) in self._whole:
                yield self._whole[id(_stepped(value))]
            elif _is_torchs(value) and id(value) in self._parts:
                name = self._parts[id(value)]
                seen[name] = seen.get(name, 0) + size_of(value)
            elif getattr(value, "base", None) is not None or hasattr(value, "untyped_storage"):
                arrays[id(value)] = value
        for name, value in self._viewed(arrays):
            seen[name] = seen.get(name, 0) + size_of(value)
        for name, size in seen.items():
            if size_of(self._known[name]) <= max(SMALL, MOST_TIMES * size):
                yield name

    def _viewed(self, arrays: Mapping[int, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the arrays and tensors that are views of known ones, with the names of these."""
        if not arrays:
            return
        places = Spans()
        for name, value in _largest_first(self._near(arrays.values())):
            places.add(Ref(name), value)
            for part in self._modules.get(name, ()) if hasattr(value, "named_modules") else ():
                places.add(Ref(name), part)
        for value in arrays.values():
            places.expect(value)
        for value in arrays.values():
            if (ref := places.view(value)) is not None:
                yield ref.owner, value

    def _near(self, arrays: Collection[Any]) -> dict[str, Any]:
        """Return the known ones whose memory is near: of hundreds mostly none has to be placed."""
        ranges = [found for each in arrays if (found := reach(each)) is not None]
        lows, highs = zip(*ranges, strict=True) if ranges else ((0,), (0,))
        low, high = min(lows), max(highs)

        def is_near(value: Any) -> bool:
            found = reach(value)
            if found is None or found[0] >= high or found[1] <= low:
                return False
            return any(found[0] < to and at < found[1] for at, to in ranges)

        tensors = set(map(_is_torchs, arrays))  # none is a view of the other library's
        alike = {name: each for name, each in self._known.items() if _is_torchs(each) in tensors}
        near = {name: value for name, value in alike.items() if is_near(value)}
        if True in tensors:
            parts = self._modules.items()
            near |= {name: self._known[name] for name, each in parts if any(map(is_near, each))}
        return near


def _is_torchs(value: Any) -> bool:
    return hasattr(value, "untyped_storage") or hasattr(value, "named_modules")


def _largest_first(known: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(known.items(), key=lambda item: -size_of(item[1]))


def _moved(optimizer: Any) -> list[Any]:
    return [each for group in optimizer.param_groups for each in group["params"]]


def _stepped(value: Any) -> Any:
    """Return the optimizer that a scheduler steps, without which it is nothing; or None."""
    return getattr(value, "optimizer", None) if hasattr(value, "get_last_lr") else None


def parts_of_module(value: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield the modules, parameters and buffers of a module, by what `Ref.part` says of them.

    Buffers that are in no state dict are none of it: its file has not got them.
    """
    if not hasattr(value, "named_modules"):
        return
    lost = set()
    for path, part in value.named_modules():
        yield ("module", path), part
        lost |= {f"{path}.{name}" if path else name for name in part._non_persistent_buffers_set}
    for path, part in value.named_parameters(remove_duplicate=False):
        yield ("parameter" if part.requires_grad else "frozen", path), part
    for path, part in value.named_buffers(remove_duplicate=False):
        if path not in lost:
            yield ("buffer", path), part
