"""The notebooks, the tutorial with a tenth of its digits: it trains in seconds, but as it does.

For tests that look at something else than what it learns; that it does so as it stands is
shown by ``tests/notebooks/test_track_models_and_datasets.py``.
``python tests/fewer_digits.py FOLDER`` copies them there.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TUTORIAL = "track_models_and_datasets.ipynb"
TRAIN, TEST = 6_000, 1_000
WHOLE, PART = "train_size=50_000", "train_size=5_000"


def copy_notebooks(folder: Path, *, fewer: bool = True) -> Path:
    """Copy the notebooks with the modules beside them; return where the tutorial is."""
    for source in (*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("*.py")):
        shutil.copy(source, folder)
    tutorial = folder / TUTORIAL
    if fewer:
        text = tutorial.read_text("utf-8")
        assert text.count(WHOLE) == 1
        tutorial.write_text(text.replace(WHOLE, PART), "utf-8")
        _write_digits(folder)
    return tutorial


def _write_digits(folder: Path) -> None:
    sys.path.insert(0, str(NOTEBOOKS))
    from mnist_digits import write_digits

    write_digits(folder / "data" / "MNIST" / "raw", TRAIN, TEST)


if __name__ == "__main__":
    copy_notebooks(Path(sys.argv[1]))
