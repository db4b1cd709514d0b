"""Values to files and back: which format, that nothing changes, and what is refused."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import hashlib
import json
import os
import pickle
import subprocess
import sys
import threading
from collections import Counter, OrderedDict, deque
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from serializers.values import FLOATS, KEPT, REFUSED, Needy, Net, Own, Tied, figure, same

from artnb import serializers
from artnb.capture import fingerprint
from artnb.errors import MissingExtraError, SerializationError, StoreFullError, UntrustedError
from artnb.osfaults import translated
from artnb.serializers import CannotSave, by_name, dump, is_safe, load
from artnb.serializers.registry import candidates
from artnb.testing.serializer import SerializerSuite

CASES = [
    pytest.param(value, format, id=f"{format}-{name}")
    for format, values in KEPT.items()
    for name, value in values.items()
]
UNSAFE = ("pickle", "cloudpickle")


class TestBuiltIn(SerializerSuite):
    """Every format of our own that keeps what it takes does what the contract says."""

    @pytest.fixture(params=KEPT)
    def format(self, request):
        return request.param

    @pytest.fixture
    def serializer(self, format):
        return by_name(format)

    @pytest.fixture
    def values(self, format):
        return list(KEPT[format].values())

    @pytest.fixture
    def refused(self, format):
        return REFUSED[format]

    @pytest.fixture
    def same(self):
        return same


@pytest.fixture
def saved(tmp_path):
    """Save a value and return its `Saved`."""
    return lambda value: dump(value, tmp_path, "value")


def back(saved, **kwargs):
    return load(saved.path, saved.format, saved.meta, **kwargs)


@pytest.mark.parametrize(("value", "format"), CASES)
def test_a_value_is_kept_in_its_format_and_comes_back(saved, value, format):
    kept = saved(value)
    assert (kept.format, kept.path.name) == (format, f"value{by_name(format).suffix}")
    assert same(value, back(kept, trust=True))


@pytest.mark.parametrize("format", [name for name in serializers.names() if name not in UNSAFE])
def test_a_format_of_data_alone_is_safe(format):
    assert is_safe(format)


@pytest.mark.parametrize("format", [*UNSAFE, "not known"])
def test_a_format_that_can_run_code_is_not_safe(format):
    assert not is_safe(format)


@pytest.mark.parametrize("value", [Own(1), lambda: 1], ids=UNSAFE)
def test_what_can_run_code_is_refused_without_trust(saved, value):
    kept = saved(value)
    said = rf"{kept.meta['type']} is kept as {kept.format}.*runs code.*trust=True"
    with pytest.raises(UntrustedError, match=said):
        back(kept)


@pytest.mark.parametrize("format", serializers.names())
def test_a_hostile_pickle_runs_nothing_whatever_it_is_said_to_be(tmp_path, format):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "broken in"),)

    path = tmp_path / "value.pkl"
    path.write_bytes(pickle.dumps(Hostile()))
    if format == "bytes":
        assert load(path, format, {}) == path.read_bytes()
    else:
        with pytest.raises((SerializationError, OSError)):
            load(path, format, {})
    assert not (tmp_path / "broken in").exists()


def test_what_a_notebook_defines_is_kept_with_its_code(saved, tmp_path):
    name = "offset"
    kept = saved(lambda x: (x, name))
    assert kept.format == "cloudpickle"
    program = f"import pickle; print(pickle.load(open({str(kept.path)!r}, 'rb'))(1))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "(1, 'offset')\n"


def test_a_class_of_the_notebook_goes_by_value(tmp_path):
    program = """
import pathlib, sys
from artnb.serializers import dump
class Own: pass
print(dump(Own(), pathlib.Path(sys.argv[1]), "own").format)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True
    )
    assert done.stdout == "cloudpickle\n", done.stderr
    assert type(back_of_pickle(tmp_path / "own.pkl")).__name__ == "Own"


