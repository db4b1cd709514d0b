"""A script with W&B's calls and names runs with ``import artnb as wandb``, offline."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from artnb.repository import Repository
from artnb.settings import Settings

SCRIPT = """
import os
import pathlib
import numpy as np
import torch
import artnb as wandb

wandb.login()
config = {"width": 4, "rate": 0.1}


def load_and_log():
    with wandb.init(project="digits", job_type="load-data") as run:
        data = wandb.Artifact(
            "digits-raw", type="dataset", description="made here",
            metadata={"source": "torch.rand", "sizes": [8, 2]},
        )
        for name, size in (("training", 8), ("test", 2)):
            with data.new_file(name + ".pt", mode="wb") as file:
                torch.save(torch.rand(size, 4), file)
        with data.new_file("note.txt") as file:
            file.write("text")
        run.log_artifact(data)


def build_and_log(config):
    with wandb.init(project="digits", job_type="initialize", config=config) as run:
        settings = wandb.config
        model = torch.nn.Linear(settings.width, 1)
        artifact = wandb.Artifact("net", type="model", metadata=dict(settings))
        torch.save(model.state_dict(), "net.pth")
        artifact.add_file("net.pth")
        wandb.save("net.pth")
        run.log_artifact(artifact)


def log(loss, seen):
    loss = loss.item()
    with wandb.init(project="digits", job_type="train") as run:
        run.log({"epoch": 0, "train/loss": loss}, step=seen)
    wandb.log({"validation/loss": loss}, step=seen)


def train():
    with wandb.init(project="digits", job_type="train", config={"epochs": 2}) as run:
        data = run.use_artifact("digits-raw:latest")
        folder = data.download()
        rows = torch.load(os.path.join(folder, "training.pt"))
        net = run.use_artifact("net:latest")
        path = os.path.join(net.download(root="weights"), "net.pth")
        run.config.update(net.metadata)
        model = torch.nn.Linear(wandb.config.width, 1)
        model.load_state_dict(torch.load(path))
        for epoch in range(wandb.config["epochs"]):
            log(model(rows).mean(), (epoch + 1) * len(rows))
        trained = wandb.Artifact("trained", type="model", metadata=dict(net.metadata))
        with trained.new_file("trained.pth", mode="wb") as file:
            torch.save(model.state_dict(), file)
        run.log_artifact(trained, aliases=["best"]).wait()
        run.summary.update({"loss": torch.tensor(0.5), "accuracy": np.float32(0.25)})
        wandb.log({"hard": [wandb.Image(torch.rand(1, 8, 8), caption="8")]})


load_and_log()
build_and_log(config)
train()
assert wandb.run is None
api = wandb.Api()
trained = api.artifact("digits/trained:best")
print(trained.version, trained.logged_by().name, [run.job_type for run in api.runs("digits")])
print(sorted(file.name for file in api.artifact("digits/digits-raw:v0").files()))
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("script")
    (folder / "artnb.toml").touch()
    (folder / "script.py").write_text(SCRIPT)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ARTNB_")}
    ran = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, env=kept, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    repository = Repository(Settings.resolve(folder, {}))
    yield ran, repository
    repository.close()


def test_it_runs_without_a_warning(done):
    ran, _ = done
    assert ran.stderr == ""
    assert ran.stdout.startswith("v0 ")
    assert "['note.txt', 'test.pt', 'training.pt']" in ran.stdout


def test_each_job_is_one_run_though_helpers_open_it_again(done):
    _, repository = done
    runs = list(reversed(repository.runs("digits")))
    assert [run.job_type for run in runs] == ["load-data", "initialize", "train"]
    assert {run.state for run in runs} == {"finished"}
    train = runs[-1]
    assert train.config == {"epochs": 2, "width": 4, "rate": 0.1}
    assert train.summary.items() >= {"loss": 0.5, "accuracy": 0.25}.items()
    rows = repository.history(train.id)
    assert [row["_step"] for row in rows] == [8, 16]
    assert all({"epoch", "train/loss", "validation/loss"} <= set(row) for row in rows)
    assert len(rows[-1]["hard"]["images"]) == 1


def test_the_lineage_is_complete(done):
    _, repository = done
    (train,) = (run for run in repository.runs("digits") if run.job_type == "train")
    assert {version.ref for version in repository.used(train.id)} == {"digits-raw:v0", "net:v0"}
    (trained,) = repository.logged(train.id)
    assert trained.aliases == ("latest", "best")
