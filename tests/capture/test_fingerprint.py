"""Equal content has equal fingerprints, other content others, in every process."""

from __future__ import annotations

import copy
import functools
import os
import pickle
import subprocess
import sys
import threading
import typing

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from artnb.capture import fingerprint
from artnb.capture.fingerprint import _digest

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
)
HASHABLE = st.one_of(ATOMS, st.tuples(ATOMS, ATOMS), st.frozensets(ATOMS, max_size=4))
VALUES = st.recursive(
    st.one_of(ATOMS, st.sets(HASHABLE, max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(inner, inner),
        st.dictionaries(HASHABLE, inner, max_size=5),
    ),
    max_leaves=20,
)
ARRAYS = hnp.arrays(
    st.sampled_from(["f8", "f4", "i8", "u1", "?", "M8[s]", "U3", "c8"]),
    hnp.array_shapes(max_dims=3, max_side=4),
)


@given(VALUES)
def test_a_copy_is_equal(value):
    assert fingerprint(value) == fingerprint(copy.deepcopy(value)) is not None


@given(VALUES, VALUES)
def test_other_content_differs(left, right):
    if left != right:
        assert fingerprint(left) != fingerprint(right)


@given(ARRAYS)
def test_memory_layout_is_not_content(array):
    strided = np.repeat(array[None], 2, axis=0)[0]
    assert (
        fingerprint(array)
        == fingerprint(np.asfortranarray(array))
        == fingerprint(strided.copy()[::-1][::-1])
    )


@given(ARRAYS, st.data())
def test_one_byte_of_an_array_is_seen(array, data):
    before = fingerprint(array)
    raw = array.reshape(-1).view(np.uint8)
    raw[data.draw(st.integers(0, raw.size - 1))] ^= 1
    assert fingerprint(array) != before


@given(st.lists(ATOMS, min_size=1, max_size=6))
def test_a_mutated_list_differs(items):
    changed = [*items, "more"]
    assert fingerprint(items) != fingerprint(changed)
    assert fingerprint({"k": items}) != fingerprint({"k": changed})


@given(st.sets(st.text(), min_size=2), st.randoms())
@settings(max_examples=50)
def test_the_order_of_a_set_is_not_content(items, random):
    shuffled = list(items)
    random.shuffle(shuffled)
    assert fingerprint([items]) == fingerprint([set(shuffled)])


@given(st.one_of(st.integers(), st.floats(), st.booleans()))
@example(2**64 - 1)
@example(2**64)
@example(-(2**64))
def test_a_number_has_the_fingerprint_that_the_way_for_all_values_gives(number):
    assert fingerprint(number) == _digest(number).hex()


def test_equal_strings_need_not_be_one_object():
    one, other = "".join(["a", "b" * 30]), "".join(["a", "b" * 30])
    assert one is not other
    assert fingerprint([one, one]) == fingerprint([one, other])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ("a", b"a"),
        ([1], (1,)),
        ({1}, frozenset({2})),
        (np.zeros(2), np.zeros((2, 1))),
        (np.zeros(2, "f4"), np.zeros(2, "i4")),
        (np.array(["a"], object), np.array(["b"], object)),
        (range(3), range(4)),
        (len, max),
        (np.sum, np.mean),
    ],
    ids=lambda value: type(value).__name__,  # a repr with an address differs between workers
)
def test_kinds_are_told_apart(left, right):
    assert None not in (fingerprint(left), fingerprint(right))
    assert fingerprint(left) != fingerprint(right)


def test_cycles_have_a_fingerprint():
    left: list = [1]
    left.append(left)
    right: list = [1]
    right.append(right)
    assert fingerprint(left) == fingerprint(right) is not None


def test_what_is_shared_over_and_over_ends(monkeypatch):
    monkeypatch.setattr(sys.modules["artnb.capture.fingerprint"], "_MOST_WITHOUT_MEMO", 1 << 20)
    value: list = [0]
    for _ in range(60):
        value = [value, value]
    assert fingerprint(value) is not None


