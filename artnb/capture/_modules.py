"""The content of torch's modules, and how they are set.

The content is the state, the buffers that are not saved with it, and what the person's own
code, or a library's class, keeps in attributes: a dropout's rate, a configuration, an array.
Hooks and gradients are none, nor what torch and libraries keep for themselves.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from artnb.capture._feeding import Compose, Hasher, content_of, tag
from artnb.capture.places import is_own

__all__ = ["as_if", "feed_module", "is_module", "modes_of_module"]

_NOTHING: Mapping[int, Any] = types.MappingProxyType({})
_as_if: ContextVar[Mapping[int, bool]] = ContextVar("as if", default=_NOTHING)
_inside: ContextVar[Mapping[int, str]] = ContextVar("inside", default=_NOTHING)
"""The parts of the modules that are being gone through, by their ids: they may hold each other."""


def is_module(value: Any) -> bool:
    """Return whether `value` is a module of torch's."""
    torch = sys.modules.get("torch")
    return (
        torch is not None and hasattr(torch, "optim") and issubclass(type(value), torch.nn.Module)
    )


def feed_module(hasher: Hasher, value: Any, compose: Compose) -> bool:
    """Feed a module."""
    around = _inside.get()
    if id(value) in around:
        tag(hasher, "part", around[id(value)])
        return True
    parts = list(value.named_modules())
    for name, part in parts:
        tag(hasher, "module", name, type(part).__module__, type(part).__qualname__)
        for key, attribute in vars(part).items():
            if key != "training" and key[0] != "_" and _is_plain(attribute):
                tag(hasher, key, repr(attribute))
    for name, tensor in value.state_dict().items():
        tag(hasher, "state", name)
        compose(hasher, tensor)
    # Only what is not as a new module has it: one that trains has the digest that it had before
    # modes counted.
    then = _as_if.get()
    for name, part in parts:
        if not then.get(id(part), part.training):
            tag(hasher, "eval", name)
    for name, parameter in value.named_parameters():
        if not then.get(id(parameter), parameter.requires_grad):
            tag(hasher, "frozen", name)
    token = _inside.set({**around, **{id(part): f"{len(around)} {name}" for name, part in parts}})
    try:
        _feed_held(hasher, parts, compose)
    finally:
        _inside.reset(token)
    return True


def _held(parts: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield what the parts of a module hold beside its state and plain values, by full names."""
    for name, part in parts:
        unsaved = ((key, part._buffers.get(key)) for key in part._non_persistent_buffers_set)
        for key, held in (*unsaved, *_attributes(part)):
            yield f"{name}.{key}", held


def _attributes(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of one part that are content and not plain."""
    kind = type(part)
    is_torchs = kind.__module__.partition(".")[0] == "torch"
    is_layer = kind.__module__.startswith("torch.nn.modules.")
    is_persons = not is_torchs and is_own(kind.__module__)
    theirs = _names_of_libraries(kind) if is_persons else frozenset()
    for key, attribute in vars(part).items():
        if is_torchs:
            # Such as an activation. All else is for torch itself, or its caches.
            counts = is_layer and key[0] != "_" and isinstance(attribute, types.FunctionType)
        elif key[0] == "_":
            counts = is_persons and key not in theirs
        else:
            counts = not _is_plain(attribute)
        if counts:
            yield key, attribute


def _feed_held(hasher: Hasher, parts: Sequence[tuple[str, Any]], compose: Compose) -> None:
    known: dict[int, bytes] = {}  # one configuration may be held by each part
    for name, held in sorted(_held(parts), key=lambda pair: pair[0]):
        if id(held) not in known:
            known[id(held)] = content_of(held, compose)
        tag(hasher, "held", name, type(held).__qualname__)
        hasher.update(known[id(held)])


def _names_of_libraries(kind: type) -> frozenset[str]:
    """Return the names that the code of a class's bases uses which are not the person's own."""
    return _names_in(tuple(base for base in kind.__mro__ if not is_own(base.__module__)))


@lru_cache(maxsize=512)
def _names_in(classes: tuple[type, ...]) -> frozenset[str]:
    return frozenset(
        name
        for each in classes
        for member in vars(each).values()
        if isinstance(code := getattr(member, "__code__", None), types.CodeType)
        for name in code.co_names
    )


def modes_of_module(module: Any) -> dict[int, bool]:
    """Return, by their ids, which parts of a module are in training, and which parameters are."""
    try:
        parts = {id(part): bool(part.training) for part in module.modules()}
        return parts | {id(each): bool(each.requires_grad) for each in module.parameters()}
    except Exception:  # its own code may raise, or it was never made whole
        return {}


@contextmanager
def as_if(modes: Mapping[int, bool]) -> Iterator[None]:
    """Digest modules, in this thread, as if they were set so, whatever they are now."""
    token = _as_if.set(modes)
    try:
        yield
    finally:
        _as_if.reset(token)


def _is_plain(value: Any) -> bool:
    if type(value) in (tuple, list):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    return isinstance(value, int | float | str | bool | None)
