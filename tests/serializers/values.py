"""Values of every format, and what it means that one came back."""

from __future__ import annotations

import datetime
import decimal
import fractions
import math
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch.utils.data import TensorDataset

FLOATS = torch.arange(6, dtype=torch.float32).reshape(2, 3)


@dataclass(frozen=True)
class Point:
    """A class that can be imported, so that pickle takes it by name."""

    x: int
    y: int


class Net(torch.nn.Module):
    """A module that is built from its config."""

    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.config = {"width": width}
        self.inner = torch.nn.Linear(width, 1)


class Tied(torch.nn.Module):
    """Two layers that share their weight."""

    def __init__(self) -> None:
        super().__init__()
        self.one = torch.nn.Linear(3, 3, bias=False)
        self.two = torch.nn.Linear(3, 3, bias=False)
        self.two.weight = self.one.weight


class Needy(torch.nn.Module):
    """A module that nothing tells how to build."""

    def __init__(self, width: int) -> None:
        super().__init__()
        if width < 1:
            raise ZeroDivisionError
        self.inner = torch.nn.Linear(width, 1)


def figure() -> Figure:
    made = Figure(figsize=(2, 1))
    made.add_subplot().plot([1, 3, 2])
    return made


def picture(mode: str) -> Image.Image:
    colours = Image.fromarray((np.arange(60) * 4).astype(np.uint8).reshape(4, 5, 3))
    return colours.convert("L").convert("I;16") if mode == "I;16" else colours.convert(mode)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [0.5, math.nan, -0.0],
            "s": ["a", None, "zwölf"],
            "c": pd.Categorical(["u", "v", None], ["w", "v", "u"], ordered=True),
            "t": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
            "z": pd.to_datetime(["2020-01-01"] * 3).tz_localize("Europe/Oslo"),
            "d": pd.to_timedelta(["1D", "2h", None]),
            "i": pd.array([1, None, 3], dtype="Int64"),
            "b": [True, False, True],
        }
    )


def attributed(value: Any) -> Any:
    value.attrs["unit"] = "mm"
    return value


