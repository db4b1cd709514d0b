"""Which serializer for which value: by the names of its types, importing nothing for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from artnb.errors import SerializationError, nearest
from artnb.serializers.base import Serializer

__all__ = ["by_name", "candidates", "first_format", "is_safe", "names"]

_PACKAGE = "artnb.serializers"
_BUILT_IN: dict[str, str] = {
    "npy": "arrays:Npy",
    "tensor": "tensors:Tensor",
    "state-dict": "tensors:StateDict",
    "module": "tensors:Module",
    "tensor-dataset": "tensors:TensorDataset",
    "optimizer": "optimizers:Optimizer",
    "lr-scheduler": "optimizers:LRScheduler",
    "parquet": "frames:PandasParquet",
    "polars-parquet": "frames:PolarsParquet",
    "figure": "png:FigurePng",
    "png": "png:PilPng",
    "plotly": "charts:PlotlyJson",
    "altair": "charts:AltairJson",
    "bokeh": "charts:BokehJson",
    "text": "text:Text",
    "bytes": "text:Bytes",
    "path": "text:PathText",
    "json": "text:Json",
    "linked": "linked:Linked",
    "pickle": "pickles:Pickle",
    "cloudpickle": "pickles:CloudPickle",
    "stub": "pickles:Stub",
}
_BY_TYPE: dict[str, tuple[str, ...]] = {
    "numpy.ndarray": ("npy",),
    "numpy.generic": ("npy",),
    "torch.Tensor": ("tensor",),
    "torch.nn.modules.module.Module": ("module",),
    "torch.utils.data.dataset.TensorDataset": ("tensor-dataset",),
    "torch.optim.optimizer.Optimizer": ("optimizer",),
    "torch.optim.lr_scheduler.LRScheduler": ("lr-scheduler",),
    "pandas.DataFrame": ("parquet",),
    "pandas.Series": ("parquet",),
    "pandas.Index": ("parquet",),
    "pandas.core.frame.DataFrame": ("parquet",),
    "pandas.core.series.Series": ("parquet",),
    "pandas.core.indexes.base.Index": ("parquet",),
    "polars.dataframe.frame.DataFrame": ("polars-parquet",),
    "polars.series.series.Series": ("polars-parquet",),
    "matplotlib.figure.Figure": ("figure",),
    "matplotlib.axes._base._AxesBase": ("figure",),
    "seaborn.axisgrid._BaseGrid": ("figure",),
    "PIL.Image.Image": ("png",),
    "plotly.basedatatypes.BaseFigure": ("plotly",),
    "altair.utils.schemapi.SchemaBase": ("altair",),
    "bokeh.model.model.Model": ("bokeh",),
    "builtins.str": ("text",),
    "builtins.bytes": ("bytes",),
    "builtins.bytearray": ("bytes",),
    "builtins.memoryview": ("bytes",),
    "pathlib.PurePath": ("path",),
    "pathlib._local.PurePath": ("path",),  # Python 3.13
    "builtins.dict": ("state-dict", "json"),
    "builtins.list": ("json",),
    "builtins.int": ("json",),
    "builtins.float": ("json",),
    "builtins.NoneType": ("json",),
}
_LAST_RESORTS = ("linked", "pickle", "cloudpickle", "stub")
_GROUP = "artnb.serializers"


def candidates(value: Any) -> Iterator[Serializer]:
    """Yield the serializers to try for a value, best first; the last takes anything."""
    tried = set()
    for kind in type(value).__mro__:
        for name in _by_type().get(f"{kind.__module__}.{kind.__qualname__}", ()):
            if name == "state-dict" and not _holds_tensors(value):
                continue  # to ask torch would import it for every dict
            if name not in tried:
                tried.add(name)
                yield by_name(name)
    for name in _LAST_RESORTS:
        yield by_name(name)


def _holds_tensors(value: Mapping[Any, Any]) -> bool:
    first = next(iter(value.values()), None)
    return any(kind.__module__ == "torch" for kind in type(first).__mro__)


def first_format(kind: type) -> str:
    """Return the format that is tried first for values of a type."""
    for each in kind.__mro__:
        for name in _by_type().get(f"{each.__module__}.{each.__qualname__}", ()):
            return name
    return _LAST_RESORTS[0]


@cache
def by_name(name: str) -> Serializer:
    """Return the serializer of a format."""
    if name in _BUILT_IN:
        module, _, kind = _BUILT_IN[name].partition(":")
        found: Serializer = getattr(import_module(f"{_PACKAGE}.{module}"), kind)()
        return found
    for point in entry_points(group=_GROUP, name=name):
        plugin: Serializer = point.load()()
        return plugin
    raise SerializationError(
        f"There is no serializer for the format {name!r}; {nearest(name, names())} If a plugin "
        "wrote it, install that package."
    )


def is_safe(name: str) -> bool:
    """Return whether loading the format runs no code of the file's.

    What no serializer is known for is not safe.
    """
    try:
        return by_name(name).safe
    except SerializationError:
        return False


def names() -> list[str]:
    """Return the names of all formats, plugins' too."""
    return [*_BUILT_IN, *(point.name for point in entry_points(group=_GROUP))]


@cache
def _by_type() -> dict[str, tuple[str, ...]]:
    table = dict(_BY_TYPE)
    for point in entry_points(group=_GROUP):
        for kind in getattr(by_name(point.name), "types", ()):
            table[kind] = (point.name, *table.get(kind, ()))
    return table
