"""Where the boxes of a picture stand, and the ways of its arrows around them.

Nodes are in layers, each after all that lead to it, cycles cut. An arrow over several layers has
a slot of its own in each between, so that it goes past the boxes there and not through them.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any

__all__ = ["Arranged", "Slot", "arranged", "spread"]

Slot = str | int
"""A node, or the number of a slot that an arrow passes."""

_SWEEPS = 8
_MOST_SLOTS = 600
"""With more arrows over layers than that they are drawn straight: nobody could follow them."""


@dataclass(frozen=True)
class Arranged:
    """Layers of slots, and for each arrow the slots that it passes, in its own direction."""

    layers: Sequence[Sequence[Slot]]
    ways: Mapping[tuple[str, str], Sequence[Slot]]


def arranged(nodes: Collection[str], arrows: Collection[tuple[str, str]]) -> Arranged:
    """Return the nodes in layers, in an order with few crossings, and the ways of the arrows."""
    layers: list[list[Slot]] = [list(layer) for layer in _layers(nodes, arrows)]
    ways = _ways(layers, arrows)
    return Arranged(_ordered(layers, list(ways.values())), ways)


def spread(wanted: Sequence[float], steps: Sequence[float]) -> list[float]:
    """Return places in order, as near as can be to those wanted, `steps` or more apart.

    Neighbours that would overlap share their mean (pool adjacent violators).
    """
    offsets = [sum(steps[:i]) for i in range(len(wanted))]
    pools: list[tuple[float, int]] = []
    for place, offset in zip(wanted, offsets, strict=True):
        total, size = place - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            total, size = total + pools[-1][0], size + pools.pop()[1]
        pools.append((total, size))
    means = [total / size for total, size in pools for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _layers(nodes: Collection[str], arrows: Collection[tuple[str, str]]) -> list[list[str]]:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((a, b) for a, b in arrows if a != b)
    order = {node: place for place, node in enumerate(_reading_order(graph))}
    forward = nx.DiGraph()
    forward.add_nodes_from(nodes)
    forward.add_edges_from((a, b) for a, b in graph.edges if order[a] < order[b])
    found = [list(layer) for layer in nx.topological_generations(forward)]
    rank = {node: n for n, layer in enumerate(found) for node in layer}
    # What begins late stands before what uses it, not at the far end of a long arrow.
    for node, degree in forward.in_degree():
        if not degree and (after := [rank[each] for each in forward.successors(node)]):
            rank[node] = min(after) - 1
    layers: list[list[str]] = [[] for _ in found]
    for node in sorted(rank, key=order.__getitem__):
        layers[rank[node]].append(node)
    return [layer for layer in layers if layer]


def _reading_order(graph: Any) -> list[str]:
    """Return an order in which most arrows go forward: depth first from the sources."""
    import networkx as nx

    sources = [node for node, degree in graph.in_degree() if degree == 0]
    seen: dict[str, None] = {}
    for start in (*sources, *graph):
        if start not in seen:
            found = list(nx.dfs_postorder_nodes(graph, start))
            fresh = [node for node in reversed(found) if node not in seen]
            # What is found later comes before what it leads to.
            seen = dict.fromkeys([*fresh, *seen])
    return list(seen)


def _ways(
    layers: list[list[Slot]], arrows: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Sequence[Slot]]:
    """Return each arrow's way, and enter the slots between its ends in their layers."""
    rank = {node: n for n, layer in enumerate(layers) for node in layer}
    pairs = [(a, b) for a, b in dict.fromkeys(arrows) if a != b]
    between = sum(max(0, abs(rank[a] - rank[b]) - 1) for a, b in pairs)
    numbers = count()
    ways: dict[tuple[str, str], Sequence[Slot]] = {}
    for a, b in pairs:
        step = 1 if rank[a] < rank[b] else -1
        passed: list[Slot] = []
        if between <= _MOST_SLOTS:
            for layer in range(rank[a] + step, rank[b], step):
                passed.append(next(numbers))
                layers[layer].append(passed[-1])
        ways[a, b] = [a, *passed, b]
    return ways


def _ordered(layers: list[list[Slot]], ways: Collection[Sequence[Slot]]) -> list[list[Slot]]:
    """Return the layers in the order with the fewest crossings that some sweeps find."""
    links = [pair for way in ways for pair in pairwise(way)]
    near: dict[Slot, list[Slot]] = {slot: [] for layer in layers for slot in layer}
    for a, b in links:
        near[a].append(b)
        near[b].append(a)
    best, fewest = layers, _crossings(layers, links)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        layers = [list(layer) for layer in layers]
        sides = list(pairwise(range(len(layers))))
        for fixed, free in sides if sweep % 2 == 0 else [(b, a) for a, b in reversed(sides)]:
            place = {slot: n for n, slot in enumerate(layers[fixed])}
            own = {slot: n for n, slot in enumerate(layers[free])}
            layers[free].sort(key=lambda slot: _mean(near[slot], place, own[slot]))
        found = _crossings(layers, links)
        if found < fewest:
            best, fewest = layers, found
    return best


def _mean(near: Sequence[Slot], place: Mapping[Slot, int], own: int) -> float:
    known = [place[each] for each in near if each in place]
    return sum(known) / len(known) if known else own


def _crossings(layers: Sequence[Sequence[Slot]], links: Collection[tuple[Slot, Slot]]) -> int:
    """Return how often links between neighbouring layers cross."""
    at = {slot: (n, place) for n, layer in enumerate(layers) for place, slot in enumerate(layer)}
    between: dict[int, list[tuple[int, int]]] = {}
    for pair in links:
        (low, start), (high, end) = sorted(at[slot] for slot in pair)
        if high == low + 1:
            between.setdefault(low, []).append((start, end))
    crossings = 0
    for ends in between.values():
        passed: list[int] = []
        for _, end in sorted(ends):
            crossings += len(passed) - bisect_right(passed, end)
            insort(passed, end)
    return crossings
