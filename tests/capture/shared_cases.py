"""Values that are held, or looked at, by others under other names, and changed by either."""

from __future__ import annotations

from capture.capture_cases import case

SLOTS = "class S:\n    __slots__ = ('inner',)\nh = S()\nh.inner = l"
BASE_SLOTS = "class B:\n    __slots__ = ('inner',)\nclass S(B):\n    pass\nh = S()\nh.inner = l"
HIDDEN = (
    "class S:\n    __slots__ = ('__inner',)\n    def __init__(self, inner):\n"
    "        self.__inner = inner\n    def get(self):\n        return self.__inner\nh = S(l)"
)
OF_TORCH = "import torch\nh = torch.nn.Linear(1, 1)\nh.losses = l"

KEPT = {  # what pickles with what it holds: how it is made of `l`, and where it has that
    "a ChainMap": ("import collections\nh = collections.ChainMap({'l': l}, {})", "h['l']"),
    "a UserDict": ("import collections\nh = collections.UserDict(l=l)", "h['l']"),
    "a UserList": ("import collections\nh = collections.UserList([l])", "h[0]"),
    "slots": (SLOTS, "h.inner"),
    "slots of a base class": (BASE_SLOTS, "h.inner"),
    "slots with private names": (HIDDEN, "h.get()"),
    "an attribute of a list": ("class S(list):\n    pass\nh = S()\nh.inner = l", "h.inner"),
    "an attribute of a dict": ("class S(dict):\n    pass\nh = S()\nh.inner = l", "h.inner"),
    "a partial": ("import functools\nh = functools.partial(print, l)", "h.args[0]"),
    "an exception": ("h = ValueError(l)", "h.args[0]"),
    "an array of objects": ("import numpy as np\nh = np.empty(2, object)\nh[0] = l", "h[0]"),
    "a series of objects": ("import pandas as pd\nh = pd.Series([l], dtype=object)", "h[0]"),
    "a frame of objects": ("import pandas as pd\nh = pd.DataFrame({'x': [l]})", "h['x'][0]"),
    "attrs of a frame": (
        "import pandas as pd\nh = pd.DataFrame({'x': [1]})\nh.attrs['l'] = l", "h.attrs['l']",
    ),
    "a node of a graph": (
        "import networkx as nx\nh = nx.Graph()\nh.add_node(1, inner=l)", "h.nodes[1]['inner']",
    ),
    "attrs": ("import attr\n@attr.define\nclass A:\n    inner: list\nh = A(l)", "h.inner"),
    "a dict five deep": ("h = {1: {2: {3: {4: l}}}}", "h[1][2][3][4]"),
    "a list of a thousand": ("h = [[n] for n in range(1000)]\nh[500] = l", "h[500]"),
}  # fmt: skip

NOT_KEPT = {  # no version can have it: only what it leads to is told
    "a view of a dict": ("import types\nh = types.MappingProxyType({'l': l})", "h['l']"),
    "the values of a dict": ("h = {1: l}.values()", "list(h)[0]"),
    "a queue": ("import queue\nh = queue.Queue()\nh.put(l)", "h.queue[0]"),
    "a simple queue": ("import queue\nh = queue.SimpleQueue()\nh.put(l)", "h.get()"),
    "a thread's own": ("import threading\nh = threading.local()\nh.inner = l", "h.inner"),
    "a context variable": (
        "import contextvars\nh = contextvars.ContextVar('h')\nh.set(l)", "h.get()",
    ),
    "a future": (
        "import concurrent.futures as f\nh = f.Future()\nh.set_result(l)", "h.result()",
    ),
    "a cell": ("import types\nh = types.CellType(l)", "h.cell_contents"),
}  # fmt: skip

WEAK = {  # it does not hold `l`, and leads to it
    "a weak reference": ("h = weakref.ref(l)", "h()"),
    "a weak dict": ("h = weakref.WeakValueDictionary(l=l)", "h['l']"),
    "a weak set": ("h = weakref.WeakSet([l])", "next(iter(h))"),
}

