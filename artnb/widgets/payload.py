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

from artnb.lineage import NO_JOB_TYPE, LineageGraph, run_node, version_node

__all__ = ["RUN_STATES", "VERSION_STATES", "encode_graph"]

FORMAT = 1
RUN_STATES = ("running", "finished", "failed", "crashed")
VERSION_STATES = ("live", "damaged", "deleted")
_NODE_COLUMNS = ("kind", "key", "type", "name", "number", "state", "time")
_NODE_CODES = "BIIIIBd"
_TYPES = {"u1": "B", "u4": "I", "i4": "i", "f8": "d"}


def encode_graph(graph: LineageGraph, project: str) -> bytes:
    """Return the columns of a graph.

    Node columns, versions first: ``kind`` (0 version, 1 run), ``key`` (catalogue number of
    a version, index into ``ids`` of a run), ``type`` and ``name`` (indices into
    ``strings``), ``number`` (N of vN, or of the run), ``state`` (index into its states),
    ``time`` (s since the epoch). Edge columns: ``source``, ``target`` (node indices).
    """
    table = _Strings()
    columns: dict[str, array[Any]] = {
        name: array(code) for name, code in zip(_NODE_COLUMNS, _NODE_CODES, strict=True)
    }
    kind, key, type_, name, number, state, time = columns.values()
    aliases: dict[int, list[str]] = {}
    tags: dict[int, list[str]] = {}
    place: dict[str, int] = {}
    for node, version in graph.versions.items():
        place[node] = len(place)
        kind.append(0)
        key.append(version.id)
        type_.append(table.index(version.type))
        name.append(table.index(version.name))
        number.append(version.number)
        state.append(VERSION_STATES.index(version.state))
        time.append(version.created_at)
        if version.aliases:
            aliases[place[node]] = list(version.aliases)
        if version.tags:
            tags[place[node]] = list(version.tags)
    ids: list[str] = []
    for node, run in graph.runs.items():
        place[node] = len(place)
        kind.append(1)
        key.append(len(ids))
        ids.append(run.id)
        type_.append(table.index(run.job_type or NO_JOB_TYPE))
        name.append(table.index(run.name))
        number.append(run.number)
        state.append(RUN_STATES.index(run.state))
        time.append(run.created_at)
        if run.tags:
            tags[place[node]] = list(run.tags)
    source, target = array("I"), array("I")
    for edge in graph.edges:
        run_at, version_at = place[run_node(edge.run)], place[version_node(edge.version)]
        logged = edge.kind == "logged"
        source.append(run_at if logged else version_at)
        target.append(version_at if logged else run_at)
    columns |= {"source": source, "target": target}
    header = {
        "project": project, "strings": table.values, "ids": ids, "aliases": aliases, "tags": tags,
    }  # fmt: skip
    return _pack(header, columns)


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
    text = json.dumps({"format": FORMAT, **header, "columns": described}).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return b"".join([len(text).to_bytes(4, "little"), text, *bodies])
