"""A file's bytes as a value that can be compared, where its name tells the format.

Only formats whose reading runs no code of the file's.
"""

from __future__ import annotations

import io
import json
from pathlib import PurePath
from typing import Any

__all__ = ["value_of_file"]

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")


def value_of_file(path: str, data: bytes) -> Any:
    """Return what the file holds: an array, tensors, a frame, JSON, text, else its bytes."""
    suffix = PurePath(path).suffix.lower()
    try:
        return _read(suffix, data)
    except Exception:
        # It is not what its name says, or the library is not there: bytes then.
        return _text(data)


def _read(suffix: str, data: bytes) -> Any:
    if suffix == ".npy":
        import numpy as np

        return np.load(io.BytesIO(data), allow_pickle=False)
    if suffix == ".npz":
        import numpy as np

        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    if suffix == ".safetensors":
        import safetensors.numpy

        return safetensors.numpy.load(data)
    if suffix == ".parquet":
        import pandas as pd

        return pd.read_parquet(io.BytesIO(data))
    if suffix == ".csv":
        import pandas as pd

        return pd.read_csv(io.BytesIO(data))
    if suffix == ".json":
        return json.loads(data)
    if suffix in _PICTURES:
        from PIL import Image

        return Image.open(io.BytesIO(data)).copy()
    return _text(data)


def _text(data: bytes) -> str | bytes:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    return data if "\0" in text else text
