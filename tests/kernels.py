"""A notebook without a page: cells run one by one in a real ipykernel."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from jupyter_client.manager import KernelManager

TIMEOUT = 60
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Ran:
    """What one cell gave."""

    reply: dict
    outputs: list[dict] = field(default_factory=list)
    comms: list[dict] = field(default_factory=list)

    @property
    def ok(self):
        return self.reply["status"] == "ok"

    @property
    def errors(self):
        return [out for out in self.outputs if out["output_type"] == "error"]

    @property
    def error(self):
        """``Name: message`` of the reply, or None."""
        return None if self.ok else f"{self.reply['ename']}: {self.reply['evalue']}"

    @property
    def traceback(self):
        return _ANSI.sub("", "\n".join(self.reply.get("traceback", ())))

    def stream(self, name="stdout"):
        return "".join(
            out["text"]
            for out in self.outputs
            if out["output_type"] == "stream" and out["name"] == name
        )

    @property
    def result(self):
        """The text of ``Out[n]``, or None."""
        found = [out for out in self.outputs if out["output_type"] == "execute_result"]
        return found[0]["data"]["text/plain"] if found else None

    @property
    def displays(self):
        return [out["data"] for out in self.outputs if out["output_type"] == "display_data"]

    @property
    def line(self):
        """The text of artnb's line below the cell, or None."""
        lines = [data["text/plain"] for data in self.displays if "artnb-line" in str(data)]
        return lines[-1] if lines else None


class Notebook:
    """A running kernel."""

    def __init__(self, manager, client):
        self.manager = manager
        self.client = client

    def start(self, cell, cell_id=None):
        content = {
            "code": cell,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        session = self.client.session
        message = session.msg(
            "execute_request", content, metadata={"cellId": cell_id} if cell_id else {}
        )
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def finish(self, message_id):
        ran = self.answers(message_id)
        while ran.reply == {}:
            reply = self.client.get_shell_msg(timeout=TIMEOUT)
            if reply["parent_header"].get("msg_id") == message_id:
                ran.reply = reply["content"]
        return ran

    def answers(self, message_id):
        """Return what all the world is sent because of a message, to its end."""
        ran = Ran({})
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return ran
            if kind in ("stream", "error", "execute_result", "display_data"):
                ran.outputs.append({"output_type": kind, **content})
            elif kind in ("comm_open", "comm_msg"):
                ran.comms.append(message)

    def run(self, cell, cell_id=None):
        return self.finish(self.start(cell, cell_id))

    def run_all(self, *cells):
        """Run cells that must all succeed; return what the last one gave."""
        for cell in cells:
            ran = self.run(cell)
            assert ran.ok, f"{cell}\n{ran.error}\n{ran.traceback}"
        return ran

    def tell(self, comm, data, kind="comm_msg", **content):
        """Send what a page sends on a comm; return the messages that answer it."""
        content = {"comm_id": comm, "data": data, **content}
        message = self.client.session.msg(kind, content, metadata={"version": "1.0.0"})
        self.client.shell_channel.send(message)
        return self.answers(message["header"]["msg_id"]).comms

    def value(self, expression):
        """Return the repr of an expression, without leaving a trace in ``_`` or ``Out``."""
        message_id = self.client.execute(
            "", silent=True, user_expressions={"value": f"({expression})"}
        )
        while True:
            reply = self.client.get_shell_msg(timeout=TIMEOUT)
            if reply["parent_header"].get("msg_id") == message_id:
                found = reply["content"]["user_expressions"]["value"]
                assert found["status"] == "ok", found
                return found["data"]["text/plain"]

    def interrupt_when(self, path, message_id):
        """Interrupt the running cell once it has made the file `path`."""
        wait_for(path)
        self.manager.interrupt_kernel()
        return self.finish(message_id)

    def kill_when(self, path):
        """Kill the kernel (SIGKILL) once its cell has made the file `path`."""
        wait_for(path)
        self.manager.signal_kernel(signal.SIGKILL)
        deadline = time.monotonic() + TIMEOUT
        while self.manager.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.02)


def wait_for(path):
    deadline = time.monotonic() + TIMEOUT
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not made"
        time.sleep(0.02)


def notebook_of(*cells, kernel="python3", tags=()):
    """A notebook of code cells, the first with `tags`, as its file has it."""
    made = [
        {"cell_type": "code", "id": f"cell-{number}", "source": cell, "outputs": [],
         "execution_count": None, "metadata": {}}
        for number, cell in enumerate(cells)
    ]  # fmt: skip
    made[0]["metadata"]["tags"] = list(tags)
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    return {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}


def execute(folder, *cells, timeout=TIMEOUT):
    """Run a notebook of these cells in `folder` by nbclient; return it with its outputs."""
    # Slow to import, and each process of the tests imports this file.
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.from_dict(notebook_of(*cells))
    NotebookClient(notebook, kernel_name="python3", timeout=timeout).execute(cwd=str(folder))
    return notebook


@contextmanager
def open_notebook(folder):
    """Start a kernel in `folder`, with settings of its own; shut it down at the end."""
    # Where it sees pytest's, ipykernel leaves the descriptors alone.
    ours = ("ARTNB_", "PYTEST_")
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith(ours)},
        "IPYTHONDIR": str(folder / ".ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / ".runtime"),
        "JUPYTER_CONFIG_DIR": str(folder / ".config"),
        "JPY_SESSION_NAME": str(folder / "lesson.ipynb"),
        "ARTNB_DIR": str(folder),
    }
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env=env)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=TIMEOUT)
        yield Notebook(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
