"""The tutorial, run once for all tests, as ``make tutorial`` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from artnb.repository import Repository
from artnb.settings import Settings

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@dataclass(frozen=True)
class Tutorial:
    """What a run of the script left: its folder, what it printed, what it recorded."""

    folder: Path
    printed: str
    repository: Repository

    def versions(self, project):
        return {version.ref: version for version in self.repository.versions(project)}

    def lineage(self, project):
        """For each run from the oldest: its job type, what it used, what it logged."""
        return [
            (
                run.job_type,
                sorted(version.ref for version in self.repository.used(run.id)),
                sorted(version.ref for version in self.repository.logged(run.id)),
            )
            for run in reversed(self.repository.runs(project))
        ]

    def runs(self, project, job_type):
        found = reversed(self.repository.runs(project))
        return [run for run in found if run.job_type == job_type]


@pytest.fixture(scope="package")
def tutorial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tutorial")
    done = subprocess.run(
        [sys.executable, NOTEBOOKS / "run_tutorial.py", folder],
        env={key: value for key, value in os.environ.items() if not key.startswith("ARTNB_")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    repository = Repository(Settings.resolve(folder, {}))
    yield Tutorial(folder, done.stdout, repository)
    repository.close()
