"""What is held, what is copied, and what has to be written at once."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from artnb.capture import freeze, size_of

MUCH = 1 << 30


class Own(np.ndarray):
    pass


@pytest.mark.parametrize("value", ["text", b"bytes", 1.5, None, 2**70, np.float32(2)])
def test_what_cannot_change_is_held(value):
    frozen = freeze(value, 0, {})
    assert frozen.value is value
    assert (frozen.fixed, frozen.copied) == (True, 0)


@pytest.mark.parametrize("value", [np.ones(9), torch.ones(9), torch.nn.Parameter(torch.ones(9))])
def test_an_array_is_copied_while_there_is_room(value):
    frozen = freeze(value, value.nbytes, {})
    assert frozen.fixed
    assert frozen.copied == value.nbytes
    assert type(frozen.value) is type(value)
    assert frozen.value is not value
    held = freeze(value, value.nbytes - 1, {})
    assert held.value is value
    assert (held.fixed, held.copied) == (False, 0)


@pytest.mark.parametrize("grad", [True, False])
def test_a_tensor_s_copy_needs_gradients_as_it_does(grad):
    frozen = freeze(torch.ones(3, requires_grad=grad), MUCH, {}).value
    assert frozen.requires_grad is grad
    assert frozen.is_leaf


def test_a_frame_copies_itself_unless_somebody_else_lies_in_its_memory():
    frame = pd.DataFrame({"a": np.ones(9), "b": 1.0})
    frozen = freeze(frame, 0, {"frame": frame, "other": np.ones(9)})
    assert (frozen.fixed, frozen.copied) == (True, 0)
    assert np.shares_memory(frozen.value["a"], frame["a"])
    assert not freeze(frame, MUCH, {"view": [frame["a"].values]}).fixed


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [[1], [2]]}, dtype=object),
        pd.Series([{}, {}]),
        pd.DataFrame(np.ones((1, 300))),
    ],
    ids=["lists", "dicts", "many columns"],
)
def test_a_frame_that_may_change_inside_is_not_fixed(frame):
    assert not freeze(frame, MUCH, {}).fixed


def test_old_pandas_is_copied(monkeypatch):
    monkeypatch.setattr(pd, "__version__", "2.3.1")
    frame = pd.DataFrame({"a": np.ones(9)})
    frozen = freeze(frame, MUCH, {})
    assert not np.shares_memory(frozen.value["a"], frame["a"])
    assert frozen.copied >= 72
    assert freeze(frame, 0, {}).value is frame


def test_a_polars_frame_is_cloned():
    frame = pl.DataFrame({"a": [1, 2]})
    frozen = freeze(frame, 0, {})
    frame[0, "a"] = 9
    assert frozen.value["a"].to_list() == [1, 2]


@pytest.mark.parametrize(
    "value",
    [
        *([1, 2], {"a": 1}, {1}, bytearray(3), threading.Lock(), object()),
        *(np.array([object()]), np.ones(3).view(Own), pl.DataFrame({"a": [object()]})),
        *(torch.ones(2, device="meta"), torch.eye(2).to_sparse(), torch.optim.SGD),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_runs_code_when_it_is_written_is_written_at_once(value):
    assert freeze(value, MUCH, {}) is None


@pytest.mark.parametrize(
    ("value", "least"),
    [
        (np.ones(1000), 8000),
        (torch.ones(1000), 4000),
        (torch.nn.Linear(100, 100), 40_000),
        (pd.DataFrame({"a": np.ones(1000)}), 8000),
        (pd.Series(["text"] * 1000, dtype=object), 50_000),
        (pl.DataFrame({"a": np.ones(1000)}), 8000),
        (list(range(10_000)), 280_000),
        ({"a": np.ones(1000)}, 8000),
        ({n: n for n in range(10_000)}, 300_000),
        ("x" * 5000, 5000),
        (torch.utils.data.TensorDataset(torch.ones(1000)), 4000),
        (1, 1),
        (range(10**9), 1),
    ],
)
def test_a_size_is_about_right(value, least):
    assert least <= size_of(value) <= 4 * least + 200


def test_a_size_is_never_an_error():
    class Odd:
        @property
        def nbytes(self):
            raise RuntimeError

    assert size_of(Odd()) == 0


def test_a_copy_of_an_array_that_may_not_be_written_may_not_either():
    array = np.arange(3)
    assert freeze(array, 100, {}).value.flags.writeable
    array.flags.writeable = False
    assert not freeze(array, 100, {}).value.flags.writeable
