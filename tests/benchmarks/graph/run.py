"""``make bench-graph``: the graph beside dagre, elkjs, React Flow and cytoscape, in one run.

Layouts are measured in node, each in a fresh process; pictures in Chromium, each in a fresh
page, without a limit of frames a second. The libraries take turns. Prints a table of medians
with the goals, met or missed, and writes it with all the figures to build/.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build" / "bench-graph"
sys.path.insert(0, str(HERE.parents[1]))

from browser import chromium  # noqa: E402 (a helper of the browser tests)
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from projects import project  # noqa: E402 (beside this file)

from artnb.widgets.payload import encode_graph  # noqa: E402

LIBRARIES = {
    "artnb": None,
    "dagre": "@dagrejs/dagre",
    "elkjs": "elkjs",
    "React Flow": "@xyflow/react",
    "cytoscape": "cytoscape",
}
LAYOUTS = ("artnb", "dagre", "elkjs")
PICTURES = ("artnb", "React Flow", "cytoscape")
MB = 1_000_000
SETTLES = 1000  # ms
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-gpu-vsync", "--disable-frame-rate-limit",
    "--no-first-run", "--disable-background-networking", "--disable-sync",
)  # fmt: skip
PAGE = '<!doctype html><meta charset="utf-8"><style>html, body, #graph { margin: 0; height: 100% }</style><div id="graph"></div>'  # noqa: E501


class Bench:
    """Runs measures and collects what they took: ms, or bytes."""

    def __init__(self, patience: float, repeats: int) -> None:
        self.patience = patience
        self.repeats = repeats
        self.samples: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.goals: dict[str, float] = {}
        self.given_up: set[tuple[str, str]] = set()

    def note(self, row: str, library: str, value: float, goal: float | None = None) -> None:
        self.samples[row, library].append(value)
        if goal is not None:
            self.goals[row] = goal
        print(f"  {library:10} {row:48} {written(row, value)}", flush=True)

    def turns(self, libraries: tuple[str, ...]) -> Iterator[str]:
        """The libraries `repeats` times over, each time another one first."""
        for turn in range(self.repeats):
            shift = turn % len(libraries)
            yield from (*libraries[shift:], *libraries[:shift])

    def payload(self, sizes: list[int], large: int) -> None:
        for size in (*sizes, large):
            graph = project(size)
            for _ in range(self.repeats):
                start = time.perf_counter()
                data = encode_graph(graph, "bench")
                took = 1000 * (time.perf_counter() - start)
            file_of(size).write_bytes(data)
            if size == large:
                self.note(f"payload of {large:,}, Python", "artnb", took, 1000)
                self.note(f"payload of {large:,}, bytes", "artnb", len(data), 4 * MB)

    def layouts(self, sizes: list[int]) -> None:
        for size in sizes:
            row = f"layout of {size:,}, cold"
            for library in self.turns(LAYOUTS):
                self.node(row, library, f"layout {library}", size, 300 if size == 10_000 else None)

    def questions(self, large: int) -> None:
        for row, what, goal in (
            (f"search of {large:,}, at focus", "index", None),
            (f"search of {large:,}, a letter", "search", 10),
            (f"neighbourhood in {large:,}", "around", 50),
        ):
            for _ in range(self.repeats):
                self.node(row, "artnb", what, large, goal)

    def node(self, row: str, library: str, what: str, size: int, goal: float | None) -> None:
        if (row, library) in self.given_up:
            return
        command = ["node", str(BUILD / "measure.mjs"), what, str(file_of(size))]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=self.patience)
        except subprocess.TimeoutExpired:
            self.given_up.add((row, library))
            print(f"  {library:10} {row:48} over {self.patience:.0f} s", flush=True)
            return
        if done.returncode:
            # Deep graphs take more stack than node gives some.
            self.given_up.add((row, library))
            print(f"  {library:10} {row:48} failed: {done.stderr.strip()[-200:]}", flush=True)
            return
        self.note(row, library, json.loads(done.stdout.splitlines()[-1])["ms"], goal)

    def pictures(self, browser: Browser, sizes: list[int], frames: int) -> None:
        for size in sizes:
            for library in self.turns(PICTURES):
                took = shown(browser, library, size, "instances", frames)
                self.note(
                    f"first paint of {size:,}", library, took["paint"], 150 if size == 500 else None
                )
                goal = 20 if size == 10_000 else None
                self.note(f"frame while {size:,} are panned", library, took["pan"], goal)

    def collapsed(self, browser: Browser, large: int) -> None:
        for _ in range(self.repeats):
            took = shown(browser, "artnb", large, "types", 0)
            self.note(f"first paint of {large:,}, by types", "artnb", took["paint"], 200)

    def table(self) -> str:
        """Medians as markdown, and whether each goal is met."""
        heads = [f"{name} {version_of(package)}" for name, package in LIBRARIES.items()]
        lines = [f"| | {' | '.join(heads)} | goal |", "|---" * (len(heads) + 2) + "|"]
        rows = dict.fromkeys(row for row, _ in self.samples)
        for row in rows:
            cells = []
            for library in LIBRARIES:
                values = self.samples.get((row, library))
                gone = "–" if (row, library) in self.given_up else ""
                cells.append(written(row, statistics.median(values)) if values else gone)
            goal = self.goals.get(row)
            said = ""
            if goal is not None:
                met = statistics.median(self.samples[row, "artnb"]) < goal
                said = f"< {written(row, goal)}: {'met' if met else 'missed'}"
            lines.append(f"| {row} | {' | '.join(cells)} | {said} |")
        return "\n".join(lines)


def shown(browser: Browser, library: str, size: int, level: str, frames: int) -> dict[str, float]:
    page = browser.new_page(viewport={"width": 1200, "height": 600})
    try:
        page.set_content(PAGE)
        page.add_script_tag(path=str(BUILD / "page.js"))
        # A notebook has long been there when its cell shows a graph: what the browser does of
        # its own after a page was opened, and another closed, is over.
        page.wait_for_timeout(SETTLES)
        text = base64.b64encode(file_of(size).read_bytes()).decode()
        call = "([library, text, level, frames]) => bench(library, text, level, frames)"
        found: dict[str, float] = page.evaluate(call, [library, text, level, frames])
        return found
    finally:
        page.close()


def file_of(size: int) -> Path:
    return BUILD / f"{size}.bin"


def written(row: str, value: float) -> str:
    if row.endswith("bytes"):
        return f"{value / MB:.2f} MB"
    if value >= 10_000:
        return f"{value / 1000:,.0f} s"
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def version_of(package: str | None) -> str:
    if package is None:
        from artnb import __version__

        return __version__
    text = (HERE / "node_modules" / package / "package.json").read_text("utf-8")
    version: str = json.loads(text)["version"]
    return version


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 2_000, 10_000])
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--patience", type=float, default=90, help="seconds for one layout")
    given = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["node", str(HERE / "build.mjs"), str(BUILD)], check=True)
    bench = Bench(given.patience, given.repeats)
    bench.payload(given.sizes, given.large)
    bench.layouts(given.sizes)
    bench.questions(given.large)
    path = chromium.find()
    if not path:
        raise SystemExit(chromium.ADVICE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        about = f"Chromium {browser.version}"
        bench.pictures(browser, given.sizes, given.frames)
        bench.collapsed(browser, given.large)
        browser.close()
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    about = (
        f"node {node.strip()}, {about}, Python {platform.python_version()}, {os.cpu_count()} cores"
    )
    figures = {f"{row}, {name}": values for (row, name), values in bench.samples.items()}
    (BUILD / "figures.json").write_text(json.dumps({"machine": about, **figures}, indent=1))
    text = (
        f"{about}; medians of {given.repeats}. Layouts in fresh processes; – took over "
        f"{given.patience:.0f} s or failed. React Flow and cytoscape are given the places.\n\n"
        f"{bench.table()}\n"
    )
    (BUILD / "table.md").write_text(text)
    print(f"\n{text}")


if __name__ == "__main__":
    main()
