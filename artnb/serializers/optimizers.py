"""torch's optimizers and learning-rate schedulers, without pickles.

An optimizer's file holds its state and a copy of the parameters that it moves, so that it can
be brought back alone; whoever restores the module with it puts that module's in their place.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.serializers.base import CannotSave
from artnb.serializers.structure import NotPlain, decoded, encoded, torch_class
from artnb.serializers.tensors import _load_tied, _save_tied

__all__ = ["LRScheduler", "Optimizer"]

_OWN = ("torch.optim.",)


class Optimizer:
    """An optimizer of ``torch.optim``: state, groups, and the parameters as they are."""

    name = "optimizer"
    suffix = ".safetensors"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the tensors; CannotSave for classes of others, and for hooks."""
        import torch

        name = f"{type(value).__module__}:{type(value).__qualname__}"
        if not f"{type(value).__module__}.".startswith(_OWN):
            raise CannotSave("an optimizer that is none of torch's own")
        if value._optimizer_step_pre_hooks or value._optimizer_step_post_hooks:
            raise CannotSave("an optimizer with hooks")
        parameters = [each for group in value.param_groups for each in group["params"]]
        tensors = {f"param.{n}": each.detach() for n, each in enumerate(parameters)}
        state = []
        try:
            for n, each in enumerate(parameters):
                noted = []
                for key, item in value.state.get(each, {}).items():
                    if isinstance(item, torch.Tensor):
                        tensors[f"state.{n}.{key}"] = item.detach()
                        noted.append([key])
                    else:
                        noted.append([key, encoded(item)])
                state.append(noted if each in value.state else None)
            groups = [_group(group) for group in value.param_groups]
            defaults = encoded(dict(value.defaults))
        except NotPlain as reason:
            raise CannotSave(f"it holds {reason}") from None
        meta = _save_tied(tensors, path)
        grads = [each.requires_grad for each in parameters]
        return {
            **meta, "class": name, "groups": groups, "state": state, "defaults": defaults,
            "grads": grads,
        }  # fmt: skip

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the optimizer, with parameters of its own."""
        import torch

        kind = torch_class(str(meta["class"]), torch.optim.Optimizer, _OWN, trust=False)
        tensors = _load_tied(path, meta)
        parameters = [
            torch.nn.Parameter(tensors[f"param.{n}"], requires_grad=bool(grad))
            for n, grad in enumerate(meta["grads"])
        ]
        rest = iter(parameters)
        groups = []
        for pairs in meta["groups"]:
            groups.append({
                key: [next(rest) for _ in range(item)] if key == "params" else decoded(item)
                for key, item in pairs
            })  # fmt: skip
        defaults = decoded(meta["defaults"])
        known = inspect.signature(kind).parameters
        options = {key: item for key, item in defaults.items() if key in known}
        made = kind([dict(group) for group in groups], **options)
        made.param_groups = groups
        for n, (each, noted) in enumerate(zip(parameters, meta["state"], strict=True)):
            if noted is not None:
                made.state[each] = {
                    key: decoded(item[0]) if item else tensors[f"state.{n}.{key}"]
                    for key, *item in noted
                }
        return made


class LRScheduler:
    """A learning-rate scheduler of torch's; it has no optimizer until it is given one."""

    name = "lr-scheduler"
    suffix = ".scheduler.json"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write its attributes; CannotSave where they are not plain."""
        if type(value).__module__ != "torch.optim.lr_scheduler":
            raise CannotSave("a scheduler that is none of torch's own")
        try:
            pairs = [
                [key, None if key == "optimizer" else encoded(item)]
                for key, item in vars(value).items()
            ]
        except NotPlain as reason:
            raise CannotSave(f"it holds {reason}") from None
        path.write_text(json.dumps(pairs), "utf-8")
        return {"class": f"{type(value).__module__}:{type(value).__qualname__}"}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the scheduler; its ``optimizer`` is None."""
        from torch.optim import lr_scheduler

        own = ("torch.optim.lr_scheduler.",)
        kind = torch_class(str(meta["class"]), lr_scheduler.LRScheduler, own, trust=False)
        made = kind.__new__(kind)
        vars(made).update({key: decoded(item) for key, item in json.loads(path.read_bytes())})
        made.optimizer = None
        return made


def _group(group: Mapping[str, Any]) -> list[list[Any]]:
    return [[key, len(item) if key == "params" else encoded(item)] for key, item in group.items()]
