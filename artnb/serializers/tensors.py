"""torch's tensors, state dicts, modules and datasets as safetensors.

The file holds tensors and nothing else: safetensors writes its own metadata in random
order, so whatever else must be known goes into the manifest.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artnb.errors import MissingExtraError
from artnb.serializers.base import CannotSave
from artnb.serializers.devices import device_of, on_device, on_host

__all__ = ["Module", "StateDict", "Tensor", "TensorDataset"]

_ONE = "tensor"
_NAMES_SHOWN = 1000


class Tensor:
    """One ``torch.Tensor`` (or ``nn.Parameter``); on its GPU again, where there is one."""

    name = "tensor"
    suffix = ".safetensors"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the tensor."""
        import torch

        if type(value) not in (torch.Tensor, torch.nn.Parameter):
            raise CannotSave("a subclass of Tensor")
        _save({_ONE: value}, path)
        meta: dict[str, Any] = {"dtype": str(value.dtype), "shape": list(value.shape)}
        if value.requires_grad:
            meta["requires_grad"] = True
        if device := device_of(value):
            meta["device"] = device
        return {**meta, "parameter": True} if type(value) is torch.nn.Parameter else meta

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the tensor."""
        tensor = on_device(_load(path)[_ONE], meta.get("device"))
        if meta.get("parameter"):
            import torch

            return torch.nn.Parameter(tensor, requires_grad=bool(meta.get("requires_grad")))
        return tensor.requires_grad_(bool(meta.get("requires_grad")))


class StateDict:
    """A dict of names and tensors, in its order; tied tensors stay tied."""

    name = "state-dict"
    suffix = ".safetensors"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the tensors; CannotSave for a dict that holds anything else."""
        import torch

        if type(value) not in (dict, OrderedDict) or not value:
            raise CannotSave("no dict of tensors")
        if not all(type(k) is str and type(v) is torch.Tensor for k, v in value.items()):
            raise CannotSave("a dict that does not hold only tensors by name")
        if any(tensor.requires_grad for tensor in value.values()):
            raise CannotSave("tensors that carry gradients")
        about = _versions(value) if type(value) is OrderedDict else None
        meta = _save_tied(dict(value), path)
        if type(value) is OrderedDict:
            meta["ordered"] = True
        return meta if about is None else {**meta, "metadata": about}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the dict."""
        tensors = _load_tied(path, meta)
        if not meta.get("ordered"):
            return tensors
        state = OrderedDict(tensors)
        if (about := meta.get("metadata")) is not None:
            vars(state)["_metadata"] = OrderedDict((str(key), dict(each)) for key, each in about)
        return state


class Module:
    """An ``nn.Module``: its state dict, and the name of its class.

    Loading gives back the module where it is made of torch's own classes, or where the caller
    trusts it and its class can be imported; else the state dict, to be given to a module that
    the caller builds. What has other attributes than plain ones is built without arguments, or
    from the ``config`` that it has.
    """

    name = "module"
    suffix = ".safetensors"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the parameters and buffers."""
        from artnb.serializers.plain import to_plain
        from artnb.serializers.structure import structure_of

        state = value.state_dict()
        if not state or not all(hasattr(tensor, "detach") for tensor in state.values()):
            raise CannotSave("a module without tensors, or with extra state")
        meta = _save_tied({key: tensor.detach() for key, tensor in state.items()}, path)
        meta["class"] = f"{type(value).__module__}:{type(value).__qualname__}"
        meta["parameters"] = sum(parameter.numel() for parameter in value.parameters())
        if (structure := structure_of(value)) is not None:
            meta["structure"] = structure
        elif modes := _modes(value):
            meta["modes"] = modes
        config = getattr(value, "config", None)
        if isinstance(config, Mapping):
            try:
                meta["config"] = to_plain(config)
            except TypeError:
                pass  # a config of other things is not what builds it
        return meta

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the module if it can be made, else its state dict."""
        from artnb.serializers.structure import rebuild

        state = _load_tied(path, meta)
        if "structure" in meta:
            try:
                return rebuild(meta["structure"], state, trust=trust)
            except Exception:  # not torch's own and not trusted, or gone
                pass
        if not trust:
            return state
        try:
            module = _build(str(meta["class"]), meta.get("config"))
            module.load_state_dict(state)
        except Exception:  # the class is gone, or its own __init__ refuses
            return state
        _set(module, meta.get("modes", {}))
        return module


class TensorDataset:
    """``torch.utils.data.TensorDataset``: its tensors in order."""

    name = "tensor-dataset"
    suffix = ".safetensors"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the tensors."""
        from torch.utils import data

        if type(value) is not data.TensorDataset:
            raise CannotSave("a subclass of TensorDataset")
        meta = _save_tied({str(n): tensor for n, tensor in enumerate(value.tensors)}, path)
        return {**meta, "length": len(value)}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the dataset."""
        from torch.utils import data

        tensors = _load_tied(path, meta)
        return data.TensorDataset(*(tensors[str(n)] for n in range(len(tensors))))


def _versions(state: OrderedDict[str, Any]) -> list[list[Any]] | None:
    """Return what modules noted of themselves in their state dict: load_state_dict reads it.

    CannotSave for what else such a dict has as attributes.
    """
    if not vars(state):
        return None
    found: Any = vars(state).get("_metadata")
    plain = type(found) is OrderedDict and len(vars(state)) == 1 and not vars(found)
    if not plain or not all(type(k) is str and _is_plain_note(each) for k, each in found.items()):
        raise CannotSave("an OrderedDict with attributes")
    return [[key, each] for key, each in found.items()]


def _is_plain_note(note: Any) -> bool:
    return type(note) is dict and all(
        type(key) is str and type(each) in (bool, int, float, str, type(None))
        for key, each in note.items()
    )


def _save(tensors: Mapping[str, Any], path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    plain = {}
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
            raise CannotSave(f"{name}: a sparse, quantized or empty-device tensor")
        tensor = tensor.detach().resolve_conj().resolve_neg()
        # A copy of its own: safetensors refuses tensors that share memory.
        plain[name] = on_host(tensor)
    try:
        save_file(plain, path)
    except (KeyError, ValueError, RuntimeError) as error:
        raise CannotSave(f"safetensors: {error}") from error
    except Exception as error:
        # safetensors has an error class of its own for what the system says.
        if found := re.search(r"\(os error (\d+)\)", str(error)):
            raise OSError(int(found[1]), os.strerror(int(found[1])), str(path)) from error
        raise


def _save_tied(tensors: dict[str, Any], path: Path) -> dict[str, Any]:
    """Write each tensor once, and note which names share one."""
    first: dict[tuple[Any, ...], str] = {}
    ties = {}
    for name, tensor in tensors.items():
        place = (
            tensor.data_ptr(), tensor.storage_offset(), tuple(tensor.shape), tensor.stride(),
            tensor.dtype, tensor.device,
        )  # fmt: skip
        if tensor.numel() and place in first:
            ties[name] = first[place]
        else:
            first[place] = name
    _save({name: tensors[name] for name in tensors if name not in ties}, path)
    shapes = {name: list(tensors[name].shape) for name in list(tensors)[:_NAMES_SHOWN]}
    meta: dict[str, Any] = {"order": list(tensors), "shapes": shapes}
    if devices := {name: d for name, each in tensors.items() if (d := device_of(each))}:
        meta["devices"] = devices
    return {**meta, "ties": ties} if ties else meta


def _load_tied(path: Path, meta: Mapping[str, Any]) -> dict[str, Any]:
    devices = meta.get("devices", {})
    tensors = {name: on_device(each, devices.get(name)) for name, each in _load(path).items()}
    ties = meta.get("ties", {})
    return {name: tensors[ties.get(name, name)] for name in meta.get("order", tensors)}


def _load(path: Path) -> dict[str, Any]:
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise MissingExtraError("Loading tensors", "torch", "torch") from error
    # From a file that may be mapped: a tensor written in place must not write the store.
    return {name: tensor.clone() for name, tensor in load_file(path).items()}


def _modes(module: Any) -> dict[str, list[str]]:
    """Return how a module is set otherwise than a new one."""
    asked = [name for name, part in module.named_modules() if not part.training]
    frozen = [name for name, each in module.named_parameters() if not each.requires_grad]
    return {key: names for key, names in (("eval", asked), ("frozen", frozen)) if names}


def _set(module: Any, modes: Mapping[str, Any]) -> None:
    asked, frozen = set(modes.get("eval", ())), set(modes.get("frozen", ()))
    for name, part in module.named_modules():
        part.training = part.training and name not in asked
    for name, each in module.named_parameters():
        each.requires_grad_(each.requires_grad and name not in frozen)


def _build(name: str, config: Mapping[str, Any] | None) -> Any:
    from importlib import import_module

    module, _, qualname = name.partition(":")
    found: Any = import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found(**config) if config else found()