# What is kept, by format. Each is made when the tests are collected and never changed.
KEPT: dict[str, dict[str, Any]] = {
    "npy": {
        "floats": np.array([[0.0, -0.0, math.nan], [math.inf, 1e-320, 0.1]]),
        "float16": np.array([1.5], np.float16),
        "0-d": np.array(3.5),
        "empty": np.zeros((0, 3), np.int8),
        "big endian": np.arange(3, dtype=">i4"),
        "bool": np.array([True, False]),
        "complex": np.array([1 + 2j]),
        "text": np.array(["a", "zwölf"]),
        "bytes": np.array([b"a", b""]),
        "dates": np.array(["2020-01-01", "NaT"], "datetime64[D]"),
        "records": np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", ">f8")]),
        "by columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "a view": np.arange(20).reshape(4, 5)[::2, ::-1],
        "float64 scalar": np.float64(0.1),
        "bool scalar": np.True_,
        "date scalar": np.datetime64("2020-01-01"),
        "text scalar": np.str_("zwölf"),
    },
    "tensor": {
        "floats": FLOATS,
        "bfloat16": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "float8": torch.tensor([1.5, -2.0]).to(torch.float8_e4m3fn),
        "bool": torch.tensor([True, False]),
        "0-d": torch.tensor(7),
        "empty": torch.zeros(0, 3),
        "not contiguous": FLOATS.t(),
        "a slice": FLOATS[:, 1],
        "expanded": torch.ones(1).expand(4),
        "conjugate": torch.tensor([1 + 2j]).conj(),
        "with a gradient": torch.ones(2, requires_grad=True),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "frozen parameter": torch.nn.Parameter(torch.ones(2), requires_grad=False),
    },
    "state-dict": {
        "dict": {"b": FLOATS, "a": torch.tensor(1)},
        "ordered": OrderedDict(z=FLOATS, a=FLOATS.to(torch.bfloat16)),
        "shared": {"one": FLOATS, "two": FLOATS, "part": FLOATS[0]},
        "of a module": Net().state_dict(),
        "odd names": {"": FLOATS, "ü/<b>": FLOATS.t()},
    },
    "module": {"config": Net(3), "tied": Tied()},
    "tensor-dataset": {
        "two": TensorDataset(FLOATS, torch.tensor([0, 1])),
        "twice the same": TensorDataset(FLOATS, FLOATS),
        "eleven": TensorDataset(*(torch.tensor([n]) for n in range(11))),
    },
    "parquet": {
        "all types": frame(),
        "no rows": frame().drop(columns="c").iloc[:0],
        "nothing": pd.DataFrame(),
        "index": frame().set_index("s"),
        "two indexes": frame().set_index(["s", "n"]),
        "nameless indexes": pd.DataFrame(
            {"a": [1, 2]}, pd.MultiIndex.from_tuples([("x", 1), ("y", 2)])
        ),
        "steps": frame().set_axis(range(5, 11, 2)),
        "days": frame().set_axis(pd.date_range("2020", periods=3)),
        "hours": frame().set_axis(pd.timedelta_range("1h", periods=3, freq="h")),
        "periods": frame().set_axis(pd.period_range("2020", periods=3, freq="M")),
        "dates": pd.DataFrame({"a": [datetime.date(2020, 1, 2)]}),
        "arrays": pd.DataFrame({"a": [np.array([1, 2]), np.array([], int)]}),
        "dicts": pd.DataFrame({"a": [{"x": 1, "y": "b"}, {"x": 2, "y": "c"}]}),
        "decimals": pd.DataFrame({"a": [decimal.Decimal("1.10"), decimal.Decimal("2.25")]}),
        "series": pd.Series([1.5, math.nan], name="x"),
        "nameless series": pd.Series(["a", "b"]),
        "series by day": pd.Series([1, 2], pd.date_range("2020", periods=2, name="day")),
    },
    "polars-parquet": {
        "all types": pl.DataFrame(
            {
                "n": [1, None],
                "x": [0.5, math.nan],
                "s": ["a", "zwölf"],
                "t": [datetime.datetime(2020, 1, 1), None],
                "l": [[1, 2], []],
                "r": [{"a": 1}, {"a": 2}],
                "z": [None, None],
                "c": pl.Series(["u", "v"], dtype=pl.Categorical),
                "e": pl.Series(["u", "v"], dtype=pl.Enum(["v", "u"])),
            }
        ),
        "nothing": pl.DataFrame(),
        "series": pl.Series("s", [1, None], dtype=pl.Int8),
    },
    "png": {mode: picture(mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")},
    "text": {"empty": "", "lines": "a\r\nb\n\rc\x00", "unicode": "zwölf 👩‍🔬 \u2028"},
    "bytes": {"empty": b"", "all": bytes(range(256)), "mutable": bytearray(b"\x00\xff")},
    "path": {"relative": Path("a/b"), "odd": Path("/ü\r\n b"), "here": Path()},
    "json": {
        "None": None,
        "True": True,
        "0": 0,
        "large": -(10**300),
        "float": 0.1 + 0.2,
        "-0.0": -0.0,
        "1.0": 1.0,
        "nan": math.nan,
        "inf": [math.inf, -math.inf],
        "empty": {"l": [], "d": {}, "": ""},
        "unicode": ["zwölf 👩‍🔬", "\u2028\x00</script>"],
        "in its order": {"b": 1, "a": {"z": [None, {"y": False}]}},
    },
    "pickle": {
        "tuple": (1, [2]),
        "set": {1, 2},
        "keys": {1: "a", (2, 3): "b"},
        "object array": np.array([None, "a"], dtype=object),
        "fraction": fractions.Fraction(1, 3),
        "surrogates": "a\udcff",
        "path that is no text": Path("a\udcff"),
        "instance": Point(1, 2),
    },
}

# What a format does not keep exactly, and refuses.
REFUSED: dict[str, list[Any]] = {
    "npy": [
        np.array([None], dtype=object),
        np.array([("a",)], dtype=[("o", object)]),
        np.ma.array([1, 2], mask=[0, 1]),
        np.rec.array([(1, 2)]),
    ],
    "tensor": [torch.eye(2).to_sparse(), torch.ones(2, device="meta")],
    "state-dict": [
        {},
        {"a": 1},
        {"a": FLOATS, "b": 1},
        {1: FLOATS},
        {"a": torch.nn.Parameter(FLOATS)},
        {"a": torch.ones(2, requires_grad=True)},
    ],
    "module": [torch.nn.ReLU()],
    "tensor-dataset": [type("Own", (TensorDataset,), {})(FLOATS)],
    "parquet": [
        pd.DataFrame({"a": [1, "a"]}),
        pd.DataFrame({"a": [[1, 2], [3]]}),
        pd.DataFrame({"a": [(1, 2)]}),
        pd.DataFrame({"a": pd.Series([1, 2], dtype=object)}),
        pd.DataFrame({"a": pd.Series([None, math.nan], dtype=object)}),
        pd.DataFrame({"a": pd.Series([True, math.nan], dtype=object)}),
        pd.DataFrame({"a": pd.Series([b"a", bytearray(b"a")], dtype=object)}),
        pd.DataFrame({"a": [{"x": 1, "y": None}, {"x": 2, "y": 3}]}),
        pd.DataFrame({"a": [{"x": (1,)}]}),
        pd.DataFrame({"a": [np.array(["a"])]}),
        pd.DataFrame([[1, 2]]),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.Series([1], name=3),
        pd.Series([1], name=("a", 1)),
        attributed(pd.DataFrame({"a": [1]})),
        type("Own", (pd.DataFrame,), {})({"a": [1]}),
    ],
    "polars-parquet": [pl.DataFrame({"a": [object()]}), pl.LazyFrame({"a": [1]})],
    "png": [picture("CMYK"), picture("HSV")],
    "text": ["a\udcff", type("Own", (str,), {})("a")],
    "bytes": [type("Own", (bytes,), {})(b"a")],
    "path": [Path("a\udcff")],
    "json": [
        (1, 2),
        {1: 2},
        {"a": {2}},
        [b""],
        -math.nan,
        10**4000,
        ["\udcff"],
        OrderedDict(a=1),
        type("Own", (int,), {})(1),
    ],
    "pickle": [(x for x in ()), lambda: None],
}


def same(one: Any, other: Any) -> bool:
    """Return whether `other` is `one` to the last bit, type and sign of a zero."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (float, np.generic, np.ndarray)):
        a, b = np.asarray(one), np.asarray(other)
        # As text, for signed zeros, nan and NaT.
        return (a.dtype, a.shape) == (b.dtype, b.shape) and repr(a.tolist()) == repr(b.tolist())
    if isinstance(one, torch.Tensor):
        alike = (one.dtype, one.requires_grad) == (other.dtype, other.requires_grad)
        wide = [each.detach().to(torch.complex128) for each in (one, other)]
        return alike and torch.equal(*wide)
    if isinstance(one, torch.nn.Module):
        return same(one.state_dict(), other.state_dict())
    if isinstance(one, TensorDataset):
        return same(list(one.tensors), list(other.tensors))
    if isinstance(one, (pd.DataFrame, pd.Series)):
        check = pd.testing.assert_frame_equal
        (check if isinstance(one, pd.DataFrame) else pd.testing.assert_series_equal)(one, other)
        return True
    if isinstance(one, (pl.DataFrame, pl.Series)):
        frames = [each.to_frame() if isinstance(each, pl.Series) else each for each in (one, other)]
        return frames[0].schema == frames[1].schema and frames[0].equals(frames[1])
    if isinstance(one, Image.Image):
        pixels = [each.convert("RGBA") if each.mode == "P" else each for each in (one, other)]
        return (one.mode, one.size) == (other.mode, other.size) and (
            pixels[0].tobytes() == pixels[1].tobytes()
        )
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
