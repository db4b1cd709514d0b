"""Where a person can open a run: the address in a Jupyter server that shows its repository."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from artnb.errors import ArtnbError
from artnb.settings import Settings
from artnb.store.staging import process_alive

__all__ = ["project_address", "run_address", "runtime_folder"]

_KEPT_SECONDS = 30.0
_PATIENCE_SECONDS = 0.3

_found: dict[Path, tuple[float, str | None]] = {}


def run_address(root: Path, project: str, run_id: str) -> str | None:
    """Return the address of a run's page, or None where no server shows its repository.

    The servers are those of this user on this machine, as Jupyter lists them. The address
    carries no token: it is kept in notebooks that are passed on.

    Parameters
    ----------
    root : Path
        The repository's ``.artnb`` folder.
    """
    server = _server(root)
    if server is None:
        return None
    return f"{server}artnb/{quote(project, safe='')}/runs/{quote(run_id, safe='')}"


def project_address(root: Path, project: str) -> str | None:
    """Return the address of a project's page, as `run_address` does that of a run's."""
    server = _server(root)
    return f"{server}artnb/{quote(project, safe='')}" if server else None


def runtime_folder() -> Path | None:
    """Return the folder where Jupyter lists its running servers; None without Jupyter."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:
        return None
    return Path(jupyter_runtime_dir())


def _server(root: Path) -> str | None:
    kept_at, url = _found.get(root, (-_KEPT_SECONDS, None))
    if time.monotonic() - kept_at >= _KEPT_SECONDS:
        url = next((str(each["url"]) for each in _running() if _shows(each, root)), None)
        _found[root] = (time.monotonic(), url)
    return url


def _running() -> list[dict[str, Any]]:
    """Return what the list says of each server that is alive; this kernel's own first."""
    folder = runtime_folder()
    found = []
    for path in sorted(folder.glob("jpserver-*.json")) if folder else ():
        try:
            told = json.loads(path.read_text("utf-8"))
            if process_alive(int(told["pid"])) and told["url"] and told["root_dir"]:
                found.append(told)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # it ends just now, or is none of ours
    own = os.environ.get("JPY_PARENT_PID")
    return sorted(found, key=lambda told: str(told["pid"]) != own)


def _shows(told: dict[str, Any], root: Path) -> bool:
    try:
        same = Settings.resolve(str(told["root_dir"])).root == root
    except (ArtnbError, OSError):
        return False
    return same and _has_pages(str(told["url"]))


def _has_pages(url: str) -> bool:
    """Ask, without logging in, whether the server has the extension that shows the pages."""
    import http.client

    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("GET", f"{parts.path}artnb-api/widget.js")
            # 403 says: there, but log in first. A server without it sends to its login page.
            return connection.getresponse().status in (200, 403)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return False
