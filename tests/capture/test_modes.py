"""What a cell may come out otherwise by, and no fingerprint tells."""

from __future__ import annotations

import pandas
import pytest
import torch

from artnb.capture import fingerprint
from artnb.capture.modes import modes_and_gradients_of, modes_of

CHANGES = {
    "an attribute of a set": ("class S(set):\n    pass\nx = S([1])\nx.k = 1", "x.k = 2"),
    "that a set can be changed": ("x = frozenset({1})", "x = {1}"),
    "an attribute of an array": (
        "import numpy\nclass A(numpy.ndarray):\n    pass\nx = numpy.ones(3).view(A)\nx.k = 1",
        "x.k = 2",
    ),
    "an attribute of a tensor": ("import torch\nx = torch.ones(2)\nx.k = 1", "x.k = 2"),
    "an attribute of a counter": (
        "from collections import Counter\nclass C(Counter):\n    pass\nx = C(a=1)\nx.k = 1",
        "x.k = 2",
    ),
    "an attribute of a member of an enumeration": (
        "import enum\nclass E(enum.Enum):\n    a = 1\nx = E.a\nx.k = 1", "x.k = 2",
    ),
    "what a class keeps out of its pickles": (
        "class C:\n    def __getstate__(self):\n        return {}\nx = C()\nx.k = 1", "x.k = 2",
    ),
    "what a class is not made of": (
        "class C:\n    def __reduce__(self):\n        return C, ()\nx = C()\nx.k = 1", "x.k = 2",
    ),
    "the same in a list": (
        "class C:\n    def __reduce__(self):\n        return C, ()\nx = [C()]\nx[0].k = 1",
        "x[0].k = 2",
    ),
    "the flags of a frame": (
        "import pandas\nx = pandas.DataFrame({'a': [1]})",
        "x.flags.allows_duplicate_labels = False",
    ),
    "how often an index of times comes": (
        "import pandas\nx = pandas.date_range('2020', periods=3)", "x.freq = None",
    ),
    "how often the rows of a frame come": (
        "import pandas\nx = pandas.DataFrame({'a': [1, 2]}, pandas.date_range('2020', periods=2))",
        "x.index.freq = None",
    ),
    "the defaults of an optimizer": (
        "import torch\nx = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)",
        "x.defaults['lr'] = 0.2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES)
def test_a_change_that_is_no_change_of_content(case):
    setup, change = case
    namespace: dict = {"__name__": "__main__"}
    exec(setup, namespace)
    content, modes = fingerprint(namespace["x"]), modes_of(namespace["x"])
    exec(change, namespace)
    assert fingerprint(namespace["x"]) == content
    assert modes_of(namespace["x"]) != modes


@pytest.mark.parametrize(
    "made",
    [
        "{1}", "Counter('ab')", "numpy.float64(1)", "pandas.DataFrame({'a': [1]})",
        "pandas.Series([1])", "pandas.Index([1])", "fractions.Fraction(1, 2)",
        "torch.device('cpu')",
    ],
)  # fmt: skip
def test_most_values_have_none(made):
    namespace: dict = {}
    exec("import fractions, numpy, pandas, torch\nfrom collections import Counter", namespace)
    assert modes_of(eval(made, namespace)) is None


def test_that_categories_are_in_order_is_content():
    column = pandas.Series(["a", "b"], dtype="category")
    assert fingerprint(column.cat.as_ordered()) != fingerprint(column)
    assert fingerprint(column.cat.as_ordered().cat.as_unordered()) == fingerprint(column)


def test_what_cannot_be_asked_has_none():
    class Unfinished(torch.nn.Module):
        def __init__(self):
            pass

    for module in (torch.nn.LazyLinear(2), Unfinished()):
        assert modes_and_gradients_of([module])[1] is None
