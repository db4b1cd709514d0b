"""Classes that come with a pickle are those of the notebook, where they are defined alike."""

from __future__ import annotations

import subprocess
import sys

import pytest

DEFINED = """
import collections, dataclasses, enum
@dataclasses.dataclass
class Cfg:
    lr: float = 0.1
class Color(enum.Enum):
    RED = 1
class Base:
    def __init__(self): self.cfg = Cfg()
class Model(Base):
    __slots__ = ("weights",)
    def __init__(self): super().__init__(); self.weights = [1]
    def predict(self): return 1
Pair = collections.namedtuple("Pair", "a b")
"""
SAVE = """
from pathlib import Path
from artnb import serializers
value = [Cfg(), Color.RED, Model(), Pair(1, 2), Model]
print(serializers.dump(value, Path.cwd(), "value").format)
"""
LOAD = """
from pathlib import Path
from artnb import serializers
from artnb.capture import same_definition
def load():
    return serializers.load(
        Path("value.pkl"), "cloudpickle", {}, trust=True, alike=same_definition
    )
cfg, color, model, pair, kind = load()
"""
USED = """
assert type(cfg) is Cfg and color is Color.RED and type(pair) is Pair
assert type(model) is kind is Model and type(model.cfg) is Cfg and model.weights == [1]
"""
OTHER = """
assert type(cfg) is Cfg and color is Color.RED
assert type(model) is kind is not Model and type(model.cfg) is Cfg
assert (model.predict(), Model().predict()) == (1, 2)
assert type(load()[2]) is kind, "what is one class in two pickles is one"
"""
PATCHED = """
Model.predict = lambda self: 2
first = Model()
""" + LOAD + """
assert (first.predict(), model.predict()) == (2, 1)
"""  # fmt: skip


FUNCTIONS = """
import functools
rate = 2
def base(x): return x + rate
def scale(x): return base(x) * 3
@functools.cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
class Held:
    def __init__(self): self.hook = scale
"""
SAVE_FUNCTIONS = """
from pathlib import Path
from artnb import serializers
value = [scale, {scale: 1}, functools.partial(scale, 2), Held(), fib, lambda x: scale(x)]
print(serializers.dump(value, Path.cwd(), "value").format)
"""
LOAD_FUNCTIONS = LOAD.replace(
    "cfg, color, model, pair, kind", "first, table, part, held, cached, own"
)
SAME_FUNCTIONS = """
assert first is part.func is held.hook is scale and scale in table and cached is fib
rate = 3
assert (part(), own(2), cached(10)) == (15, 15, 55)
"""
COPIES = """
assert first is part.func is held.hook is not globals().get("scale") and first in table
assert (part(), own(2), cached(10)) == (12, 12, 55)
"""


def ran(folder, *code):
    """Run code as a notebook's: its classes are those of ``__main__``."""
    command = [sys.executable, "-c", "\n".join(code)]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "code",
    [
        pytest.param((DEFINED, LOAD, USED), id="defined alike"),
        pytest.param(
            (DEFINED.replace("return 1", "return 2"), LOAD, OTHER), id="one is defined otherwise"
        ),
        pytest.param((LOAD, "assert (color.name, cfg.lr) == ('RED', 0.1)"), id="not there"),
    ],
)
def test_another_process_has_its_own_classes(tmp_path, code):
    assert ran(tmp_path, DEFINED, SAVE) == "cloudpickle\n"
    ran(tmp_path, *code)


def test_a_class_that_was_changed_since_keeps_its_change(tmp_path):
    ran(tmp_path, DEFINED, SAVE, PATCHED)


def test_to_pickle_an_instance_changes_no_class(tmp_path):
    marks = ran(
        tmp_path,
        DEFINED,
        "from artnb.capture import fingerprint\nprint(fingerprint(Cfg))",
        SAVE,
        "print(fingerprint(Cfg))",
    ).split()
    assert marks[0] == marks[-1] != "None"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param((FUNCTIONS, LOAD_FUNCTIONS, SAME_FUNCTIONS), id="defined alike"),
        pytest.param(
            (FUNCTIONS.replace("* 3", "* 4"), LOAD_FUNCTIONS, COPIES), id="it is defined otherwise"
        ),
        pytest.param(
            (FUNCTIONS.replace("x + rate", "x - rate"), LOAD_FUNCTIONS, COPIES),
            id="what it calls is defined otherwise",
        ),
        pytest.param(
            (FUNCTIONS.replace("rate = 2", ""), LOAD_FUNCTIONS, COPIES),
            id="what it reads is not there",
        ),
        pytest.param((LOAD_FUNCTIONS, COPIES), id="not there"),
    ],
)
def test_functions_are_those_that_are_defined_alike(tmp_path, code):
    assert ran(tmp_path, FUNCTIONS, SAVE_FUNCTIONS) == "cloudpickle\n"
    ran(tmp_path, *code)
