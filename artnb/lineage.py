"""The graph of runs and versions: bipartite, directed from what was used to what was made.

Nodes are named ``r:<run id>`` and ``v:<version id>``; in the collapsed graph
``j:<job type>`` and ``t:<artifact type>``. An edge goes with the data: from a version to
the run that used it, from a run to the version that it logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from artnb.errors import CommError
from artnb.model import Edge, RunRecord, VersionRecord

__all__ = ["LineageGraph", "TypeNode", "run_node", "version_node"]

NO_JOB_TYPE = "run"
"""What runs without a job type are gathered under."""


def run_node(run_id: str) -> str:
    """Return the node of a run."""
    return f"r:{run_id}"


def version_node(version_id: int) -> str:
    """Return the node of a version."""
    return f"v:{version_id}"


@dataclass(frozen=True, slots=True)
class TypeNode:
    """All runs of a job type, or all versions of an artifact type.

    Attributes
    ----------
    id : str
        ``j:train`` or ``t:dataset``.
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

    Examples
    --------
    >>> LineageGraph([], [], []).types()
    []
    """

    def __init__(
        self,
        runs: Sequence[RunRecord],
        versions: Sequence[VersionRecord],
        edges: Iterable[Edge],
    ) -> None:
        self.runs = {run_node(run.id): run for run in runs}
        self.versions = {version_node(version.id): version for version in versions}
        self.edges = [
            edge
            for edge in edges
            if run_node(edge.run) in self.runs and version_node(edge.version) in self.versions
        ]

    def __len__(self) -> int:
        return len(self.runs) + len(self.versions)

    def arrows(self) -> list[tuple[str, str]]:
        """Return (from, to) of each edge, in the direction of the data."""
        found = []
        for edge in self.edges:
            run, version = run_node(edge.run), version_node(edge.version)
            found.append((run, version) if edge.kind == "logged" else (version, run))
        return found

    def types(self) -> list[TypeNode]:
        """Return the collapsed graph's nodes: job types and artifact types."""
        members: dict[str, list[str]] = {}
        for node in (*self.versions, *self.runs):
            members.setdefault(self.type_of(node), []).append(node)
        return [TypeNode(key, key[2:], tuple(nodes)) for key, nodes in members.items()]

    def type_of(self, node: str) -> str:
        """Return the collapsed node that stands for a run or a version."""
        if node in self.versions:
            return f"t:{self.versions[node].type}"
        return f"j:{self._run(node).job_type or NO_JOB_TYPE}"

    def type_arrows(self) -> dict[tuple[str, str], int]:
        """Return (from, to) of the collapsed graph's edges, with how many each stands for."""
        return dict(Counter((self.type_of(a), self.type_of(b)) for a, b in self.arrows()))

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
                node, kind="artifact", label=version.ref, type=version.type, record=version
            )
        graph.add_edges_from(self.arrows())
        return graph

    def _run(self, node: str) -> RunRecord:
        self._known(node)
        return self.runs[node]

    def _known(self, node: str) -> str:
        if node not in self.runs and node not in self.versions:
            raise CommError(f"The graph has no node {node!r}.")
        return node