BUFFERS = {  # how `a` and `b` are made, that look at one memory; how each is changed
    "a bytearray and an array": "b = bytearray(8)\na = np.frombuffer(b, np.uint8)",
    "an array.array and an array": (
        "import array\nb = array.array('d', [0, 1])\na = np.frombuffer(b)"
    ),
    "an array.array through a view": (
        "import array\nb = array.array('d', [0, 1])\na = np.asarray(memoryview(b))"
    ),
    "a bytearray and a view": "b = bytearray(8)\na = memoryview(b)",
    "an array and a view": "b = np.zeros(8)\na = memoryview(b)",
    "two views of one": "b = memoryview(bytearray(8))\na = b[:4]",
    "a bytearray and a tensor": (
        "import torch\nb = bytearray(8)\na = torch.frombuffer(b, dtype=torch.uint8)"
    ),
    "an array and a tensor": "import torch\nb = np.zeros(4)\na = torch.from_numpy(b)",
    "an array and a tensor by dlpack": "import torch\nb = torch.zeros(4)\na = np.from_dlpack(b)",
    "memory of ctypes and an array": (
        "import ctypes\nb = (ctypes.c_double * 4)()\na = np.frombuffer(b)"
    ),
    "an array and a series": "import pandas as pd\nb = np.zeros(4)\na = pd.Series(b, copy=False)",
}

FRAMES = {  # how `a` and the frame `d` are made, that look at one memory
    "of an array": "d = pd.DataFrame(a := np.zeros((4, 2)), copy=False, columns=['x', 'y'])",
    "of a dict of arrays": "a = np.zeros(4)\nd = pd.DataFrame({'x': a, 'y': 1.0}, copy=False)",
}

MODEL = (
    "import torch\nm = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))\n"
    "p, h, s = m[1], {'m': m}, m.state_dict()\no = torch.optim.SGD(m.parameters(), lr=0.1)"
)
SET = {  # how a module is set, by what the cell reads, and what is changed by it
    "m.eval()": "m h p",
    "m.eval()\nm.train()": "",
    "m[1].eval()": "m h p",
    "p.eval()": "m h p",
    "h['m'].eval()": "m h p",
    "m.requires_grad_(False)": "m h p",
    "m[0].weight.requires_grad = False": "m h",
    "m.eval()\nm.state_dict()['0.bias'].add_(1)": "m h p s o",
}


def _held(table, changes_of_inner, setup, changes):
    return [
        case(f"{name}, {'inside' if inside else 'by its name'}",
             f"{get if inside else 'l'}{changes_of_inner}", f"{setup}\n{make}",
             reads="h" if inside else "l", changes=changes)
        for name, (make, get) in table.items() for inside in (False, True)
    ]  # fmt: skip