def test_a_dataclass_that_names_itself_goes_without_the_notebook_around(tmp_path):
    program = """
import pathlib, sys, threading
from dataclasses import dataclass
from artnb.serializers import dump
lock = threading.Lock()
@dataclass
class Node:
    inside: LATER
class Leaf: pass
print(dump(Node(Node(None)), pathlib.Path(sys.argv[1]), "own").format)
"""
    later = "Node | Leaf | None" if sys.version_info >= (3, 14) else "'Node | Leaf | None'"
    done = subprocess.run(
        [sys.executable, "-c", program.replace("LATER", later), str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "cloudpickle\n", done.stderr
    found = back_of_pickle(tmp_path / "own.pkl")
    assert repr(found) == "Node(inside=Node(inside=None))"
    again = dataclasses.replace(found, inside=type(found)(found))
    assert again.inside.inside == found


def back_of_pickle(path):
    return load(path, "cloudpickle", {}, trust=True)


def unsavable(kind, tmp_path):
    path = tmp_path / "opened.txt"
    path.write_text("text")
    made = {
        "generator": lambda: (x for x in range(3)),
        "file for reading": lambda: open(path),
        "file for bytes": lambda: open(path, "rb"),
        "file for writing": lambda: open(path, "a"),
        "lock": threading.Lock,
        "lock inside": lambda: {"a": [threading.Lock()]},
    }
    return made[kind]()


@pytest.mark.parametrize(
    "kind",
    ["generator", "file for reading", "file for bytes", "file for writing", "lock", "lock inside"],
)
def test_what_cannot_be_saved_leaves_a_stub_that_says_what_it_was(saved, tmp_path, kind):
    value = unsavable(kind, tmp_path)
    kept = saved(value)
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    assert (kept.format, kept.meta["type"]) == ("stub", name)
    assert kept.meta["reason"]
    assert json.loads(kept.path.read_bytes()) == {"type": name}
    with pytest.raises(SerializationError, match=rf"{name} could not be saved.*Run the code"):
        back(kept, trust=True)
    if hasattr(value, "close"):
        value.close()


def test_a_value_whose_own_reduce_fails_leaves_a_stub(saved):
    class Odd:
        def __reduce__(self):
            raise ZeroDivisionError("odd")

    kept = saved(Odd())
    assert kept.format == "stub"
    assert "ZeroDivisionError: odd" in kept.meta["reason"]


def test_a_figure_comes_back_as_its_picture(saved):
    drawn = figure()
    kept, again = saved(drawn), back(saved(drawn))
    assert kept.format == "figure"
    assert isinstance(again, Image.Image)
    assert min(again.size) > 50
    assert len(set(again.convert("L").tobytes())) > 10, "the picture is not blank"
    assert same(again, back(saved(drawn.axes[0])))


def test_equal_figures_have_equal_bytes(saved):
    assert saved(figure()).path.read_bytes() == saved(figure()).path.read_bytes()


def test_a_figure_that_cannot_be_drawn_is_kept_all_the_same(saved):
    broken = figure()
    broken.axes[0].set_title(r"$\frac$")
    assert saved(broken).format == "pickle"


def test_a_picture_without_pixels_is_kept_all_the_same(saved):
    assert back(saved(Image.new("RGB", (0, 0))), trust=True).size == (0, 0)


def test_what_a_picture_file_says_besides_its_pixels_is_left_out(tmp_path, saved):
    plain = Image.new("RGB", (2, 2), (1, 2, 3))
    plain.save(tmp_path / "in.png", icc_profile=b"of the screen", dpi=(300, 300))
    opened = Image.open(tmp_path / "in.png")
    assert opened.info["icc_profile"] == b"of the screen"
    assert saved(opened).path.read_bytes() == saved(plain).path.read_bytes()
    odd = opened.copy()
    odd.info["reader"] = lambda: 1
    for each in (opened, odd):
        again = back(saved(each))
        assert again.info == opened.info
        assert fingerprint(again) == fingerprint(opened)
    odd.info["page"] = "x" * 100_000
    assert back(saved(odd)).info == {}


@pytest.mark.parametrize("data", [b"abcdef", bytearray(b"abcdef")], ids=["fixed", "mutable"])
@pytest.mark.parametrize("cast", [("B",), ("H",), ("h", [3, 1]), ("B", [2, 3])], ids=str)
def test_a_view_of_bytes_shows_the_same(saved, data, cast):
    view = memoryview(data).cast(*cast)
    again = back(saved(view))
    assert (again.tolist(), again.format, again.shape) == (view.tolist(), view.format, view.shape)
    assert again.readonly is view.readonly
    assert fingerprint(again) == fingerprint(view) is not None


def test_a_view_that_is_no_block_shows_the_same(saved):
    assert back(saved(memoryview(b"abcdef")[::2])).tobytes() == b"ace"
    assert back(saved(memoryview(b""))).tobytes() == b""
    odd = saved(memoryview(np.zeros(2, ">i2")))
    assert (odd.format, back(odd, trust=True)) == ("cloudpickle", bytes(4))


@pytest.mark.parametrize("mapped_from", [0, 1 << 20])
def test_an_array_that_may_not_be_written_stays_so(saved, monkeypatch, mapped_from):
    monkeypatch.setattr("artnb.serializers.arrays._MAPPED_FROM", mapped_from)
    array = np.arange(3)
    assert back(saved(array)).flags.writeable
    array.flags.writeable = False
    assert not back(saved(array)).flags.writeable


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="numpy 1 has none")
@pytest.mark.filterwarnings("error")
def test_texts_of_any_length_come_back_and_warn_of_nothing(saved):
    kind = np.dtypes.StringDType()
    kept = saved(["x", kind, np.array(["a", "longer"], kind)])
    assert back(kept, trust=True)[2].tolist() == ["a", "longer"]
    assert back(saved(kind), trust=True) == kind


def test_a_large_array_is_mapped_and_writing_to_it_leaves_the_file(saved, monkeypatch):
    monkeypatch.setattr("artnb.serializers.arrays._MAPPED_FROM", 0)
    kept = saved(np.arange(10))
    before = kept.path.read_bytes()
    again = back(kept)
    assert type(again) is np.ndarray, "a memmap would be pickled when it is saved again"
    again[0] = 7
    assert kept.path.read_bytes() == before
    assert saved(again).format == "npy"


def test_a_tensor_that_is_written_leaves_the_file(saved):
    kept = saved(torch.zeros(4))
    before = kept.path.read_bytes()
    back(kept).add_(1)
    assert kept.path.read_bytes() == before


def test_tied_tensors_are_kept_once_and_come_back_tied(saved):
    kept = saved({"one": FLOATS, "two": FLOATS})
    again = back(kept)
    assert again["one"].data_ptr() == again["two"].data_ptr()
    alone = saved({"one": FLOATS}).path.stat().st_size
    assert kept.path.stat().st_size == alone
    module = back(saved(Tied()), trust=True)
    assert module.one.weight is module.two.weight


class Renamed(torch.nn.Module):
    """Reads state dicts of its first version, by what these say of themselves."""

    _version = 2

    def __init__(self):
        super().__init__()
        self.register_buffer("now", torch.zeros(2))

    def _load_from_state_dict(self, state, prefix, about, *rest):
        if about.get("version", 1) < 2:
            state[f"{prefix}now"] = state.pop(f"{prefix}before")
        super()._load_from_state_dict(state, prefix, about, *rest)


@pytest.mark.parametrize("version", [1, 2])
def test_a_state_dict_says_which_version_of_its_modules_it_is_of(saved, version):
    state = torch.nn.Sequential(Renamed()).state_dict()
    if version == 1:
        state["0.before"] = state.pop("0.now") + 5
        state._metadata["0"] = {"version": 1}
    kept = saved(state)
    assert kept.format == "state-dict"
    again = back(kept)
    assert same(again, state)
    module = torch.nn.Sequential(Renamed())
    module.load_state_dict(again)
    assert module[0].now.tolist() == [5 if version == 1 else 0] * 2


def test_an_ordered_dict_of_tensors_keeps_what_else_it_has(saved):
    state = collections.OrderedDict(a=FLOATS)
    state.note = [1]
    kept = saved(state)
    assert kept.format != "state-dict"
    assert same(back(kept), state)


def test_a_module_comes_back_as_its_tensors_unless_it_is_trusted(saved):
    net = Net(3)
    kept = saved(net)
    assert kept.meta["parameters"] == 4
    assert kept.meta["class"].endswith(":Net")
    assert same(back(kept), dict(net.state_dict()))
    assert same(back(kept, trust=True), net)


def test_a_module_that_cannot_be_built_comes_back_as_its_tensors(saved):
    net = Needy(2)
    kept = saved(net)
    assert same(back(kept, trust=True), net)
    meta = {key: item for key, item in kept.meta.items() if key != "structure"}
    assert same(load(kept.path, kept.format, meta, trust=True), dict(net.state_dict()))
    unbuildable = {**meta, "config": {"width": 0}}
    assert isinstance(load(kept.path, kept.format, unbuildable, trust=True), dict)
    gone = {**kept.meta, "class": "no.such.module:Net"}
    gone["structure"] = {**kept.meta["structure"], "class": "no.such.module:Net"}
    assert isinstance(load(kept.path, kept.format, gone, trust=True), dict)
    net.extra = object()
    assert isinstance(back(saved(torch.nn.Sequential(net)), trust=True), dict)


def test_a_module_of_torchs_own_classes_comes_back_without_trust(saved):
    part = torch.nn.Linear(2, 2)
    net = torch.nn.Sequential(part, torch.nn.BatchNorm1d(2), torch.nn.ReLU(), part).eval()
    net[0].bias.requires_grad_(False)
    again = back(saved(net))
    assert again[0] is again[3]
    assert not again.training
    assert not again[0].bias.requires_grad
    assert torch.equal(again(torch.ones(3, 2)), net(torch.ones(3, 2)))


@pytest.mark.parametrize("name", ["torch:load", "os:system", "torch.nn.modules:os", "torch.nn:Net"])
def test_a_hostile_structure_builds_nothing(saved, name):
    kept = saved(torch.nn.Linear(2, 1))
    structure = {**kept.meta["structure"], "class": name}
    assert isinstance(load(kept.path, kept.format, {**kept.meta, "structure": structure}), dict)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam"])
def test_an_optimizer_comes_back_with_its_state(saved, name):
    net = torch.nn.Linear(2, 1)
    groups = [{"params": [net.weight], "lr": 0.5}, {"params": [net.bias]}]
    optimizer = getattr(torch.optim, name)(groups, lr=0.1)
    for _ in range(2):
        net(torch.ones(3, 2)).sum().backward()
        optimizer.step()
    kept = saved(optimizer)
    assert kept.format == "optimizer"
    again = back(kept)
    assert type(again) is type(optimizer)
    assert fingerprint(again) == fingerprint(optimizer)
    assert again.defaults == optimizer.defaults
    assert [g["lr"] for g in again.param_groups] == [0.5, 0.1]


def test_an_optimizer_with_hooks_or_of_others_is_no_optimizer_file(saved):
    optimizer = torch.optim.SGD([torch.nn.Parameter(FLOATS.clone())])
    hostile = {**saved(optimizer).meta, "class": "subprocess:Popen"}
    with pytest.raises(SerializationError):
        load(saved(optimizer).path, "optimizer", hostile, trust=True)
    optimizer.register_step_post_hook(print)
    assert saved(optimizer).format != "optimizer"


@pytest.mark.parametrize(
    "value", [1, 0.5, "a", None, [1], {"a": 1}, {"a": [1]}], ids=lambda v: type(v).__name__
)
def test_plain_values_import_no_library(value, monkeypatch):
    def unwanted(name):
        raise AssertionError(f"{name} was asked for")

    monkeypatch.setattr("artnb.serializers.registry.by_name", lambda name: name)
    found = list(candidates(value))
    assert found[-3:] == ["pickle", "cloudpickle", "stub"]
    assert set(found) <= {"json", "text", "linked", "pickle", "cloudpickle", "stub"}


@pytest.mark.parametrize("format", [name for name in KEPT if name not in ("pickle", "text")])
@pytest.mark.parametrize("data", [b"", b"\x80\xff no such thing"], ids=["empty", "noise"])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path, format, data):
    path = tmp_path / f"value{by_name(format).suffix}"
    path.write_bytes(data)
    if format == "bytes" or (format == "path" and not data):
        assert load(path, format, {}) is not None  # any bytes are bytes
        return
    with pytest.raises((SerializationError, OSError), match=r"value\.|cannot identify"):
        load(path, format, {})


