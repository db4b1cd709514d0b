"""One measure of one library, in this fresh process: ``worker.py LIBRARY MEASURE INPUTS``.

Works in the current folder; the last line printed is the seconds as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from peers import PEERS

CALLS = 10_000
PICTURES = 1_000


def prime(peer, inputs: Path) -> float:
    """Use the library once, so that its database and folders are there."""
    return small(peer, inputs)


def imported(peer, inputs: Path) -> float:
    start = time.perf_counter()
    importlib.import_module(peer.module)
    return time.perf_counter() - start


def small(peer, inputs: Path) -> float:
    importlib.import_module(peer.module)
    start = time.perf_counter()
    peer.start()
    peer.log_path(inputs / "small.bin")
    peer.finish()
    return time.perf_counter() - start


def folder(peer, inputs: Path) -> float:
    return _logged(peer, lambda: peer.log_path(inputs / "many"))


def large(peer, inputs: Path) -> float:
    return _logged(peer, lambda: peer.log_path(inputs / "large.bin"))


def calls(peer, inputs: Path) -> float:
    def log_all() -> None:
        for number in range(CALLS):
            peer.log_number(number / CALLS)

    return _logged(peer, log_all)


def pictures(peer, inputs: Path) -> float:
    import numpy as np

    random = np.random.default_rng(0)
    arrays = random.integers(0, 255, (PICTURES, 64, 64, 3), dtype=np.uint8)
    return _logged(peer, lambda: peer.log_pictures(arrays))


def _logged(peer, work: Callable[[], None]) -> float:
    """Seconds of `work` until the run is finished: some libraries work behind the call."""
    peer.start()
    start = time.perf_counter()
    work()
    peer.finish()
    return time.perf_counter() - start


MEASURES = {function.__name__: function for function in (prime, imported, small, folder, large)}
MEASURES |= {"calls": calls, "pictures": pictures}


def main() -> None:
    library, measure, inputs = sys.argv[1:]
    seconds = MEASURES[measure](PEERS[library](), Path(inputs))
    print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
