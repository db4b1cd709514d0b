"""Values of plain types without a pickle: any of them, together, and by a stranger's hand."""

from __future__ import annotations

import collections
import datetime
import decimal
import functools
import json
import os
import pickle
import re
import subprocess
import sys
import uuid
import zoneinfo
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from serializers.values import Access, Colour, Level, Node, Pair, Point, Row, Slotted, same

from artnb.errors import SerializationError, UntrustedError
from artnb.serializers import CannotSave, dump, encode, is_safe, load
from artnb.serializers.linked import Linked


@pytest.fixture
def again(tmp_path):
    """Write a value without a pickle, and return what is read without trust."""

    def write_and_read(value):
        meta = Linked().write(value, tmp_path / "value")
        return Linked().read(tmp_path / "value", meta, trust=False)

    return write_and_read


def read(body, folder, *, trust=False):
    path = folder / "value.linked.json"
    path.write_text(json.dumps({"artnb": 1, "refs": [], **body}))
    return load(path, "linked", {}, trust=trust)


ZONES = st.none() | st.sampled_from(
    [zoneinfo.ZoneInfo("Europe/Oslo"), datetime.UTC, datetime.timezone(datetime.timedelta(0), "z")]
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=5)
HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    TEXTS,
    st.binary(max_size=5),
    st.complex_numbers(),
    st.decimals(allow_nan=False) | st.just(decimal.Decimal("NaN12")),
    st.fractions(),
    st.dates(),
    st.datetimes(timezones=ZONES),
    st.times(timezones=ZONES.filter(lambda zone: not isinstance(zone, zoneinfo.ZoneInfo))),
    st.timedeltas(),
    st.uuids(),
    st.builds(range, st.integers(), st.integers(), st.integers().filter(bool)),
    st.builds(Path, st.text("ab/.ü", max_size=5)),
    st.sampled_from([*Colour, *Level, *Access, Access.READ | Access.WRITE, int, ..., np.float32]),
    arrays.from_dtype(np.dtype("f4")) | arrays.from_dtype(np.dtype("M8[us]")),
    st.builds(np.dtype, arrays.nested_dtypes(max_leaves=3)).filter(lambda each: not each.hasobject),
)
KEYS = st.recursive(
    HASHABLE,
    lambda inner: (
        st.tuples(inner, inner)
        | st.frozensets(inner, max_size=3)
        | st.builds(Pair, inner, inner)
        | st.builds(Point, inner, inner)
        | st.builds(Slotted, inner, inner)
    ),
    max_leaves=6,
)
ANY = st.recursive(
    KEYS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3),
        st.sets(KEYS, max_size=3),
        st.builds(collections.OrderedDict, st.dictionaries(KEYS, inner, max_size=3)),
        st.builds(collections.Counter, st.lists(KEYS, max_size=3)),
        st.builds(collections.deque, st.lists(inner, max_size=3), st.none() | st.integers(0, 4)),
        st.dictionaries(KEYS, inner, max_size=3).map(lambda d: collections.defaultdict(list, d)),
        st.builds(slice, inner, inner, inner),
        st.builds(Row, TEXTS, inner),
        st.builds(Node, TEXTS, st.lists(inner, max_size=2), inner),
        st.binary(max_size=3).map(bytearray),
    ),
    max_leaves=8,
)


