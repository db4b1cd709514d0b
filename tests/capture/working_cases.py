"""Hard cells as one writes them at work: frames, estimators, training, figures, files."""

from __future__ import annotations

from capture.capture_cases import case

FIGURE = "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt"
FIGURE += "\nfig, ax = plt.subplots()"

WORKING = [
    case(
        "axes drawn on",
        "ax.plot([1, 2])",
        FIGURE,
        reads="ax",
        changes="ax fig",
    ),
    case(
        "a figure through an array of axes",
        "axes[1].set_title('t')",
        f"{FIGURE}\nfig, axes = plt.subplots(1, 2)\nother = plt.subplots()",
        reads="axes",
        changes="axes fig",
    ),
    case(
        "axes looked at",
        """
        n = len(axes)
        fig.savefig(io.BytesIO())
        limits = axes[0].get_xlim()
        """,
        f"{FIGURE}\nimport io\nfig, axes = plt.subplots(1, 2)\naxes[0].plot([1, 2])",
        reads="axes fig",
        makes="n limits",
    ),
    case(
        "a pipeline fitted in place",
        "pipe.fit(X, y)",
        """
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.linear_model import Ridge
        X, y = [[0.0], [1.0], [3.0]], [0.0, 1.0, 2.0]
        pipe = make_pipeline(StandardScaler(), Ridge())
        scaler = pipe.steps[0][1]
        other = StandardScaler()
        """,
        reads="pipe X y",
        changes="pipe scaler",
    ),
    case(
        "a cached function",
        "a = slow(2)",
        """
        import functools
        k = 2
        @functools.lru_cache
        def slow(n):
            return n * k
        """,
        reads="slow k",
        makes="a",
    ),
    case(
        "a frame changed by the book",
        """
        df.sort_values("a", inplace=True)
        df.reset_index(drop=True, inplace=True)
        df["c"] = df["a"].cumsum()
        """,
        """
        import pandas as pd
        df = pd.DataFrame({"a": [3, 1, 2]})
        column, parts = df["a"], {"df": df}
        """,
        reads="df",
        changes="df parts",
    ),
    case(
        "the attributes of a frame",
        "df.attrs['source'] = 'x'",
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
        reads="df",
        changes="df",
    ),
    case(
        "a sparse matrix's data",
        """
        m.data[:] = 5
        k = m.tocoo()
        """,
        "import scipy.sparse as sp\nm = sp.csr_matrix([[1.0, 0.0], [0.0, 1.0]])\nd = m.data",
        reads="m",
        makes="k",
        changes="m d",
    ),
    case(
        "a step that closes over an optimizer",
        "losses = [step() for _ in range(2)]",
        """
        import torch
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.Adam(model.parameters())
        X = torch.ones(3, 2)
        def make(it):
            def step():
                it.zero_grad()
                loss = (model(X) ** 2).mean()
                loss.backward()
                it.step()
                return float(loss.detach())
            return step
        step = make(optimizer)
        """,
        reads="step model X",
        makes="losses",
        changes="model optimizer",
    ),
    case(
        "a data set inside a loader",
        "data.tensors[0].mul_(2)",
        """
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        x = torch.ones(4)
        data = TensorDataset(x)
        loader = DataLoader(data, batch_size=2)
        """,
        reads="data",
        changes="data x loader",
    ),
    case(
        "a masked array's mask",
        "m.mask[0] = True",
        "import numpy as np\nm = np.ma.masked_array([1, 2], mask=[0, 0])\nn = m.data",
        reads="m",
        changes="m n",
    ),
    case(
        "a field of a structured array",
        "s['a'][0] = 4",
        "import numpy as np\ns = np.zeros(3, dtype=[('a', 'i4'), ('b', 'f8')])\nv = s['b']",
        reads="s",
        changes="s v",
    ),
    case(
        "generators of random numbers",
        "a = rng.random()",
        "import numpy as np\nrng = np.random.default_rng(0)\nboth = {'rng': rng}",
        reads="rng",
        makes="a",
        changes="rng both",
    ),
    case(
        "a class defined anew",
        """
        class K:
            def go(self):
                return 2
        k.v = 5
        res = [x.go() for x in ks]
        """,
        """
        class K:
            def go(self):
                return 1
        k = K()
        ks = [k, K()]
        """,
        reads="k ks",
        makes="K res",
        changes="k ks",
    ),
    case(
        "a function defined anew",
        """
        def f(x):
            return x + 10
        z = before(1)
        """,
        """
        def f(x):
            return x + 1
        before = lambda v: f(v) * 2
        """,
        reads="before",
        makes="f z",
    ),
    case(
        "counted and gathered",
        """
        for i, word in enumerate(words):
            places[word].append(i)
            counts[word] += 1
        top = counts.most_common(1)
        """,
        """
        from collections import Counter, defaultdict
        words, places, counts = list("abca"), defaultdict(list), Counter()
        """,
        reads="words places counts",
        makes="top",
        changes="places counts",
    ),
    case(
        "a group's function with a side effect",
        """
        def mean(group):
            seen[group.name] = len(group)
            return group.v.mean()
        out = df.groupby("k").apply(mean)
        """,
        """
        import pandas as pd
        df = pd.DataFrame({"k": list("aab"), "v": [1, 2, 3]})
        seen = {}
        """,
        reads="df seen",
        makes="mean out",
        changes="seen",
    ),
    case(
        "a lazy frame",
        "out = lazy.collect()",
        "import polars as pl\ndf = pl.DataFrame({'a': [1, 2]})\nlazy = df.lazy()",
        reads="lazy",
        makes="out",
    ),
    case(
        "a database in memory",
        "rows = con.execute('select 1').fetchall()",
        "import sqlite3\ncon = sqlite3.connect(':memory:')",
        reads="con",
        makes="rows",
    ),
    case(
        "a picture that is loaded later",
        "size = im.getpixel((0, 0))",
        """
        import io
        from PIL import Image
        file = io.BytesIO()
        Image.new("RGB", (2, 2)).save(file, "png")
        im = Image.open(file)
        """,
        reads="im",
        makes="size",
    ),
    case(
        "a function in a step of a pipeline",
        "out = pipe.transform(rows)",
        """
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer
        factor = 2
        def scale(values):
            return [v * factor for v in values]
        pipe = make_pipeline(FunctionTransformer(scale))
        rows = [1, 2]
        """,
        reads="pipe rows factor",
        makes="out",
    ),
    case(
        "a layer of the notebook's class, and a hook",
        "out = model(x)",
        """
        import torch
        factor, shift = 2, 1
        class Scale(torch.nn.Module):
            def forward(self, v):
                return v * factor
        model = torch.nn.Sequential(Scale())
        model.register_forward_hook(lambda m, i, o: o + shift)
        x = torch.ones(2)
        """,
        reads="model x factor shift",
        makes="out",
    ),
    case(
        "functions that are held deep inside",
        "out = box.handlers['a'][0]() + line[0]() + far[0]()",
        """
        import collections
        one, two, three = 1, 2, 3
        class Box: pass
        box = Box()
        box.handlers = {'a': [lambda: one]}
        line = collections.deque([lambda: two])
        class Slotted:
            __slots__ = ("call",)
            def __call__(self):
                return self.call()
        held = Slotted()
        held.call = lambda: three
        far = [held, *range(500)]
        """,
        reads="box line far one two three",
        makes="out",
    ),
    case(
        "a query's @name",
        "out = frame.query('a > @low')",
        "import pandas as pd\nframe = pd.DataFrame({'a': [1, 2]})\nlow = 1\na = 5",
        reads="frame low",
        makes="out",
    ),
    case(
        "pandas.eval",
        "out = pd.eval('low + high')",
        "import pandas as pd\nlow = 1\nhigh = 2",
        reads="low high",
        makes="out",
    ),
    case(
        "tables of a SQL text",
        "out = duckdb.sql('select 1 as b from left_side, extra as e join right_side on true')",
        """
        import duckdb, pandas as pd
        left_side = pd.DataFrame({'a': [1]})
        right_side = pd.DataFrame({'a': [1], 'b': [2]})
        extra = pd.DataFrame({'c': [1]})
        b = 3
        """,
        reads="left_side right_side extra",
        makes="out",
    ),
    case(
        "SQL in a function",
        "out = largest()",
        """
        import duckdb, pandas as pd
        sales = pd.DataFrame({'eur': [1, 2]})
        def largest():
            return duckdb.sql("select max(eur) from sales").fetchall()
        """,
        reads="largest sales",
        makes="out",
    ),
    case(
        "a closure's list has a name",
        "note(1)",
        """
        def noting(into):
            def note(what):
                into.append(what)
            return note
        losses = []
        others = []
        note = noting(losses)
        """,
        reads="note",
        changes="losses",
    ),
    case(
        "a closure's list inside of what it holds",
        "note(1)",
        """
        def noting(into):
            return lambda what: into['losses'].append(what)
        losses = []
        history = {'losses': losses}
        note = noting(history)
        """,
        reads="note",
        changes="losses history",
    ),
    case(
        "a closure that changes nothing",
        "b = total()",
        """
        def summing(over):
            def total():
                return sum(over)
            return total
        losses = [1]
        total = summing(losses)
        """,
        reads="total",
        makes="b",
    ),
    case(
        "a default's list has a name",
        "note(1)",
        """
        losses = []
        def note(what, into=losses):
            into.append(what)
        """,
        reads="note",
        changes="losses",
    ),
    case(
        "a class's member has a name",
        "Log.note(1)",
        """
        losses = []
        class Log:
            items = losses
            @classmethod
            def note(cls, what):
                cls.items.append(what)
        """,
        reads="Log",
        changes="losses",
    ),
    case(
        "a method of an object that has a name",
        "note(1)",
        """
        class Log:
            def __init__(self):
                self.items = []
            def note(self, what):
                self.items.append(what)
        log = Log()
        note = log.note
        """,
        reads="note",
        changes="log note",
    ),
    case(
        "an argument of a partial has a name",
        "note(1)",
        """
        import functools
        losses = []
        def put(into, what):
            into.append(what)
        note = functools.partial(put, losses)
        """,
        reads="note",
        changes="losses note",
    ),
    case(
        "a scheduler sets its optimizer",
        "scheduler.step()",
        """
        import torch
        weight = torch.nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([weight], lr=1.0)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
        """,
        reads="scheduler",
        changes="scheduler optimizer",
    ),
]
