"""What a value is besides its content: how it is laid out, whether it trains, what it shares.

A fingerprint leaves these out, so that what was saved and loaded is the same content, but for
how a module of torch's is set (``model.eval()``, a layer that is frozen). A cell may come out
otherwise by the others all the same.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from artnb.capture._holding import contained
from artnb.capture._modules import as_if, is_module, modes_of_module
from artnb.capture.fingerprint import fingerprint
from artnb.capture.places import is_own

__all__ = ["modes_and_gradients_of", "modes_of", "otherwise_set"]

_BARE: Any = (set, frozenset, Counter)
_BARE_NAMED = frozenset(("torch.Tensor", "torch.nn.parameter.Parameter"))
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


def modes_of(value: Any) -> str | None:
    """Return what stands for the modes of a value and of what it holds; of most None.

    Examples
    --------
    >>> import numpy as np
    >>> modes_of(np.ones((2, 2))) == modes_of(np.ones((2, 2)).T)
    False
    """
    return _modes_in([value, *contained(value, plainly=True)])


def modes_and_gradients_of(value: Any) -> tuple[str | None, str | None]:
    """Return `modes_of` a value, and what stands for the gradients that tensors in it hold."""
    held = [value, *contained(value, plainly=True)]  # gone through once: a list may be long
    return _modes_in(held), _gradients_in(held)


def otherwise_set(value: Any) -> Iterator[str]:
    """Yield the fingerprints that `value` would have with its modules set as most are saved.

    All in training or all asked, with the parameters that are frozen now or with none: the
    content of a module that was set otherwise since is still the version's.
    """
    modules = [part for part in (value, *contained(value)) if is_module(part)]
    now: dict[int, bool] = {}
    parts = set[int]()
    for each in modules:
        if modes := modes_of_module(each):
            now |= modes
            parts.update(map(id, each.modules()))
    tried = [now] if now else []
    for training in (True, False):
        for frozen in (True, False):
            modes = {i: training if i in parts else frozen or on for i, on in now.items()}
            if modes not in tried:
                tried.append(modes)
                with as_if(modes):
                    mark = fingerprint(value)
                if mark is not None:
                    yield mark


def _modes_in(held: Sequence[Any]) -> str | None:
    found: list[str] = []
    for part in held:
        with suppress(Exception):  # its own code; a lazy layer has no shapes yet
            found += _modes(part)
    if len(held) > 1:
        # Two equal lists and one list twice have the same content.
        found.append(f"{len(held)} objects")
    return fingerprint(found) if found else None


def _gradients_in(held: Sequence[Any]) -> str | None:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "optim"):
        return None
    found: list[Any] = []
    for part in held:
        with suppress(Exception):
            # `grad` of a tensor that is no leaf warns, and there is none.
            leaves = (t for _, t in _tensors(part, torch) if t.requires_grad and t.is_leaf)
            found += (leaf.grad for leaf in leaves if leaf.grad is not None)
    return fingerprint(found) if found else None


def _modes(value: Any) -> Iterator[str]:
    kind = type(value)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and issubclass(kind, numpy.ndarray):
        flags = value.flags
        yield f"{flags.writeable} {flags.c_contiguous} {flags.f_contiguous}"
    elif issubclass(kind, frozenset):
        yield "frozen"  # its content is that of a set
    elif kind.__module__.partition(".")[0] == "pandas":
        yield from _of_pandas(value)
    elif torch is not None and hasattr(torch, "optim"):
        yield from _of_torch(value, torch)
    attributes = getattr(value, "__dict__", None)
    if type(attributes) is dict and attributes and _leaves_out_attributes(value):
        yield f"attributes {fingerprint(attributes)}"


def _of_torch(value: Any, torch: Any) -> Iterator[str]:
    kind = type(value)
    if issubclass(kind, torch.nn.Module):
        for name, part in value.named_modules():
            yield f"{name} {part.training}"
            for hooks in _HOOKS:
                if there := getattr(part, hooks, None):
                    yield f"{name} {hooks} {[fingerprint(each) for each in there.values()]}"
    elif issubclass(kind, torch.optim.Optimizer):
        yield f"defaults {fingerprint(value.defaults)}"
    for name, tensor in _tensors(value, torch):
        yield f"{name} {tensor.requires_grad} {_is_contiguous(tensor, torch)}"


def _of_pandas(value: Any) -> Iterator[str]:
    """Yield what is otherwise than it mostly is."""
    flags = getattr(value, "flags", None)
    if flags is not None and not getattr(flags, "allows_duplicate_labels", True):
        yield "no duplicate labels"
    for place in ("index", "columns"):
        if freq := getattr(getattr(value, place, None), "freq", None):
            yield f"{place} every {freq}"
    if freq := getattr(value, "freq", None):
        yield f"every {freq}"


def _leaves_out_attributes(value: Any) -> bool:
    """Return whether a fingerprint has nothing of what a value has as attributes.

    Tensors and sets have them only where somebody sets some; and a class of the person's own may
    say itself what its content is.
    """
    kind = type(value)
    if issubclass(kind, _BARE) or f"{kind.__module__}.{kind.__name__}" in _BARE_NAMED:
        return True
    return is_own(kind.__module__) and any(
        getattr(kind, name, None) is not getattr(object, name, None)
        for name in ("__reduce__", "__reduce_ex__", "__getstate__")
    )


def _tensors(value: Any, torch: Any) -> Iterator[tuple[str, Any]]:
    if issubclass(type(value), torch.nn.Module):
        yield from value.named_parameters()
    elif issubclass(type(value), torch.Tensor):
        yield "", value


def _is_contiguous(tensor: Any, torch: Any) -> bool:
    return tensor.layout is not torch.strided or bool(tensor.is_contiguous())
