"""The structure of a torch module as plain data, and a module made from it without a pickle.

Classes of torch's own are made without their ``__init__``, and given plain attributes: no
code of the file runs. Other classes are imported, and so only where that is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

__all__ = ["decoded", "encoded", "rebuild", "structure_of", "torch_class"]

_MOST_MODULES = 2_000
_OWN = frozenset((
    "_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "training",
    "_is_full_backward_hook", "call_super_init", "dump_patches",
))  # fmt: skip


class NotPlain(Exception):
    """Something in it is not plain data."""


def encoded(value: Any) -> Any:
    """Return plain data as JSON knows it, tuples marked as such; NotPlain for others."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [encoded(item) for item in value]
    if type(value) is tuple:
        return {"tuple": [encoded(item) for item in value]}
    if type(value) is dict:
        return {"dict": [[encoded(key), encoded(item)] for key, item in value.items()]}
    raise NotPlain(f"a {type(value).__name__}")


def decoded(value: Any) -> Any:
    """Return what `encoded` was given."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if isinstance(value, dict):
        if "tuple" in value:
            return tuple(decoded(value["tuple"]))
        return {decoded(key): decoded(item) for key, item in value["dict"]}
    return value


def structure_of(module: Any) -> dict[str, Any] | None:
    """Return the structure of a module, or None if plain data cannot tell it."""
    seen: dict[int, str] = {}
    try:
        return _structure(module, "", seen)
    except NotPlain:
        return None


def _structure(module: Any, path: str, seen: dict[int, str]) -> dict[str, Any]:
    if id(module) in seen:
        return {"same": seen[id(module)]}
    if len(seen) >= _MOST_MODULES:
        raise NotPlain("so many modules")
    seen[id(module)] = path
    attributes = {}
    for key, value in vars(module).items():
        if key in _OWN:
            continue
        if key.endswith("_hooks") or "_hooks_" in key:
            if value:
                raise NotPlain("a hook")
            continue
        attributes[key] = encoded(value)
    if any(module._buffers[name] is not None for name in module._non_persistent_buffers_set):
        raise NotPlain("a buffer that is in no state dict")
    found: dict[str, Any] = {
        "class": f"{type(module).__module__}:{type(module).__qualname__}",
        "training": module.training,
        "attributes": [[key, value] for key, value in attributes.items()],
        "parameters": [
            [name, None if each is None else each.requires_grad]
            for name, each in module._parameters.items()
        ],
        "buffers": [[name, each is not None] for name, each in module._buffers.items()],
    }
    parts = []
    for name, each in module._modules.items():
        inner = f"{path}.{name}" if path else name
        parts.append([name, None if each is None else _structure(each, inner, seen)])
    return {**found, "modules": parts}


def rebuild(structure: Mapping[str, Any], state: Mapping[str, Any], *, trust: bool) -> Any:
    """Return the module of a structure with the tensors of a state dict.

    Raises
    ------
    ImportError, KeyError, TypeError, ValueError
        It cannot be made: a class is not torch's own and not trusted, or gone, or the
        tensors are others.
    """
    return _rebuild(structure, "", state, {}, {}, trust)


def _rebuild(
    structure: Mapping[str, Any],
    path: str,
    state: Mapping[str, Any],
    made: dict[str, Any],
    tied: dict[int, Any],
    trust: bool,
) -> Any:
    import torch

    if "same" in structure:
        return made[structure["same"]]
    kind = torch_class(structure["class"], torch.nn.Module, ("torch.nn.modules.",), trust=trust)
    module = kind.__new__(kind)
    torch.nn.Module.__init__(module)
    made[path] = module
    prefix = f"{path}." if path else ""
    for key, value in structure["attributes"]:
        vars(module)[key] = decoded(value)
    for name, grad in structure["parameters"]:
        parameter = None
        if grad is not None:
            tensor = state[prefix + name]
            if id(tensor) not in tied:
                tied[id(tensor)] = torch.nn.Parameter(tensor, requires_grad=bool(grad))
            parameter = tied[id(tensor)]
        module._parameters[name] = parameter
    for name, present in structure["buffers"]:
        module._buffers[name] = state[prefix + name] if present else None
    for name, part in structure["modules"]:
        inner = None if part is None else _rebuild(part, prefix + name, state, made, tied, trust)
        module._modules[name] = inner
    module.training = bool(structure["training"])
    return module


def torch_class(name: str, base: type, own: tuple[str, ...], *, trust: bool) -> Any:
    """Return the class that a name gives: one of torch's own, or any where that is trusted."""
    module, _, qualname = name.partition(":")
    if not trust and not f"{module}.".startswith(own):
        raise TypeError(f"{name} is none of torch's own")
    found: Any = import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise TypeError(f"{name} is no {base.__name__}")
    return found
