"""Fingerprints of tensors, modules and frames."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

from artnb.capture import fingerprint
from artnb.capture.modes import otherwise_set


def frame(**changes):
    columns = {
        "n": [1, 2, 3],
        "s": ["a", None, "c"],
        "d": pd.to_datetime(["2020-01-01", "2020-01-02", None]),
        "c": pd.Categorical(["u", "v", "u"]),
        "i": pd.array([1, None, 3], dtype="Int64"),
    }
    return pd.DataFrame({**columns, **changes})


FRAME_CHANGES = {
    "a number": lambda df: df.assign(n=[1, 2, 4]),
    "a text": lambda df: df.assign(s=["a", None, "d"]),
    "a null": lambda df: df.assign(s=["a", "b", "c"]),
    "a date": lambda df: df.assign(d=pd.to_datetime(["2021-01-01", "2020-01-02", None])),
    "a category": lambda df: df.assign(c=pd.Categorical(["u", "v", "v"])),
    "a nullable number": lambda df: df.assign(i=pd.array([1, 2, 3], dtype="Int64")),
    "a dtype": lambda df: df.astype({"n": "float64"}),
    "a column's name": lambda df: df.rename(columns={"n": "m"}),
    "the columns' order": lambda df: df[["s", "n", "d", "c", "i"]],
    "the index": lambda df: df.set_index("n"),
    "the rows' order": lambda df: df.iloc[::-1],
    "a row less": lambda df: df.iloc[:2],
}


def test_a_copied_frame_is_equal():
    assert fingerprint(frame()) == fingerprint(frame().copy(deep=True)) is not None


def test_blocks_are_not_content():
    together = pd.DataFrame(np.arange(6.0).reshape(3, 2), columns=["a", "b"])
    apart = pd.DataFrame({"a": [0.0, 2.0, 4.0]}).assign(b=[1.0, 3.0, 5.0])
    assert fingerprint(together) == fingerprint(apart)


@pytest.mark.parametrize("change", FRAME_CHANGES.values(), ids=FRAME_CHANGES)
def test_a_changed_frame_differs(change):
    assert None is not fingerprint(change(frame())) != fingerprint(frame())


def test_a_write_in_place_is_seen():
    df = frame()
    before = fingerprint(df)
    df.loc[0, "n"] = 9
    assert fingerprint(df) != before


@pytest.mark.parametrize("value", ["1D", "3h"])
def test_indexes_have_fingerprints(value):
    left = pd.date_range("2020", periods=3, freq=value)
    assert fingerprint(left) == fingerprint(left.copy()) is not None
    multi = pd.MultiIndex.from_product([["a"], [1, 2]])
    assert fingerprint(multi) == fingerprint(multi.copy()) is not None


@pytest.mark.parametrize("build", [pl.DataFrame, pa.table], ids=["polars", "arrow"])
def test_column_stores(build):
    data = {"n": [1, 2, 3], "s": ["a", None, "c" * 40]}
    assert fingerprint(build(data)) == fingerprint(build(data)) is not None
    assert fingerprint(build(data)) != fingerprint(build({**data, "n": [1, 2, 4]}))
    assert fingerprint(build(data)) != fingerprint(build({**data, "s": ["a", "b", "c"]}))


@pytest.mark.parametrize("build", [pl.DataFrame, pa.table], ids=["polars", "arrow"])
def test_a_slice_equals_its_copy(build):
    whole, part = build({"s": ["a", "b", "c"]}), build({"s": ["b", "c"]})
    assert fingerprint(whole[1:]) == fingerprint(part)


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.complex64]
)
def test_tensors_of_every_dtype(dtype):
    tensor = torch.ones(4, 3).to(dtype)
    assert fingerprint(tensor) == fingerprint(tensor.clone()) is not None
    other = tensor.clone()
    other[2, 1] = 0
    assert fingerprint(other) != fingerprint(tensor)


def test_a_transposed_tensor_equals_its_contiguous_copy():
    tensor = torch.arange(6.0).reshape(2, 3).T
    assert fingerprint(tensor) == fingerprint(tensor.contiguous())
    assert fingerprint(tensor) != fingerprint(tensor.T)


def test_empty_and_scalar_tensors():
    assert len({fingerprint(torch.ones(shape)) for shape in [(0,), (0, 2), (), (1,)]}) == 4


def test_a_change_behind_torchs_back_is_seen():
    array = np.zeros(3, "float32")
    tensor = torch.from_numpy(array)
    before = fingerprint(tensor)
    array[1] = 1
    assert fingerprint(tensor) != before


def test_a_module_is_its_state():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    before = fingerprint(module)
    with torch.no_grad():
        module[0].bias += 1
    assert fingerprint(module) != before


def test_how_a_module_is_set_is_content_and_none_of_its_tensors():
    module = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Dropout(0.25))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(0.5)
    new, state = fingerprint(module), fingerprint(module.state_dict())
    assert new == "b9bc0aed5c9586d2007fd54f9c870b8f", "as before modes counted: catalogues have it"
    asked = fingerprint(module.eval())
    partly = fingerprint(module.train() and module[1].eval() and module)
    frozen = fingerprint(module.train().requires_grad_(False))
    assert len({new, asked, partly, frozen}) == 4
    assert fingerprint(module.state_dict()) == state
    assert fingerprint(module.requires_grad_(True)) == new
    module.eval().requires_grad_(False)
    assert {new, asked, frozen} == {*otherwise_set(module)}


def test_a_modules_plain_attributes_are_content():
    half, tenth = torch.nn.Dropout(0.5), torch.nn.Dropout(0.1)
    assert fingerprint(half) != fingerprint(tenth)
    assert fingerprint([half]) != fingerprint([tenth])


def test_training_changes_model_and_optimizer():
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    before = fingerprint(model), fingerprint(optimizer)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    after = fingerprint(model), fingerprint(optimizer)
    assert None not in before
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_datasets_and_dicts_of_tensors():
    data = torch.utils.data.TensorDataset(torch.ones(3), torch.zeros(3))
    same = torch.utils.data.TensorDataset(torch.ones(3), torch.zeros(3))
    assert fingerprint(data) == fingerprint(same) is not None
    assert fingerprint({"w": torch.ones(2)}) != fingerprint({"w": torch.zeros(2)})


def test_figures_have_none():
    from matplotlib.figure import Figure

    assert fingerprint(Figure()) is None


def test_frames_of_polars_and_arrow_load_no_pandas():
    code = (
        "import sys, polars as pl, pyarrow as pa\n"
        "from artnb.capture import fingerprint\n"
        "table = pl.DataFrame({'a': [1]}).to_arrow()\n"
        "values = [pl.DataFrame({'a': [1]}), table, table['a'], table.to_batches()[0]]\n"
        "assert len(set(map(fingerprint, values))) == 4\n"
        "assert 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
