"""A small disk in memory, mounted where nobody else sees it."""

from __future__ import annotations

import subprocess
from pathlib import Path

MOUNT = ["unshare", "--map-root-user", "--mount", "sh", "-c"]


def own_disk(folder: Path, then: str) -> list[str]:
    """Return the command that does `then` on a small disk mounted for it alone."""
    mount = f"mount -t tmpfs -o size=8m artnb {folder} && cd {folder} && {then}"
    return [*MOUNT, mount, "sh"]


def can_mount(folder: Path) -> bool:
    try:
        return subprocess.run(own_disk(folder, "true"), capture_output=True).returncode == 0
    except OSError:
        return False
