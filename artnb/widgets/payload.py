"""The graph as bytes for the page: a JSON header, then little-endian columns.

Layout: header length (uint32), header (UTF-8 JSON, padded with spaces so that the columns
begin at a multiple of 8), columns one after another, each padded likewise. The header
names each column with its type, offset from the first column, and count.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Mapping
from typing import Any

from artnb.lineage import NO_JOB_TYPE, LineageGraph

__all__ = ["RUN_STATES", "VERSION_STATES", "encode_graph"]

FORMAT = 2
RUN_STATES = ("running", "finished", "failed", "crashed")
VERSION_STATES = ("live", "damaged", "deleted")
_TYPES = {"u1": "B", "u2": "H", "u4": "I", "f8": "d"}


def encode_graph(graph: LineageGraph, project: str) -> bytes:
    """Return the columns of a graph.

    Node columns, versions first: ``kind`` (0 version, 1 run), ``key`` (catalogue number of
    a version, index into ``ids`` of a run), ``type`` and ``name`` (indices into
    ``strings``), ``number`` (N of vN, or of the run), ``state`` (index into its states),
    ``time`` (s since the epoch). Edge columns: ``source``, ``target`` (node indices).
    Whole numbers are as narrow as the largest of their column allows.

    A run whose name ends with its number has, beyond ``strings``, an index into
    ``prefixes``, for its name without the number: those repeat, whole names do not.
    """
    versions, runs = list(graph.versions.values()), list(graph.runs.values())
    table, prefixes = _Strings(), _Strings()
    types = [table.index(version.type) for version in versions]
    types += [table.index(run.job_type or NO_JOB_TYPE) for run in runs]
    names = [table.index(version.name) for version in versions]
    for run in runs:
        prefix = run.name.removesuffix(str(run.number))
        # Below 0 until it is known how many strings there are.
        shortened = prefix.endswith("-") and prefix != run.name
        names.append(-1 - prefixes.index(prefix) if shortened else table.index(run.name))
    whole = len(table.values)
    states = [VERSION_STATES.index(version.state) for version in versions]
    states += [RUN_STATES.index(run.state) for run in runs]
    times = [version.created_at for version in versions] + [run.created_at for run in runs]
    columns: dict[str, array[Any]] = {
        "kind": array("B", bytes(len(versions)) + b"\1" * len(runs)),
        "key": _narrow([*(version.id for version in versions), *range(len(runs))]),
        "type": _narrow(types),
        "name": _narrow([name if name >= 0 else whole - 1 - name for name in names]),
        "number": _narrow([version.number for version in versions] + [run.number for run in runs]),
        "state": array("B", states),
        "time": array("d", times),
        **_edges(graph),
    }
    tags = [version.tags for version in versions] + [run.tags for run in runs]
    header = {
        "project": project,
        "strings": table.values,
        "prefixes": prefixes.values,
        "ids": [run.id for run in runs],
        "aliases": {n: list(v.aliases) for n, v in enumerate(versions) if v.aliases},
        "tags": {n: list(each) for n, each in enumerate(tags) if each},
    }
    return _pack(header, columns)


def _edges(graph: LineageGraph) -> dict[str, array[int]]:
    version_at = {version.id: place for place, version in enumerate(graph.versions.values())}
    first = len(version_at)
    run_at = {run.id: first + place for place, run in enumerate(graph.runs.values())}
    source, target = array("I"), array("I")
    for edge in graph.edges:
        run, version = run_at[edge.run], version_at[edge.version]
        logged = edge.kind == "logged"
        source.append(run if logged else version)
        target.append(version if logged else run)
    return {"source": source, "target": target}


def _narrow(values: list[int]) -> array[int]:
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


def _pack(header: Mapping[str, Any], columns: Mapping[str, array[Any]]) -> bytes:
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
