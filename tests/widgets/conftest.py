"""Repositories of the widget's tests: one all of markup, a small project, an empty one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import artnb
from artnb.repository import open_repository

SCRIPT = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \"'&amp;"
# Names of projects, and aliases, take no slash.
TAG = '"><img src=x onerror="alert(3)">'


@pytest.fixture
def hostile():
    """Two runs and a version; every text that is not checked is markup."""
    with artnb.init(project=TAG, job_type=SCRIPT, name=SCRIPT, tags=[TAG], notes=SCRIPT,
                    group=SCRIPT, config={SCRIPT: SCRIPT}) as maker:  # fmt: skip
        draft = artnb.Artifact("data", "dataset", description=SCRIPT, metadata={SCRIPT: [SCRIPT]})
        with draft.new_file(f"{TAG}.txt") as file:
            file.write(SCRIPT)
        picture = artnb.Image(np.eye(4), caption=SCRIPT)
        draft.add(picture.to_pil(), "picture")
        maker.log_artifact(draft, aliases=[TAG], tags=[TAG])
        maker.log({SCRIPT: 1, "picture": picture, "text": SCRIPT})
    with artnb.init(project=TAG, job_type="use") as user:
        version = user.use_artifact("data")._version
    repository = open_repository()
    repository.update_run(maker.id, code=SCRIPT, outputs={"stdout": SCRIPT})
    return SimpleNamespace(
        project=TAG, repository=repository, maker=maker.id, user=user.id, version=version.id,
        graph=repository.lineage(TAG), script=SCRIPT, tag=TAG,
    )  # fmt: skip


@pytest.fixture
def run(repository):
    """An open run of a repository that nothing is recorded in."""
    return repository.start_run("demo", job_type="make", name="first")


HOSTILE = '</script><img src=x onerror=alert(1)>"];A-->B %%{x}%% \\" \u202e]'


@pytest.fixture
def project():
    """raw:v0 -> train -> net:v0 and net:v1, the second run's name and notes hostile."""
    with artnb.init(project="lab", job_type="load", name="loader") as run:
        run.log_artifact(made("raw", "dataset", "1"))
    for number, name in enumerate(("trainer", HOSTILE)):
        with artnb.init(project="lab", job_type="train", name=name, notes=HOSTILE) as run:
            run.use_artifact("raw:latest")
            run.log_artifact(made("net", "model", str(number)), aliases=["best"])
    return "lab"


def made(name: str, type: str, text: str) -> artnb.Artifact:
    artifact = artnb.Artifact(name, type, metadata={"number": text})
    with artifact.new_file("data.txt") as stream:
        stream.write(text)
    return artifact
