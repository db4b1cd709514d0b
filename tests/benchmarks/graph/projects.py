"""Projects of any size, as people have them: a run takes one or two late versions and makes one."""

from __future__ import annotations

import random

from artnb.lineage import LineageGraph
from artnb.model import Edge, RunRecord, VersionRecord
from artnb.words import run_name

TYPES = ("dataset", "model", "table", "report", "features", "figure")
JOBS = ("load-data", "preprocess", "train", "evaluate", "tune", "report")
NAMES_FOR_EACH_TYPE = 40
LATE = 300
BEGAN = 1_700_000_000.0


def project(nodes: int, seed: int = 7) -> LineageGraph:
    """Return a graph of so many nodes, half of them runs."""
    chance = random.Random(seed)
    runs, versions, edges = [], [], []
    numbers: dict[str, int] = {}
    time = BEGAN
    for key in range(1, nodes // 2 + 1):
        time += chance.expovariate(1 / 600)
        run = f"{chance.getrandbits(32):08x}"
        at = chance.randrange(len(TYPES))
        name = f"{TYPES[at]}-{chance.randrange(NAMES_FOR_EACH_TYPE):02}"
        number = numbers[name] = numbers.get(name, -1) + 1
        runs.append(
            RunRecord(
                id=run, project="bench", number=key, name=run_name(key), job_type=JOBS[at],
                state="finished", created_at=time,
            )
        )  # fmt: skip
        versions.append(
            VersionRecord(
                id=key, project="bench", name=name, type=TYPES[at], number=number,
                digest="0" * 64, size=1, entries=1, description=None, metadata={},
                aliases=("best",) if key % 50 == 0 else (), tags=(), state="live",
                created_at=time + chance.random() * 60,
            )
        )  # fmt: skip
        edges.append(Edge(run, key, "logged"))
        late = range(max(1, key - LATE), key)
        used = chance.sample(late, min(len(late), 1 + key % 2))
        edges += [Edge(run, each, "used") for each in used]
    return LineageGraph(runs, versions, edges)