def alike(one, other):
    """Return whether two values are the same, to the type and the sign of each number."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (set, frozenset)):
        left = list(other)
        for each in one:  # by all pairs: what looks alike need not be equal, such as nan
            found = next((n for n, item in enumerate(left) if alike(each, item)), None)
            if found is None:
                return False
            del left[found]
        return not left
    if isinstance(one, dict):
        keys = zip(one, other, strict=True) if len(one) == len(other) else [(1, 2)]
        return all(alike(a, b) and alike(one[a], other[b]) for a, b in keys)
    if isinstance(one, (tuple, list, collections.deque)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, (Point, Slotted, Node, slice)):
        names = {Point: "x y", Slotted: "x y", Node: "name children parent"}
        fields = names.get(type(one), "start stop step").split()
        return all(alike(getattr(one, name), getattr(other, name)) for name in fields)
    if isinstance(one, decimal.Decimal):
        return str(one) == str(other)
    if isinstance(one, (datetime.datetime, datetime.time)):
        return repr(one) == repr(other)
    return same(one, other)


@settings(max_examples=300, deadline=None)
@given(ANY)
def test_any_plain_value_comes_back_without_trust(tmp_path_factory, value):
    folder = tmp_path_factory.getbasetemp()
    try:
        data, meta = Linked().encode(value)
    except CannotSave:  # a pickle takes it
        if not re.search("nan|NaN|NaT", repr(value)):
            raise
        return
    (folder / "any").write_bytes(data)
    back = Linked().read(folder / "any", meta, trust=False)
    assert alike(value, back), f"{value!r} came back as {back!r}"
    assert Linked().encode(back)[0] == data


@settings(max_examples=100, deadline=None)
@given(KEYS.filter(lambda key: "Colour" not in repr(key)))  # which pickle would not find again
def test_whether_two_equal_values_are_one_object_is_not_in_the_bytes(value):
    another = pickle.loads(pickle.dumps(value))
    assert Linked().encode([value, value])[0] == Linked().encode([value, another])[0]
    first, second = bytearray(1), bytearray(1)
    assert Linked().encode([first, second])[0] != Linked().encode([first, first])[0]


NAN, ANOTHER = float("nan"), float("nan")


@pytest.mark.parametrize(
    "value",
    [
        {NAN, ANOTHER},
        {NAN: 1, ANOTHER: 2},
        frozenset([complex("nan"), complex("nan")]),
        frozenset([(None, NAN), (None, ANOTHER)]),
        [{"in": {(1, NAN), (1, ANOTHER)}}],
        {(1, NAN): "a", (1, ANOTHER): "b"},
        collections.OrderedDict([((NAN,), 1), ((ANOTHER,), 2)]),
        collections.Counter([(NAN,), (ANOTHER,)]),
        collections.defaultdict(int, {(NAN,): 1, (ANOTHER,): 2}),
        {pd.NaT, (pd.NaT,), decimal.Decimal("NaN"), decimal.Decimal("NaN")},
    ],
    ids=lambda value: type(value).__name__,  # a set's repr is in an order by chance
)
def test_keys_that_are_alike_and_not_equal_go_into_a_pickle(value, tmp_path):
    """Of two that hold NaN one would come back."""
    with pytest.raises(CannotSave, match="alike and not equal"):
        Linked().encode(value)
    saved = dump(value, tmp_path, "value")
    assert not is_safe(saved.format)
    assert len(load(saved.path, saved.format, saved.meta, trust=True)) == len(value)


def test_a_nan_that_is_there_once_needs_no_pickle(again):
    value = {"rows": {(1, NAN), (2, NAN)}, "by": {NAN: 1, (NAN,): 2}, "list": [ANOTHER, (NAN,)]}
    assert alike(again(value), value)


def test_what_is_one_object_inside_is_one_again(again):
    shared = Node("shared")
    value = {
        "deque": collections.deque([shared]),
        "pair": Pair(shared, collections.Counter()),
        "array": np.array([shared, None], dtype=object),
    }
    back = again(value)
    assert back["deque"][0] is back["pair"].left is back["array"][0]


def test_what_holds_itself_does_so_again(again):
    node = Node("a")
    node.children.append(Node("b", parent=node))
    back = again(node)
    assert back.children[0].parent is back
    queue = collections.deque([1])
    queue.append((queue,))
    back = again(queue)
    assert back[1][0] is back
    array = np.empty(1, dtype=object)
    array[0] = {"self": array}
    back = again(array)
    assert back[0]["self"] is back


def test_a_tuple_is_nested_as_deep_as_one_likes(again):
    value = functools.reduce(lambda inner, _: (inner,), range(20_000), ())
    back = again([value])[0]
    depth = 0
    while back:
        (back,), depth = back, depth + 1
    assert depth == 20_000
    chain = list(range(5_000))
    for number in range(1, 5_000):  # each made of one that the file names before it
        chain[number] = (chain[number - 1],)
    assert again(chain)[2] == ((0,),)


SETS = """
import pathlib, sys, datetime
from artnb.serializers.linked import Linked
days = {datetime.date(2020, 1, day) for day in range(1, 20)}
value = [
    {(letter, (letter,)) for letter in "abcdefgh"}, days, {frozenset({"a", day}) for day in days},
    {"a", b"b", None, 2, 2.5, float("nan"), ...},
]
sys.stdout.buffer.write(Linked().encode(value)[0])
"""


def test_the_order_of_a_set_is_not_in_its_bytes():
    written = {
        subprocess.run(
            [sys.executable, "-c", SETS],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(written) == 1


def test_sets_of_sets_of_sets_are_ranked_once(again):
    value = frozenset()
    for _ in range(60):  # each holds all that came before: 2 ** 60 if each were looked at anew
        value = frozenset({*value, value})
    assert len(again(value)) == 60


def test_what_an_earlier_version_wrote_is_read(tmp_path):
    nodes = [
        ["dict", [["a", {"n": 1}], [2, {"n": 2}]]],
        ["set", [1, 2]],
        ["ordered", [["b", {"n": 0}]], [["extra", {"n": 3}]]],
        ["tuple", [1, {"n": 1}]],
    ]
    back = read({"nodes": nodes, "roots": [{"n": 0}]}, tmp_path)
    assert back["a"] == {1, 2}
    assert type(back[2]) is collections.OrderedDict
    assert back[2]["b"] is back
    assert back[2].extra[1] is back["a"]


# -- classes


MODULE = """
import dataclasses, enum, pathlib, typing
pathlib.Path("imported").touch()
class Mood(enum.Enum):
    GOOD = 1
