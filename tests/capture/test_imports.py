"""import_line: the statement that binds a name again."""

from __future__ import annotations

import collections
import os.path
import random
import xml.etree.ElementTree
from collections import OrderedDict
from json.decoder import JSONDecoder

import numpy as np
import pytest

from artnb.capture import import_line


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("np", np, "import numpy as np"),
        ("random", random, "import random"),
        ("tree", xml.etree.ElementTree, "import xml.etree.ElementTree as tree"),
        ("OrderedDict", OrderedDict, "from collections import OrderedDict"),
        ("OD", collections.OrderedDict, "from collections import OrderedDict as OD"),
        ("JSONDecoder", JSONDecoder, "from json import JSONDecoder"),  # of json.decoder
        ("mean", np.mean, "from numpy import mean"),
        ("shuffle", random.shuffle, "from random import shuffle"),  # a method that it holds
        ("upper", str.upper, None),
        ("join", os.path.join, "from posixpath import join"),
    ],
)
def test_a_name_is_imported_again(name, value, line):
    assert import_line(name, value) == line


def test_what_its_module_no_longer_has_is_not_told(monkeypatch):
    monkeypatch.setattr(collections, "OrderedDict", dict)
    assert import_line("OD", OrderedDict) is None


def test_nothing_is_asked_of_a_module_that_would_load_parts(monkeypatch):
    monkeypatch.setattr(collections, "__getattr__", lambda name: OrderedDict, raising=False)
    monkeypatch.delattr(collections, "OrderedDict")
    assert import_line("OD", OrderedDict) is None
