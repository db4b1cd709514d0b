"""The bytes that stand for arrays, tensors, frames and charts, without copying if possible.

Each function feeds a hasher with a tag, what gives the bytes their meaning
(dtype, shape, names), and the bytes. Libraries are never imported here: a value
of a type that they define proves that they are loaded.
"""

from __future__ import annotations

import sys
from typing import Any

from artnb.capture._device import is_elsewhere, on_host
from artnb.capture._feeding import Compose, Feed, Hasher, content_of, tag
from artnb.capture._modules import feed_module
from artnb.capture._random_ids import feed_element, feed_styler, is_element

__all__ = ["feeder", "of_device"]


def feeder(value: Any) -> Feed | None:
    """Return the function that feeds values of `value`'s type, or None for other types.

    It returns False where it cannot stand for this very value; nothing is fed then.
    """
    kind = type(value)
    exact = _EXACT.get(f"{kind.__module__.partition('.')[0]}.{kind.__name__}")
    if exact is not None:
        return exact
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "nn"):
        if isinstance(value, torch.nn.Module):
            return feed_module
        if hasattr(torch, "optim") and isinstance(value, torch.optim.Optimizer):
            return _optimizer
        if isinstance(value, torch.Tensor):
            return _tensor
    if is_element(value):
        return feed_element
    models = sys.modules.get("bokeh.model")
    if models is not None and issubclass(kind, getattr(models, "Model", ())):
        return _bokeh
    pictures = sys.modules.get("PIL.Image")
    return _picture if pictures is not None and isinstance(value, pictures.Image) else None


def of_device(feed: Feed, value: Any) -> bool:
    """Return whether a value that `feed` feeds is a tensor that must be copied to be read."""
    if feed is not _tensor or not is_elsewhere(value):
        return False
    torch = sys.modules["torch"]
    return not value.is_quantized and value.layout is torch.strided


def _array(hasher: Hasher, value: Any, compose: Compose) -> bool:
    import numpy as np

    dtype = value.dtype
    if dtype.hasobject or dtype.kind == "T":
        tag(hasher, "ndarray", dtype.str, value.shape)
        compose(hasher, np.asarray(value).tolist())
        return True
    tag(hasher, "ndarray", np.lib.format.dtype_to_descr(dtype), value.shape)
    flat = np.ascontiguousarray(value).reshape(-1)
    if flat.size and flat.itemsize:
        hasher.update(flat.view(np.uint8).data)
    return True


def _masked(hasher: Hasher, value: Any, compose: Compose) -> bool:
    import numpy as np

    # Asked for its value to fill with, an array that has none keeps that of its dtype.
    fill = np.ma.default_fill_value(value) if value._fill_value is None else value._fill_value
    tag(hasher, "masked", value.hardmask)
    for part in (value.data, np.ma.getmaskarray(value), np.asarray(fill)):
        compose(hasher, part)
    return True


def _tensor(hasher: Hasher, value: Any, compose: Compose) -> bool:
    import torch

    if value.is_quantized or value.layout is not torch.strided:
        return False
    # Without requires_grad: a tensor that was loaded back is the same content.
    tag(hasher, "tensor", value.dtype, tuple(value.shape))
    if value.device.type == "meta":
        return True
    plain = value.detach().resolve_conj().resolve_neg()
    if is_elsewhere(plain):
        for piece in on_host(plain):
            hasher.update(piece.numpy().data)
        return True
    plain = plain.contiguous()
    if plain.numel():
        hasher.update(plain.reshape(-1).view(torch.uint8).numpy().data)
    return True


def _optimizer(hasher: Hasher, value: Any, compose: Compose) -> bool:
    # The parameters are content: it has other ones when these are trained.
    tag(hasher, "optimizer", type(value).__module__, type(value).__qualname__)
    for group in value.param_groups:
        compose(hasher, {key: group[key] for key in sorted(group) if key != "params"})
        for parameter in group["params"]:
            compose(hasher, parameter)
            state = value.state.get(parameter, {})
            compose(hasher, {str(key): state[key] for key in sorted(state, key=str)})
    if type(value).__module__.partition(".")[0] != "torch":
        for name, held in sorted(vars(value).items()):
            if name[0] != "_" and name not in ("defaults", "param_groups", "state"):
                tag(hasher, "held", name)
                hasher.update(content_of(held, compose))
    return True


def _picture(hasher: Hasher, value: Any, compose: Compose) -> bool:
    # Whether it was opened as a file or comes from a version is no content.
    value.load()  # what a file says of itself may stand behind the pixels
    tag(hasher, "picture", value.mode, value.size)
    compose(hasher, [value.getpalette(), dict(value.info)])
    hasher.update(value.tobytes())
    return True


def _frame(hasher: Hasher, value: Any, compose: Compose) -> bool:
    tag(hasher, "pandas", type(value).__name__, value.shape)
    compose(hasher, value.index)
    compose(hasher, value.columns)
    for position in range(value.shape[1]):
        _column(hasher, value.iloc[:, position].array, compose)
    compose(hasher, dict(value.attrs))
    return True


