"""What shared its parameters before `%artnb restore` shares them afterwards, and trains on."""

from __future__ import annotations

import torch
from kernels import open_notebook

MAKE = """%%artifact training
import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
X = torch.randn(8, 3)
def step():
    optimizer.zero_grad()
    loss = (model(X) ** 2).mean()
    loss.backward()
    optimizer.step()
    scheduler.step()
    return float(loss.detach())
for _turn in range(3):
    step()
"""
TRAIN_ON = "[step() for _ in range(4)], scheduler.get_last_lr()"


def forget(shell, *names):
    for name in names:
        del shell.namespace[name]


def shown(shell, line):
    return repr(shell.run_all(f"%artnb {line}").result)


def test_training_goes_on_alike_in_a_new_kernel(tmp_path):
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb", MAKE)
        expected = notebook.value(TRAIN_ON)
    source = MAKE[MAKE.index("def step") : MAKE.index("for _turn")]
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb", "%artnb restore training:v0", source)
        assert notebook.value("type(optimizer).__name__") == "'Adam'"
        assert notebook.value(
            "all(a is b for a, b in zip(optimizer.param_groups[0]['params'], model.parameters()))"
        ) == "True"  # fmt: skip
        assert notebook.value("scheduler.optimizer is optimizer") == "True"
        assert notebook.value(TRAIN_ON) == expected


def test_what_moves_what_is_said(shell):
    shell.run_all(MAKE)
    forget(shell, "model", "optimizer", "scheduler")
    text = shown(shell, "restore training")
    assert "moves the parameters of model" in text
    assert "steps optimizer" in text


def test_modules_with_tied_weights_and_parts(shell):
    shell.run_all(
        "%%artifact tied\nimport torch\nencoder = torch.nn.Linear(3, 3)\n"
        "decoder = torch.nn.Linear(3, 3)\ndecoder.weight = encoder.weight\n"
        "whole = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(2, 2))\n"
        "part = whole[1]\nbias = part.bias\n"
        "both = torch.optim.SGD([*encoder.parameters(), *whole.parameters()], lr=0.1)"
    )
    forget(shell, "encoder", "decoder", "whole", "part", "bias", "both")
    shown(shell, "restore tied")
    space = shell.namespace
    assert space["decoder"].weight is space["encoder"].weight
    assert space["decoder"].bias is not space["encoder"].bias
    assert space["part"] is space["whole"][1]
    assert space["bias"] is space["part"].bias
    moved = space["both"].param_groups[0]["params"]
    assert moved[0] is space["encoder"].weight
    assert moved[-1] is space["bias"]


def test_an_optimizer_alone_has_parameters_of_its_own(shell):
    shell.run_all(MAKE.replace("%%artifact training", "%%artifact training --out optimizer"))
    before = shell.namespace["optimizer"].state_dict()
    forget(shell, "optimizer")
    shown(shell, "restore training")
    after = shell.namespace["optimizer"].state_dict()
    assert torch.equal(before["state"][0]["exp_avg"], after["state"][0]["exp_avg"])


def test_a_scheduler_alone_is_not_restored(shell):
    shell.run_all(MAKE.replace("%%artifact training", "%%artifact training --out scheduler,X"))
    text = shown(shell, "restore training --force")
    assert "a scheduler whose optimizer is not in this version" in text


def test_a_strangers_note_ties_nothing():
    from artnb.jupyter.torch_sharing import tie_torch

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(5))], lr=1)
    for note in (
        {"with": "model", "moves": [["model", "weight"]]},
        {"with": "model", "moves": [["model", "__class__"]]},
        {"with": "gone", "moves": [["gone", "weight"]]},
        {"with": "model", "moves": []},
    ):
        values = {"model": model, "optimizer": optimizer}
        tie_torch(values, {"optimizer": note})
        assert optimizer.param_groups[0]["params"][0].shape == (5,)


def test_training_in_place_is_skipped_and_has_its_effect(shell):
    make = MAKE.replace("%%artifact training\n", "").replace(
        "for _turn in range(3):\n    step()", ""
    )
    body = "%%artifact trained --cache\nlosses = [step() for _ in range(3)]\noptimizer.zero_grad()"
    shell.run_all(make, body)
    expected = shell.run_all(TRAIN_ON).result
    shell.run_all(make)
    model, optimizer = shell.namespace["model"], shell.namespace["optimizer"]
    assert "skipped (v0)" in shell.run_all(body).text
    assert shell.namespace["model"] is model
    assert shell.namespace["optimizer"] is optimizer
    assert shell.run_all(TRAIN_ON).result == expected
