"""One step of one tool, in this fresh process: ``worker.py TOOL STEP PATH [TARGET]``.

Works in the current folder; the last line printed is JSON: seconds, and the most memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))  # of this checkout is to be measured

from tools import TOOLS


def main() -> None:
    name, step, path, *target = sys.argv[1:]
    tool = TOOLS[name]()
    tool.open()
    start = time.perf_counter()
    if step == "keep":
        tool.keep(Path(path))
    elif step == "give":
        tool.give(Path(path), Path(*target))
    seconds = time.perf_counter() - start
    tool.close()
    print(json.dumps({"seconds": seconds, "memory": memory()}), flush=True)


def memory() -> int:
    """The most bytes that this process, or one that it started, had at once."""
    # Not that of `resource`: a process begins there with what the one had that started it.
    status = Path("/proc/self/status")
    own = 0
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        own = int(line.split()[1]) * 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return max(own, children)


if __name__ == "__main__":
    main()
