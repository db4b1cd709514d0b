"""How a torch module is set, asked or trained and what of it is frozen, is part of its version."""

from __future__ import annotations

import pytest

MAKE = "import torch\ntorch.manual_seed(0)\nm = torch.nn.Sequential(torch.nn.Linear(300, 300))"
SET = "%%artifact model --out m\nm.eval()\nm[0].bias.requires_grad_(False);"
OF_THE_NOTEBOOK = """
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.kind = torch.nn.Linear(3, 3), OTHER
m = Net()
"""


def modes(module):
    return module.training, [each.requires_grad for each in module.parameters()]


def blobs(repository, version):
    return {entry.digest for entry in repository.manifest(version)}


def test_another_mode_is_another_version_without_new_bytes(shell):
    shell.run_all(f"%%artifact model --out m\n{MAKE}")
    first = shell.newest("model")
    assert "model:v1" in shell.run_all(SET).text
    assert blobs(shell.repository, shell.newest("model")) == blobs(shell.repository, first)
    told = repr(shell.run_all("%artnb diff model:v0 model:v1").result)
    assert "set otherwise" in told
    assert "0.bias.requires_grad" in told
    assert "unchanged (v1)" in shell.run_all("%%artifact model --out m\nm.eval();").text
    again = "%%artifact model --out m\nm.train()\nm.requires_grad_(True);"
    assert "unchanged (v0)" in shell.run_all(again).text
    shell.run_all("%artnb restore model:v1 --force")
    assert modes(shell.namespace["m"]) == (False, [True, False])
    shell.run_all("%artnb restore model:v0 --force")
    assert modes(shell.namespace["m"]) == (True, [True, True])


@pytest.mark.parametrize("other", ["1", "object"])  # with `object` its structure is no plain data
def test_a_module_of_the_notebooks_class_comes_back_as_it_was_set(shell, other):
    make = f"import torch{OF_THE_NOTEBOOK.replace('OTHER', other)}"
    shell.run_all(
        f"%%artifact model --out m\n{make}",
        "%%artifact model --out m\nm.eval()\nm.layer.bias.requires_grad_(False);",
    )
    assert "set otherwise" in repr(shell.run_all("%artnb diff model:v0 model:v1").result)
    shell.run_all(
        "del m",
        "%artnb restore model:v1 --trust",
    )
    assert modes(shell.namespace["m"]) == (False, [True, False])
    assert not shell.namespace["m"].layer.training


@pytest.mark.parametrize("name", ["m", "h"])
def test_a_model_that_was_set_otherwise_in_between_is_the_versions(shell, name):
    shell.run_all(
        f"%%artifact model --out m,h\n{MAKE}\nh = {{'m': m}}",
        "m.eval()\nm[0].bias.requires_grad_(False);",
        f"%%artifact used\ny = len({name})",
    )
    assert shell.used() == {"model:v0"}
    shell.run_all(
        "m.state_dict()['0.bias'].add_(1);",
        f"%%artifact used\ny = len({name}) + 1",
    )
    assert shell.used() == set()


def test_a_state_dict_that_was_saved_is_not_changed(shell):
    shell.run_all(
        f"%%artifact model --out m\n{MAKE}", "%%artifact state\ns = m.state_dict()",
        "%%artifact asked\nm.eval();",
    )  # fmt: skip
    assert {entry.variable for entry in shell.repository.manifest(shell.newest("asked"))} == {"m"}
    assert "2 are as a version holds them" in repr(shell.run_all("%artnb status").result)
