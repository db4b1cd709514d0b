"""Which of a cell's outputs become entries, how, and what type of artifact they make."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artnb.capture import Capture, fingerprint
from artnb.errors import UsageError, nearest
from artnb.repository import Content

__all__ = ["Kept", "choose", "guess_type", "save"]

_FRAMES = frozenset(("DataFrame", "Series", "LazyFrame", "Table", "RecordBatch", "ndarray"))
_FRAME_PACKAGES = frozenset(("pandas", "polars", "pyarrow", "numpy", "scipy", "xarray"))


@dataclass(frozen=True, slots=True)
class Kept:
    """A variable on its way into a version."""

    name: str
    value: Any
    content: Content

    @property
    def is_stub(self) -> bool:
        """Whether the value could not be saved."""
        return self.content.format == "stub"


def choose(
    capture: Capture, wanted: Sequence[str], namespace: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values to keep, and why others are left out.

    Parameters
    ----------
    wanted : sequence of str
        The names of ``--out``; empty: all values that the cell made.
    """
    if wanted:
        missing = [name for name in wanted if name not in namespace]
        if missing:
            raise UsageError(
                f"--out names {missing[0]!r}, which the cell does not leave; "
                f"{nearest(missing[0], capture.outputs)}"
            )
        return {name: namespace[name] for name in wanted}, {}
    kept: dict[str, Any] = {}
    left: dict[str, str] = {}
    for name, made in capture.outputs.items():
        if made.role != "value":
            left[name] = made.role
        elif name.startswith("_"):
            left[name] = "private"
        elif type(made.value).__module__.partition(".")[0] == "IPython":
            left[name] = "shell"  # what %%capture and the like leave
        else:
            kept[name] = made.value
    return kept, left


def save(values: Mapping[str, Any], folder: Path) -> list[Kept]:
    """Write each value to a file in `folder`; what cannot be saved becomes a stub."""
    from artnb import serializers

    kept = []
    for name, value in values.items():
        saved = serializers.dump(value, folder, name)
        content = Content(
            path=saved.path.relative_to(folder).as_posix(),
            source=saved.path,
            format=saved.format,
            variable=name,
            meta=saved.meta,
            fingerprint=fingerprint(value),
        )
        kept.append(Kept(name, value, content))
    return kept


def guess_type(values: Iterable[Any]) -> str:
    """Return the artifact type that fits the values: model, dataset, figure, else result."""
    kinds = {_kind(value) for value in values}
    return next((kind for kind in ("model", "dataset", "figure") if kind in kinds), "result")


def _kind(value: Any) -> str:
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "nn"):
        if isinstance(value, torch.nn.Module) or _is_state_dict(value, torch.Tensor):
            return "model"
        if isinstance(value, torch.Tensor | torch.utils.data.Dataset):
            return "dataset"
    package = type(value).__module__.partition(".")[0]
    if package == "sklearn" and hasattr(value, "fit"):
        return "model"
    if package in _FRAME_PACKAGES and type(value).__name__ in _FRAMES:
        return "dataset"
    if package in ("matplotlib", "PIL", "plotly") and not isinstance(value, type):
        return "figure"
    return "result"


def _is_state_dict(value: Any, tensor: type) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(key, str) for key in value)
        and all(isinstance(part, tensor) for part in value.values())
    )
