"""What a tool adds to cells in a real kernel, run by the Python that has the tool.

CPU time is asked of the kernel between the cells (`user_expressions`, which no tool sees),
of its main thread and of all its threads; a saved version that is still being written is
waited for, and counts. The driver takes away what the same cells cost without the tool.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import KernelManager

TIMEOUT = 300
SETTLED = 2.5
"""Seconds after which a folder is no longer listed anew by each cell, for it changed just now."""

CASES = {
    # id: (set up once, before each cell, cell, goal in ms)
    "a trivial cell": ("x = 1", "x = {n}", "y = x + 1", 0.5),
    "reads 100 MB of numpy": (
        "import numpy as np\nx = np.ones(12_500_000)",
        "x[0] = {n}",
        "y = x[0]",
        30,
    ),
    "reads a tensor of 1 GB": (
        "import torch\nx = torch.ones(250_000_000)",
        "x[0] = {n}",
        "y = x[0].item()",
        150,
    ),
    "reads a frame of 1,000,000 x 3": (
        "import numpy as np, pandas as pd\n"
        "x = pd.DataFrame(np.ones((1_000_000, 3)), columns=list('abc'))",
        "x.iloc[0, 0] = {n}",
        "y = float(x.iloc[0, 0])",
        40,
    ),
    "20 assignments": ("x = 1", "x = {n}", "\n".join(f"v{n} = x + {n}" for n in range(20)), 1),
}
START = {
    "nothing": "",
    "artnb": "%load_ext artnb",
    "artnb as a program": "%load_ext artnb",
    "ipyflow": "%load_ext ipyflow",
    # In a kernel without a page there is no notebook for it to save.
    "kishu": "from kishu import init_kishu\ninit_kishu('notebook.ipynb')",
}
SAVED = {
    "artnb": "get_ipython()._artnb_extension.session.saver.settle()",
}
NOW = "[__import__('time').thread_time(), __import__('time').process_time()]"


class Kernel:
    """A kernel in a folder of its own."""

    def __init__(self, folder: str) -> None:
        environment = {
            **os.environ,
            "HOME": folder,
            "ARTNB_DIR": folder,
            "IPYTHONDIR": f"{folder}/.ipython",
            "ENV_KISHU_TEST_MODE": "true",
        }
        environment.pop("ARTNB_BACKGROUND", None)
        # Kishu takes the kernel's id from the name of this file.
        file = f"{folder}/kernel-0.json"
        self._manager = KernelManager(kernel_name="python3", connection_file=file)
        self._manager.start_kernel(cwd=folder, env=environment)
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=TIMEOUT)

    def run(self, cell: str, cell_id: str | None = None) -> None:
        """Run a cell that must succeed."""
        content = {"code": cell, "silent": False, "store_history": True,
                   "user_expressions": {}, "allow_stdin": False}  # fmt: skip
        metadata = {"cellId": cell_id} if cell_id else {}
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        reply = self._reply(message["header"]["msg_id"])
        if reply["status"] != "ok":
            raise SystemExit(f"{cell}: {reply['ename']}: {reply['evalue']}")

    def value(self, expression: str) -> object:
        """Return a value of the kernel, without a cell."""
        sent = self._client.execute("", silent=True, user_expressions={"it": expression})
        found = self._reply(sent)["user_expressions"]["it"]
        if found["status"] != "ok":
            raise SystemExit(f"{expression}: {found['ename']}: {found['evalue']}")
        return json.loads(found["data"]["text/plain"].replace("None", "null"))

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def _reply(self, message: str) -> dict:
        while True:
            reply = self._client.get_shell_msg(timeout=TIMEOUT)
            if reply["parent_header"].get("msg_id") == message:
                self._drop_outputs()
                return reply["content"]

    def _drop_outputs(self) -> None:
        while self._client.iopub_channel.msg_ready():
            self._client.get_iopub_msg(timeout=TIMEOUT)


def measured(tool: str, repeats: int) -> dict[str, dict[str, float]]:
    """Return for each case the CPU time of the main thread and of all, and until the reply."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        Path(folder, "notebook.ipynb").write_text(json.dumps(notebook), "utf-8")
        kernel = Kernel(folder)
        try:
            if START[tool]:
                kernel.run(START[tool])
            return {case: one(kernel, tool, case, repeats) for case in CASES}
        finally:
            kernel.close()


def one(kernel: Kernel, tool: str, case: str, repeats: int) -> dict[str, float]:
    once, before, cell, _ = CASES[case]
    name = "".join(filter(str.isalnum, case))
    head = f"%%artifact {name}\n" if tool.startswith("artnb") else ""
    kernel.run(once)
    main, all_, wall = [], [], []
    for n in range(repeats + 1):
        if n == 1:
            time.sleep(SETTLED)
        kernel.run(before.format(n=n))
        began = kernel.value(NOW)
        clock = time.perf_counter()
        kernel.run(head + cell, cell_id=None if "program" in tool else "cell")
        wall.append((time.perf_counter() - clock) * 1e3)
        ended = kernel.value(NOW)
        kernel.value(SAVED.get(tool, "None"))
        settled = kernel.value(NOW)
        main.append((ended[0] - began[0]) * 1e3)
        all_.append((settled[1] - began[1]) * 1e3)
    names = ", ".join(["x", *(f"v{n}" for n in range(20))] if "v0" in cell else ["x", "y"])
    kernel.run(f"del {names}")
    # The first one imports what the others use.
    found = {"main": main[1:], "all": all_[1:], "wall": wall[1:]}
    return {what: statistics.median(spent) for what, spent in found.items()}


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