@pytest.mark.parametrize(
    "value",
    [threading.Lock(), iter([]).__class__, (i for i in "a")],
    ids=["lock", "class", "generator"],
)
def test_nothing_raises(value):
    fingerprint(value)


def test_what_has_no_content_has_none():
    assert fingerprint(threading.Lock()) is None
    assert fingerprint(i for i in "a") is None
    with open(os.devnull) as file:
        assert fingerprint(file) is None
        assert fingerprint([file]) is None


class Hostile:
    def __reduce__(self):
        raise KeyError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    __hash__ = None


def test_a_hostile_object_has_none_and_hurts_nobody():
    assert fingerprint(Hostile()) is None
    assert fingerprint({"k": [Hostile()]}) is None


def make(source, name="f"):
    namespace = {"__name__": "__main__"}
    exec(compile(source, "<cell>", "exec", dont_inherit=True), namespace)
    return namespace[name]


def test_functions_are_code_constants_names_and_defaults():
    plain = "def f(a, b=1):\n    return a + b"
    same = fingerprint(make("# comment\n\n" + plain))
    assert fingerprint(make(plain)) == same
    for other in ("b=2):\n    return a + b", "b=1):\n    return a - b", "b=1):\n    return a + c"):
        assert fingerprint(make("def f(a, " + other)) != same


def test_closures_count():
    outer = "def outer(n):\n    return lambda v: v + n"
    assert fingerprint(make(outer, "outer")(1)) == fingerprint(make(outer, "outer")(1))
    assert fingerprint(make(outer, "outer")(1)) != fingerprint(make(outer, "outer")(2))


def test_a_recursive_function_has_one():
    source = "def outer():\n    def f(n):\n        return f(n - 1)\n    return f"
    assert fingerprint(make(source, "outer")()) is not None


def test_classes_are_their_members():
    one = make("class K:\n    def m(self): return 1", "K")
    two = make("class K:\n    def m(self): return 2", "K")
    assert fingerprint(one) != fingerprint(two)
    assert fingerprint(one) == fingerprint(make("class K:\n    def m(self): return 1", "K"))


WITH_SUPER = """
class K(list):
    def a(self): return super().append(1)
    def b(self): return super().pop(), __class__
    def c(self): return super().sort()
"""


def test_a_class_whose_methods_call_super_has_one():
    one = fingerprint(make(WITH_SUPER, "K"))
    assert one == fingerprint(make(WITH_SUPER, "K")) is not None
    assert one != fingerprint(make(WITH_SUPER.replace("append(1)", "append(2)"), "K"))
    assert one != fingerprint(make(WITH_SUPER.replace("sort()", "reverse()"), "K"))


def test_functions_that_call_each_other_have_one():
    names = [f"f{n}" for n in range(9)]
    inner = "".join(f"    def {name}(v): return v, {', '.join(names)}\n" for name in names)
    source = f"def outer():\n{inner}    return f0"
    one = fingerprint(make(source, "outer")())
    assert one == fingerprint(make(source, "outer")()) is not None
    assert one != fingerprint(make(source.replace("f8(v): return v", "f8(v): return 1"), "outer")())


ANNOTATED = """
class B: pass
class K:
    "as told"
    a: B
    b: list[B] = ()
"""


def test_a_class_whose_annotations_are_asked_for_is_the_same():
    kind = make(ANNOTATED, "K")
    before = fingerprint(kind)
    assert typing.get_type_hints(kind)
    assert fingerprint(kind) == before is not None
    assert fingerprint(make("\n\n" + ANNOTATED.replace("as told", ""), "K")) == before
    assert fingerprint(make(ANNOTATED.replace("a: B", "a: int"), "K")) != before


