"""``make services``: the servers that the tests start, from the system's packages.

Add to `PACKAGES` what a service of yours needs: the Debian packages, and the programs that
show that they are there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

# service: (Debian packages, whether what they bring is there)
PACKAGES: dict[str, tuple[tuple[str, ...], Callable[[], bool]]] = {
    "PostgreSQL": (
        ("postgresql",),
        lambda: bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin"))),
    ),
}


def install(packages: list[str]) -> None:
    """Get Debian packages as root, or by sudo; their own services are not started."""
    root = os.geteuid() == 0
    sudo = [] if root else ["sudo", "-n"]
    if not shutil.which("apt-get") or not (root or shutil.which("sudo")):
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([*sudo, "apt-get", "-qq", *arguments], env=quiet, check=False)


def main() -> int:
    wanted = [name for name, (_, there) in PACKAGES.items() if not there()]
    if wanted:
        print(f"Services: installing {', '.join(wanted)}", flush=True)
        install([package for name in wanted for package in PACKAGES[name][0]])
    absent = [name for name, (_, there) in PACKAGES.items() if not there()]
    for name in absent:
        print(
            f"{name} is not here and could not be installed. Install it from your system's "
            f"packages (Debian: apt-get install {' '.join(PACKAGES[name][0])}); its tests are "
            "skipped meanwhile, and fail where CI is set."
        )
    print(f"Services: {', '.join(name for name in PACKAGES if name not in absent)}")
    return 1 if absent and os.environ.get("CI") else 0


if __name__ == "__main__":
    raise SystemExit(main())
