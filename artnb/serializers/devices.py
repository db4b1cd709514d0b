"""Tensors from a GPU to the host and back: in pieces, and only where there is one."""

from __future__ import annotations

from typing import Any

__all__ = ["device_of", "on_device", "on_host"]


def device_of(tensor: Any) -> str | None:
    """Return the name of the GPU that a tensor lies on; None for the host."""
    return str(tensor.device) if tensor.device.type == "cuda" else None


def on_device(tensor: Any, device: str | None) -> Any:
    """Return a tensor on the device that it was on, or as it is where there is none such."""
    import torch

    if not device or not device.startswith("cuda") or not torch.cuda.is_available():
        return tensor
    index = torch.device(device).index or 0
    return tensor.to(torch.device("cuda", index)) if index < torch.cuda.device_count() else tensor


def on_host(tensor: Any) -> Any:
    """Return a contiguous copy of a tensor on the host."""
    import torch

    if device_of(tensor) is None:
        return tensor.to("cpu", copy=True).contiguous()
    target = torch.empty(tensor.shape, dtype=tensor.dtype)
    in_chunks(tensor, target)
    return target


def in_chunks(tensor: Any, target: Any, *, chunk: int = 64 << 20) -> None:
    """Copy a dense tensor from a device into a tensor of the host, some bytes at a time.

    Through a buffer in pinned memory, to which a GPU writes twice as fast as to memory that
    may be moved; where there is no GPU, the buffer is plain.

    Parameters
    ----------
    target : torch.Tensor
        On the CPU, of the same shape and dtype, contiguous.
    """
    import torch

    source, whole = tensor.detach().contiguous().reshape(-1), target.reshape(-1)
    pinned = source.device.type == "cuda"
    step = max(1, chunk // source.element_size())
    size = min(step, source.numel())
    buffer = torch.empty(size, dtype=source.dtype, pin_memory=pinned)
    for start in range(0, source.numel(), step):
        part = source[start : start + step]
        room = buffer[: part.numel()]
        room.copy_(part, non_blocking=pinned)
        if pinned:
            torch.cuda.current_stream(source.device).synchronize()
        whole[start : start + step].copy_(room)
