"""Hard cells: code in; expected inputs, outputs and in-place changes out.

`setup` runs as earlier cells of the notebook, `cell` is the one that is watched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent


@dataclass(frozen=True)
class Case:
    id: str
    cell: str
    setup: str = ""
    reads: set[str] = field(default_factory=set)
    makes: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    consumes: set[str] = field(default_factory=set)


def case(id, cell, setup="", *, reads="", makes="", changes="", deletes="", consumes=""):
    return Case(
        id,
        dedent(cell).strip("\n"),
        dedent(setup).strip("\n"),
        *(set(names.split()) for names in (reads, makes, changes, deletes, consumes)),
    )


ARRAYS = "import numpy as np\nx = np.arange(6.0)\ny = x[:3]\nz = np.ones(3)"

CASES = [
    case(
        "plain assignment",
        "b = a + 1",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "bound before it is read",
        """
        a = 1
        b = a + 1
        """,
        "a = 5",
        makes="a b",
    ),
    case(
        "read, then bound",
        """
        b = a
        a = 2
        """,
        "a = 1",
        reads="a",
        makes="a b",
    ),
    case(
        "a name that does not exist is no input",
        """
        try:
            q
        except NameError:
            b = 1
        """,
        makes="b",
    ),
    case(
        "builtins are no inputs",
        "b = max(len('ab'), 1)",
        makes="b",
    ),
    case(
        "a name that hides a builtin",
        "b = max(3)",
        """
        def max(n):
            return n
        """,
        reads="max",
        makes="b",
    ),
    case(
        "augmented assignment reads",
        "a += 1",
        "a = 1",
        reads="a",
        makes="a",
    ),
    case(
        "augmented assignment in place",
        "a += [2]",
        "a = [1]",
        reads="a",
        makes="a",
    ),
    case(
        "walrus",
        "print(b := a)",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "walrus in a comprehension",
        "c = [b := v for v in a]",
        "a = [1]",
        reads="a",
        makes="b c",
    ),
    case(
        "comprehension's own name",
        "b = [a for a in [1, 2]]",
        "a = 5",
        makes="b",
    ),
    case(
        "comprehension's first iterable is outside",
        "b = [a for a in a]",
        "a = [1]",
        reads="a",
        makes="b",
    ),
    case(
        "nested comprehension",
        "b = [u + v + c for u in a for v in a]",
        """
        a = [1]
        c = 2
        """,
        reads="a c",
        makes="b",
    ),
    case(
        "dict comprehension",
        "b = {k: d[k] for k in d}",
        """
        d = {'x': 1}
        k = 3
        """,
        reads="d",
        makes="b",
    ),
    case(
        "generator that is used up at once",
        "b = sum(v * w for v in a)",
        """
        a = [1]
        w = 2
        """,
        reads="a w",
        makes="b",
    ),
    case(
        "class body reads",
        """
        class K:
            size = a
            other = size
        """,
        """
        a = 1
        size = 9
        """,
        reads="a",
        makes="K",
    ),
    case(
        "class body does not hide from methods",
        """
        class K:
            a = 1
            def m(self):
                return a
        b = K().m()
        """,
        "a = 2",
        reads="a",
        makes="K b",
    ),
    case(
        "a method is read only if the class is used",
        """
        class K:
            def m(self):
                return a
        """,
        "a = 2",
        makes="K",
    ),
    case(
        "base class",
        """
        class L(K):
            pass
        """,
        """
        class K:
            pass
        """,
        reads="K",
        makes="L",
    ),
    case(
        "a function reads nothing where it is defined",
        """
        def f():
            return a
        """,
        "a = 1",
        makes="f",
    ),
    case(
        "a function that is called reads",
        """
        def f():
            return a
        b = f()
        """,
        "a = 1",
        reads="a",
        makes="b f",
    ),
    case(
        "a function that calls another",
        """
        def f():
            return a
        def g():
            return f()
        b = g()
        """,
        "a = 1",
        reads="a",
        makes="b f g",
    ),
    case(
        "a function's argument hides",
        """
        def f(a):
            return a
        b = f(3)
        """,
        "a = 1",
        makes="b f",
    ),
    case(
        "a default is read where it is defined",
        """
        def f(v=a):
            return v
        """,
        "a = 1",
        reads="a",
        makes="f",
    ),
    case(
        "an annotation is read",
        """
        def f(v: T) -> T:
            return v
        """,
        "class T:\n    pass",
        reads="T",
        makes="f",
    ),
    case(
        "global binds",
        """
        def f():
            global a
            a = 2
        f()
        """,
        "a = 1",
        makes="a f",
    ),
    case(
        "global in an earlier function",
        "f()",
        """
        a = 1
        def f():
            global a
            a = 2
        """,
        reads="f",
        makes="a",
    ),
    case(
        "earlier function's globals",
        "b = f()",
        """
        a = 1
        def f():
            return a
        """,
        reads="a f",
        makes="b",
    ),
    case(
        "earlier functions in a chain",
        "b = g()",
        """
        a = 1
        def f():
            return a
        def g():
            return [f() for _ in 'ab']
        """,
        reads="a f g",
        makes="b",
    ),
    case(
        "an attribute of that name is not read",
        "b = f([2])",
        """
        sort = 1
        def f(v):
            v.sort()
            return v
        """,
        reads="f",
        makes="b",
    ),
    case(
        "method of an instance",
        "b = k.m()",
        """
        a = 1
        class K:
            def m(self):
                return a
        k = K()
        """,
        reads="a k",
        makes="b",
    ),
    case(
        "property",
        "b = k.p",
        """
        a = 1
        class K:
            @property
            def p(self):
                return a
        k = K()
        """,
        reads="a k",
        makes="b",
    ),
    case(
        "partial",
        "b = p()",
        """
        from functools import partial
        a = 1
        def f(v):
            return v + a
        p = partial(f, 2)
        """,
        reads="a p",
        makes="b",
    ),
    case(
        "bound method kept in a name",
        "b = m()",
        """
        a = 1
        class K:
            def m(self):
                return a
        m = K().m
        """,
        reads="a m",
        makes="b",
    ),
    case(
        "closure",
        "b = f()",
        """
        a = 1
        def outer():
            def inner():
                return a
            return inner
        f = outer()
        """,
        reads="a f",
        makes="b",
    ),
    case(
        "imported functions are no inputs",
        "b = reduce(max, a)",
        """
        from functools import reduce
        a = [1]
        """,
        reads="a",
        makes="b",
    ),
    case(
        "decorated by a library",
        "b = f()",
        """
        import functools
        a = 1
        @functools.lru_cache
        def f():
            return a
        """,
        reads="a f",
        makes="b",
    ),
    case(
        "function in a list",
        "b = [f() for f in steps]",
        """
        a = 1
        steps = [lambda: a]
        """,
        reads="a steps",
        makes="b",
    ),
    case(
        "function in a dict",
        "b = table['f']()",
        """
        a = 1
        table = {'f': lambda: a}
        """,
        reads="a table",
        makes="b",
    ),
    case(
        "lambda that is called",
        """
        f = lambda: a
        b = f()
        """,
        "a = 1",
        reads="a",
        makes="b f",
    ),
    case(
        "lambda that is passed on",
        "b = sorted([1], key=lambda v: v + a)",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "decorator of the notebook",
        """
        @deco
        def f():
            return a
        """,
        """
        a = 1
        def deco(fn):
            fn()
            return fn
        """,
        reads="a deco",
        makes="f",
    ),
    case(
        "delete",
        "del a",
        "a = 1",
        reads="a",
        deletes="a",
    ),
    case(
        "delete of an item changes",
        "del a[0]",
        "a = [1, 2]",
        reads="a",
        changes="a",
    ),
    case(
        "bound and deleted",
        """
        b = 1
        del b
        """,
        "b = 0",
        deletes="b",
    ),
    case(
        "tuple targets",
        "(b, *c), d = a",
        "a = ((1, 2, 3), 4)",
        reads="a",
        makes="b c d",
    ),
    case(
        "import",
        """
        import math
        b = math.pi
        """,
        makes="b",
    ),
    case(
        "from import",
        """
        from math import pi
        b = pi
        """,
        makes="b",
    ),
    case(
        "star import",
        """
        from math import *
        b = tau
        """,
        makes="b",
    ),
    case(
        "for leaves its target, which is no result",
        """
        for i in a:
            b = i
        """,
        "a = [1]",
        reads="a",
        makes="b",
    ),
    case(
        "loop that carries a value",
        """
        for i in range(2):
            b = b + i
        """,
        "b = 1",
        reads="b",
        makes="b",
    ),
    case(
        "with",
        """
        with open(path) as handle:
            b = handle.read()
        """,
        """
        import os
        path = os.devnull
        """,
        reads="path",
        makes="b",
    ),
    case(
        "match",
        """
        match a:
            case {'k': b}:
                pass
        """,
        "a = {'k': 1}",
        reads="a",
        makes="b",
    ),
    case(
        "except as",
        """
        try:
            b = 1 / a
        except ZeroDivisionError as error:
            b = str(error)
        """,
        "a = 0",
        reads="a",
        makes="b",
    ),
    case(
        "interned value bound again",
        "a = 5",
        "a = 5",
        makes="a",
    ),
    case(
        "bound to itself",
        "a = a",
        "a = [1]",
        reads="a",
        makes="a",
    ),
    case(
        "branch that did not run",
        """
        if False:
            a = []
        b = 1
        """,
        "a = [1]",
        makes="b",
    ),
    case(
        "branch that ran",
        """
        if c:
            a = [2]
        """,
        """
        a = [1]
        c = True
        """,
        reads="c",
        makes="a",
    ),
    case(
        "unpack into an item",
        "a[0], b = 1, 2",
        "a = [0]",
        reads="a",
        makes="b",
        changes="a",
    ),
    case(
        "method changes in place",
        "a.append(1)",
        "a = []",
        reads="a",
        changes="a",
    ),
    case(
        "method does not change",
        "b = a.count(1)",
        "a = [1]",
        reads="a",
        makes="b",
    ),
    case(
        "attribute set",
        "k.v = 2",
        """
        class K:
            pass
        k = K()
        """,
        reads="k",
        changes="k",
    ),
    case(
        "function changes its argument",
        "f(a)",
        """
        a = []
        def f(v):
            v.append(1)
        """,
        reads="a f",
        changes="a",
    ),
    case(
        "function changes a global",
        "f()",
        """
        a = {}
        def f():
            a['k'] = 1
        """,
        reads="a f",
        changes="a",
    ),
    case(
        "same object under another name",
        "a.append(1)",
        """
        a = []
        b = a
        """,
        reads="a",
        changes="a b",
    ),
    case(
        "array in place",
        "x *= 2",
        ARRAYS,
        reads="x",
        makes="x",
        changes="y",
    ),
    case(
        "array item",
        "z[0] = 5",
        ARRAYS,
        reads="z",
        changes="z",
    ),
    case(
        "view changes its base",
        "y[0] = 5",
        ARRAYS,
        reads="y",
        changes="x y",
    ),
    case(
        "a list that holds the array",
        "z[0] = 5",
        ARRAYS + "\nholder = {'k': [z]}\nother = [x]",
        reads="z",
        changes="z holder",
    ),
    case(
        "an optimizer changes its model",
        "optimizer.step()",
        """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        other = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(torch.ones(1, 2)).sum().backward()
        """,
        reads="optimizer",
        changes="optimizer model",
    ),
    case(
        "a tensor changes the array under it",
        "t += 1",
        """
        import numpy as np
        import torch
        a = np.zeros(3)
        t = torch.from_numpy(a)
        u = torch.ones(3)
        """,
        reads="t",
        makes="t",
        changes="a",
    ),
    case(
        "array that is only read",
        "b = x.sum()",
        ARRAYS,
        reads="x",
        makes="b",
    ),
    case(
        "frame column",
        "df['n'] = 1",
        """
        import pandas as pd
        df = pd.DataFrame({'m': [1, 2]})
        """,
        reads="df",
        changes="df",
    ),
    case(
        "frame that is only read",
        "b = df.m.sum()",
        """
        import pandas as pd
        df = pd.DataFrame({'m': [1, 2]})
        """,
        reads="df",
        makes="b",
    ),
    case(
        "exec of text",
        "exec('b = a + 1')",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "eval of text",
        "b = eval('a + 1')",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "exec of a computed text",
        "exec(f'b = {1}')",
        makes="b",
    ),
    case(
        "globals by name",
        "b = globals()['a']",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "globals().get",
        "b = globals().get('a')",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "globals set by name",
        "globals()['b'] = a",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "vars inside a function",
        """
        def f():
            return globals()['a']
        b = f()
        """,
        "a = 1",
        reads="a",
        makes="b f",
    ),
    case(
        "f-string",
        "b = f'{a:>{width}}'",
        """
        a = 1
        width = 3
        """,
        reads="a width",
        makes="b",
    ),
    case(
        "generator that moves on",
        "b = next(g)",
        "g = (v for v in [1, 2])",
        reads="g",
        makes="b",
        consumes="g",
    ),
    case(
        "iterator that moves on",
        "b = next(it)",
        "it = iter([1, 2])",
        reads="it",
        makes="b",
        consumes="it",
    ),
    case(
        "generator that is only named",
        "b = [g]",
        "g = (v for v in [1])",
        reads="g",
        makes="b",
    ),
    case(
        "shell line",
        "get_ipython().system('ls $path {a + 1} $$HOME')",
        """
        path = '.'
        a = 1
        HOME = 2
        """,
        reads="a path",
    ),
    case(
        "line magic",
        "get_ipython().run_line_magic('time', 'b = f(a)')",
        """
        a = 1
        def f(v):
            return v
        """,
        reads="a f",
        makes="b",
    ),
    case(
        "cell magic",
        "get_ipython().run_cell_magic('time', '', 'b = a\\n')",
        "a = 1",
        reads="a",
        makes="b",
    ),
    case(
        "top-level await",
        "b = await f()",
        """
        a = 1
        async def f():
            return a
        """,
        reads="a f",
        makes="b",
    ),
    case(
        "private names are made too",
        "_b = a",
        "a = 1",
        reads="a",
        makes="_b",
    ),
]
