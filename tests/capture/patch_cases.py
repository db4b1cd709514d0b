"""What was set between two runs of a cell, and whether the second may be skipped.

Most of it is done to a library of the tests' own, ``sortlib``, that each case has anew.
"""

# ruff: noqa: E501 - a cell is one text

from __future__ import annotations

from dataclasses import dataclass

FAKELIB = """
import abc, functools
_settings = {"depth": 1}
registry = {}
handlers = []
class Options:
    depth = level = 1
    def set_level(self, level):
        self.level = level
options = Options()
class Frame:
    def total(self):
        return 1
class Shape(abc.ABC):
    pass
def depth():
    return _settings["depth"]
def set_depth(value):
    _settings["depth"] = value
class depth_set:
    def __init__(self, value):
        self.old, _settings["depth"] = _settings["depth"], value
    def __enter__(self):
        return self
    def __exit__(self, *error):
        _settings["depth"] = self.old
def register_accessor(name):
    def add(kind):
        setattr(Frame, name, property(kind))
        return kind
    return add
def mean(values):
    return sum(values) / len(values)
def get_log(name):
    return options
@functools.singledispatch
def show(value):
    return "any"
"""


@dataclass(frozen=True)
class Case:
    """A cell, and what runs before it and between its two runs; files are parts of `between`.

    Attributes
    ----------
    before, between : str
        Cells, parted by a line of dashes; one that begins with ``#file NAME`` is a file.
    why : str
        Part of what is said of it.
    """

    id: str
    before: str
    cell: str
    between: str = ""
    why: str = "changed: "


LIB = "import sortlib"
FRAME = "import sortlib\nframe = sortlib.Frame()"
BOX = "import sortlib, numbers\nclass Box:\n    pass\nbox = Box()"
SHAPE = "import abc\nclass Shape(abc.ABC):\n    pass\nclass Box:\n    pass\nbox = Box()"
SHOW = "import functools\n@functools.singledispatch\ndef show(v):\n    return 'any'"
GEO = "import sortlib\n@sortlib.register_accessor('geo')\nclass Geo:\n    def __init__(self, frame):\n        self.area = {}\nframe = sortlib.Frame()"
OWN = "#file own.py\nimport sortlib\ndef mine(values):\n    return {}\nsortlib.mean = mine\ndef go(value):\n    sortlib.set_depth(value)\ndef fix(what):\n    what.mean = len"

