"""Builds the widget's bundle where it is missing, so that a wheel always carries it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = Path("artnb") / "widgets" / "static" / "widget.js"


class BuildWidget(BuildHookInterface):
    """Runs npm for wheels and sdists of a checkout; an sdist has the bundle already."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle if it is not there; an editable install leaves that to make."""
        root = Path(self.root)
        if version == "editable" or (root / BUNDLE).is_file():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "The widget's bundle is not built and npm was not found. Install Node 20 or "
                "newer, or install artnb from a wheel."
            )
        for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=root / "js", check=True)
