"""Run the tutorial from top to bottom, without a page: ``make tutorial``.

``python notebooks/run_tutorial.py [FOLDER]`` writes into FOLDER (default
``build/tutorial``) the notebook with its outputs, what it records (``.artnb``), and its
graph as one page. Run again, it goes on in the same folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).parent
NAME = "track_models_and_datasets.ipynb"
PROJECT = "artifacts-example"
SECONDS_A_CELL = 900


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE.parent / "build" / "tutorial")
    folder = parser.parse_args().folder.resolve()
    prepare(folder)
    path = folder / NAME
    print(f"Running {NAME} in {folder}", flush=True)
    start = time.monotonic()
    try:
        run(path)
    except CellExecutionError as error:
        print(f"\nA cell failed:\n{error}\nThe notebook up to there: {path}", file=sys.stderr)
        return 1
    page = write_page(folder)
    print(
        f"\nDone in {time.monotonic() - start:.0f} s.\n"
        f"  notebook  {path}\n"
        f"  graph     {page}   (opens in any browser, offline)\n\n"
        f"In JupyterLab:  {Path(sys.executable).parent / 'jupyter-lab'} {path}"
    )
    return 0


def prepare(folder: Path) -> None:
    """Make the folder a place of its own: what is recorded lies in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "artnb.toml").touch()
    for source in (HERE / NAME, HERE / "mnist_digits.py"):
        shutil.copy(source, folder)


def run(path: Path) -> None:
    """Execute the notebook at `path` in place, a line of progress for each cell."""
    notebook = nbformat.read(path, 4)
    sections = dict(code_cells(notebook))
    began = time.monotonic()

    def started(cell: Any, cell_index: int) -> None:
        nonlocal began
        began = time.monotonic()
        place = f"[{list(sections).index(cell_index) + 1:2}/{len(sections)}]"
        print(f"  {place} {sections[cell_index]:40}", end="", flush=True)

    def ended(cell: Any, cell_index: int, execute_reply: Any) -> None:
        print(f"{time.monotonic() - began:6.1f} s", flush=True)
        for line in printed(cell):
            print(f"{'':10}{line}", flush=True)

    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # it would warn that loopback is not encrypted
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=started,
        on_cell_executed=ended,
        store_widget_state=False,
    )
    try:
        client.execute(env=kernel_environment())
    finally:
        nbformat.write(notebook, path)


def kernel_environment() -> dict[str, str]:
    """Return this environment without what would send the records elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ARTNB_")}


def code_cells(notebook: Any) -> Iterator[tuple[int, str]]:
    """Yield, for each code cell, its index and the heading that it stands under."""
    heading = ""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            yield index, heading
        elif found := re.search(r"^#+ (.+)", cell.source, re.MULTILINE):
            heading = found[1]


def printed(cell: Any) -> list[str]:
    text = "".join(out.text for out in cell.outputs if out.output_type == "stream")
    return text.rstrip().splitlines()


def write_page(folder: Path) -> Path:
    import artnb

    os.environ["ARTNB_DIR"] = str(folder)
    return artnb.graph(PROJECT).to_html(folder / "graph.html")


if __name__ == "__main__":
    raise SystemExit(main())