CHANGED = [
    Case("a patch", LIB, "y = sortlib.mean([2])", "sortlib.mean = len"),
    Case("a function that a patch calls", LIB + "\ndef g():\n    return 1\ndef mine(v):\n    return g()\nsortlib.mean = mine",
         "y = sortlib.mean([2])", "def g():\n    return 2", "g changed"),
    Case("a variable that a patch reads", LIB + "\nw = 1\nsortlib.mean = lambda v: w", "y = sortlib.mean([2])", "w = 2", "w changed"),
    Case("a patch by a computed name", LIB, "y = sortlib.mean([2])", "for n in ('mean',):\n    setattr(sortlib, n, lambda v: 2)"),
    Case("a patch by vars", LIB, "y = sortlib.mean([2])", "vars(sortlib)['mean'] = lambda v: 2"),
    Case("a patch by a dict's method", LIB, "y = sortlib.mean([2])", "sortlib.__dict__.update(mean=lambda v: 2)"),
    Case("a patch by mock", LIB, "y = sortlib.mean([2])", "from unittest import mock\nmock.patch.object(sortlib, 'mean', lambda v: 2).start();"),
    Case("a patch through sys.modules", LIB, "y = sortlib.mean([2])", "import sys\nsys.modules['sortlib'].mean = lambda v: 2"),
    Case("a patch through a name that is gone", LIB, "y = sortlib.mean([2])", "for m in (sortlib,):\n    m.mean = lambda v: 2\ndel m"),
    Case("a patch through an argument", LIB + "\ndef fix(m):\n    m.mean = len", "y = sortlib.mean([2])", "fix(sortlib)"),
    Case("a patch of an object's class", FRAME, "y = frame.total()", "type(frame).total = lambda self: 2"),
    Case("a patch by a decorator", FRAME, "y = frame.total()",
         "def patch_to(kind):\n    def add(f):\n        setattr(kind, f.__name__, f)\n    return add\n@patch_to(sortlib.Frame)\ndef total(self):\n    return 2"),
    Case("a patch in a timed cell", LIB, "y = sortlib.mean([2])", "%%time\nsortlib.mean = len"),
    Case("a patch by a text", LIB, "y = sortlib.mean([2])", "exec('sortlib.mean = len')"),
    Case("a patch by a file that is run", "#file set.py\nimport sortlib\nsortlib.mean = len\n---\n" + LIB, "y = sortlib.mean([2])", "%run set.py"),
    Case("a patch by a file that is executed", "#file set.py\nimport sortlib\nsortlib.mean = len\n---\n" + LIB, "y = sortlib.mean([2])", "exec(open('set.py').read())"),
    Case("a patch in a module", OWN.format(1) + "\n---\n" + LIB, "y = sortlib.mean([2])", "import own"),
    Case("a patch in a module that was edited", OWN.format(1) + "\n---\nimport own, sortlib", "y = sortlib.mean([2])",
         OWN.format(2) + "\n---\nimport importlib\nimportlib.reload(own);"),
    Case("a library's object", LIB, "y = sortlib.options.depth", "sortlib.options.depth = 2", "sortlib.options.depth was set"),
    Case("an accessor came", FRAME, "y = hasattr(frame, 'geo')", GEO.format(1)),
    Case("an accessor changed", GEO.format(1), "y = frame.geo.area", GEO.format(2)),
    Case("what an accessor calls changed", "def f():\n    return 1\n" + GEO.format("f()"), "y = frame.geo.area", "def f():\n    return 2", "f changed"),
    Case("an accessor of pandas", "import pandas as pd\ndf = pd.DataFrame({'a': [1]})", "y = hasattr(df, 'artnb_test')",
         "@pd.api.extensions.register_dataframe_accessor('artnb_test')\nclass A:\n    def __init__(self, df):\n        pass"),
    Case("a namespace of polars", "import polars as pl\ndf = pl.DataFrame({'a': [1]})", "y = hasattr(df, 'artnb_test')",
         "@pl.api.register_dataframe_namespace('artnb_test')\nclass A:\n    def __init__(self, df):\n        pass"),
    Case("a virtual subclass", SHAPE, "y = isinstance(box, Shape)", "Shape.register(Box)"),
    Case("a virtual subclass of a library's", BOX, "y = isinstance(box, sortlib.Shape)", "sortlib.Shape.register(Box)"),
    Case("a virtual subclass by a function", BOX + "\ndef setup(k):\n    k.register(Box)", "y = isinstance(box, sortlib.Shape)", "setup(sortlib.Shape)"),
    Case("a virtual subclass by a loop", BOX, "y = isinstance(box, numbers.Number)", "for k in (numbers.Number,):\n    k.register(Box)"),
    Case("a dispatch", SHOW, "y = show(3)", "@show.register(int)\ndef _(v):\n    return 'int'"),
    Case("a dispatch that changed", SHOW + "\n@show.register(int)\ndef of_int(v):\n    return 'int'", "y = show(3)",
         "@show.register(int)\ndef of_int(v):\n    return 'INT'"),
    Case("a dispatch of a library's", LIB, "y = sortlib.show(3)", "@sortlib.show.register(int)\ndef _(v):\n    return 'int'"),
    Case("a dispatch by a method", "import functools\nclass C:\n    @functools.singledispatchmethod\n    def show(self, v):\n        return 'any'\nc = C()",
         "y = c.show(3)", "@C.show.register(int)\ndef _(self, v):\n    return 'int'"),
    Case("a setting", LIB, "y = sortlib.depth()", "sortlib.set_depth(2)", "sortlib.set_depth was called"),
    Case("a setting by a variable", LIB + "\nk = 1\nsortlib.set_depth(k)", "y = sortlib.depth()", "k = 2\nsortlib.set_depth(k)"),
    Case("a setting by another name", LIB + "\nf = sortlib.set_depth", "y = sortlib.depth()", "f(2)"),
    Case("a setting by an imported name", LIB + "\nfrom sortlib import set_depth", "y = sortlib.depth()", "set_depth(2)"),
    Case("a setting two functions deep", LIB + "\ndef a(k):\n    sortlib.set_depth(k)\ndef b(k):\n    a(k)", "y = sortlib.depth()", "b(2)", "b was called"),
    Case("a setting by a method", LIB + "\nclass S:\n    def go(self, k):\n        sortlib.set_depth(k)\ns = S()", "y = sortlib.depth()", "s.go(2)"),
    Case("a setting by a module's function", OWN.format(1) + "\n---\nimport own, sortlib", "y = sortlib.depth()", "own.go(2)"),
    Case("a setting from a file", "#file depth.txt\n1\n---\n" + LIB + "\nsortlib.set_depth(int(open('depth.txt').read()))", "y = sortlib.depth()",
         "#file depth.txt\n2\n---\nsortlib.set_depth(int(open('depth.txt').read()))"),
    Case("an item of a library's dict", LIB, "y = sortlib.registry.get(1)", "sortlib.registry[1] = 2", "sortlib.registry[...] was set"),
    Case("a library's dict by a method", LIB, "y = sortlib.registry.get(1)", "sortlib.registry.update({1: 2})"),
    Case("a library's list", LIB, "y = len(sortlib.handlers)", "sortlib.handlers.append(len)"),
    Case("what a library gets", LIB, "y = sortlib.options.level", "sortlib.get_log('a').set_level(3)"),
    Case("how errors of codecs are handled", "import codecs", "try:\n    y = '\\xe4'.encode('ascii', 'artnb_test')\nexcept LookupError:\n    y = None",
         "codecs.register_error('artnb_test', lambda e: ('?', e.end))"),
    Case("which warnings are shown", "import warnings", "warnings.warn('x')\ny = 1", "warnings.filterwarnings('ignore', 'zz')"),
    Case("the environment", "import os", "y = 1", "os.environ['ARTNB_TEST_ZZ'] = '1'"),
]  # fmt: skip

