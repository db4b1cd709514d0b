"""Which names are the person's, also when only what is new is looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnb.capture import Roster, is_shell_name

PUT = object()
OWN = st.sampled_from(("a", "b", "c", "open", "_private"))
STEPS = st.one_of(
    st.tuples(st.just("bind"), OWN),
    st.tuples(st.just("delete"), st.sampled_from(("a", "b", "c", "open", "_private", "_1", "_2"))),
    st.tuples(st.just("cell"), st.none()),
    st.tuples(st.just("hide"), OWN),
    st.tuples(st.just("look"), st.none()),
)


def persons(namespace, hidden):
    """By the definition: each name looked at."""
    return {
        name
        for name, value in namespace.items()
        if not is_shell_name(name) and not (name in hidden and hidden[name] is value)
    }


def shell():
    namespace = {"__name__": "__main__", "In": [], "open": PUT, "_ih": [], "_dh": []}
    return namespace, dict(namespace)


@given(st.lists(STEPS, max_size=30))
def test_the_names_are_those_that_a_look_at_each_finds(steps):
    namespace, hidden = shell()
    roster, cells = Roster(namespace, hidden), 0
    for what, name in [*steps, ("look", None)]:
        match what:
            case "bind":
                namespace[name] = object()
            case "delete":
                namespace.pop(name, None)
            case "cell":
                cells += 1
                namespace[f"_i{cells}"] = hidden[f"_i{cells}"] = "source"
                namespace[f"_{cells}"] = cells
            case "hide":
                namespace[name] = hidden[name] = object()
            case "look":
                assert roster.names() == persons(namespace, hidden)


def test_what_is_gone_and_what_took_its_place_in_between():
    namespace, hidden = shell()
    namespace |= {"_i1": "", "x": 1, "a": 2}
    roster = Roster(namespace, hidden)
    assert roster.names() == {"x", "a"}
    del namespace["x"], namespace["a"]
    namespace |= {"b": 1, "a": 2}
    assert roster.names() == {"a", "b"}


def test_a_shell_that_begins_anew():
    namespace, hidden = shell()
    roster = Roster(namespace, hidden)
    namespace |= {"_i1": "", "u": 1, "_i2": ""}
    assert roster.names() == {"u"}
    namespace.clear()
    namespace |= {**shell()[0], "_i1": "", "v": 1, "_i2": ""}
    assert roster.names() == {"v"}


def test_a_hidden_name_that_is_bound_anew_is_the_persons_until_it_is_put_back():
    namespace, hidden = shell()
    roster = Roster(namespace, hidden)
    assert roster.names() == set()
    namespace["open"] = "mine"
    assert roster.names() == {"open"}
    namespace["open"] = PUT
    assert roster.names() == set()


def test_only_what_is_new_is_looked_at():
    class Counted(dict):
        seen = 0

        def __reversed__(self):
            for name in super().__reversed__():
                type(self).seen += 1
                yield name

    namespace = Counted({f"_i{number}": "" for number in range(1000)} | {"x": 1})
    roster = Roster(namespace)
    roster.names()
    Counted.seen = 0
    namespace |= {"_i1000": "", "y": 2}
    assert roster.names() == {"x", "y"}
    assert Counted.seen <= 4


@pytest.mark.parametrize("key", [1, None, (1, 2)], ids=["int", "none", "tuple"])
def test_keys_that_are_no_names(key):
    namespace, hidden = shell()
    namespace |= {"x": 1, key: 2}
    assert Roster(namespace, hidden).names() == {"x"}


def test_a_mapping_without_an_order_and_one_that_changes_meanwhile():
    class Unordered(dict):
        __reversed__ = None

    class Changing(dict):
        def __reversed__(self):
            raise RuntimeError("dictionary changed size during iteration")

    for kind in (Unordered, Changing):
        namespace = kind({"_i1": "", "x": 1})
        roster = Roster(namespace)
        assert roster.names() == {"x"}
        namespace["y"] = 2
        assert roster.names() == {"x", "y"}