def test_a_file_is_not_a_value(tmp_path):
    with pytest.raises(SerializationError, match=r"a\.csv was added as a file.*Download"):
        load(tmp_path / "a.csv", "file", {})


def test_an_unknown_format_names_the_nearest(tmp_path):
    with pytest.raises(SerializationError, match=r"'pikle'; did you mean 'pickle'.*plugin"):
        load(tmp_path / "a", "pikle", {})


def test_a_missing_package_is_named_with_its_install_command(saved, monkeypatch):
    value = pd.DataFrame({"a": [1]})
    kept = saved(value)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'artnb\[frames\]'"):
        back(kept)
    assert saved(value).format != "parquet"


class Failing:
    """A serializer that fails in a way of its own, after it has written something."""

    name, suffix, safe = "failing", ".failing", True

    def __init__(self, error):
        self.error = error

    def write(self, value, path):
        path.write_bytes(b"half")
        raise self.error


def failing(monkeypatch, error):
    real = by_name("json")
    monkeypatch.setattr(serializers, "candidates", lambda _: iter((Failing(error), real)))


@pytest.mark.parametrize("error", [CannotSave("no"), ZeroDivisionError("odd")])
def test_after_a_serializer_that_fails_the_next_is_asked(saved, monkeypatch, tmp_path, error):
    failing(monkeypatch, error)
    assert saved([1]).format == "json"
    assert [path.name for path in tmp_path.iterdir()] == ["value.json"]


