"""What modules of torch hold besides their tensors is content; how they are used is none."""

from __future__ import annotations

import copy
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

from artnb.capture import fingerprint, size_of
from artnb.capture.modes import modes_of


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
        self.settings = SimpleNamespace(scale=1.0)
        self.mean = np.zeros(3)
        self.weights = torch.zeros(3)
        self.names = {"a"}
        self.per_class = {"a": torch.zeros(2)}
        self.act = functional.relu
        self._private = {"a": 1}
        self.register_buffer("mask", torch.ones(2), persistent=False)


CHANGES = {
    "an object's attribute": lambda m: setattr(m.settings, "scale", 2.0),
    "an array": lambda m: m.mean.fill(1),
    "a tensor": lambda m: m.weights.fill_(1),
    "a set": lambda m: m.names.add("b"),
    "a tensor in a dict": lambda m: m.per_class["a"].fill_(1),
    "a function": lambda m: setattr(m, "act", functional.gelu),
    "a private dict": lambda m: m._private.update(a=2),
    "a buffer that is in no state dict": lambda m: m.mask.fill_(0),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_module_holds_is_content(change):
    module = Scaled()
    before = fingerprint(module)
    assert fingerprint(copy.deepcopy(module)) == before
    change(module)
    assert fingerprint(module) != before
    assert fingerprint(torch.nn.Sequential(module)) != fingerprint(torch.nn.Sequential(Scaled()))


def test_the_arrays_that_a_module_holds_count_for_its_size():
    module = Scaled()
    before = size_of(module)
    module.mean = np.zeros(1000)
    assert size_of(module) - before == 8 * 997


def test_modules_may_hold_each_other_and_what_has_no_content():
    module = Scaled()
    module.root, module.parts, module.lock = [module], [[module.layer]], threading.Lock()
    module.other = SimpleNamespace(of=module, other=[Scaled()])
    before = fingerprint(module)
    assert before is not None
    module.other.other[0].mean[0] = 1
    assert fingerprint(module) != before


def test_what_is_held_by_each_part_is_gone_through_once(monkeypatch):
    module = torch.nn.Sequential(*(Scaled() for _ in range(20)))
    seen = []

    class Settings:
        def __reduce__(self):
            seen.append(self)
            return Settings, ()

    settings = Settings()
    for part in module:
        part.settings = settings
    assert fingerprint(module) is not None
    assert len(seen) == 1


def test_what_torch_keeps_for_itself_is_none():
    module = Scaled()
    before = fingerprint(module)
    module._compiled_call_impl = lambda x: x  # as `compile` sets it
    assert fingerprint(module) == before
    compiled = torch.compile(module)
    assert fingerprint(compiled) == fingerprint(compiled)
    recurrent = torch.nn.LSTM(2, 2)
    before = fingerprint(recurrent)
    recurrent._flat_weights = None
    assert fingerprint(recurrent) == before


def test_the_function_of_a_layer_of_torchs_is_content():
    layer = torch.nn.TransformerEncoderLayer(4, 1)
    before = fingerprint(layer)
    layer.activation = functional.gelu
    assert fingerprint(layer) != before


def test_a_module_of_plain_values_has_the_digest_that_catalogues_have():
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.25), torch.nn.LSTM(2, 2))
    for parameter in module.parameters():
        torch.nn.init.zeros_(parameter)
    assert fingerprint(module) == "61d5d2b6a6490580f4591f08e4bfc523"
    assert fingerprint(module.eval()) == "1d2b074ecd3de1c615702be2db0a187d"


@pytest.mark.parametrize(
    "register",
    ["register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"],
)
def test_a_hook_is_no_content_but_a_cell_may_come_out_otherwise_by_it(register):
    module = Scaled()
    content, modes = fingerprint(module), modes_of(module)
    handle = getattr(module.layer, register)(lambda *_: None)
    assert fingerprint(module) == content
    assert modes_of(module) != modes
    handle.remove()
    assert modes_of(module) == modes


def test_the_attributes_of_ones_own_optimizer_are_content():
    class Slow(torch.optim.SGD):
        pass

    module = torch.nn.Linear(2, 2)
    optimizer = Slow(module.parameters(), lr=0.1)
    optimizer.inner = {"k": 5}
    before = fingerprint(optimizer)
    optimizer.inner["k"] = 6
    assert fingerprint(optimizer) != before
