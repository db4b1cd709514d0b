"""Which versions of a graph are left as they are, for their cell makes something else now."""

from __future__ import annotations

from artnb.lineage import LineageGraph, run_node, version_node
from artnb.model import RunRecord, VersionRecord
from artnb.stale import made_instead, newest_of_cells

__all__ = ["left_behind"]


def left_behind(graph: LineageGraph) -> frozenset[int]:
    """Return the catalogue numbers of those versions."""
    newest = newest_of_cells(graph.runs.values())
    if not newest:
        return frozenset()
    makers: dict[int, RunRecord] = {}
    made: dict[str, list[VersionRecord]] = {}
    for edge in graph.edges:
        run = graph.runs[run_node(edge.run)]
        if edge.kind == "logged" and run.state != "deleted":
            made.setdefault(run.id, []).append(graph.versions[version_node(edge.version)])
            makers[edge.version] = run
    return frozenset(
        version.id
        for version in graph.versions.values()
        if made_instead(version, makers.get(version.id), newest, lambda run: made.get(run, []))
    )
