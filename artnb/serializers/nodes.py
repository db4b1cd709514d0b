"""The nodes that a `linked` file consists of: their order, and which of them are equal.

A node is a list: its kind, then its parts. A part is a number, text or the like, ``{"n": 3}``
for the object of node 3, or ``{"r": 0}`` for the file's first reference.
"""

from __future__ import annotations

import itertools
import marshal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from artnb.serializers.codecs import Codec, codec_named
from artnb.serializers.inlined import INLINED

__all__ = ["Node", "codec_of_node", "have_equal_keys", "in_order", "made_of", "merged"]

Node = tuple[Any, ...]
"""As it is written: of tuples, for Python's collector has less to do with those."""

_FILLED = frozenset(("list", "dict", "set", "ordered"))
"""Kinds whose objects are made empty."""

_VALUES = frozenset(("tuple", "frozenset"))
_NO_NODES: list[int] = []


def codec_of_node(kind: str) -> Codec | None:
    """Return the codec for the nodes of a kind, or None: a list, dict, tuple or set, or nothing."""
    return INLINED if kind == INLINED.name else codec_named(kind)


def merged(
    nodes: Sequence[Node],
    marks: Sequence[dict[str, int]],
    inside: Mapping[int, Sequence[int]],
    roots: Sequence[int],
) -> list[Node]:
    """Return the nodes without those that equal others, numbered by the way from the roots.

    Of two equal values that cannot change it is by chance whether they are one object, and
    so must not be in the bytes. ValueError for what could not be read.

    Parameters
    ----------
    marks : sequence of dict
        The one object that stands for a node wherever it is a part: it gets the new number.
    inside : mapping
        Of each node that holds others: these, in the order of its parts.
    roots : sequence of int
        Those that are given out, in order.
    """
    first = _first_of_equal(nodes, marks, inside)
    names: dict[int, int] = {}
    order: list[int] = []
    # `order` grows on the way.
    for found in itertools.chain([roots], (inside.get(number, ()) for number in order)):
        for number in found:
            if (number := first[number]) not in names:
                names[number] = len(order)
                order.append(number)
    for mark, number in zip(marks, first, strict=True):
        mark["n"] = names.get(number, -1)  # not reached: in none that is written
    return [nodes[number] for number in order]


def have_equal_keys(nodes: Sequence[Node]) -> bool:
    """Return whether a set or dict of merged nodes has one item where its value has more.

    What is not equal to itself, as NaN and a tuple with one, is a key as often as there are
    objects of it.
    """
    return any(map(_has_equal_keys, nodes))


def _has_equal_keys(node: Node) -> bool:
    marked = []
    for key in _keys(node):
        if type(key) is dict:
            if "n" in key:
                marked.append(key["n"])
        elif type(key) is float and key != key:
            marked.append(-1)  # JSON has one NaN
    return len(set(marked)) < len(marked)


def _keys(node: Node) -> Iterable[Any]:
    kind: str = node[0]
    parts: Sequence[Any] = node[1]
    if kind in ("set", "frozenset"):
        return parts
    if kind in ("dict", "ordered"):
        return [key for key, _ in parts]
    if kind in ("Counter", "defaultdict"):
        codec = codec_of_node(kind)
        return parts[codec.fixed if codec is not None else 0 :: 2]
    return ()


def _first_of_equal(
    nodes: Sequence[Node], marks: Sequence[dict[str, int]], inside: Mapping[int, Sequence[int]]
) -> list[int]:
    """Return, for each node, the number of the one that stands for all that equal it."""
    same: dict[bytes, int] = {}
    first = list(range(len(nodes)))
    holds = [_made_of(node) if n in inside else _NO_NODES for n, node in enumerate(nodes)]
    for number in in_order(holds):
        node = nodes[number]
        if node[0] in _VALUES or _is_value(node[0]):
            # Of the second version: later ones write whether two parts are one object. It
            # tells 1 from True and 1.0, and -0.0 from 0.0, as JSON does.
            found = same.setdefault(marshal.dumps(node, 2), number)
            if found != number:
                first[number] = marks[number]["n"] = found  # for those that hold it
    return first


def _is_value(kind: str) -> bool:
    codec = codec_of_node(kind)
    return codec is not None and not codec.mutable and codec.fill is None


def in_order(made_of: Sequence[Sequence[int]]) -> Iterator[int]:
    """Yield the numbers of the nodes, each after those that its object is made of.

    Without recursion, for tuples are nested as deep as one likes. ValueError for what is
    made of itself.
    """
    done, begun = set[int](), set[int]()
    for start in reversed(range(len(made_of))):  # what is inside has mostly the higher number
        if not made_of[start]:
            if start not in done:
                done.add(start)
                yield start
            continue
        waiting = [start]
        while waiting:
            if (number := waiting[-1]) in done:
                waiting.pop()
                continue
            inner = [n for n in made_of[number] if n not in done]
            if not inner:
                waiting.pop()
                done.add(number)
                yield number
            elif number in begun or not begun.isdisjoint(inner) or number in inner:
                raise ValueError("something that is made of itself")
            else:
                begun.add(number)
                waiting += inner


def made_of(nodes: Sequence[Sequence[Any]]) -> list[list[int]]:
    """Return, of each node, the numbers of those without whose objects its own cannot be made."""
    return [_made_of(node) for node in nodes]


def _made_of(node: Sequence[Any]) -> list[int]:
    kind, parts = node[0], node[1]
    if kind in _FILLED:
        return _NO_NODES
    codec = codec_of_node(kind)
    if codec is not None and codec.fill is not None:
        parts = parts[: codec.fixed]
    return [part["n"] for part in parts if type(part) is dict and "n" in part]
