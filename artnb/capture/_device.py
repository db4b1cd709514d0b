"""A digest of a tensor, taken where the tensor is: on a GPU nothing is copied to the host.

The bytes are read as 64-bit words; each is mixed with its position by the finaliser of
splitmix64, and what comes out is summed modulo 2**64, twice with other seeds. Addition is
associative, so the order in which a device sums makes no difference; a word that changes,
moves or is swapped with another changes the sum. 128 bits, for change and not for trust.

It only says whether content was met before. What stands for the content, and is written down,
is the digest of the same bytes on the host (`content_digest`), so that a tensor is the same
value wherever it lies; new content is copied out once for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["content_digest", "device_digest", "is_elsewhere", "on_host"]

_known: dict[tuple[str, tuple[int, ...], bytes], bytes] = {}
_MOST_KNOWN = 100_000
"""Tensors; some 20 MB."""

_PIECE = 64 << 20
"""Bytes of the host's memory at a time."""

_CHUNK = 1 << 24
"""Words at a time: the mixing needs some copies of them."""

_SEEDS = (0x243F6A8885A308D3, 0x13198A2E03707344)
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def is_elsewhere(tensor: Any) -> bool:
    """Return whether a tensor's elements lie in another memory than this process's."""
    return str(tensor.device.type) not in ("cpu", "meta")


def content_digest(tensor: Any, digest: Callable[[Any], bytes | None]) -> bytes | None:
    """Return what `digest` returns for a dense tensor of a device; it is asked for new content."""
    plain = tensor.detach().resolve_conj().resolve_neg()
    key = str(plain.dtype), tuple(plain.shape), device_digest(plain)
    if (found := _known.get(key)) is None:
        found = digest(plain)
        if found is None:
            return None
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = found
    return found


def on_host(tensor: Any) -> Iterator[Any]:
    """Yield a dense tensor's bytes, in order and in pieces, as tensors of the host.

    Each is there until the next is asked for: they lie in one buffer, in memory that is not
    moved, to which a GPU writes fastest.
    """
    import torch

    whole = tensor.contiguous().reshape(-1).view(torch.uint8)
    size = min(_PIECE, whole.numel())
    buffer = torch.empty(size, dtype=torch.uint8, pin_memory=whole.device.type == "cuda")
    for start in range(0, whole.numel(), _PIECE):
        part = whole[start : start + _PIECE]
        room = buffer[: part.numel()]
        room.copy_(part)
        yield room


def device_digest(tensor: Any) -> bytes:
    """Return 16 bytes that stand for a dense tensor's elements; equal on every device.

    Parameters
    ----------
    tensor : torch.Tensor
        Any shape and dtype of which the elements are bytes; not a view that is lazily
        conjugated or negated.
    """
    import torch

    flat = tensor.detach().contiguous().reshape(-1)
    if not flat.numel():
        return bytes(16)
    whole = flat.view(torch.uint8)
    words = whole.numel() // 8
    sums = [0, 0]
    body = whole[: words * 8]
    if body.data_ptr() % 8:  # a view that begins between two words
        body = body.clone()
    body = body.view(torch.int64)
    for start in range(0, words, _CHUNK):
        part = body[start : start + _CHUNK]
        for n, each in enumerate(_mixed(part, start)):
            sums[n] += each
    if rest := whole.numel() % 8:
        last = torch.zeros(8, dtype=torch.uint8, device=whole.device)
        last[:rest] = whole[words * 8 :]
        for n, each in enumerate(_mixed(last.view(torch.int64), words)):
            sums[n] += each
    return b"".join((total % (1 << 64)).to_bytes(8, "little") for total in sums)


def _mixed(words: Any, start: int) -> list[int]:
    import torch

    place = torch.arange(start, start + words.numel(), dtype=torch.int64, device=words.device)
    found = []
    for seed in _SEEDS:
        mixed = (place + 1) * _signed(_GOLDEN) + _signed(seed)
        mixed = _finalised(mixed) ^ words
        found.append(int(_finalised(mixed * _signed(_GOLDEN) + _signed(seed)).sum()))
    return found


def _finalised(value: Any) -> Any:
    value = (value ^ _shifted(value, 30)) * _signed(_FIRST)
    value = (value ^ _shifted(value, 27)) * _signed(_SECOND)
    return value ^ _shifted(value, 31)


def _shifted(value: Any, by: int) -> Any:
    """Shift right without the sign: torch's int64 is signed, and its shift keeps the sign."""
    return (value >> by) & ((1 << (64 - by)) - 1)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
