"""A small torch pipeline of artifact cells, without one API call."""

from __future__ import annotations

import pytest

SETUP = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

epochs = 2

def load(rows):
    chance = torch.Generator().manual_seed(rows)
    images = torch.rand(rows, 1, 8, 8, generator=chance)
    return TensorDataset(images, torch.randint(0, 10, (rows,), generator=chance))
"""
RAW = "%%artifact raw --type dataset\ntraining, validation = load(200), load(50)"
PREPROCESS = """%%artifact preprocess
def normalise(data):
    images, labels = data.tensors
    return TensorDataset(images / images.max(), labels)

train_set, val_set = normalise(training), normalise(validation)
"""
INITIALISE = """%%artifact convnet
settings = {"hidden": 16, "lr": 0.1}

class Net(nn.Module):
    def __init__(self, hidden, lr):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, hidden), nn.Linear(hidden, 10))

    def forward(self, images):
        return self.layers(images)

torch.manual_seed(0)
model = Net(**settings)
"""
TRAIN = """%%artifact trained --job-type train --alias best
optimizer = torch.optim.SGD(model.parameters(), lr=settings["lr"])
losses = []
for epoch in range(epochs):
    for images, labels in DataLoader(train_set, batch_size=50):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    losses.append(loss.item())
"""
REPORT = """%%artifact report --out accuracy
model.eval()
with torch.no_grad():
    images, labels = val_set.tensors
    accuracy = (model(images).argmax(1) == labels).float().mean().item()
"""
CELLS = (RAW, PREPROCESS, INITIALISE, TRAIN, REPORT)


@pytest.fixture
def pipeline(shell):
    shell.run_all(SETUP, *CELLS)
    return shell


def graph(shell):
    """Return, for each run from the oldest, its job type, what it used and what it logged."""
    repository = shell.repository
    return [
        (
            run.job_type,
            {version.ref for version in repository.used(run.id)},
            {version.ref for version in repository.logged(run.id)},
        )
        for run in reversed(repository.runs("uncategorized"))
    ]


def test_the_edges_are_those_of_the_data(pipeline):
    assert graph(pipeline) == [
        ("raw", set(), {"raw:v0"}),
        ("preprocess", {"raw:v0"}, {"preprocess:v0"}),
        ("convnet", set(), {"convnet:v0"}),
        ("train", {"preprocess:v0", "convnet:v0"}, {"trained:v0"}),
        ("report", {"preprocess:v0", "trained:v0"}, {"report:v0"}),
    ]


def test_types_are_guessed(pipeline):
    names = ("raw", "preprocess", "convnet", "trained", "report")
    types = [pipeline.newest(name).type for name in names]
    assert types == ["dataset", "dataset", "model", "model", "result"]


def test_a_model_that_was_trained_in_place_is_an_output(pipeline):
    version = pipeline.newest("trained")
    entries = pipeline.repository.manifest(version)
    assert {entry.variable for entry in entries} == {"model", "optimizer", "losses", "loss"}
    assert "best" in version.aliases


def test_hyperparameters_are_config(pipeline):
    train = pipeline.repository.runs("uncategorized")[1]
    assert train.config == {"settings": {"hidden": 16, "lr": 0.1}, "epochs": 2}


def test_the_code_holds_the_model_that_is_trained(pipeline):
    train = pipeline.repository.runs("uncategorized")[1]
    assert "class Net(nn.Module):" in pipeline.repository.code(train.id)


def test_running_all_again_makes_no_new_version(pipeline):
    pipeline.run_all(*CELLS)
    assert graph(pipeline)[5:] == graph(pipeline)[:5]
    collections = pipeline.repository.collections("uncategorized")
    assert [collection.versions for collection in collections] == [1] * 5


def test_another_setting_makes_new_versions_downstream_only(pipeline):
    pipeline.run_all("epochs = 3", INITIALISE, TRAIN, REPORT)
    numbers = {name: pipeline.newest(name).number for name in ("raw", "convnet", "trained")}
    assert numbers == {"raw": 0, "convnet": 0, "trained": 1}
