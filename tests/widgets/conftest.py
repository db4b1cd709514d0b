"""Fixtures of the widget's tests: a small project in a store of its own."""

from __future__ import annotations

import pytest

import artnb

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