SHARED = [
    *_held(KEPT, ".append(2)", "l = [1]", "h l"),
    *_held(NOT_KEPT, ".append(2)", "l = [1]", "l"),
    *_held(
        WEAK, ".append(2)",
        "import weakref\nclass L(list):\n    __hash__ = object.__hash__\nl = L([1])", "l",
    ),
    *[
        case(f"{name}: {each} is changed", f"{each}[0] = 5", f"import numpy as np\n{make}",
             reads=each, changes="a b")
        for name, make in BUFFERS.items() for each in "ab"
    ],
    *[
        case(f"a frame {name}: {change}", change, f"import numpy as np, pandas as pd\n{make}",
             reads=change[0], changes=changes)
        for name, make in FRAMES.items()
        for change, changes in (("a[0] = 5", "a d"), ("d.loc[0, 'x'] = 5", "a d"))
    ],
    *[
        case(f"{package}.{make} lies in it", "a[0] = 5",
             f"import numpy as np, polars, pyarrow\na = np.arange(8)\nt = {package}.{make}",
             reads="a", changes="a t")
        for package, make in (
            ("pyarrow", "array(a)"), ("pyarrow", "table({'x': a})"),
            ("polars", "Series('x', a)"), ("polars", "DataFrame({'x': a})"),
        )
    ],
    *[
        case(f"an array looks at a frame's column: {change}", change,
             "import numpy as np, pandas as pd\nd = pd.DataFrame({'x': np.zeros(4), 'y': 1.0})\n"
             "v, e, s = d['x'].to_numpy(), d.copy(deep=False), d['x']\ndel e, s",
             reads="d", changes=changes)
        for change, changes in (
            ("d['z'] = 1", "d"), ("d.loc[0, 'y'] = 3", "d"), ("d.loc[0, 'x'] = 3", "d v"),
        )
    ],
    *[
        case(f"a module is set: {cell}", cell, MODEL, reads=cell[0], changes=changes)
        for cell, changes in SET.items()
    ],
    case("a generator's bits are drawn", "x = b.random_raw()",
         "import numpy as np\nrng = np.random.default_rng(0)\nb, h = rng.bit_generator, {1: rng}",
         reads="b", makes="x", changes="b h rng"),
    case("the bits of a generator that is drawn from", "x = rng.random()",
         "import numpy as np\nrng = np.random.default_rng(0)\nb, h = rng.bit_generator, {1: rng}",
         reads="rng", makes="x", changes="b h rng"),
    case("decimals are reckoned in a context", "x = c.divide(1, 3)",
         "import decimal\nc = decimal.Context()", reads="c", makes="x"),
    case("the index of a frame gets a name", "i.name = 'k'",
         "import pandas as pd\nd = pd.DataFrame({'x': [1]})\ni = d.index", reads="i",
         changes="d i"),
    case("rows of a part of a list", "train[0]['y'] = 1",
         "data = [{'x': n} for n in range(9)]\ntrain, rest = data[:5], data[5:]", reads="train",
         changes="data train"),
    case("what two objects hold and no variable is", "one.inner.append(1)",
         "class S:\n    pass\none, other, third = S(), S(), {1: []}\n"
         "one.inner = other.inner = []", reads="one", changes="one other"),
    case("what two hold, and only one of them is changed", "one['y'] = 1",
         "one, other = {'x': (inner := [1])}, [inner]\ndel inner", reads="one", changes="one"),
    case("a class of what is changed", "s.add()",
         "class S:\n    count = 0\n    def add(self):\n        type(self).count += 1\n"
         "        self.n = 1\ns, t = S(), S()", reads="s", changes="s"),
    case("a mapped file and an array", "m[0] = 5",
         "import mmap, numpy as np\nm = mmap.mmap(-1, 64)\na = np.frombuffer(m, np.uint8)",
         reads="m", changes="a"),
    case("a module that was never made whole", "m.x = 1",
         "import torch\nclass M(torch.nn.Module):\n    def __init__(self):\n        pass\n"
         "m, s = M(), torch.nn.Linear(1, 1)\nh = [m]", reads="m"),
    case("a list gets one more, and its arrays stay", "h.append(1)",
         "import numpy as np\na, b, g = np.ones(3), bytearray(3), np.random.default_rng(0)\n"
         "h = [a, b, g]", reads="h", changes="h"),
    case("frames copy before they write", "d.loc[0, 'x'] = 3",
         "import pandas as pd\nd = pd.DataFrame({'x': [0.0, 1.0], 'y': [1, 2]})\n"
         "e, s = d.copy(deep=False), d['x']", reads="d", changes="d"),
    case("a list is read by an iterator over it", "next(it).append(2)",
         "l = [[1], [2]]\nit = iter(l)", reads="it", changes="l", consumes="it"),
    case("what looks at a list goes on", "l.append(2)", "l = [1]\nit = iter(l)", reads="l",
         changes="l"),
    case("a list of a module of torch's, inside", "h.losses.append(2)", f"l = [1]\n{OF_TORCH}",
         reads="h", changes="l h"),
    case("a partial, an exception and an instance are only read", "n = [p, e, s] and 1",
         "import functools\np, e = functools.partial(print, 1), ValueError(1)\n"
         "class S:\n    pass\ns = S()", reads="p e s", makes="n"),
]  # fmt: skip
