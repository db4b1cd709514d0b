"""A real marimo, as an editor or as an app, on one notebook of ours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from browser.lab import environment, wait_until_up
from ports import free_port

# Follow the browser's theme, and run the cells when the editor opens.
_CONFIG = '[display]\ntheme = "system"\n[runtime]\nauto_instantiate = true\n'
_HEAD = "import marimo\n\napp = marimo.App()\n"


@dataclass(frozen=True)
class Marimo:
    """Where it listens, and the folder of its notebook."""

    url: str
    root: Path


def source(*cells: str) -> str:
    """Return a notebook of cells, each the text of a function with its names."""
    return "\n\n".join([_HEAD, *(f"@app.cell\n{cell.strip()}\n" for cell in cells)])


@contextmanager
def running_marimo(base: Path, mode: str, notebook: str) -> Iterator[Marimo]:
    """Start ``marimo edit`` or ``marimo run`` in `base`, and end it with its kernels."""
    root = base / "notebooks"
    (base / "config" / "marimo").mkdir(parents=True)
    (base / "config" / "marimo" / "marimo.toml").write_text(_CONFIG)
    root.mkdir()
    (root / "artnb.toml").touch()
    (root / "test.py").write_text(notebook)
    log = base / "marimo.log"
    port = free_port()
    quiet = ["--skip-update-check"] if mode == "edit" else []
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "marimo", mode, "test.py"),
                *("--host=127.0.0.1", f"--port={port}", "--headless", "--no-token", *quiet),
            ],
            cwd=root,
            env={**environment(base), "XDG_CONFIG_HOME": str(base / "config"), "HOME": str(base)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(f"{url}/health", log, process)
            yield Marimo(url, root)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
