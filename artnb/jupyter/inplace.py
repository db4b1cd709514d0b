"""An object given the content that another one has, so that all its names see it."""

from __future__ import annotations

import random
import sys
from typing import Any

from artnb.capture import contained
from artnb.jupyter.generators import state_of

__all__ = ["can_take_over", "fits", "places", "take_over"]

_ATOMS = (str, bytes, int, float, complex, bool, type(None), range)


def can_take_over(value: Any) -> bool:
    """Return whether `take_over` knows how to change a value in place, and all that it holds."""
    if type(value) in (set, bytearray):
        return next(iter(contained(value)), None) is None
    if type(value) in (list, dict):
        held = [part for _, part in parts(value)]
        once = len({id(part) for part in held}) == len(held)
        return once and all(can_take_over(part) for part in held)
    return _way(value) is not None


def parts(value: Any) -> list[tuple[Any, Any]]:
    """Return what of a list or a dict can itself change, with its index or key."""
    items = value.items() if type(value) is dict else enumerate(value)
    return [(key, item) for key, item in items if not issubclass(type(item), _ATOMS)]


def places(value: Any) -> Any:
    """Return what is the same as long as lists and dicts hold the same objects in their places."""
    if type(value) not in (list, dict):
        return id(value)
    return id(value), [(key, places(part)) for key, part in parts(value)]


def take_over(value: Any, other: Any) -> None:
    """Give `value`, and what it holds in the same places, the content of `other`.

    Raises
    ------
    TypeError
        It cannot be.
    """
    if type(value) in (list, dict):
        held = dict(parts(value))
        for key, part in held.items():
            take_over(part, other[key])
        if type(value) is dict:
            value.clear()
            value.update({key: held.get(key, item) for key, item in other.items()})
        else:
            value[:] = [held.get(at, item) for at, item in enumerate(other)]
    elif type(value) is bytearray:
        value[:] = other
    elif type(value) is set:
        value.clear()
        value.update(other)
    elif (way := _way(value)) is not None:
        way(value, other)
    else:
        raise TypeError(f"a {type(value).__name__} cannot be changed in place")


def _way(value: Any) -> Any:
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    pandas = sys.modules.get("pandas")
    if numpy is not None and type(value) is numpy.ndarray:
        return _array if value.flags.writeable and not value.dtype.hasobject else None
    if (
        numpy is not None
        and type(value).__name__ == "Generator"
        and hasattr(value, "bit_generator")
    ):
        return _generator
    if type(value) is random.Random:
        return _random
    if torch is not None and hasattr(torch, "optim"):
        if type(value) in (torch.Tensor, torch.nn.Parameter):
            return _tensor
        if issubclass(type(value), torch.nn.Module | torch.optim.Optimizer) or _is_scheduler(value):
            return _stateful
    if pandas is not None and type(value) in (
        getattr(pandas, "DataFrame", None),
        getattr(pandas, "Series", None),
    ):
        return _frame if hasattr(value, "_update_inplace") else None
    return None


def fits(value: Any, other: Any) -> bool:
    """Return whether `value`, as it is, can take over the content of `other`."""
    if type(value) in (list, dict):
        try:
            return all(fits(part, other[key]) for key, part in parts(value))
        except (LookupError, TypeError):
            return False
    now, then = state_of(value), state_of(other)
    if now is not None and then is not None:
        return now.get("seed") == then.get("seed")
    if not hasattr(other, "shape") or hasattr(other, "iloc"):
        return True
    return bool(getattr(value, "shape", None) == other.shape and value.dtype == other.dtype)


def _is_scheduler(value: Any) -> bool:
    module = type(value).__module__
    return module == "torch.optim.lr_scheduler" and hasattr(value, "load_state_dict")


def _array(value: Any, other: Any) -> None:
    if value.shape != other.shape or value.dtype != other.dtype:
        raise ValueError("an array of another shape or dtype")
    value[...] = other


def _tensor(value: Any, other: Any) -> None:
    if value.shape != other.shape or value.dtype != other.dtype:
        raise ValueError("a tensor of another shape or dtype")
    import torch

    with torch.no_grad():
        value.copy_(other)


def _generator(value: Any, other: Any) -> None:
    value.bit_generator.state = other.bit_generator.state


def _random(value: Any, other: Any) -> None:
    value.setstate(other.getstate())


def _stateful(value: Any, other: Any) -> None:
    value.load_state_dict(other if isinstance(other, dict) else other.state_dict())
    if hasattr(value, "named_modules") and hasattr(other, "named_modules"):
        modes = {name: part.training for name, part in other.named_modules()}
        for name, part in value.named_modules():
            part.training = modes.get(name, part.training)
        needed = {name: each.requires_grad for name, each in other.named_parameters()}
        for name, each in value.named_parameters():
            each.requires_grad_(needed.get(name, each.requires_grad))


def _frame(value: Any, other: Any) -> None:
    # What the methods with `inplace=True` end in; there is no public way.
    value._update_inplace(other.copy(deep=False))
    value.attrs = other.attrs
