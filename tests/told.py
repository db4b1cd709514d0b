"""Graphs of records, and what the page must make of the bytes that tell of them."""

from __future__ import annotations

import json
from typing import Any

from artnb.lineage import NO_JOB_TYPE, LineageGraph
from artnb.model import RunRecord, VersionRecord
from artnb.widgets.payload import RUN_STATES, VERSION_STATES
from artnb.widgets.renamed import left_behind

PROJECT = "mnist ✎ <b>"
_CODES = {"u1": "B", "u2": "H", "u4": "I", "f8": "d"}


def version(key: int, name: str, number: int, **changes: Any) -> VersionRecord:
    given: dict[str, Any] = {
        "project": PROJECT, "type": "dataset", "digest": "0" * 64, "size": 1, "entries": 1,
        "description": None, "metadata": {}, "aliases": (), "tags": (), "state": "live",
        "created_at": 1_700_000_000.25 + key,
    }  # fmt: skip
    return VersionRecord(id=key, name=name, number=number, **given | changes)


def run(key: str, number: int, **changes: Any) -> RunRecord:
    given = {
        "name": f"brisk-reed-{number}", "state": "finished", "created_at": 1_700_000_100.5 + number,
    }  # fmt: skip
    return RunRecord(id=key, project=PROJECT, number=number, **given | changes)


def expected(found: LineageGraph) -> dict[str, Any]:
    """What the page makes of a graph, from the records alone."""
    left = left_behind(found)
    nodes: list[dict[str, Any]] = [
        {
            "id": f"v:{each.id}", "isRun": False, "type": each.type, "name": each.name,
            "number": each.number, "state": each.state, "time": each.created_at,
            "aliases": list(each.aliases), "tags": list(each.tags), "left": each.id in left,
        }
        for each in found.versions.values()
    ]  # fmt: skip
    nodes += [
        {
            "id": f"r:{each.id}", "isRun": True, "type": each.job_type or NO_JOB_TYPE,
            "name": each.name, "number": each.number, "state": each.state,
            "time": each.created_at, "aliases": [], "tags": list(each.tags),
            "left": False,
        }
        for each in found.runs.values()
    ]  # fmt: skip
    ids = {node["id"]: place for place, node in enumerate(nodes)}
    return {
        "project": PROJECT,
        "revision": 0,
        "nodes": nodes,
        "sources": [ids[source] for source, _ in found.arrows()],
        "targets": [ids[target] for _, target in found.arrows()],
    }


def read(whole: bytes, news: bytes = b"") -> dict[str, Any]:
    """Read what Python tells as the page does: js/src/protocol.ts and delta.ts."""
    header, columns = _unpacked(whole)
    nodes = _nodes(header, columns)
    ends = list(zip(columns["source"], columns["target"], strict=True))
    if news:
        change, columns = _unpacked(news)
        assert change["base"] == header["revision"]
        before = nodes
        nodes = _merged(before, columns["gone"], columns["at"], _nodes(change, columns))
        ids = {node["id"]: place for place, node in enumerate(nodes)}
        moved = [ids.get(node["id"], -1) for node in before]
        came = list(zip(columns["source"], columns["target"], strict=True))
        stayed = [(moved[source], moved[target]) for source, target in ends]
        ends = _merged(stayed, columns["lost"], columns["drawn"], came)
    return {
        "project": header["project"],
        "revision": header["revision"],
        "nodes": nodes,
        "sources": [source for source, _ in ends],
        "targets": [target for _, target in ends],
    }


def _unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    start = 4 + int.from_bytes(data[:4], "little")
    header = json.loads(data[4:start])
    columns = {}
    for name, (code, offset, count) in header["columns"].items():
        size = int(code[1])
        bytes_of = memoryview(data)[start + offset : start + offset + size * count]
        columns[name] = bytes_of.cast(_CODES[code]).tolist()
    return header, columns


def _nodes(header: dict[str, Any], columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    strings, nodes = header["strings"], []
    for n, is_run in enumerate(columns["kind"]):
        key, name, number = columns["key"][n], columns["name"][n], columns["number"][n]
        prefix = "" if name < len(strings) else header["prefixes"][name - len(strings)]
        nodes.append({
            "id": f"r:{header['ids'][key]}" if is_run else f"v:{key}",
            "isRun": bool(is_run),
            "type": strings[columns["type"][n]],
            "name": f"{prefix}{number}" if prefix else strings[name],
            "number": number,
            "state": (RUN_STATES if is_run else VERSION_STATES)[columns["state"][n]],
            "time": columns["time"][n],
            "aliases": header["aliases"].get(str(n), []),
            "tags": header["tags"].get(str(n), []),
            "left": n in header["left"],
        })  # fmt: skip
    return nodes


def _merged(before: list[Any], gone: list[int], at: list[int], came: list[Any]) -> list[Any]:
    left = set(gone)
    merged = [item for place, item in enumerate(before) if place not in left]
    for place, item in zip(at, came, strict=True):  # in order: each is at its place at once
        merged.insert(place, item)
    return merged
