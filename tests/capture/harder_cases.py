"""More hard cells: what calls what, failures half way, and changes through what holds a value."""

from __future__ import annotations

from capture.capture_cases import ARRAYS, case

HARDER = [
    case(
        "changed, and its name taken away",
        """
        b.append(2)
        del b
        """,
        """
        b = [1]
        a = {'b': b}
        """,
        reads="b",
        changes="a",
        deletes="b",
    ),
    case(
        "changed, and its name bound anew",
        """
        b *= 2
        b = b.sum()
        """,
        """
        import numpy as np
        b = np.ones(3)
        a = b[1:]
        """,
        reads="b",
        makes="b",
        changes="a",
    ),
    case(
        "a failure half way",
        """
        b = a
        c = 1 / 0
        d = 2
        """,
        """
        a = 1
        d = 5
        """,
        reads="a",
        makes="b",
    ),
    case(
        "a failure after a change in place",
        """
        a.append(2)
        b = 1 / 0
        """,
        "a = [1]",
        reads="a",
        changes="a",
    ),
    case(
        "a failure in a function",
        "f()",
        """
        a = []
        def f():
            a.append(1)
            raise ValueError
        """,
        reads="a f",
        changes="a",
    ),
    case(
        "a failure that is caught",
        """
        try:
            b = a[5]
        except IndexError:
            b = None
        """,
        "a = [1]",
        reads="a",
        makes="b",
    ),
    case(
        "finally",
        """
        try:
            1 / 0
        finally:
            b = a
        """,
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "a failed assertion",
        """
        assert a > 5
        b = 1
        """,
        "a = 1",
        reads="a",
    ),
    case(
        "nonlocal",
        """
        def f():
            n = a
            def g():
                nonlocal n
                n += 1
                return n
            return g()
        b = f()
        """,
        """
        a = 1
        n = 9
        """,
        reads="a",
        makes="b f",
    ),
    case(
        "recursion",
        "b = f(3)",
        """
        k = 2
        def f(n):
            return k if n == 0 else f(n - 1)
        """,
        reads="f k",
        makes="b",
    ),
    case(
        "two functions that call each other",
        "b = even(4)",
        """
        def even(n):
            return n == 0 or odd(n - 1)
        def odd(n):
            return n != 0 and even(n - 1)
        """,
        reads="even odd",
        makes="b",
    ),
    case(
        "an instance that is called",
        "b = k(1)",
        """
        a = 1
        class K:
            def __call__(self, v):
                return v + a
        k = K()
        """,
        reads="a k",
        makes="b",
    ),
    case(
        "an operator of the notebook's",
        "b = k + 1",
        """
        a = 1
        class K:
            def __add__(self, v):
                return v + a
        k = K()
        """,
        reads="a k",
        makes="b",
    ),
    case(
        "a class method",
        "b = K.make()",
        """
        a = 1
        class K:
            @classmethod
            def make(cls):
                return a
        """,
        reads="K a",
        makes="b",
    ),
    case(
        "an inherited method",
        "b = L().m()",
        """
        a = 1
        class K:
            def m(self):
                return a
        class L(K):
            pass
        """,
        reads="L a",
        makes="b",
    ),
    case(
        "a dataclass with a factory",
        "b = K()",
        """
        from dataclasses import dataclass, field
        a = [1]
        @dataclass
        class K:
            v: list = field(default_factory=lambda: list(a))
        """,
        reads="K a",
        makes="b",
    ),
    case(
        "a decorator that wraps",
        "b = f()",
        """
        import functools
        a = 1
        def deco(fn):
            @functools.wraps(fn)
            def inner():
                return fn() + a
            return inner
        @deco
        def f():
            return 1
        """,
        reads="a f",
        makes="b",
    ),
    case(
        "a decorator with arguments",
        """
        @deco(a)
        def f():
            return 1
        """,
        """
        a = 1
        def deco(n):
            return lambda fn: fn
        """,
        reads="a deco",
        makes="f",
    ),
    case(
        "a partial of a method",
        "b = p()",
        """
        from functools import partial
        a = 1
        class K:
            def m(self, n):
                return n + a
        p = partial(K().m, 2)
        """,
        reads="a p",
        makes="b",
    ),
    case(
        "a lambda's default",
        "f = lambda v=a: v",
        "a = 1",
        reads="a",
        makes="f",
    ),
    case(
        "a lambda that is only kept",
        "f = lambda: a",
        "a = 1",
        makes="f",
    ),
    case(
        "functions passed to map",
        "b = list(map(f, [1]))",
        """
        a = 1
        def f(v):
            return v + a
        """,
        reads="a f",
        makes="b",
    ),
    case(
        "a generator function",
        "b = list(g())",
        """
        a = [1]
        def g():
            yield from a
        """,
        reads="a g",
        makes="b",
    ),
    case(
        "async for",
        "b = [v async for v in g()]",
        """
        a = 1
        async def g():
            yield a
        """,
        reads="a g",
        makes="b",
    ),
    case(
        "async with",
        """
        async with m() as v:
            b = v
        """,
        """
        from contextlib import asynccontextmanager
        a = 1
        @asynccontextmanager
        async def m():
            yield a
        """,
        reads="a m",
        makes="b",
    ),
    case(
        "a match on a class",
        """
        match p:
            case P(x=b) if b > lim:
                c = b
            case _:
                c = None
        """,
        """
        class P:
            __match_args__ = ('x',)
            def __init__(self, x):
                self.x = x
        p = P(3)
        lim = 1
        """,
        reads="P lim p",
        makes="b c",
    ),
    case(
        "a match on a name's attribute",
        """
        match v:
            case K.A:
                b = 1
        """,
        """
        class K:
            A = 1
        v = 1
        """,
        reads="K v",
        makes="b",
    ),
    case(
        "a star target",
        "first, *rest = a",
        "a = [1, 2]",
        reads="a",
        makes="first rest",
    ),
    case(
        "keyword arguments of a dict",
        "b = dict(**a)",
        "a = {'k': 1}",
        reads="a",
        makes="b",
    ),
    case(
        "a slice that is assigned",
        "a[1:] = [5]",
        "a = [1, 2]",
        reads="a",
        changes="a",
    ),
    case(
        "a dict that is updated",
        "a |= {'k': 2}",
        """
        a = {'k': 1}
        b = a
        """,
        reads="a",
        makes="a",
        changes="b",
    ),
    case(
        "a set that grows",
        "a.add(2)",
        "a = {1}",
        reads="a",
        changes="a",
    ),
    case(
        "a deque",
        "a.append(2)",
        """
        from collections import deque
        a = deque([1])
        """,
        reads="a",
        changes="a",
    ),
    case(
        "a counter",
        "a['x'] += 1",
        """
        from collections import Counter
        a = Counter()
        """,
        reads="a",
        changes="a",
    ),
    case(
        "a bytearray",
        "a[0] = 1",
        "a = bytearray(2)",
        reads="a",
        changes="a",
    ),
    case(
        "a list inside a list",
        "a.append(1)",
        """
        a = []
        holder = [a]
        """,
        reads="a",
        changes="a holder",
    ),
    case(
        "a list inside an object",
        "a.append(1)",
        """
        a = []
        class K:
            pass
        k = K()
        k.v = a
        """,
        reads="a",
        changes="a k",
    ),
    case(
        "what a list holds changes by the list",
        "holder[0].append(1)",
        """
        a = []
        holder = [a]
        """,
        reads="holder",
        changes="a holder",
    ),
    case(
        "an object inside a dict",
        "table['k'].v = 2",
        """
        class K:
            v = 1
        k = K()
        table = {'k': k}
        """,
        reads="table",
        changes="k table",
    ),
    case(
        "a loop variable that changes a holder",
        """
        for each in holder:
            each.append(1)
        """,
        "holder = [[], []]",
        reads="holder",
        changes="holder",
    ),
    case(
        "shuffled in place",
        """
        import random
        random.Random(1).shuffle(a)
        """,
        "a = [1, 2, 3]",
        reads="a",
        changes="a",
    ),
    case(
        "sorted in place, already sorted",
        "a.sort()",
        "a = [1, 2]",
        reads="a",
    ),
    case(
        "changed and changed back",
        """
        a.append(1)
        a.pop()
        """,
        "a = []",
        reads="a",
    ),
    case(
        "an output argument",
        "np.add(z, 1, out=x[:3])",
        ARRAYS,
        reads="x z",
        changes="x y",
    ),
    case(
        "a transposed view",
        "t[0] = 9",
        ARRAYS + "\nm = np.ones((2, 3))\nt = m.T",
        reads="t",
        changes="m t",
    ),
    case(
        "a reshaped view",
        "x.reshape(2, 3)[0, 0] = 9",
        ARRAYS,
        reads="x",
        changes="x y",
    ),
    case(
        "a copy is another",
        """
        w = x.copy()
        w[0] = 9
        """,
        ARRAYS,
        reads="x",
        makes="w",
    ),
    case(
        "a structured array's field",
        "s['n'][0] = 9",
        """
        import numpy as np
        s = np.zeros(2, [('n', 'i4')])
        """,
        reads="s",
        changes="s",
    ),
    case(
        "an array of objects",
        "o[0].append(1)",
        """
        import numpy as np
        o = np.array([[], None], object)
        """,
        reads="o",
        changes="o",
    ),
    case(
        "frame in place",
        "df.insert(0, 'q', 1)",
        """
        import pandas as pd
        df = pd.DataFrame({'m': [1], 'n': [2]})
        """,
        reads="df",
        changes="df",
    ),
    case(
        "frame cell",
        "df.loc[0, 'm'] = 9",
        """
        import pandas as pd
        df = pd.DataFrame({'m': [1, 2]})
        other = df
        """,
        reads="df",
        changes="df other",
    ),
    case(
        "a frame's attributes",
        "df.attrs['k'] = 1",
        """
        import pandas as pd
        df = pd.DataFrame({'m': [1]})
        """,
        reads="df",
        changes="df",
    ),
    case(
        "a frame's column is a copy",
        """
        s = df['m']
        s.iloc[0] = 9
        """,
        """
        import pandas as pd
        df = pd.DataFrame({'m': [1, 2]})
        """,
        reads="df",
        makes="s",
    ),
    case(
        "polars frame in place",
        "df[0, 'm'] = 9",
        """
        import polars as pl
        df = pl.DataFrame({'m': [1, 2]})
        """,
        reads="df",
        changes="df",
    ),
    case(
        "a polars frame that is only read",
        "b = df.select('m')",
        """
        import polars as pl
        df = pl.DataFrame({'m': [1, 2]})
        """,
        reads="df",
        makes="b",
    ),
    case(
        "a tensor in place",
        "t.add_(1)",
        """
        import torch
        t = torch.ones(2)
        v = t.view(2, 1)
        """,
        reads="t",
        changes="t v",
    ),
    case(
        "weights under no_grad",
        """
        with torch.no_grad():
            model.bias.zero_()
        """,
        """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        """,
        reads="model",
        changes="model",
    ),
    case(
        "a module that is only called",
        "b = model(torch.ones(1, 2)).detach()",
        """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        """,
        reads="model",
        makes="b",
    ),
    case(
        "locals at the top",
        "b = locals()['a']",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "eval of a comprehension",
        "b = eval('[v for v in a]')",
        "a = [1]",
        reads="a",
        makes="b",
    ),
    case(
        "exec that deletes",
        "exec('del a')",
        "a = 1",
        reads="a",
        deletes="a",
    ),
    case(
        "globals().pop",
        "globals().pop('a')",
        "a = 1",
        reads="a",
        deletes="a",
    ),
    case(
        "globals().update",
        "globals().update(b=a)",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "del in a function",
        "f()",
        """
        a = 1
        def f():
            global a
            del a
        """,
        reads="f",
        deletes="a",
    ),
    case(
        "shell line that is assigned",
        "b = get_ipython().getoutput('echo $a')",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "an expression in a line magic",
        "get_ipython().run_line_magic('run', 'x.py {a + 1} $b')",
        """
        a = 1
        b = 2
        """,
        reads="a b",
    ),
    case(
        "builtins hidden by the cell",
        """
        list = [a]
        b = list[0]
        """,
        "a = 1",
        reads="a",
        makes="b list",
    ),
    case(
        "a builtin that comes back",
        """
        del len
        b = len([1])
        """,
        """
        def len(v):
            return 5
        """,
        reads="len",
        makes="b",
        deletes="len",
    ),
    case(
        "a name bound twice",
        """
        b = a
        b = b + 1
        """,
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "swapped names",
        "a, b = b, a",
        """
        a = 1
        b = 2
        """,
        reads="a b",
        makes="a b",
    ),
    case(
        "chained targets",
        "b = c = a",
        "a = [1]",
        reads="a",
        makes="b c",
    ),
    case(
        "an annotation without a value",
        """
        b: int
        c: int = a
        """,
        "a = 1",
        reads="a",
        makes="c",
    ),
    case(
        "while with else",
        """
        while a > n:
            n += 1
        else:
            b = n
        """,
        """
        a = 2
        n = 0
        """,
        reads="a n",
        makes="b n",
    ),
    case(
        "import in a branch",
        """
        if a:
            import math as m
        b = m.pi
        """,
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "import inside a function",
        """
        def f():
            import math
            return math.pi * a
        b = f()
        """,
        "a = 1",
        reads="a",
        makes="b f",
    ),
    case(
        "zip moves its iterators on",
        "b = list(zip([1], it))",
        "it = iter([1, 2])",
        reads="it",
        makes="b",
        consumes="it",
    ),
    case(
        "an open file is read on",
        "b = handle.read()",
        """
        import io
        handle = io.StringIO('text')
        """,
        reads="handle",
        makes="b",
        consumes="handle",
    ),
    case(
        "a random generator moves on",
        "b = rng.random()",
        """
        import numpy as np
        rng = np.random.default_rng(1)
        """,
        reads="rng",
        makes="b",
        changes="rng",
    ),
    case(
        "an object that holds the array",
        "z[0] = 5",
        ARRAYS + "\nclass K:\n    pass\nk = K()\nk.w = [z]",
        reads="z",
        changes="k z",
    ),
    case(
        "one of two that a list holds",
        "holder[0].append(1)",
        """
        a, b = [], [2]
        holder = [a, b]
        """,
        reads="holder",
        changes="a holder",
    ),
    case(
        "a list that is only lengthened",
        "holder.append(1)",
        """
        a = []
        holder = [a]
        """,
        reads="holder",
        changes="holder",
    ),
]