SAME = [
    Case("patches", LIB + "\ndef mine(v):\n    return 5\nsortlib.mean = mine", "y = sortlib.mean([2])"),
    Case("an accessor", GEO.format(1), "y = frame.geo.area"),
    Case("a virtual subclass", SHAPE + "\n---\nShape.register(Box)", "y = isinstance(box, Shape)"),
    Case("a dispatch", SHOW + "\n@show.register(int)\ndef of_int(v):\n    return 'int'", "y = show(3)"),
    Case("a dispatch of a library's", LIB + "\n@sortlib.show.register(int)\ndef _(v):\n    return 'int'", "y = sortlib.show(3)"),
    Case("settings", LIB + "\nsortlib.set_depth(2)\nsortlib.registry[1] = 3\nsortlib.options.depth = 4", "y = sortlib.depth()"),
    Case("a module that patches", OWN.format(1) + "\n---\nimport own, sortlib\nown.go(3)", "y = sortlib.mean([2])"),
    Case("a file that is run", "#file set.py\nimport sortlib\nsortlib.mean = len\n---\n%run set.py\n---\n" + LIB, "y = sortlib.mean([2])"),
    Case("variables are changed", "import numpy as np\nx = np.ones(3)\nclass C:\n    pass\nc = C()\ndef prepare(v):\n    v.a = 1\n    v.register = 2",
         "y = x.sum()", "c.z = 1\nprepare(c)\nsetattr(c, 'w', 3)\nd = {}\nd['a'] = 1\nd.update(b=2)\nnp.add(x, 1), np.append(x, 1), np.setdiff1d(x, [1])"),
    Case("seeds", "import random\nimport numpy as np\ndef set_seed(s):\n    random.seed(s)\n    np.random.seed(s)\nset_seed(1)", "y = 1", "set_seed(2)"),
    Case("a set up cell once more", LIB + "\nsortlib.set_depth(2)", "y = sortlib.depth()", LIB + "\nsortlib.set_depth(2)"),
    Case("a block's settings", LIB, "with sortlib.depth_set(3):\n    y = sortlib.depth()"),
    Case("warnings for a block", "import warnings", "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    warnings.warn('a')\ny = 1"),
    Case("an own method whose name says set", "class C:\n    def set_x(self, x):\n        return x\n    def add_one(self, v):\n        return v + 1\nc = C()\ndef set_y(v):\n    return v",
         "y = c.set_x(1) + c.add_one(3) + set_y(1)"),
    Case("an own module's function whose name says set", "#file own.py\ndef set_x(v):\n    return v + 1", "import own\ny = own.set_x(2)"),
    Case("defines a dispatch", "", SHOW + "\n@show.register(int)\ndef of_int(v):\n    return 'int'\ny = show(3)"),
    Case("what sets something is only defined", LIB + "\ndef setup():\n    sortlib.set_depth(2)", "y = sortlib.depth()", "z = 1"),
    Case("an object whose class uses super twice",
         "class A:\n    def f(self):\n        return 1\n    g = f\nclass B(A):\n    def f(self):\n        return super().f()\n    def g(self):\n        return super().g()\nb = B()",
         "y = b.f() + b.g()"),
]  # fmt: skip

EFFECTS = [
    Case("calls a setting", LIB, "sortlib.set_depth(2)\ny = 1", "", "sets something that lasts: sortlib.set_depth (line 2)"),
    Case("calls a setter of the notebook", LIB + "\ndef go(k):\n    sortlib.set_depth(k)", "go(2)\ny = 1", "", "sortlib.set_depth (go, line 3)"),
    Case("calls a setter of a module", OWN.format(1) + "\n---\nimport own", "own.go(2)\ny = 1", "", "sortlib.set_depth (own.py, line 6)"),
    Case("registers a virtual subclass", SHAPE, "Shape.register(Box)\ny = 1", "", "Shape.register"),
    Case("registers for the end", "import atexit", "atexit.register(len, [])\natexit.unregister(len)\ny = 1", "", "atexit.register"),
    Case("hands a library to what sets attributes", LIB + "\ndef fix(m):\n    m.more = 1", "fix(sortlib)\ny = 1", "", "may set something in sortlib: fix"),
    Case("changes a library's list", LIB, "sortlib.handlers.append(1)\ny = 1", "", "sortlib.handlers.append"),
    Case("an accessor that reads the clock", "import time\n" + GEO.format("time.time()"), "y = frame.geo.area", "", "the clock: time.time"),
]  # fmt: skip
