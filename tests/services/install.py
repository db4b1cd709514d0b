"""``make services``: install the servers that the tests start; what is there stays as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from services import azurite, gcs, swift

# Program -> the Debian packages that it comes with.
DEBIAN = {
    "initdb": ("postgresql",),
    "mkfs.xfs": ("xfsprogs",),
    "radosgw": ("radosgw", "ceph-mon", "ceph-osd", "ceph-common"),
    "strace": ("strace",),
}
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq", "-y", "--no-install-recommends")


def has(program: str) -> bool:
    """Return whether a program is there; Debian keeps PostgreSQL's in a folder a version."""
    if program == "initdb" and list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return True
    return bool(shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin"))


def install_debian() -> None:
    """Install what Debian has, where this is one and may be changed; start none of it."""
    missing = [
        package for program, names in DEBIAN.items() if not has(program) for package in names
    ]
    if not missing:
        return
    if not shutil.which("apt-get"):
        print(f"No apt-get here: install {' '.join(missing)} in your system's way.")
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    command = [*sudo, *APT, "install", *missing]
    quiet = {"env": env, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    if subprocess.run(command, **quiet).returncode:
        subprocess.run([*sudo, *APT, "update"], **quiet)
        if code := subprocess.run(command, **quiet).returncode:
            print(f"Could not install {' '.join(missing)} (status {code}); their tests say so.")


def timed(name: str, install: Callable[[], None]) -> None:
    start = time.monotonic()
    try:
        install()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{name} could not be installed: {error}; its tests say so.")
    print(f"{name}: {time.monotonic() - start:.1f} s", flush=True)


def main() -> None:
    # Each waits for a server of its own.
    names = {
        "Debian": install_debian,
        "Swift": swift.install,
        "Azurite": azurite.install,
        "Google": gcs.install,
    }
    with ThreadPoolExecutor() as pool:
        list(pool.map(timed, names, names.values()))


if __name__ == "__main__":
    main()
