"""Tensors of a GPU: the digest that is taken there, and the way to the host and back."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from artnb import serializers
from artnb.capture import _arrays, _device, fingerprint
from artnb.capture._device import device_digest
from artnb.serializers.devices import in_chunks, on_device

ON_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
MASK = (1 << 64) - 1


def finalised(value):
    value = ((value ^ (value >> 30)) * _device._FIRST) & MASK
    value = ((value ^ (value >> 27)) * _device._SECOND) & MASK
    return value ^ (value >> 31)


def by_hand(data):
    """Return the digest by Python's integers."""
    data += bytes(-len(data) % 8)
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]
    total = []
    for seed in _device._SEEDS:
        mixed = [
            finalised(((place + 1) * _device._GOLDEN + seed) & MASK) ^ word
            for place, word in enumerate(words)
        ]
        total.append(sum(finalised((m * _device._GOLDEN + seed) & MASK) for m in mixed) & MASK)
    return b"".join(each.to_bytes(8, "little") for each in total)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.uint8, torch.bool,
                                   torch.complex64, torch.bfloat16, torch.int64])  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 64, 1001])
def test_the_digest_is_what_integers_say(dtype, size):
    tensor = torch.arange(size).to(dtype)
    raw = tensor.view(torch.uint8).numpy().tobytes()
    assert device_digest(tensor) == by_hand(raw)


def test_pieces_and_views_make_no_difference(monkeypatch):
    tensor = torch.randn(5000)
    whole = device_digest(tensor)
    monkeypatch.setattr(_device, "_CHUNK", 64)
    assert device_digest(tensor) == whole
    assert device_digest(tensor.reshape(50, 100).t().t()) == whole
    odd = torch.arange(101, dtype=torch.uint8)
    assert device_digest(odd[3:]) == device_digest(odd[3:].clone())


def test_a_word_that_changes_moves_or_is_swapped_is_seen():
    tensor = torch.arange(1000, dtype=torch.int64)
    seen = {device_digest(tensor)}
    for change in (
        lambda t: t.index_fill(0, torch.tensor([500]), -1),
        lambda t: t.flip(0),
        lambda t: t.roll(1),
        lambda t: torch.cat([t[1:2], t[:1], t[2:]]),
        lambda t: t + 1,
        lambda t: -t,
        lambda t: t[:-1],
        lambda t: torch.zeros_like(t),
        lambda t: torch.zeros(999, dtype=torch.int64),
    ):
        seen.add(device_digest(change(tensor)))
    assert len(seen) == 10


def test_each_single_bit_is_seen():
    data = np.zeros(64, np.uint8)
    seen = set()
    for bit in range(512):
        flipped = data.copy()
        flipped[bit // 8] ^= 1 << (bit % 8)
        seen.add(device_digest(torch.from_numpy(flipped)))
    assert len(seen) == 512


@pytest.mark.parametrize("chunk", [4, 100, 1 << 20])
def test_pieces_to_the_host(chunk):
    source = torch.randn(7, 11).t()
    target = torch.empty(11, 7)
    in_chunks(source, target, chunk=chunk)
    assert torch.equal(source, target)


def test_where_there_is_no_such_device_it_is_the_host(tmp_path):
    tensor = torch.ones(3)
    for device in (None, "cuda:99", "nonsense"):
        assert on_device(tensor, device) is tensor
    saved = serializers.dump(tensor, tmp_path, "t")
    meta = {**saved.meta, "device": "cuda:99"}
    assert serializers.load(saved.path, saved.format, meta).device.type == "cpu"


@pytest.fixture
def elsewhere(monkeypatch):
    """Tensors of the host pass as those of a device; returns the sizes of what is copied out."""
    copied = []

    def on_host(tensor):
        for piece in _device.on_host(tensor):
            copied.append(piece.numel())
            yield piece

    monkeypatch.setattr(_device, "_known", {})
    monkeypatch.setattr(_device, "_PIECE", 64)
    monkeypatch.setattr(_arrays, "is_elsewhere", lambda tensor: True)
    monkeypatch.setattr(_arrays, "on_host", on_host)
    return copied


VALUES = (
    lambda: torch.arange(1001, dtype=torch.int16),
    lambda: torch.randn(7, 11, generator=torch.Generator().manual_seed(0)).t(),
    lambda: torch.arange(40)[3:30:2],
    lambda: torch.tensor(1.5, dtype=torch.bfloat16),
    lambda: torch.zeros(0, 3),
    lambda: torch.tensor([1 + 2j, 3j]).conj(),
    lambda: torch.nn.Parameter(torch.ones(3)),
    lambda: {"w": torch.ones(65), "n": [torch.ones(65), 1]},
    lambda: torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Flatten()).requires_grad_(False),
)


@pytest.mark.parametrize("make", VALUES)
def test_a_value_is_the_same_wherever_it_lies(make, monkeypatch, request):
    torch.manual_seed(0)
    value = make()
    expected = fingerprint(value)
    copied = request.getfixturevalue("elsewhere")
    assert fingerprint(value) == expected
    assert copied or value.numel() == 0
    copied.clear()
    assert fingerprint(value) == expected
    assert copied == []  # it is known


def test_new_content_is_copied_out_once_and_old_never_again(elsewhere):
    tensor = torch.zeros(100)
    first = fingerprint(tensor)
    assert sum(elsewhere) == 400
    tensor[5] = 1
    assert fingerprint(tensor) != first
    assert sum(elsewhere) == 800
    tensor[5] = 0
    assert fingerprint(tensor) == first
    assert fingerprint(tensor.reshape(10, 10)) != first  # another shape is another value
    assert fingerprint(tensor.view(torch.int32)) != first
    assert sum(elsewhere) == 1600


def test_what_is_known_does_not_grow_without_bound(elsewhere, monkeypatch):
    monkeypatch.setattr(_device, "_MOST_KNOWN", 3)
    marks = [fingerprint(torch.tensor([n])) for n in range(10)]
    assert len(_device._known) <= 3
    assert [fingerprint(torch.tensor([n])) for n in range(10)] == marks


@ON_GPU
def test_a_tensor_of_a_gpu_and_back(tmp_path):
    tensor = torch.randn(1 << 20, device="cuda")
    assert device_digest(tensor) == device_digest(tensor.cpu())
    mark = fingerprint(tensor)
    assert mark == fingerprint(tensor.cpu())
    tensor.data[7] += 1
    assert fingerprint(tensor) != mark
    saved = serializers.dump(tensor, tmp_path, "t")
    again = serializers.load(saved.path, saved.format, saved.meta)
    assert again.device == tensor.device
    assert fingerprint(again) == fingerprint(tensor)


@ON_GPU
def test_a_module_of_a_gpu_and_back(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).cuda()
    saved = serializers.dump(net, tmp_path, "net")
    again = serializers.load(saved.path, saved.format, saved.meta)
    assert next(again.parameters()).is_cuda
    assert fingerprint(net) == fingerprint(copy.deepcopy(net).cpu())
    assert fingerprint(again) == fingerprint(net)