def test_an_error_of_the_disk_is_raised_and_leaves_no_file(saved, monkeypatch, tmp_path):
    failing(monkeypatch, OSError(28, "No space left on device"))
    with pytest.raises(StoreFullError, match="No space left"):
        saved([1])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_from_what_safetensors_refuses(saved, monkeypatch):
    import safetensors.torch

    def full(*_):
        raise safetensors.SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(safetensors.torch, "save_file", full)
    with pytest.raises(StoreFullError, match="No space left"):
        saved(FLOATS)


def test_a_full_disk_is_told_where_numpy_loses_the_reason():
    full = Path("/dev/full")
    with pytest.raises(StoreFullError, match="No space left"), translated(f"write {full}"):
        by_name("npy").write(np.zeros(3), full)


DIGESTS = """
import hashlib, pathlib, random, sys, tempfile
import torch
torch.manual_seed(0)
from serializers.values import KEPT, figure
from artnb.serializers import by_name
folder = pathlib.Path(tempfile.mkdtemp(dir="."))
values = {format: list(kept.values()) for format, kept in KEPT.items() if format != "pickle"}
values["figure"] = [figure()]
for format, each in values.items():
    for number, value in enumerate(each):
        by_name(format).write(value, folder / "x")
        print(format, number, hashlib.sha256((folder / "x").read_bytes()).hexdigest())
"""


