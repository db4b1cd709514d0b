"""Histograms of a torch model's gradients and parameters, logged while it is trained.

What is watched is told by hooks, which torch calls in each step. Most of the time such a
call counts up and returns; only every `log_freq`-th one looks at the tensor, and only then
the device is waited for. A hook never raises: where it cannot count, it says so and goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from artnb._run.base import RunBase
from artnb.errors import InvalidValueError, nearest
from artnb.histogram import Histogram
from artnb.warning import warn

if TYPE_CHECKING:
    import torch

__all__ = ["RunWatch"]

_WHAT = ("gradients", "parameters", "all")
_BINS = 64


class RunWatch(RunBase):
    """The part of a run that watches models."""

    _pending: dict[str, Any]
    _hooked: list[tuple[Any, list[Any]]]  # model -> what takes its hooks away
    _models: int

    def watch(
        self,
        models: torch.nn.Module | Sequence[torch.nn.Module],
        criterion: Any = None,
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
    ) -> None:
        """Log histograms of a torch model's gradients and parameters while it is trained.

        They are named ``gradients/...`` and ``parameters/...`` after the parameters, of a
        second model ``gradients/graph_1...``, and go into the row that the next `log` closes.

        Parameters
        ----------
        models : Module or sequence of Module
            What is trained. A model that is watched already is watched anew.
        criterion, log_graph
            Accepted for W&B's sake: the model's graph is not kept.
        log : {'gradients', 'parameters', 'all'}, optional
            None watches nothing.
        log_freq : int
            Every how many backward passes (of parameters: forward passes) they are logged.
        idx : int, optional
            Number of the first model, for the names; default: counted through.

        Raises
        ------
        RunFinishedError, InvalidValueError
        TypeError
            It is no torch module.
        """
        import torch

        self._require_open("watch a model")
        if log is not None and log not in _WHAT:
            raise InvalidValueError(f"watch: log={log!r}; {nearest(str(log), _WHAT)}")
        if not isinstance(log_freq, int) or log_freq < 1:
            raise InvalidValueError(f"watch: log_freq={log_freq!r}: use a whole number from 1 on.")
        several = list(models) if isinstance(models, (list, tuple)) else [models]
        for model in several:
            if not isinstance(model, torch.nn.Module):
                raise TypeError(f"watch: a {type(model).__name__} is no torch.nn.Module.")
        self.unwatch(several)
        for number, model in enumerate(several, self._models if idx is None else idx):
            prefix = f"graph_{number}" if number > 0 else ""
            self._models += 1
            self._hooked.append((model, self._hooks(model, log, prefix, log_freq)))

    def unwatch(self, models: Any = None) -> None:
        """Watch a model, several, or with None all of them no longer."""
        several = list(models) if isinstance(models, (list, tuple)) else [models]
        chosen = {id(model) for model in several} if models is not None else None
        kept = []
        for model, handles in self._hooked:
            if chosen is None or id(model) in chosen:
                for handle in handles:
                    handle.remove()
            else:
                kept.append((model, handles))
        self._hooked = kept

    def _hooks(
        self, model: torch.nn.Module, log: str | None, prefix: str, log_freq: int
    ) -> list[Any]:
        handles: list[Any] = []
        if log in ("parameters", "all"):
            seen = _Parameters(self._note, f"parameters/{prefix}", log_freq)
            handles.append(model.register_forward_hook(seen))
        if log in ("gradients", "all"):
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    hook = _Gradient(self._note, f"gradients/{prefix}{name}", log_freq)
                    handles.append(parameter.register_hook(hook))
        return handles

    def _note(self, values: Mapping[str, Any]) -> None:
        """Take values for the row that is open, without a look at the catalogue."""
        with self._lock:
            if not self._finished:
                self._pending.update(values)


class _Every:
    """Is true at each `count`-th call."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._calls = 0

    def __call__(self) -> bool:
        self._calls += 1
        if self._calls < self._count:
            return False
        self._calls = 0
        return True


class _Hook:
    """What torch calls; a copy of the model, or a saved one, has one that does nothing."""

    def __init__(self, note: Callable[[Mapping[str, Any]], None], name: str, every: int) -> None:
        self._tell = note
        self._name = name
        self._due = _Every(every)
        self._broken = False

    def _log(self, tensors: Callable[[], Mapping[str, torch.Tensor]]) -> None:
        if self._broken or not self._due():
            return
        try:
            found = {name: _histogram(tensor) for name, tensor in tensors().items()}
            self._tell({name: value for name, value in found.items() if value is not None})
        except Exception as error:
            # Whatever goes wrong in here, the step that is trained goes on.
            self._broken = True
            warn(f"{self._name} is watched no longer: {error!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _Inert, ()


class _Gradient(_Hook):
    def __call__(self, gradient: torch.Tensor) -> None:
        self._log(lambda: {self._name: gradient})


class _Parameters(_Hook):
    def __call__(self, module: torch.nn.Module, *_: Any) -> None:
        self._log(lambda: {self._name + name: p for name, p in module.named_parameters()})


class _Inert:
    def __call__(self, *_: Any) -> None:
        return None


def _histogram(tensor: torch.Tensor) -> dict[str, Any] | None:
    """Return a tensor's histogram, counted on its device; None if no value is finite."""
    import torch

    with torch.no_grad():
        values, zeros = tensor.detach(), 0
        if values.layout != torch.strided:
            values = values.to_sparse().coalesce().values()
            zeros = tensor.numel() - values.numel()
        values = values.reshape(-1)
        if not values.is_floating_point() or values.dtype.itemsize < 4:
            values = values.float()
        values = values[torch.isfinite(values)]
        if values.numel() == 0:
            return None
        low, high = (bound.item() for bound in torch.aminmax(values))
        if zeros:
            low, high = min(low, 0.0), max(high, 0.0)
        if low == high:
            counts, edges = [values.numel() + zeros], [low, high]
        else:
            counts = _counts(values, low, high)
            step = (high - low) / _BINS
            edges = [low + n * step for n in range(_BINS)] + [high]
            if zeros:  # else zero may lie far from the values
                counts[min(_BINS - 1, int((0.0 - low) / step))] += zeros
    return Histogram(np_histogram=(counts, edges)).to_json()


def _counts(values: torch.Tensor, low: float, high: float) -> list[int]:
    import torch

    if values.is_cuda and torch.are_deterministic_algorithms_enabled():
        values = values.cpu()  # on the GPU histc has no order of its own, and is refused
    return [int(count) for count in torch.histc(values, _BINS, low, high).tolist()]
