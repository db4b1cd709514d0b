"""safetensors files made by hand, so that no test of the store has to load torch."""

import json
import random
import struct
from pathlib import Path

KIB = 1024


def tensors(*, layers=24, size=64 * KIB, seed=0, changed=()):
    """Name -> bytes of the layers of a small model; those `changed` have others."""
    return {
        f"layer.{n:03}.weight": random.Random(f"{seed} {n} {n in changed}").randbytes(size)
        for n in range(layers)
    }


def write(path, content, *, metadata=None):
    """Write tensors as the safetensors library does, and return the path."""
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, data in content.items():
        header[name] = {
            "dtype": "U8", "shape": [len(data)], "data_offsets": [offset, offset + len(data)],
        }  # fmt: skip
        offset += len(data)
    path = Path(path)
    path.write_bytes(framed(json.dumps(header).encode()) + b"".join(content.values()))
    return path


def framed(header):
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header
