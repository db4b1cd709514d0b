"""The graph as bytes for the page: a JSON header, then little-endian columns.

Layout: header length (uint32), header (UTF-8 JSON, padded with spaces so that the columns
begin at a multiple of 8), columns one after another, each padded likewise. The header
names each column with its type, offset from the first column, and count.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from artnb import ownjson as json
from artnb.lineage import NO_JOB_TYPE, LineageGraph
from artnb.model import Edge
from artnb.widgets.renamed import left_behind

__all__ = [
    *("RUN_STATES", "VERSION_STATES", "Contents", "Node"),
    *("contents_of", "encode_contents", "encode_edges", "encode_graph", "encode_nodes"),
    *("narrow", "pack", "places_of"),
]

FORMAT = 2
RUN_STATES = ("running", "finished", "failed", "crashed", "deleted")
VERSION_STATES = ("live", "damaged", "deleted")
_TYPES = {"u1": "B", "u2": "H", "u4": "I", "f8": "d"}


class Node(NamedTuple):
    """All that the page is told of a run or a version without being asked.

    Attributes
    ----------
    key : str or int
        The id of a run, the catalogue number of a version.
    name : str
        Of a version of another project, with that: ``project/name``.
    left : bool
        Of a version: its cell makes something else now, and it is left as it is.
    """

    key: str | int
    type: str
    name: str
    number: int
    state: str
    time: float
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    left: bool = False


class Contents(NamedTuple):
    """A graph as the page is told of it: versions, then runs, and what joins them."""

    nodes: list[Node]
    edges: list[Edge]


def contents_of(graph: LineageGraph) -> Contents:
    """Return what the page is told of a graph."""
    left = left_behind(graph)
    nodes = []
    for v in graph.versions.values():
        named = (v.type, v.name_in(graph.project), v.number, v.state, v.created_at)
        nodes.append(Node(v.id, *named, v.aliases, v.tags, v.id in left))
    for run in graph.runs.values():
        told = (run.job_type or NO_JOB_TYPE, run.name, run.number, run.state, run.created_at)
        nodes.append(Node(run.id, *told, (), run.tags))
    return Contents(nodes, graph.edges)


def encode_graph(graph: LineageGraph, project: str) -> bytes:
    """Return the columns of a graph that no changes follow."""
    return encode_contents(contents_of(graph), project)


def encode_contents(contents: Contents, project: str, revision: int = 0) -> bytes:
    """Return the columns of `encode_nodes` and `encode_edges`.

    Parameters
    ----------
    revision : int, optional
        What changes that follow name as their base.
    """
    header, columns = encode_nodes(contents.nodes)
    edges = encode_edges(contents.edges, places_of(contents.nodes))
    return pack({"project": project, "revision": revision, **header}, {**columns, **edges})


def encode_nodes(nodes: Sequence[Node]) -> tuple[dict[str, Any], dict[str, array[Any]]]:
    """Return the header and the columns of nodes, versions before runs.

    Columns: ``kind`` (0 version, 1 run), ``key`` (catalogue number of a version, index into
    ``ids`` of a run), ``type`` and ``name`` (indices into ``strings``), ``number`` (N of vN,
    or of the run), ``state`` (index into its states), ``time`` (s since the epoch). Whole
    numbers are as narrow as the largest of their column allows.

    A run whose name ends with its number has, beyond ``strings``, an index into
    ``prefixes``, for its name without the number: those repeat, whole names do not.
    """
    versions = [node for node in nodes if isinstance(node.key, int)]
    runs = nodes[len(versions) :]
    table, prefixes = _Strings(), _Strings()
    types = [table.index(node.type) for node in nodes]
    names = [table.index(version.name) for version in versions]
    for run in runs:
        prefix = run.name.removesuffix(str(run.number))
        # Below 0 until it is known how many strings there are.
        shortened = prefix.endswith("-") and prefix != run.name
        names.append(-1 - prefixes.index(prefix) if shortened else table.index(run.name))
    whole = len(table.values)
    states = [VERSION_STATES.index(version.state) for version in versions]
    states += [RUN_STATES.index(run.state) for run in runs]
    columns: dict[str, array[Any]] = {
        "kind": array("B", bytes(len(versions)) + b"\1" * len(runs)),
        "key": narrow([*(int(version.key) for version in versions), *range(len(runs))]),
        "type": narrow(types),
        "name": narrow([name if name >= 0 else whole - 1 - name for name in names]),
        "number": narrow([node.number for node in nodes]),
        "state": array("B", states),
        "time": array("d", [node.time for node in nodes]),
    }
    header = {
        "strings": table.values,
        "prefixes": prefixes.values,
        "ids": [run.key for run in runs],
        "aliases": {n: node.aliases for n, node in enumerate(nodes) if node.aliases},
        "tags": {n: node.tags for n, node in enumerate(nodes) if node.tags},
        "left": [n for n, node in enumerate(nodes) if node.left],
    }
    return header, columns


def encode_edges(edges: Iterable[Edge], places: Mapping[str | int, int]) -> dict[str, array[int]]:
    """Return the columns ``source`` and ``target``: places of nodes, in the data's direction."""
    source, target = array("I"), array("I")
    for edge in edges:
        run, version = places[edge.run], places[edge.version]
        logged = edge.kind == "logged"
        source.append(run if logged else version)
        target.append(version if logged else run)
    return {"source": source, "target": target}


def places_of(nodes: Iterable[Node]) -> dict[str | int, int]:
    """Return each node's place, by its key."""
    return {node.key: place for place, node in enumerate(nodes)}


def narrow(values: list[int]) -> array[int]:
    """Return whole numbers in as few bytes each as hold them all."""
    largest = max(values, default=0)
    return array("B" if largest < 1 << 8 else "H" if largest < 1 << 16 else "I", values)


class _Strings:
    """Texts, each kept once."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._places: dict[str, int] = {}

    def index(self, text: str) -> int:
        place = self._places.setdefault(text, len(self.values))
        if place == len(self.values):
            self.values.append(text)
        return place


def pack(header: Mapping[str, Any], columns: Mapping[str, array[Any]]) -> bytes:
    """Return a header and columns in the layout that this module opens with."""
    described, bodies, offset = {}, [], 0
    codes = {code: name for name, code in _TYPES.items()}
    for name, column in columns.items():
        if sys.byteorder == "big":
            column.byteswap()
        body = column.tobytes()
        described[name] = [codes[column.typecode], offset, len(column)]
        body += b"\0" * (-len(body) % 8)
        bodies.append(body)
        offset += len(body)
    text = json.dumps(
        {"format": FORMAT, **header, "columns": described}, separators=(",", ":")
    ).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return b"".join([len(text).to_bytes(4, "little"), text, *bodies])
