"""Which of a cell's outputs become entries, how, and what type of artifact they make."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from artnb import serializers
from artnb.capture import Capture, fingerprint
from artnb.errors import UsageError, nearest
from artnb.jupyter.aliasing import shares
from artnb.model import Entry
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
        if made.role == "import":
            continue
        if made.role != "value":
            left[name] = made.role
        elif name.startswith("_"):
            left[name] = "private"
        elif type(made.value).__module__.partition(".")[0] == "IPython":
            left[name] = "shell"  # what %%capture and the like leave
        else:
            kept[name] = made.value
    for name in [name for name, value in kept.items() if _is_inside(value, kept)]:
        left[name] = "part of a figure"
        del kept[name]
    return kept, left


def _is_inside(value: Any, kept: Mapping[str, Any]) -> bool:
    """Return whether `value` is the axes of a figure that is kept itself."""
    if type(value).__module__.partition(".")[0] != "matplotlib":
        return False
    figure = getattr(value, "figure", None)
    return figure is not None and any(
        other is figure and other is not value for other in kept.values()
    )


SavedBefore = Callable[[str, str], tuple[Entry, bytes] | None]


def save(values: Mapping[str, Any], folder: Path, saved_before: SavedBefore) -> list[Kept]:
    """Write each value to a file in `folder`; what cannot be saved becomes a stub.

    Parameters
    ----------
    saved_before : callable
        Takes a name and a fingerprint; returns the entry and bytes to take over, or None.
    """
    kept = []
    shared = shares(values)
    for name, value in values.items():
        content = fingerprint(value)
        before = saved_before(name, content) if content is not None else None
        if before is not None:
            entry, source = before
            found = Content(entry.path, source, entry.format, name, entry.meta, fingerprint=content)
        else:
            found = _dumped(name, value, folder, content)
        meta = {key: item for key, item in found.meta.items() if key != "shares"}
        if name in shared:
            meta["shares"] = shared[name]
        kept.append(Kept(name, value, replace(found, meta=meta)))
    return kept


def _dumped(name: str, value: Any, folder: Path, content: str | None) -> Content:
    saved = serializers.dump(value, folder, name)
    path = saved.path.relative_to(folder).as_posix()
    return Content(path, saved.path, saved.format, name, saved.meta, fingerprint=content)


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
