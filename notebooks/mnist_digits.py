"""Handwritten digits for the tutorial: MNIST, or scikit-learn's digits in MNIST's format.

``torchvision.datasets.MNIST`` downloads MNIST where its mirrors can be reached. Where they
cannot (a train, a lab without network), `prepare` writes scikit-learn's 1,797 real
handwritten digits in MNIST's own files: enlarged from 8x8 to 28x28, and each varied by
small shifts, turns, scales, slants and strokes of the pen, so that there are as many as
MNIST has. Test digits are drawn from people's digits that no training digit comes from.
"""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import numpy as np

TRAIN, TEST = 60_000, 10_000
FILES = {
    "train-images-idx3-ubyte": "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte": "t10k-labels-idx1-ubyte",
}
NOTE = "source.txt"
MIRRORS = ("ossci-datasets.s3.amazonaws.com", "yann.lecun.com")
PATIENCE = 3.0
SEED = 20_260
TEST_SHARE = 0.2


def prepare(root: str | os.PathLike[str] = "data") -> str:
    """Make sure that ``torchvision.datasets.MNIST(root)`` finds its files; say what they are.

    Returns
    -------
    str
        The name of the source: of MNIST or of scikit-learn's digits.
    """
    raw = Path(root) / "MNIST" / "raw"
    note = raw / NOTE
    wanted = [raw / name for pair in FILES.items() for name in pair]
    if not all(path.is_file() for path in wanted) and not _downloaded(root):
        write_digits(raw)
    source = note.read_text() if note.is_file() else "torchvision.datasets.MNIST"
    print(f"Handwritten digits from: {source}")
    return source


def _downloaded(root: str | os.PathLike[str]) -> bool:
    if not any(_reachable(host) for host in MIRRORS):
        return False
    from torchvision.datasets import MNIST

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)  # a mirror that stops half way must not stop the notebook
    try:
        MNIST(root, download=True)
    except (RuntimeError, OSError) as error:
        print(f"MNIST could not be downloaded ({error}).")
        return False
    finally:
        socket.setdefaulttimeout(before)
    return True


def _reachable(host: str) -> bool:
    try:
        with socket.create_connection((host, 443), timeout=PATIENCE):
            return True
    except OSError:
        return False


def write_digits(raw: Path, train: int = TRAIN, test: int = TEST) -> None:
    """Write the four files of MNIST from scikit-learn's digits into the folder `raw`."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    raw.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    for (images_name, labels_name), sources, count in zip(
        FILES.items(), split(len(digits.images), SEED), (train, test), strict=True
    ):
        chosen = sources[np.arange(count) % len(sources)]
        rng.shuffle(chosen)
        images = vary(digits.images[chosen] / 16.0, rng)
        _write_idx(raw / images_name, images)
        _write_idx(raw / labels_name, digits.target[chosen].astype(np.uint8))
    (raw / NOTE).write_text("scikit-learn's handwritten digits, enlarged and varied")


def split(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the digits for training and, apart from them, for testing."""
    order = np.random.default_rng(seed).permutation(count)
    held_out = int(count * TEST_SHARE)
    return order[held_out:], order[:held_out]


def vary(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (n, 28, 28) uint8 from (n, 8, 8) in [0, 1]: enlarged, each a little otherwise.

    Each pixel of the result looks up its place in the small image, through an affine map
    of its own (turn, scale, slant, shift), between the four pixels around it.
    """
    made = np.empty((len(images), 28, 28), np.uint8)
    for start in range(0, len(images), 4096):  # bounded memory
        part = slice(start, start + 4096)
        made[part] = _enlarged(images[part], rng)
    return made


def _enlarged(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(images)
    turn = rng.normal(0, 0.10, n)
    scale = rng.normal(1.0, 0.06, n)
    slant = rng.normal(0, 0.08, n)
    shift = rng.normal(0, 0.35, (2, n))
    # Digits fill about 20 of MNIST's 28 pixels.
    grid = (np.arange(28, dtype=np.float32) - 13.5) * (8 / 21)
    y, x = np.meshgrid(grid, grid, indexing="ij")
    cos, sin = (np.cos(turn) * scale)[:, None, None], (np.sin(turn) * scale)[:, None, None]
    across = cos * x - sin * y + slant[:, None, None] * y + 3.5 + shift[0][:, None, None]
    down = sin * x + cos * y + 3.5 + shift[1][:, None, None]
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2))).astype(np.float32)
    across, down = np.clip(across + 1, 0, 8.999), np.clip(down + 1, 0, 8.999)
    left, top = across.astype(np.int32), down.astype(np.int32)
    fx, fy = across - left, down - top
    which = np.arange(n)[:, None, None]
    value = (
        padded[which, top, left] * (1 - fx) * (1 - fy)
        + padded[which, top, left + 1] * fx * (1 - fy)
        + padded[which, top + 1, left] * (1 - fx) * fy
        + padded[which, top + 1, left + 1] * fx * fy
    )
    # A pen's stroke is dark in its middle and sharp at its edge.
    pressure = rng.normal(1.35, 0.12, n)[:, None, None]
    inked = np.clip((value - 0.18) * pressure, 0, 1)
    noise = rng.normal(0, 0.02, inked.shape).astype(np.float32) * (inked > 0)
    return np.round(np.clip(inked + noise, 0, 1) * 255).astype(np.uint8)


def _write_idx(path: Path, array: np.ndarray) -> None:
    # Magic number: two zeros, 8 for unsigned bytes, the number of dimensions; then sizes.
    header = bytes([0, 0, 8, array.ndim]) + np.asarray(array.shape, ">u4").tobytes()
    handle, temp = tempfile.mkstemp(dir=path.parent)
    with open(handle, "wb") as stream:
        stream.write(header)
        stream.write(array.tobytes())
    Path(temp).replace(path)