def test_the_bytes_are_the_same_in_another_process():
    def digests(seed):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path]),
        }
        done = subprocess.run(
            [sys.executable, "-c", DIGESTS], capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    first = digests("1")
    assert len(first) > 70
    assert first == digests("2")


def test_the_bytes_of_what_holds_others_stay_as_they_are():
    """They are the value's identity: another order or number makes a new version of it."""
    shared = [1, True, 1.0, -0.0, 0.0, float("nan"), 2**70, None, "\udc80"]
    equal = [(1, 2), (1, 2), (True, 2), (1.0, 2), ((1, 2), (1, 2))]
    deep = ()
    for n in range(300):
        deep = (n % 3, deep)
    value = {
        ("a", 1): [shared, shared, equal],
        "sets": [{3, "x", (1, 2)}, frozenset({frozenset(), (1, 2)})],
        "others": (datetime.date(2020, 1, 2), Counter("aab"), deque([deep], 3), 10**4000),
        "ordered": OrderedDict(b=shared, a=equal[4]),
    }
    shared.append(value)
    data, _ = by_name("linked").encode(value)
    digest = hashlib.sha256(data).hexdigest()
    assert digest == "b199de583f89cd94d5ff9da444d34f8459563e0fd1a88f0060a95ce0753ae48b"


# An id of each example's own: hypothesis calls the test many times with one tmp_path.
def round_trip(value, folder):
    kept = dump(value, folder, hashlib.sha256(os.urandom(8)).hexdigest()[:12])
    again = back(kept, trust=True)
    kept.path.unlink()
    return kept.format, again


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("values")


DTYPES = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="?"),
    arrays.unsigned_integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    arrays.complex_number_dtypes(endianness="?"),
    arrays.datetime64_dtypes(endianness="?"),
    arrays.byte_string_dtypes(min_len=1),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0)))
def test_any_array_comes_back_to_the_bit(folder, array):
    format, again = round_trip(array, folder)
    assert format == "npy"
    assert (again.dtype, again.shape, again.tobytes()) == (
        array.dtype, array.shape, array.tobytes(),
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_plain_value_comes_back(folder, value):
    format, again = round_trip(value, folder)
    assert same(value, again)
    assert format in (("text",) if type(value) is str else ("json", "linked"))
    if format == "linked":  # the one thing that JSON's names do not tell
        assert "nan" in repr(value)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.lists(st.none() | st.floats(allow_nan=False), min_size=3, max_size=3)
        | st.lists(st.none() | st.text(), min_size=3, max_size=3)
        | st.lists(st.booleans(), min_size=3, max_size=3),
        max_size=4,
    )
)
def test_any_frame_comes_back(folder, columns):
    value = pd.DataFrame(columns)
    _, again = round_trip(value, folder)
    assert same(value, again)