def _series(hasher: Hasher, value: Any, compose: Compose) -> bool:
    tag(hasher, "pandas", type(value).__name__, value.shape)
    compose(hasher, value.name)
    compose(hasher, value.index)
    _column(hasher, value.array, compose)
    return True


def _index(hasher: Hasher, value: Any, compose: Compose) -> bool:
    tag(hasher, "pandas", type(value).__name__, len(value))
    compose(hasher, list(value.names))
    if type(value).__name__ == "RangeIndex":
        compose(hasher, (value.start, value.stop, value.step))
    elif value.nlevels > 1:
        compose(hasher, [list(map(str, value.dtypes)), value.tolist()])
    else:
        _column(hasher, value.array, compose)
    return True


def _column(hasher: Hasher, array: Any, compose: Compose) -> None:
    tag(hasher, "column", array.dtype)
    kind = type(array).__name__
    arrow = getattr(array, "_pa_array", None)
    if arrow is not None:
        compose(hasher, arrow)
    elif kind == "Categorical":
        compose(hasher, array.categories)
        compose(hasher, array.codes)
        if array.ordered:
            tag(hasher, "ordered")
    elif hasattr(array, "_data") and hasattr(array, "_mask"):  # nullable numbers
        compose(hasher, array._mask)
        compose(hasher, array.to_numpy(dtype=array._data.dtype, na_value=0))
    elif hasattr(array, "asi8"):  # dates; the zone is in the dtype
        compose(hasher, array.asi8)
    else:
        compose(hasher, array.to_numpy())


def _polars(hasher: Hasher, value: Any, compose: Compose) -> bool:
    import polars

    frame = value if isinstance(value, polars.DataFrame) else value.to_frame()
    tag(hasher, "polars", type(value).__name__, frame.schema)
    compose(hasher, frame.rechunk().to_arrow(compat_level=polars.CompatLevel.oldest()))
    return True


def _arrow(hasher: Hasher, value: Any, compose: Compose) -> bool:
    import pyarrow as pa

    # `pa.table` would load pandas, to ask whether it is a frame of its.
    if isinstance(value, pa.ChunkedArray | pa.Array):
        table = pa.Table.from_arrays([value], names=[""])
    elif isinstance(value, pa.RecordBatch):
        table = pa.Table.from_batches([value])
    else:
        table = value
    tag(hasher, "arrow", type(value).__name__, table.schema, table.num_rows)
    sink = pa.PythonFile(_Sink(hasher), mode="w")
    # The stream format leaves out offsets and unused bytes, so that slices equal copies.
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return True


class _Sink:
    """A file to write to that only hashes."""

    closed = False

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher

    def write(self, data: Any) -> int:
        self._hasher.update(data)
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


_INDEXES = (
    *("Index", "RangeIndex", "DatetimeIndex", "TimedeltaIndex"),
    *("CategoricalIndex", "IntervalIndex", "MultiIndex", "PeriodIndex"),
)


def _plotly(hasher: Hasher, value: Any, compose: Compose) -> bool:
    from artnb.drawings.specs import PLOTLY, full_name, plotly_figure

    if full_name(value) not in PLOTLY:
        return False
    tag(hasher, "plotly", type(value).__name__)
    compose(hasher, plotly_figure(value))
    return True


def _altair(hasher: Hasher, value: Any, compose: Compose) -> bool:
    from artnb.drawings.specs import altair_content

    spec = altair_content(value)
    if spec is None:
        return False
    tag(hasher, "altair", type(value).__name__)
    compose(hasher, spec)
    return True


def _bokeh(hasher: Hasher, value: Any, compose: Compose) -> bool:
    from artnb.drawings.specs import bokeh_document

    tag(hasher, "bokeh", type(value).__name__)
    compose(hasher, bokeh_document(value))
    return True


_CHARTS = [
    f"{kind}Chart" for kind in ("", "Layer", "HConcat", "VConcat", "Concat", "Facet", "Repeat")
]
_EXACT: dict[str, Feed] = {
    "numpy.ndarray": _array,
    "numpy.memmap": _array,
    "numpy.MaskedArray": _masked,
    "torch.Tensor": _tensor,
    "torch.Parameter": _tensor,
    "pandas.DataFrame": _frame,
    "pandas.Series": _series,
    "polars.DataFrame": _polars,
    "polars.Series": _polars,
    "pyarrow.Table": _arrow,
    "pyarrow.RecordBatch": _arrow,
    "pyarrow.ChunkedArray": _arrow,
    "pandas.Styler": feed_styler,
    "plotly.Figure": _plotly,
    "plotly.FigureWidget": _plotly,
    **{f"altair.{name}": _altair for name in _CHARTS},
    **{f"pandas.{name}": _index for name in _INDEXES},
}
