"""Which parameters torch's objects have in common, noted and tied again.

An optimizer moves the parameters of a module, a scheduler an optimizer; two modules may have
tied weights, one may be part of the other, and a parameter may have a name of its own.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

__all__ = ["is_loose", "tie_torch", "torch_shares"]


def torch_shares(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the notes of the values that share parameters with modules among them."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "optim"):
        return {}
    notes: dict[str, dict[str, Any]] = {}
    parts: dict[int, list[str]] = {}
    owners: dict[int, list[str]] = {}
    modules = {n: v for n, v in values.items() if issubclass(type(v), torch.nn.Module)}
    # The larger first: a part belongs to the whole.
    for name in sorted(modules, key=lambda n: -sum(1 for _ in modules[n].modules())):
        module = modules[name]
        if id(module) in parts:
            owner, path = parts[id(module)]
            notes[name] = {"with": owner, "module": path}
            continue
        tied = {}
        for path, each in module.named_parameters(remove_duplicate=False):
            if id(each) in owners and owners[id(each)][0] != name:
                tied[path] = owners[id(each)]
            owners.setdefault(id(each), [name, path])
        for path, each in module.named_modules():
            parts.setdefault(id(each), [name, path])
        if tied:
            notes[name] = {"with": next(iter(tied.values()))[0], "tied": tied}
    optimizers: dict[int, str] = {}
    for name, value in values.items():
        if issubclass(type(value), torch.optim.Optimizer):
            optimizers.setdefault(id(value), name)
            moved = [owners.get(id(p)) for group in value.param_groups for p in group["params"]]
            if known := [owner[0] for owner in moved if owner]:
                notes[name] = {"with": known[0], "moves": moved}
        elif id(value) in owners and isinstance(value, torch.nn.Parameter):
            owner, path = owners[id(value)]
            notes[name] = {"with": owner, "parameter": path}
    for name, value in values.items():
        if _is_scheduler(value) and id(getattr(value, "optimizer", None)) in optimizers:
            notes[name] = {"with": optimizers[id(value.optimizer)], "steps": True}
    return notes


def tie_torch(values: dict[str, Any], notes: Mapping[str, Mapping[str, Any]]) -> None:
    """Make torch's objects share again what they shared, in place; what does not fit is left."""
    for kind, tie in _TIES:
        for name, note in notes.items():
            if kind in note and name in values:
                try:
                    tie(values, name, note)
                except (AttributeError, KeyError, TypeError, ValueError):
                    continue  # the note may be a stranger's, or the module came as its tensors


def is_loose(value: Any) -> bool:
    """Return whether a scheduler came without its optimizer."""
    return _is_scheduler(value) and getattr(value, "optimizer", None) is None


def _is_scheduler(value: Any) -> bool:
    module = type(value).__module__
    return module == "torch.optim.lr_scheduler" and hasattr(value, "load_state_dict")


def _tie_module(values: dict[str, Any], name: str, note: Mapping[str, Any]) -> None:
    values[name] = values[note["with"]].get_submodule(note["module"])


def _tie_weights(values: dict[str, Any], name: str, note: Mapping[str, Any]) -> None:
    for path, (owner, theirs) in note["tied"].items():
        parameter = values[owner].get_parameter(theirs)
        whole, _, last = path.rpartition(".")
        holder = values[name].get_submodule(whole)
        if holder._parameters[last].shape == parameter.shape:
            holder._parameters[last] = parameter


def _tie_parameter(values: dict[str, Any], name: str, note: Mapping[str, Any]) -> None:
    values[name] = values[note["with"]].get_parameter(note["parameter"])


def _tie_optimizer(values: dict[str, Any], name: str, note: Mapping[str, Any]) -> None:
    optimizer = values[name]
    old = [each for group in optimizer.param_groups for each in group["params"]]
    if len(old) != len(note["moves"]):
        return
    new = [
        each if owner is None else values[owner[0]].get_parameter(owner[1])
        for each, owner in zip(old, note["moves"], strict=True)
    ]
    if any(a.shape != b.shape for a, b in zip(old, new, strict=True)):
        return
    state: dict[Any, Any] = defaultdict(dict)
    for before, now in zip(old, new, strict=True):
        if before in optimizer.state:
            state[now] = optimizer.state[before]
    rest = iter(new)
    for group in optimizer.param_groups:
        group["params"] = [next(rest) for _ in group["params"]]
    optimizer.state = state


def _tie_scheduler(values: dict[str, Any], name: str, note: Mapping[str, Any]) -> None:
    if hasattr(values[note["with"]], "param_groups"):
        values[name].optimizer = values[note["with"]]


_TIES = (
    ("module", _tie_module),
    ("tied", _tie_weights),
    ("parameter", _tie_parameter),
    ("moves", _tie_optimizer),
    ("steps", _tie_scheduler),
)
