"""How values differ, by kind of value."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from PIL import Image
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from artnb.diff import compare_values

FRAME = pd.DataFrame({"city": ["Oslo", "Lima", "Rome"], "eur": [1.0, 2.0, 3.0]})
IMAGE = Image.new("RGB", (4, 3))


def notes(found):
    return {change.what: (change.before, change.after, change.note) for change in found.changes}


SAME = {
    "a number": (1, 1),
    "nan": (float("nan"), float("nan")),
    "text": ("a\nb", "a\nb"),
    "bytes": (b"ab", bytearray(b"ab")),
    "a list": ([1, {"k": None}], [1, {"k": None}]),
    "an array": (np.arange(3), np.arange(3)),
    "an array with nan": (np.array([np.nan, 1]), np.array([np.nan, 1])),
    "an array of text": (np.array(["a"]), np.array(["a"])),
    "a tensor": (torch.ones(2), torch.ones(2)),
    "a bfloat16 tensor": (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)),
    "a frame": (FRAME, FRAME.copy()),
    "a polars frame": (pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [1]})),
    "a picture": (IMAGE, IMAGE.copy()),
}


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_equal_values_have_no_difference(old, new):
    assert not compare_values(old, new)


SUMMARIES = {
    "a number": (1, 2, "1 → 2"),
    "a number and its text": (1, "1", "int became str"),
    "true and one": (1, True, "1 → True"),
    "an int and a float": (1, 1.0, "1 → 1.0"),
    "text": ("a\nb\nc", "a\nx\nc\nd", "2 lines added, 1 removed"),
    "line ends": ("a\nb", "a\r\nb", "other line ends"),
    "bytes": (b"abc", b"axcd", "3 → 4 bytes, the first difference at byte 1"),
    "longer bytes": (b"abc", b"abcd", "3 → 4 bytes, the first difference at byte 3"),
    "a list": ([1, 2], [1, 3], "1 line added, 1 removed"),
    "a list and a dict": ([1], {"a": 1}, "3 lines added, 3 removed"),
    "shapes": (np.zeros(3), np.zeros((3, 1)), "float64 3 became float64 3x1"),
    "types": (np.zeros(3), np.zeros(3, "f4"), "float64 3 became float32 3"),
    "values": (
        np.array([3.0, 4.0]),
        np.array([3.0, 4.5]),
        "1 of 2 differ, norm of the change 0.5 (10 %)",
    ),
    "integers": (np.array([0, 0]), np.array([3, 4]), "2 of 2 differ, norm of the change 5"),
    "unsigned": (np.array([0], "u1"), np.array([255], "u1"), "norm of the change 255"),
    "booleans": (np.array([True]), np.array([False]), "1 of 1 differ, norm of the change 1"),
    "complex": (np.array([1j]), np.array([-1j]), "norm of the change 2 (200 %)"),
    "array text": (np.array(["a"]), np.array(["b"]), "1 of 1 differ"),
    "a tensor": (torch.tensor([3.0, 4.0]), torch.tensor([3.0, 4.5]), "norm of the change 0.5"),
    "a picture": (IMAGE, Image.new("RGB", (4, 3), "red"), "12 of 12 pixels differ, by 85"),
    "a picture's size": (IMAGE, Image.new("RGB", (5, 3)), "RGB 4x3 became RGB 5x3"),
    "sets": ({1}, {2}, "{1} → {2}"),
}


@pytest.mark.parametrize(("old", "new", "says"), SUMMARIES.values(), ids=SUMMARIES)
def test_a_difference_in_a_few_words(old, new, says):
    assert says in compare_values(old, new).summary


def test_text_shows_the_lines_that_differ():
    assert compare_values("a\nb\nc", "a\nx\nc").lines == ("@@ -1,3 +1,3 @@", " a", "-b", "+x", " c")


def test_very_long_text_is_cut():
    old, new = "\n".join(map(str, range(5000))), "\n".join(map(str, range(1, 9000, 2)))
    found = compare_values(old, new)
    assert found.lines[-1].endswith("lines more")
    assert len(found.lines) == 201
    assert "too many" in compare_values("x\n" * 30_000, "y\n" * 30_000).summary


def test_state_dicts_are_compared_tensor_by_tensor():
    old = {"a": torch.zeros(2), "b": torch.ones(2), "c": torch.ones(1), "e": torch.ones(2)}
    new = {"a": torch.zeros(2), "b": torch.ones(2) * 2, "d": torch.ones(1), "e": torch.ones(3)}
    found = compare_values(old, new)
    assert found.summary == "4 of 5 tensors differ"
    assert notes(found) == {
        "b": ("float32 2", "float32 2", "2 of 2 differ, norm of the change 1.414 (100 %)"),
        "c": ("float32 1", "", "removed"),
        "d": ("", "float32 1", "added"),
        "e": ("float32 2", "float32 3", "another shape"),
    }


def test_modules_and_datasets_are_compared_by_their_tensors():
    torch.manual_seed(0)
    one, other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    other.load_state_dict(one.state_dict())
    assert not compare_values(one, other)
    with torch.no_grad():
        other.bias += 1
    assert set(notes(compare_values(one, other))) == {"bias"}
    assert set(notes(compare_values(one, other.state_dict()))) == {"bias"}
    data = torch.utils.data.TensorDataset
    assert compare_values(data(torch.ones(2)), data(torch.zeros(2))).summary == (
        "1 of 1 tensors differ"
    )


def test_optimizers_are_compared_by_their_settings_and_what_they_remember():
    model = torch.nn.Linear(2, 1)
    old, new = (torch.optim.Adam(model.parameters(), lr=lr) for lr in (0.1, 0.2))
    assert not compare_values(old, torch.optim.Adam(model.parameters(), lr=0.1))
    assert notes(compare_values(old, new)) == {"param_groups.0.lr": ("0.1", "0.2", "")}
    for optimizer in (old, new):
        optimizer.zero_grad()
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    new.state_dict()["state"][0]["exp_avg"].add_(1)
    found = notes(compare_values(old, new))
    assert set(found) == {"param_groups.0.lr", "state.0.exp_avg"}
    assert "2 of 2 differ" in found["state.0.exp_avg"][2]


def test_schedulers_and_estimators_are_compared_by_their_attributes():
    optimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=0.1)
    made = (torch.optim.lr_scheduler.StepLR(optimizer, step_size=n) for n in (1, 2))
    assert notes(compare_values(*made)) == {"step_size": ("1", "2", "")}
    fitted = (
        make_pipeline(StandardScaler(), Ridge(alpha)).fit(np.eye(3), [1, 2, 3]) for alpha in (1, 2)
    )
    found = notes(compare_values(*fitted))
    assert found["steps.1.1.alpha"] == ("1", "2", "")
    assert "3 of 3 differ" in found["steps.1.1.coef_"][2]


def test_what_holds_arrays_and_frames_is_compared_by_its_parts():
    def held(number, text="x" * 500):
        frame = pd.DataFrame({"a": [1, number]})
        return {"w": np.arange(3) * number, "f": frame, "text": text, "n": [1, {"k": number}]}

    assert not compare_values(held(1), held(1))
    found = compare_values(held(1), held(2))
    assert set(notes(found)) == {"w", "f", "n.1.k"}
    assert notes(found)["f"][2] == "1 of 2 rows differ; 1 of 1 columns differ"
    assert set(notes(compare_values(held(1), held(1, "x" * 500 + "y")))) == {"text"}
    more = {**held(1), "more": np.ones(2)}
    assert notes(compare_values(held(1), more)) == {"more": ("", "ndarray 2", "added")}
    around = [np.ones(1)]
    around.append(around)
    assert not compare_values(around, around)


class Sealed:
    """Holds a pointer, and gives a pickle the content that it points to: as boosters do."""

    def __init__(self, depth, model):
        self.depth = depth
        self.handle = ctypes.c_void_p(id(self))
        self._model = model

    def __getstate__(self):
        return {"depth": self.depth, "handle": self._model}


def test_what_gives_a_pickle_its_content_is_compared_by_that():
    assert not compare_values(Sealed(2, b"trees"), Sealed(2, b"trees"))
    found = compare_values(Sealed(2, b"a" * 80), Sealed(3, bytearray(b"b" * 80)))
    assert notes(found) == {
        "depth": ("2", "3", ""),
        "handle": ("80 bytes", "80 bytes", "other content"),
    }
    lines = compare_values(Sealed(2, "tree\na=1\n"), Sealed(2, "tree\na=2\n"))
    assert notes(lines)["handle"][2] == "1 line added, 1 removed"


def test_a_class_of_arrays_is_no_array():
    old, new = {"dtype": np.float64}, {"dtype": np.float32}
    assert notes(compare_values([old], [new])) == {
        "0.dtype": ("<class 'numpy.float64'>", "<class 'numpy.float32'>", "")
    }


def test_sparse_arrays_are_compared_by_what_is_not_zero():
    old = scipy.sparse.csr_array([[0, 3.0], [0, 0]])
    assert not compare_values(old, scipy.sparse.coo_array(old).tocsr())
    found = compare_values(old, scipy.sparse.csr_array([[0, 3.0], [4, 0]]))
    assert found.summary == "1 of 4 differ, 1 → 2 stored, norm of the change 4 (133 %)"
    held = [compare_values({"S": old, "n": n}, {"S": old, "n": 2}) for n in (1, 2)]
    assert [notes(each) for each in held] == [{"n": ("1", "2", "")}, {}]


def test_of_very_many_parts_the_first_are_compared(monkeypatch):
    monkeypatch.setattr("artnb.diff.parts._MOST", 3)
    old = [complex(n) for n in range(6)]
    found = compare_values(old, [*old[:2], 9j, *old[3:]])
    assert set(notes(found)) == {"2", "3 and what follows"}
    assert compare_values(old, [*old[:5], 9j])
    assert not compare_values(old[:3], old[:3])


class Opaque:
    __slots__ = ("inside",)

    def __init__(self, inside):
        self.inside = inside


def test_objects_that_cannot_be_taken_apart_are_told_without_addresses():
    assert compare_values(Opaque(1), Opaque(2)).summary == "other content"
    assert compare_values([Opaque(1)], [Opaque(2)]).summary == "other content"
    assert notes(compare_values([Opaque(1), 1], [Opaque(2), 2])) == {"1": ("1", "2", "")}


class Places(pd.DataFrame):
    """A kind of frame, as GeoDataFrame is."""

    @property
    def _constructor(self):
        return Places


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
class TestFrames:
    def frame(self, kind, **columns):
        return kind({"city": ["Oslo", "Lima", "Rome"], "eur": [1.0, 2.0, 3.0], **columns})

    def test_cells(self, kind):
        found = compare_values(self.frame(kind), self.frame(kind, eur=[1.0, 2.0, 6.0]))
        assert found.summary == "1 of 3 rows differ; 1 of 2 columns differ"
        assert notes(found)["column eur"][2] == "1 of 3 rows, mean 2 → 3"

    def test_means_that_differ_are_shown_to_differ(self, kind):
        found = compare_values(self.frame(kind), self.frame(kind, eur=[1.0, 2.0, 3.0003]))
        assert notes(found)["column eur"][2] == "1 of 3 rows, mean 2 → 2.0001"

    def test_columns(self, kind):
        old, new = self.frame(kind, a=[1, 2, 3]), self.frame(kind, b=[1, 2, 3])
        found = compare_values(old, new)
        assert found.summary == "2 of 4 columns differ"
        assert {name: note for name, (_, _, note) in notes(found).items()} == {
            "column a": "removed",
            "column b": "added",
        }

    def test_a_columns_type(self, kind):
        found = compare_values(self.frame(kind, n=[1, 2, 3]), self.frame(kind, n=["a", "b", "c"]))
        assert notes(found)["column n"][2].startswith("another type; 3 of 3 rows")

    def test_appended_rows(self, kind):
        old = self.frame(kind)
        new = pd.concat([old, old]) if kind is pd.DataFrame else pl.concat([old, old])
        assert compare_values(old, new).summary == "rows 3 → 6 (3 appended)"

    def test_rows_that_came_and_went(self, kind):
        old, new = self.frame(kind), kind({"city": ["Lima", "Bern"], "eur": [2.0, 9.0]})
        assert compare_values(old, new).summary == "rows 3 → 2 (1 added, 2 removed)"

    def test_rows_in_another_order(self, kind):
        new = kind({"city": ["Rome", "Oslo", "Lima"], "eur": [3.0, 1.0, 2.0]})
        assert compare_values(self.frame(kind), new).summary == "the same rows in another order"

    def test_missing_values_are_equal(self, kind):
        old, new = self.frame(kind, n=[None, 1, 2]), self.frame(kind, n=[None, 1, 3])
        assert "1 of 3 rows" in notes(compare_values(old, new))["column n"][2]

    def test_lists_inside(self, kind):
        old, new = self.frame(kind, n=[[1], [2], [3]]), self.frame(kind, n=[[1], [2], [4]])
        assert compare_values(old, new).summary.startswith("1 of 3 rows differ")


def test_a_kind_of_frame_is_compared_as_one():
    found = compare_values(Places(FRAME), Places(FRAME.assign(eur=[1.0, 2.0, 4.0])))
    assert found.summary == "1 of 3 rows differ; 1 of 2 columns differ"


def test_series_and_index():
    assert compare_values(FRAME["eur"], FRAME["eur"] + 1).summary.startswith("3 of 3 rows")
    assert "index differs" in compare_values(FRAME, FRAME.set_axis([5, 6, 7])).changes[0].note


def test_numbered_columns_are_compared():
    old, new = pd.DataFrame({0: [1], 1: [2]}), pd.DataFrame({0: [1], 1: [3]})
    assert set(notes(compare_values(old, new))) == {"column 1"}


def test_comparing_text_loads_no_library():
    code = (
        "import sys\nfrom artnb.diff import compare_values\ncompare_values('a', 'b')\n"
        "sys.exit(bool({'numpy', 'pandas', 'torch', 'IPython'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sets_are_told_in_order_wherever_they_stand():
    letters = list("abcdefghij")
    told = notes(compare_values({"s": [{*letters}, ("x",)]}, {"s": [frozenset(letters), ("x",)]}))
    in_order = f"{{{', '.join(map(repr, letters))}}}"
    assert told == {"s.0": (in_order, f"frozenset({in_order})", "")}
    ring = [{3, 1, 2}]
    ring.append(ring)
    assert notes(compare_values(ring, [{4}]))["0"] == ("{1, 2, 3}", "{4}", "")
    assert str(compare_values({"z", "y"}, set()).summary) == "{'y', 'z'} → set()"


def test_how_modules_are_set_is_compared_where_it_was_set():
    def made():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5))

    one, other = made(), made().eval()
    assert not compare_values(one, made())
    found = compare_values(one, other)
    assert found.summary == "set otherwise"
    assert notes(found) == {"training": ("True", "False", "")}
    other[0].train()
    other[1].p = 0.1
    with torch.no_grad():
        other[0].weight.requires_grad_(False).add_(1)
    found = compare_values(one, other)
    assert found.summary == "1 of 2 tensors differ; set otherwise"
    assert notes(found).keys() == {"0.weight", "training", "1.p", "0.weight.requires_grad"}


def test_what_a_module_holds_is_compared():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.lock = torch.nn.Linear(1, 1), threading.Lock()
            self.settings, self.mean = SimpleNamespace(scale=1), np.zeros(2)
            self.per_class, self.rate = {"a": torch.zeros(2), "b": 1}, 1

    old, new = Net(), Net()
    new.load_state_dict(old.state_dict())
    assert not compare_values(old, new)
    new.settings.scale, new.rate = 2, 3
    new.mean[0] = 1
    new.per_class["a"][0] = 1
    found = compare_values(old, new)
    assert found.summary == "set otherwise"
    assert [change.what for change in found.changes] == [
        "rate", "settings.scale", "mean", "per_class.a",
    ]  # fmt: skip
