"""The graph of runs and versions: bipartite, directed from what was used to what was made.

Nodes are named ``r:<run id>`` and ``v:<version id>``; collapsed, ``j:<job type>``,
``t:<artifact type>`` and ``c:<artifact name>`` (``c:<project>/<name>`` of another project). An
edge goes with the data: from a version to
the run that used it, from a run to the version that it logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from artnb.errors import CommError
from artnb.model import Edge, RunRecord, VersionRecord

__all__ = ["LEVELS", "GroupNode", "LineageGraph", "run_node", "version_node"]

LEVELS = ("types", "names", "instances")
"""From the coarsest: artifact types and job types; artifacts by name and job types; all."""

NO_JOB_TYPE = "run"
"""What runs without a job type are gathered under."""


def run_node(run_id: str) -> str:
    """Return the node of a run."""
    return f"r:{run_id}"


def version_node(version_id: int) -> str:
    """Return the node of a version."""
    return f"v:{version_id}"


@dataclass(frozen=True, slots=True)
class GroupNode:
    """All runs of a job type, or all versions of an artifact type or an artifact.

    Attributes
    ----------
    id : str
        ``j:train``, ``t:dataset`` or ``c:mnist-raw``.
    members : tuple of str
        The nodes that it stands for.
    """

    id: str
    label: str
    members: tuple[str, ...]

    @property
    def is_run(self) -> bool:
        """Whether it stands for runs."""
        return self.id.startswith("j:")


class LineageGraph:
    """Runs, versions and edges of a project, and what is asked about them.

    Parameters
    ----------
    runs, versions : sequence
        In the order in which they are shown; edges to others are left out.
    project : str, optional
        Whose graph it is: artifacts of others are named with theirs. Default: that of the runs,
        or of the versions where there are none.

    Examples
    --------
    >>> LineageGraph([], [], []).groups()
    []
    """

    def __init__(
        self,
        runs: Sequence[RunRecord],
        versions: Sequence[VersionRecord],
        edges: Iterable[Edge],
        project: str | None = None,
    ) -> None:
        if project is None:
            project = next((each.project for each in runs or versions), "")
        self.project = project
        self.runs = {run_node(run.id): run for run in runs}
        self.versions = {version_node(version.id): version for version in versions}
        self.edges = [
            edge
            for edge in edges
            if run_node(edge.run) in self.runs and version_node(edge.version) in self.versions
        ]

    def __len__(self) -> int:
        return len(self.runs) + len(self.versions)

    def __contains__(self, node: object) -> bool:
        return node in self.runs or node in self.versions

    def time(self, node: str) -> float:
        """Return when a run began or a version was made, in s since the epoch."""
        self._known(node)
        record = self.runs.get(node) or self.versions[node]
        return record.created_at

    def within(self, since: float | None = None, until: float | None = None) -> set[str]:
        """Return the nodes of a span of time, both ends included, None for an open one."""
        return {
            node
            for node in (*self.versions, *self.runs)
            if (since is None or self.time(node) >= since)
            and (until is None or self.time(node) <= until)
        }

    def arrows(self) -> list[tuple[str, str]]:
        """Return (from, to) of each edge, in the direction of the data."""
        found = []
        for edge in self.edges:
            run, version = run_node(edge.run), version_node(edge.version)
            found.append((run, version) if edge.kind == "logged" else (version, run))
        return found

    def groups(self, level: str = "types") -> list[GroupNode]:
        """Return the nodes of the graph collapsed to a level, ``types`` or ``names``."""
        members: dict[str, list[str]] = {}
        for node in (*self.versions, *self.runs):
            members.setdefault(self.group_of(node, level), []).append(node)
        return [GroupNode(key, key[2:], tuple(nodes)) for key, nodes in members.items()]

    def group_of(self, node: str, level: str = "types") -> str:
        """Return the collapsed node that stands for a run or a version."""
        if version := self.versions.get(node):
            name = version.name_in(self.project)
            return f"c:{name}" if level == "names" else f"t:{version.type}"
        return f"j:{self._run(node).job_type or NO_JOB_TYPE}"

    def group_arrows(self, level: str = "types") -> dict[tuple[str, str], int]:
        """Return (from, to) of the collapsed graph's edges, with how many each stands for."""
        return dict(
            Counter((self.group_of(a, level), self.group_of(b, level)) for a, b in self.arrows())
        )

    def without_traces(self) -> LineageGraph:
        """Return the graph without deleted runs that nothing which is there came from.

        With them go the deleted versions, and those of other projects, that only they touch.
        """
        deleted = {node for node, run in self.runs.items() if run.state == "deleted"}
        if not deleted:
            return self
        arrows = self.arrows()
        makers: dict[str, list[str]] = {}
        for maker, made in arrows:
            makers.setdefault(made, []).append(maker)
        gone = {node for node, version in self.versions.items() if version.state == "deleted"}
        told = {*self.runs, *self.versions} - deleted - gone
        waiting = list(told)
        while waiting:
            found = [node for node in makers.get(waiting.pop(), ()) if node not in told]
            told.update(found)
            waiting += found
        runs = self.runs.keys() - (deleted - told)
        ends = [(a, b) if a in self.runs else (b, a) for a, b in arrows]
        touched = {version for _, version in ends}
        touched -= {version for run, version in ends if run in runs}
        untold = {
            node for node in touched if node in gone or self.versions[node].project != self.project
        }
        return self.part(runs | (self.versions.keys() - untold))

    def with_versions(self, versions: Iterable[VersionRecord]) -> LineageGraph:
        """Return the graph with these versions, too, oldest first; itself where it has them."""
        more = {version_node(each.id): each for each in versions}
        if more.keys() <= self.versions.keys():
            return self
        known = sorted((self.versions | more).values(), key=lambda each: each.id)
        return LineageGraph(list(self.runs.values()), known, self.edges, self.project)

    def type_names(self) -> list[str]:
        """Return the artifact types and job types, each once."""
        return list(dict.fromkeys(group.label for group in self.groups()))

    def part(self, nodes: Collection[str]) -> LineageGraph:
        """Return the graph of some of the nodes and the edges between them."""
        return LineageGraph(
            [run for node, run in self.runs.items() if node in nodes],
            [version for node, version in self.versions.items() if node in nodes],
            self.edges,
            self.project,
        )

    def filtered(
        self, types: Collection[str], since: float | None = None, until: float | None = None
    ) -> LineageGraph:
        """Return the part with these types, or all where none is given, in a span of time."""
        if since is None and until is None:
            return self.of_types(types) if types else self
        timely = self.within(since, until)
        return self.of_types(types, timely) if types else self.part(timely)

    def of_types(
        self, types: Collection[str], among: Collection[str] | None = None
    ) -> LineageGraph:
        """Return the part with these artifact types and job types, among some nodes or all.

        Where only artifact types are given, the runs next to their versions belong to it;
        where only job types are, the versions next to their runs.
        """
        kept = {node for node in (*self.versions, *self.runs) if self._type(node) in types}
        about_runs = not kept.isdisjoint(self.runs)
        about_versions = not kept.isdisjoint(self.versions)
        if among is not None:
            kept = kept.intersection(among)
        beside = set()
        for a, b in self.arrows():
            for node, other in ((a, b), (b, a)):
                is_run = other in self.runs
                if node in kept and not (about_runs if is_run else about_versions):
                    beside.add(other)
        if among is not None:
            beside = beside.intersection(among)
        return self.part(kept | beside)

    def around(self, node: str, depth: int) -> LineageGraph:
        """Return the part within some steps of a node, back to where it came from and forth."""
        import networkx as nx

        graph = self._graph
        found = {self._known(node)}
        for direction in (graph, graph.reverse(copy=False)):
            found |= set(nx.single_source_shortest_path_length(direction, node, cutoff=depth))
        return self.part(found)

    def ancestors(self, node: str) -> set[str]:
        """Return everything that led to a node."""
        import networkx as nx

        return set(nx.ancestors(self.to_networkx(), self._known(node)))

    def descendants(self, node: str) -> set[str]:
        """Return everything that came of a node."""
        import networkx as nx

        return set(nx.descendants(self.to_networkx(), self._known(node)))

    def path(self, source: str, target: str) -> list[str]:
        """Return the nodes of a shortest way between two nodes, or [] if there is none."""
        import networkx as nx

        try:
            found: list[str] = nx.shortest_path(
                self.to_networkx(), self._known(source), self._known(target)
            )
        except nx.NetworkXNoPath:
            return []
        return found

    def to_networkx(self) -> Any:
        """Return a ``networkx.DiGraph``; nodes have ``kind``, ``label``, ``type``, ``record``."""
        return self._graph.copy()

    @cached_property
    def _graph(self) -> Any:
        import networkx as nx

        graph = nx.DiGraph()
        for node, run in self.runs.items():
            graph.add_node(
                node, kind="run", label=run.name, type=run.job_type or NO_JOB_TYPE, record=run
            )
        for node, version in self.versions.items():
            graph.add_node(
                node,
                kind="artifact",
                label=version.ref_in(self.project),
                type=version.type,
                record=version,
            )
        graph.add_edges_from(self.arrows())
        return graph

    def _type(self, node: str) -> str:
        return self.group_of(node)[2:]

    def _run(self, node: str) -> RunRecord:
        self._known(node)
        return self.runs[node]

    def _known(self, node: str) -> str:
        if node not in self.runs and node not in self.versions:
            raise CommError(f"The graph has no node {node!r}.")
        return node
