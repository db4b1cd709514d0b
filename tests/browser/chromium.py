"""Finds a Chromium for the browser tests, and installs one where there is none.

``python tests/browser/chromium.py`` prints its path; with ``--install`` it first gets
one from the system's packages, else from playwright.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ADVICE = (
    "No Chromium was found and none could be installed. Install the system's package "
    "(Debian: apt-get install chromium), or set CHROMIUM to the path of one."
)


def find() -> str | None:
    """Path of a Chromium: $CHROMIUM, the system's, or playwright's own."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    for name in NAMES:
        # Ubuntu's chromium-browser is a shell script that asks for a snap.
        path = shutil.which(name)
        if path and runs(path):
            return path
    return next((place for place in (*PLACES, playwright_own()) if Path(place).is_file()), None)


def runs(path: str) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def playwright_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def install() -> None:
    """Get a Chromium by apt-get as root, else by playwright."""
    root = os.name == "posix" and os.geteuid() == 0
    sudo = [] if root else ["sudo", "-n"]
    if shutil.which("apt-get") and (root or shutil.which("sudo")):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        wanted = ["install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"]
        for arguments in (["update"], wanted):
            subprocess.run([*sudo, "apt-get", "-qq", *arguments], env=quiet, check=False)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    if find() is None and "--install" in sys.argv:
        print("Chromium: none here, installing one", flush=True)
        install()
    path = find()
    print(f"Chromium: {path}" if path else ADVICE)
    return 0 if path else 1


if __name__ == "__main__":
    raise SystemExit(main())
