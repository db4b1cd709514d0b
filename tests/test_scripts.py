"""Scripts as people write them for W&B, run by ``import artnb as wandb``, one after another."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from artnb.repository import Repository
from artnb.settings import Settings

TRAIN = """
import argparse
import os
import numpy as np
import torch
import torch.nn.functional as F
import artnb as wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--stop-after", type=int)
args = parser.parse_args()

wandb.require("core")
wandb.login(key=os.environ.get("WANDB_API_KEY"))
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
images, labels = torch.rand(96, 8), torch.arange(96) % 3

run = wandb.init(
    entity="team", project="shapes", id="shapes-1", resume="allow", job_type="train",
    config=args, config_exclude_keys=["stop_after"], tags=["baseline"],
    settings=wandb.Settings(start_method="thread"),
)
wandb.define_metric("epoch")
wandb.define_metric("val/*", step_metric="epoch")
wandb.define_metric("val/loss", summary="best", goal="minimize")
wandb.watch(model, criterion=F.cross_entropy, log="all", log_freq=3)

first = 0
if wandb.run.resumed:
    state = torch.load(wandb.restore("checkpoint.pt", replace=True).name)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    first = state["epoch"] + 1

for epoch in range(first, wandb.config.epochs):
    for batch in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images[batch::3]), labels[batch::3])
        loss.backward()
        optimizer.step()
        wandb.log({"train/loss": loss})
    weights = wandb.Histogram(model[0].weight)
    wandb.log({"val/loss": loss.item(), "epoch": epoch, "first layer": weights})
    torch.save(
        {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch},
        "checkpoint.pt",
    )
    wandb.save("checkpoint.pt", policy="now")
    checkpoint = wandb.Artifact("shapes-net", type="model", metadata={"epoch": epoch})
    checkpoint.add_file("checkpoint.pt")
    run.log_artifact(checkpoint, aliases=[f"epoch-{epoch}"])
    if epoch == args.stop_after:
        run._repository._histories.flush()
        os._exit(137)  # preempted

if loss < 10:
    wandb.alert(title="Trained", text=f"the loss is {loss:.2f}", level=wandb.AlertLevel.INFO)
wandb.log({"sample": [wandb.Image(images[:1].reshape(2, 4).numpy(), caption="one")]})
run.link_artifact(checkpoint, "wandb-registry-model/shapes", aliases=["production"])
run.summary["parameters"] = sum(each.numel() for each in model.parameters())
wandb.unwatch(model)
wandb.finish()
"""

EVALUATE = """
import numpy as np
import artnb as wandb

with wandb.init(project="shapes", job_type="evaluate", group="night") as run:
    model = run.use_artifact("wandb-registry-model/shapes:production", type="model")
    assert model.source_qualified_name == "shapes/shapes-net:v3", model.source_qualified_name
    path = model.file()
    rng = np.random.default_rng(0)
    truth, scores = rng.integers(0, 3, 60), rng.dirichlet(np.ones(3), 60)
    guesses = scores.argmax(axis=1)
    table = wandb.Table(columns=["truth", "guess"])
    for row in zip(truth, guesses):
        table.add_data(*row)
    table.add_column("right", (truth == guesses).tolist())
    likeliest = wandb.Table(["p"], scores.max(1)[:, None].tolist())
    run.log({
        "predictions": table,
        "confusion": wandb.plot.confusion_matrix(
            probs=None, y_true=truth, preds=guesses, class_names=["circle", "square", "star"]),
        "roc": wandb.plot.roc_curve(truth, scores, labels=["circle", "square", "star"]),
        "confidence": wandb.plot.histogram(likeliest, "p"),
        "beep": wandb.Audio(np.sin(np.arange(800)), sample_rate=8000),
        "report": wandb.Html("<h1>done</h1>"),
    })
    for shard in range(2):
        part = wandb.Artifact("predictions", type="result")
        part.add(wandb.Table(["guess"], [[int(g)] for g in guesses[shard::2]]), f"shard-{shard}")
        run.upsert_artifact(part)
    run.finish_artifact(wandb.Artifact("predictions", type="result"))

