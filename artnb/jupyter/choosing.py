"""Which of a cell's outputs become entries, and what type of artifact they make."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from artnb.capture import NUMBERS, Capture, figures_of, plain, size_of, told
from artnb.display import size_text
from artnb.errors import UsageError, nearest
from artnb.secrets import is_secret, known_secrets

__all__ = ["SAME_BYTES", "SECRET", "best_type", "choose", "guess_type", "holds_secret"]

SECRET = "a password or token, by its name or what it holds"
"""Why a value is left out."""

SAME_BYTES = {int, float, bool, type(None), str, bytes}
"""Types of which equal values are written as equal bytes: nothing has to be taken over.

They hold nothing, and nothing that is in two places is one object.
"""

_GIVEN = frozenset((
    "IPython.core.display", "IPython.core.magics.execution", "IPython.lib.display",
    "IPython.utils.capture", "IPython.utils.text",
))  # fmt: skip
"""Modules of IPython whose objects are results: of ``!ls``, ``%timeit -o``, ``%%capture``."""

_FRAMES = frozenset(("DataFrame", "Series", "LazyFrame", "Table", "RecordBatch", "ndarray"))
_CHARTS = {"altair": "Chart", "bokeh": "figure", "seaborn": "Grid"}
"""Packages of which only some objects are figures, and how the classes of these end."""

_FRAME_PACKAGES = frozenset(("pandas", "polars", "pyarrow", "numpy", "scipy", "xarray"))


def choose(
    capture: Capture, wanted: Sequence[str], namespace: Mapping[str, Any], budget: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values to keep, and why others are left out.

    Parameters
    ----------
    wanted : sequence of str
        The names of ``--out``; empty: all values that the cell made.
    budget : int
        Bytes above which a value is kept only if it is named.
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
    objects: list[str] = []
    for name, made in capture.outputs.items():
        if made.role == "import":
            continue
        if made.role != "value":
            left[name] = made.role
        elif name.startswith("_"):
            left[name] = "private"
        elif type(made.value) in NUMBERS:
            kept[name] = made.value
        elif _is_of_shell(type(made.value)):
            left[name] = "shell"
        elif holds_secret(name, made.value, known_secrets()):
            left[name] = SECRET
        else:
            kept[name] = made.value
            objects.append(name)
    if not objects:
        return kept, left
    for name in [name for name in objects if _is_inside(kept[name], kept)]:
        left[name] = "part of a figure"
        del kept[name]
    for name in [name for name in objects if name in kept and size_of(kept[name]) > budget]:
        left[name] = f"over the budget of {size_text(budget)} ({size_text(size_of(kept[name]))})"
        del kept[name]
    return kept, left


def _is_of_shell(kind: type) -> bool:
    """Return whether a type is part of the shell's works, not of what it gives to keep."""
    return kind.__module__.partition(".")[0] == "IPython" and kind.__module__ not in _GIVEN


def holds_secret(name: str, value: Any, secrets: Sequence[str]) -> bool:
    """Return whether a value is a password or token, or a small one that holds one."""
    as_json = plain(value)
    return is_secret(name, value) or told(name, as_json, secrets) != as_json


def _is_inside(value: Any, kept: Mapping[str, Any]) -> bool:
    """Return whether `value` is the axes of figures that are kept themselves."""
    figures = [] if type(value) in (list, tuple, dict) else list(figures_of(value))
    if not figures or any(figure is value for figure in figures):
        return False
    return all(any(other is figure for other in kept.values()) for figure in figures)


def best_type(types: Iterable[str]) -> str:
    """Return the type of an artifact that holds values of these types."""
    kinds = set(types)
    return next((kind for kind in ("model", "dataset", "figure") if kind in kinds), "result")


def guess_type(value: Any) -> str:
    """Return the artifact type that fits a value: model, dataset, figure, else result."""
    kind = type(value)  # never asked itself: what pretends to be another may fail by it
    if kind in SAME_BYTES:
        return "result"
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "nn"):
        if issubclass(kind, torch.nn.Module) or _is_state_dict(value, torch.Tensor):
            return "model"
        if issubclass(kind, torch.Tensor | torch.utils.data.Dataset):
            return "dataset"
    package = kind.__module__.partition(".")[0]
    if package == "sklearn" and hasattr(kind, "fit"):
        return "model"
    if package in _FRAME_PACKAGES and kind.__name__ in _FRAMES:
        return "dataset"
    chart = package in _CHARTS and kind.__name__.endswith(_CHARTS[package])
    if chart or (package in ("matplotlib", "PIL", "plotly") and not issubclass(kind, type)):
        return "figure"
    return "result"


def _is_state_dict(value: Any, tensor: type) -> bool:
    return (
        issubclass(type(value), dict)
        and bool(value)
        and all(isinstance(key, str) for key in value)
        and all(isinstance(part, tensor) for part in value.values())
    )
