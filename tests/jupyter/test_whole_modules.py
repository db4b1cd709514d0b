"""Modules that cannot be built of their class alone come back whole, for who trusts them."""

from __future__ import annotations

import sys

import pytest
import torch

# As Hugging Face's have it: a config that is no plain data, and a buffer that is in no state dict.
NET = """import torch
class Config:
    def __init__(self, width=2):
        self.width = width
class Net(torch.nn.Module):
    def __init__(self, config=None):
        super().__init__()
        self.config = config or Config()
        self.inner = torch.nn.Linear(self.config.width, 1)
        self.register_buffer('places', torch.arange(3), persistent=False)
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """An importable module with a class of networks."""
    (tmp_path / "nets.py").write_text(NET)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("nets", None)


def restored(shell, ref, *names):
    for name in names:
        shell.namespace.pop(name, None)
    shell.shell._artnb_extension.session.held.clear()
    shell.run_all(f"%artnb restore {ref} --trust")
    return [shell.namespace.get(name) for name in names]


@pytest.mark.parametrize("made", ["{n}Net({n}Config(3))", "{n}Net()"])
@pytest.mark.parametrize("where", ["library", "notebook"])
def test_a_module_with_a_config_comes_back_with_it(shell, library, made, where):
    first, named = ("import nets", "nets.") if where == "library" else (NET, "")
    shell.run_all(first, f"%%artifact net\nnet = {made.format(n=named)}.eval()")
    before = shell.namespace["net"]
    (net,) = restored(shell, "net", "net")
    assert type(net).__name__ == "Net"
    assert net.config.width == before.config.width
    assert not net.training
    assert torch.equal(net.inner.weight, before.inner.weight)
    assert net.places.tolist() == [0, 1, 2]


def test_its_optimizer_moves_it(shell, library):
    shell.run_all(
        "import nets, torch",
        "%%artifact net\nnet = nets.Net(nets.Config(3))\n"
        "moves = torch.optim.SGD(net.parameters(), lr=0.1)",
    )
    net, moves = restored(shell, "net", "net", "moves")
    assert moves.param_groups[0]["params"][0] is net.inner.weight


def test_a_module_of_torchs_own_needs_no_pickle(shell):
    shell.run_all("import torch", "%%artifact net\nnet = torch.nn.Linear(2, 1)")
    kept = shell.repository.manifest(shell.newest("net")).entries.values()
    assert [entry.format for entry in kept] == ["module"]


def test_what_cannot_be_imported_keeps_nothing_else_away(shell, library):
    shell.run_all("import nets", "%%artifact mixed\nn = 1\nconfig = nets.Config(3)")
    (sys.path_importer_cache.clear(), sys.modules.pop("nets"))
    sys.path.pop(0)
    shell.namespace.pop("n")
    shell.namespace.pop("config")
    said = repr(shell.run_all("%artnb restore mixed --trust").result)
    assert shell.namespace["n"] == 1
    assert "No module named 'nets'" in said