@pytest.mark.skipif(sys.version_info < (3, 12), reason="has no aliases of types")
def test_aliases_of_types_are_what_they_stand_for():
    one = fingerprint(make("type X = list[int]", "X"))
    assert one == fingerprint(make("type X = list[int]", "X")) is not None
    assert one != fingerprint(make("type X = list[str]", "X"))
    assert fingerprint(make("type X = Missing", "X")) is None


SUPER = """
class K(list):
    def __init__(self):
        super().__init__()
    def m(self):
        return super().pop({}), 1
    def n(self):
        return super().pop()
"""


def test_a_class_whose_methods_use_super_is_gone_through_once():
    # Each such method holds the class: it was gone through again in each, without an end.
    kind = make(SUPER.format(0), "K")
    assert fingerprint(kind) == fingerprint(make(SUPER.format(0), "K")) is not None
    assert fingerprint(kind) != fingerprint(make(SUPER.format(1), "K"))

    def deep(levels):
        return fingerprint(kind) if levels == 0 else deep(levels - 1)

    assert {deep(levels) for levels in range(6)} == {fingerprint(kind)}


def test_functions_that_hold_one_another_have_one():
    source = "def outer(n):\n    def f(): return g()\n    def g(): return f, n\n    return f"
    one, two = make(source, "outer")(1), make(source, "outer")(2)
    assert fingerprint(one) == fingerprint(make(source, "outer")(1)) is not None
    assert fingerprint(one) != fingerprint(two)


def test_a_dispatching_function_is_all_that_it_may_call():
    source = "import functools\n@functools.singledispatch\ndef f(v): return 0"
    one, two = make(source), make(source)
    assert fingerprint(one) == fingerprint(two) is not None
    one.register(int)(make("def g(v): return 1", "g"))
    assert fingerprint(one) != fingerprint(two)
    one("a")  # it remembers which it called
    two.register(int)(make("def g(v): return 1", "g"))
    assert fingerprint(one) == fingerprint(two)
    two.register(int)(make("def g(v): return 2", "g"))
    assert fingerprint(one) != fingerprint(two)


def test_instances_outlive_a_new_definition_of_their_class():
    source = "class K:\n    def __init__(self):\n        self.v = 1"
    assert fingerprint(make(source, "K")()) == fingerprint(make(source, "K")()) is not None


def test_partials_are_their_parts():
    assert fingerprint(functools.partial(max, 1)) == fingerprint(functools.partial(max, 1))
    assert fingerprint(functools.partial(max, 1)) != fingerprint(functools.partial(max, 2))


PROCESS = """
import numpy as np, sys
from artnb.capture import fingerprint

def f(v, w={'a', 'b'}):
    return v in {'x', 'y', 'z'}
class K: pass
k = K(); k.tags = {'p', 'q', 'r'}
values = [{'a', 'b', 'c'}, {'k': {'x', 1, (2, 'y')}}, np.arange(5), f, K, k, frozenset('abc')]
print(*map(fingerprint, values))
"""


def test_every_process_agrees():
    seen = {
        subprocess.run(
            [sys.executable, "-c", PROCESS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
    assert "None" not in seen.pop()


def test_what_python_notes_of_a_class_in_any_order_is_not_its_content():
    def made(names):
        return type("K", (), {"__module__": "__main__", "__static_attributes__": names, "n": 1})

    assert fingerprint(made(("a", "b"))) == fingerprint(made(("b", "a"))) is not None


class Bunch(dict):
    """Its items are its attributes, as those of statsmodels and others are."""

    def __init__(self, **items):
        super().__init__(items)
        self.__dict__ = self


def test_a_dict_that_is_its_own_attributes_is_the_same_when_it_is_loaded():
    made = Bunch(a=1, b=[2])
    loaded = pickle.loads(pickle.dumps(made))
    assert loaded.__dict__ is not loaded
    assert fingerprint(made) == fingerprint(loaded)
    loaded.__dict__["a"] = 3
    assert fingerprint(made) != fingerprint(loaded)
    assert fingerprint(made) != fingerprint(Bunch(a=1, b=[3]))