try:
    wandb.sweep({"method": "grid"}, project="shapes")
except wandb.UsageError as error:
    print("sweep:", str(error)[:31])
"""

READ = """
api = wandb.Api(overrides={"entity": "team", "project": "shapes"})
run = api.run("team/shapes/shapes-1")
frame = run.history(keys=["train/loss"])
assert list(frame.columns) == ["_step", "train/loss"] and len(frame) == 12
least = min(row["val/loss"] for row in run.scan_history(keys=["val/loss"]))
assert least == run.summary["val/loss"]["best"]
run.tags.append("reviewed")
run.summary["reviewed"] = True
run.update()
for file in run.files(pattern="media/images/%"):
    file.download(root="seen", exist_ok=True)
run.file("checkpoint.pt").download(root="seen", replace=True)
(evaluation,) = [each for each in api.runs("team/shapes") if each.job_type == "evaluate"]
print(evaluation.group, [each.name for each in evaluation.used_artifacts()][0],
      [each.name for each in evaluation.logged_artifacts()][-1],
      sorted({file.name.split("/")[1] for file in evaluation.files()}))
best = api.artifact("shapes/shapes-net:latest")
best.aliases.append("best")
best.save()
print(best.version, api.artifact_exists("shapes/shapes-net:best"))
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "artnb.toml").touch()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ARTNB_", "WANDB_"))}

    def script(name, source, *arguments):
        (folder / name).write_text(source)
        return subprocess.run(
            [sys.executable, name, *arguments], cwd=folder, env=kept, capture_output=True, text=True
        )

    done = [
        script("train.py", TRAIN, "--stop-after", "1"),
        script("train.py", TRAIN, "--lr", "0.05"),
        script("evaluate.py", EVALUATE + READ),
    ]
    repository = Repository(Settings.resolve(folder, {}))
    yield done, repository, folder
    repository.close()


def test_they_run_without_an_error_or_a_warning(ran):
    (stopped, trained, evaluated), _, _ = ran
    assert (stopped.returncode, stopped.stderr) == (137, "")
    assert trained.returncode == evaluated.returncode == 0, trained.stderr + evaluated.stderr
    assert "Trained: the loss is" in trained.stderr
    assert len(trained.stderr.splitlines()) == 1
    assert evaluated.stderr == ""
    assert evaluated.stdout.splitlines() == [
        "sweep: artnb.sweep: artnb has no sweep",
        "night shapes:v0 predictions:v0 ['audio', 'html', 'table']",
        "v3 True",
    ]


def test_a_training_that_was_killed_is_one_run(ran):
    _, repository, _ = ran
    (run,) = (run for run in repository.runs("shapes") if run.job_type == "train")
    assert (run.id, run.state, run.tags) == ("shapes-1", "finished", ("baseline", "reviewed"))
    assert run.config == {"lr": 0.05, "epochs": 4}
    rows = repository.history(run.id)
    assert [row["_step"] for row in rows] == list(range(17))
    assert [row["epoch"] for row in rows if "epoch" in row] == [0, 1, 2, 3]
    watched = [n for n, row in enumerate(rows) if "gradients/0.weight" in row]
    assert watched == [2, 6, 10, 14]
    assert all("parameters/2.bias" in rows[n] for n in watched)
    assert run.summary["parameters"] == 195
    assert run.summary["reviewed"] is True
    assert {version.ref for version in repository.logged(run.id)} == {
        *(f"shapes-net:v{n}" for n in range(4)), "shapes:v0",
    }  # fmt: skip


def test_the_registry_leads_back_to_the_training(ran):
    _, repository, folder = ran
    version = repository.resolve("shapes:production", "wandb-registry-model")
    assert version.aliases == ("latest", "production")
    (maker,) = repository.logged_by(version.id)
    assert maker.id == "shapes-1"
    assert (folder / "seen" / "checkpoint.pt").read_bytes() == (
        folder / "checkpoint.pt"
    ).read_bytes()
    assert list((folder / "seen" / "media" / "images").iterdir())
