"""A catalogue of 100,000 runs and 300,000 edges, and what following its lineage takes there.

Made by SQL, for making it by runs would take an hour; asked by the calls that everyone uses.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from pathlib import Path

from artnb.repository import Repository
from artnb.settings import Settings

RUNS = 100_000
PER_RUN = 2  # used; and one is logged


def fill(repository: Repository) -> None:
    rng = random.Random(0)
    now = time.time()
    with repository._catalog._db.transaction() as db:
        db.execute("insert into projects (id, name, created_at) values (1, 'big', ?)", (now,))
        db.execute(
            "insert into collections (id, project_id, name, type, created_at) "
            "values (1, 1, 'data', 'dataset', ?)",
            (now,),
        )
        db.executemany(
            "insert into runs (id, project_id, number, name, tags, config, summary, state, "
            "environment, outputs, created_at) "
            "values (?, 1, ?, ?, '[]', '{}', '{}', 'finished', '{}', '{}', ?)",
            ((f"r{n}", n, f"run-{n}", now) for n in range(RUNS)),
        )
        db.executemany(
            "insert into versions (id, collection_id, number, digest, record, size, entries, "
            "metadata, tags, created_at) values (?, 1, ?, ?, ?, 1, 1, '{}', '[]', ?)",
            ((n + 1, n, f"{n:064x}", f"{n:064x}", now) for n in range(RUNS)),
        )
        edges = []
        for n in range(RUNS):
            edges.append((f"r{n}", n + 1, "logged", now))
            # Mostly of what is near, as a project grows; a tenth leans on anything before.
            span = n if n % 10 == 0 else min(n, 50)
            edges += [
                (f"r{n}", n - rng.randrange(span) if span else 1, "used", now)
                for _ in range(PER_RUN if n else 0)
            ]
        db.executemany("insert into edges values (?, ?, ?, ?) on conflict do nothing", edges)


def main() -> None:
    folder = Path(sys.argv[1])
    repository = Repository(Settings.resolve(folder, {"ARTNB_DIR": str(folder)}))
    fill(repository)
    counted = repository._catalog._db.row("select count(*) from edges")[0]

    def timed(version: int, follow=repository.ancestors) -> tuple[float, int]:
        start = time.perf_counter()
        found = follow(version)
        return time.perf_counter() - start, len(found)

    timed(10)
    # Typical: asked of a step into the project, where what it came from is tens of versions.
    typical = [timed(n)[0] for n in random.Random(1).sample(range(20, 60), 20)]
    worst, reached = max(timed(RUNS - n) for n in range(5))
    forward, descendants = max(timed(n + 1, repository.descendants) for n in range(5))
    print(
        json.dumps(
            {
                "edges": counted,
                "typical": statistics.median(typical),
                "worst": worst,
                "reached": reached,
                "forward": forward,
                "descendants": descendants,
            }
        )
    )
    repository.close()


if __name__ == "__main__":
    main()