class Place(typing.NamedTuple):
    x: int
@dataclasses.dataclass
class Config:
    lr: float
    def __post_init__(self):
        pathlib.Path("made").touch()
@dataclasses.dataclass(frozen=True)
class Fixed:
    lr: float
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the user's, which writes a file when it is imported."""
    (tmp_path / "my_classes.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import my_classes

    yield my_classes
    sys.modules.pop("my_classes", None)


@pytest.mark.parametrize(
    "made",
    [
        lambda m: m.Mood.GOOD,
        lambda m: m.Place(1),
        lambda m: m.Config(0.1),
        lambda m: m.Fixed(0.1),
    ],
    ids=["Mood", "Place", "Config", "Fixed"],
)
def test_a_class_is_not_imported_unless_that_is_trusted(tmp_path, module, made):
    value = made(module)
    kept = dump({"it": value}, tmp_path, "value")
    assert is_safe(kept.format)
    for mark in ("imported", "made"):
        (tmp_path / mark).unlink(missing_ok=True)
    assert load(kept.path, kept.format, kept.meta)["it"] == value
    del sys.modules["my_classes"]
    said = rf"holds a {type(value).__name__} of the module my_classes.*import my_classes.*--trust"
    with pytest.raises(UntrustedError, match=said):
        load(kept.path, kept.format, kept.meta)
    assert not (tmp_path / "imported").exists()
    back = load(kept.path, kept.format, kept.meta, trust=True)["it"]
    assert type(back).__qualname__ == type(value).__qualname__
    assert (tmp_path / "imported").exists()
    assert not (tmp_path / "made").exists(), "__post_init__ is code, too"


def test_a_class_that_is_gone_or_another_is_said(tmp_path, module):
    kept = dump([module.Config(0.1), module.Mood.GOOD], tmp_path, "value")
    del module.Config
    with pytest.raises(SerializationError, match="holds a Config, which my_classes does not have"):
        load(kept.path, kept.format, kept.meta, trust=True)
    module.Config = module.Mood
    with pytest.raises(SerializationError, match="no plain dataclass"):
        load(kept.path, kept.format, kept.meta, trust=True)


def test_what_a_class_does_about_pickling_is_left_to_pickle(tmp_path):
    import dataclasses

    @dataclasses.dataclass
    class Base:
        x: int

    for name in ("__reduce__", "__getstate__", "__setstate__", "__del__", "__new__"):
        own = type("Own", (Base,), {name: lambda *_: None})
        own.__module__, own.__qualname__ = __name__, "Own"
        with pytest.raises(CannotSave):
            Linked().write([object.__new__(own)], tmp_path / "value")


HOSTILE = (
    ["member", ["os:system", "true"]],
    ["member", ["subprocess:Popen", "true"]],
    ["member", ["serializers.values:Point", "x"]],
    ["flag", ["serializers.values:Colour", 1]],
    ["flag", ["serializers.values:Access", "1"]],
    ["namedtuple", ["builtins:list", 1]],
    ["namedtuple", ["serializers.values:Pair", 1]],
    ["dataclass", ["subprocess:Popen", "args", "true"]],
    ["dataclass", ["serializers.values:Own", "x", 1]],
    ["dataclass", ["serializers.values:Counted", "__class__", 1]],
    ["dataclass", ["serializers.values:Node", "name"]],
    ["dataclass", [1]],
    ["type", ["Popen"]],
    ["type", ["os.system"]],
    ["type", ["numpy.load"]],
    ["defaultdict", ["list"]],
    ["constant", ["exit"]],
    ["numpy.scalar", ["O", "AAAAAAAAAAA="]],
    ["numpy.scalar", ["f4", "AAAA"]],
    ["numpy.objects", [3, 1]],
    ["torch.dtype", ["load"]],
    ["torch.layout", ["float32"]],
    ["ZoneInfo", ["../../etc/passwd"]],
    ["Pattern", ["("]],
    ["Fraction", [1, 0]],
    ["inlined", ["pickle", "gASVAAAAAA==", "{}"]],
    ["inlined", ["module", "", "{}"]],
    ["inlined", ["npy", "", "{}"]],
    ["int", [{}]],
    ["namedtuple", ["serializers.values:Pair", {"n": 0}, 1]],
    [[], []],
    ["newer", [1]],
    ["date", {"a": 1}],
    [],
    3,
)


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("node", HOSTILE, ids=lambda node: json.dumps(node)[:40])
def test_a_strangers_values_make_nothing(tmp_path, node, trust):
    with pytest.raises(SerializationError):
        read({"nodes": [node], "roots": [{"n": 0}]}, tmp_path, trust=trust)


def test_what_is_of_a_newer_kind_says_so(tmp_path):
    with pytest.raises(SerializationError, match="'newer', which a newer artnb may have written"):
        read({"nodes": [["newer", [1]]], "roots": [{"n": 0}]}, tmp_path)


def test_a_very_long_list_of_values_is_a_pickle(tmp_path, monkeypatch):
    monkeypatch.setattr("artnb.serializers.linked._MOST_NODES", 100)
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(day) for day in range(100)]
    assert dump(days[:50], tmp_path, "few").format == "linked"
    assert dump(days, tmp_path, "many").format == "pickle"


@pytest.mark.parametrize("value", [(1, 2), {1}, uuid.UUID(int=1), datetime.date(2020, 1, 1)])
def test_small_values_need_no_file(tmp_path, value):
    data, how, meta = encode(value)
    assert how.name == "linked"
    saved = dump(value, tmp_path, "value")
    assert (saved.path.read_bytes(), saved.meta) == (data, meta)
