"""Whether artnb and what shows its graph are installed so that they find each other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from artnb.maintenance.findings import Finding, fail, ok, warn

__all__ = ["examine_installation"]

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az",
           "abfss": "az"}  # fmt: skip
_WIDGET = Path(__file__).parents[1] / "widgets" / "static" / "widget.js"


def examine_installation(store: str) -> Iterator[Finding]:
    """Yield what was found of versions, the widget's bundle, JupyterLab's side, extras."""
    python = sys.version.split()[0]
    yield ok("artnb", f"{_version('artnb') or 'not installed'} on Python {python}")
    if not _WIDGET.is_file():
        yield fail(
            "widget",
            f"its bundle {_WIDGET} is not there",
            "Install a released artnb, or run `make js` in a checkout.",
        )
    else:
        yield ok("widget", f"bundle of {_WIDGET.stat().st_size / 1000:.0f} kB")
    yield from _packages()
    yield from _jupyterlab()
    protocol = store.partition("://")[0] if "://" in store else ""
    if protocol in _EXTRAS and find_spec("obstore") is None:
        yield warn(
            "store",
            f"obstore is not installed, the fast way to {protocol}://",
            f"pip install 'artnb[{_EXTRAS[protocol]}]'",
        )


def _packages() -> Iterator[Finding]:
    found = {name: _version(name) for name in ("anywidget", "ipywidgets", "ipykernel")}
    missing = [name for name in ("anywidget", "ipywidgets") if found[name] is None]
    if missing:
        names = " ".join(missing)
        yield fail("widget", f"{names} not installed", f"pip install {names}")
        return
    yield ok("widget", ", ".join(f"{name} {value}" for name, value in found.items() if value))
    kernel = found["ipykernel"]
    if kernel and kernel.split(".")[0].isdigit() and int(kernel.split(".")[0]) < 7:
        yield warn(
            "ipykernel",
            f"{kernel}: the graph waits while a cell runs",
            "pip install -U 'ipykernel>=7' answers clicks during a cell.",
        )


def _jupyterlab() -> Iterator[Finding]:
    lab = _version("jupyterlab")
    if lab is None:
        yield ok("JupyterLab", "not in this environment")
        return
    if int(lab.split(".")[0]) < 4:
        yield fail("JupyterLab", lab, "The graph needs JupyterLab 4: pip install -U jupyterlab.")
        return
    places = [Path(sys.prefix, "share", "jupyter", "labextensions", name)
              for name in ("anywidget", "@jupyter-widgets/jupyterlab-manager")]  # fmt: skip
    missing = [place.name for place in places if not place.is_dir()]
    if missing:
        yield warn(
            "JupyterLab",
            f"{lab}, without its side of {', '.join(missing)}",
            "Install artnb into the environment that JupyterLab runs in, too, and restart it.",
        )
    else:
        yield ok("JupyterLab", f"{lab} with the widgets' side")
    server = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d", "artnb.json")
    if server.is_file():
        yield ok("artnb ui", "is a part of this JupyterLab, under /artnb/")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
