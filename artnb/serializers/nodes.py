"""The nodes that a `linked` file consists of: their order, and which of them are equal.

A node is a list: its kind, then its parts. A part is a number, text or the like, ``{"n": 3}``
for the object of node 3, or ``{"r": 0}`` for the file's first reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from artnb.serializers.codecs import ATOMS, Codec, codec_named
from artnb.serializers.inlined import INLINED

__all__ = ["codec_of_node", "in_order", "merged"]

_FILLED = frozenset(("list", "dict", "set", "ordered"))
"""Kinds whose objects are made empty."""

_VALUES = frozenset(("tuple", "frozenset"))


def codec_of_node(kind: str) -> Codec | None:
    """Return the codec for the nodes of a kind, or None: a list, dict, tuple or set, or nothing."""
    return INLINED if kind == INLINED.name else codec_named(kind)


def merged(nodes: list[Any], roots: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the nodes without those that equal others, numbered by the way from the roots.

    Of two equal values that cannot change it is by chance whether they are one object, and
    so must not be in the bytes. ValueError for what could not be read.

    Returns
    -------
    tuple
        The nodes, and the roots with their new numbers.
    """
    first = _first_of_equal(nodes)
    names: dict[int, int] = {}
    order: list[int] = []

    def renamed(part: Any) -> Any:
        if type(part) is list:
            return [each if type(each) in ATOMS else renamed(each) for each in part]
        if type(part) is not dict or "n" not in part:
            return part
        number = first[part["n"]]
        if number not in names:
            names[number] = len(order)
            order.append(number)
        return {"n": names[number]}

    roots = renamed(roots)
    return [renamed(nodes[number]) for number in order], roots  # `order` grows on the way


def _first_of_equal(nodes: list[Any]) -> list[int]:
    """Return, for each node, the number of the one that stands for all that equal it."""
    same: dict[str, int] = {}
    first = list(range(len(nodes)))
    for number in in_order(nodes):
        kind, parts = nodes[number][0], nodes[number][1]
        codec = codec_of_node(kind)
        if kind in _VALUES or (codec is not None and not codec.mutable and codec.fill is None):
            found = [
                {"n": first[each["n"]]} if type(each) is dict and "n" in each else each
                for each in parts
            ]
            first[number] = same.setdefault(repr((kind, found)), number)
    return first


def in_order(nodes: Sequence[Any]) -> Iterator[int]:
    """Yield the numbers of the nodes, each after those that its object is made of.

    Without recursion, for tuples are nested as deep as one likes. ValueError for what is
    made of itself.
    """
    done, begun = set[int](), set[int]()
    for start in reversed(range(len(nodes))):  # what is inside has mostly the higher number
        waiting = [start]
        while waiting:
            if (number := waiting[-1]) in done:
                waiting.pop()
                continue
            inner = [n for n in _made_of(nodes[number]) if n not in done]
            if not inner:
                waiting.pop()
                done.add(number)
                yield number
            elif number in begun or not begun.isdisjoint(inner) or number in inner:
                raise ValueError("something that is made of itself")
            else:
                begun.add(number)
                waiting += inner


def _made_of(node: list[Any]) -> list[int]:
    """Return the numbers of the nodes without whose objects that of `node` cannot be made."""
    kind, parts = node[0], node[1]
    if kind in _FILLED:
        return []
    codec = codec_of_node(kind)
    if codec is not None and codec.fill is not None:
        parts = parts[: codec.fixed]
    return [part["n"] for part in parts if type(part) is dict and "n" in part]
