"""Hard cells in syntax that the oldest Python of artnb does not know yet."""

from __future__ import annotations

import sys

from capture.capture_cases import case

_SINCE_12 = [
    case(
        "an alias of a type",
        "type Row = dict[str, Cell]",
        "Cell = int | str",
        reads="Cell",
        makes="Row",
    ),
    case(
        "an alias of a type that comes after it",
        """
        type Pair = tuple[Node, Node]
        class Node:
            pass
        """,
        "class Node: pass",
        makes="Pair Node",
    ),
    case(
        "an alias of a type that is in itself",
        "type Tree = list[Tree]",
        "Tree = 1",
        makes="Tree",
    ),
    case(
        "an alias that is read",
        "out = str(Row.__value__)",
        "type Row = list[int]",
        reads="Row",
        makes="out",
    ),
    case(
        "type parameters of an alias hide",
        "type Pair[T] = tuple[T, Other]",
        "T = 1\nOther = int | str",
        reads="Other",
        makes="Pair",
    ),
    case(
        "type parameters of a function hide",
        """
        def first[T: Bound](values: list[T], given=T) -> T:
            found: T = values[0]
            return cast(T, found)
        out = first([1])
        """,
        "from typing import cast\nBound = int | str\nT = 1",
        reads="Bound",
        makes="first out",
    ),
    case(
        "type parameters of a class hide",
        """
        class Box[T](Base[T]):
            def put(self, value: T) -> list[T]:
                return [T, value, factor]
        out = Box().put(1)[1:]
        """,
        """
        class Base[S]:
            pass
        T = 1
        factor = 2
        """,
        reads="Base factor",
        makes="Box out",
    ),
    case(
        "type parameters of what a function defines",
        """
        def make():
            type Pair[T] = tuple[T, Other]
            def inner[U](value: U) -> U:
                return value, U, factor
            class Box[V](Base[V]):
                def put(self, value: V):
                    return value, V
            return inner
        out = make()(1)[0]
        """,
        """
        class Base[S]:
            pass
        T = U = V = 1
        Other = int | str
        factor = 2
        """,
        reads="Base Other factor",
        makes="make out",
    ),
    case(
        "a name that a type parameter hides only inside",
        """
        def first[T](values: list[T]) -> T:
            return values[0]
        out = first([T])
        """,
        "T = [1]",
        reads="T",
        makes="first out",
    ),
    case(
        "values in an f-string in an f-string",
        'out = f"{f"{a} {b!r:>{width}}"}"',
        "a = b = 1\nwidth = 5",
        reads="a b width",
        makes="out",
    ),
]

_SINCE_14 = [
    case(
        "values in a template",
        'out = t"{a} {b!r:>{width}}"',
        "a = b = 1\nwidth = 5",
        reads="a b width",
        makes="out",
    ),
    case(
        "tables of a SQL text in a template",
        'out = database.sql(t"select a from sales where a > {low}")',
        """
        class Database:
            def sql(self, text):
                return [1]
        database = Database()
        sales = [1]
        low = 1
        a = 2
        """,
        reads="database sales low",
        makes="out",
    ),
    case(
        "exceptions without parentheses",
        """
        try:
            out = a[0]
        except KeyError, Own:
            out = b
        """,
        """
        class Own(Exception):
            pass
        a = {}
        b = 1
        """,
        reads="a b Own",
        makes="out",
    ),
    case(
        "an annotation that names what comes after it",
        """
        class Leaf:
            above: Node | None = None
        def walk(node: Node) -> Node:
            return node
        root: Node
        class Node:
            pass
        """,
        "class Node: pass",
        makes="Leaf Node walk",
    ),
    case(
        "an annotation that names what was there",
        """
        def walk(node: Node) -> Other:
            return node
        """,
        "class Node: pass\nclass Other: pass",
        reads="Node Other",
        makes="walk",
    ),
    case(
        "annotations of a class that is read",
        "out = Leaf().count",
        """
        Above = int | None
        class Leaf:
            above: Above = None
            count = 1
        """,
        reads="Leaf",
        makes="out",
    ),
]

_SINCE_15 = [
    case(
        "unpacking in comprehensions",
        "out = [*{**each for each in given if each}, *[*each for each in others]]",
        "given = [{'a': 1}]\nothers = [[1], [2]]",
        reads="given others",
        makes="out",
    ),
    case(
        "unpacking in a function's comprehension",
        """
        def joined():
            return {**each for each in given}
        out = joined()
        """,
        "given = [{'a': 1}]\neach = 1",
        reads="given",
        makes="joined out",
    ),
    case(
        "lazy imports that are read",
        "out = str(decimal.Decimal(mean(given)))",
        "lazy import decimal\nlazy from statistics import mean\ngiven = [1, 2]",
        reads="given",
        makes="out",
    ),
    case(
        "lazy imports that a function reads",
        "out = middle([1, 2])",
        """
        lazy import decimal
        lazy from statistics import mean
        def middle(values):
            return str(decimal.Decimal(mean(values)))
        """,
        reads="middle",
        makes="out",
    ),
    case(
        "a lazy import that fails where it is read",
        """
        try:
            out = missing_of_all.name
        except ImportError:
            out = 1
        """,
        "lazy import missing_of_all",
        makes="out",
    ),
    case(
        "a lazy import of the cell",
        "lazy import decimal\nout = 1",
        makes="out",
    ),
]

NEWER = [
    *(_SINCE_12 if sys.version_info >= (3, 12) else ()),
    *(_SINCE_14 if sys.version_info >= (3, 14) else ()),
    *(_SINCE_15 if sys.version_info >= (3, 15) else ()),
]
