"""A real Jupyter Server with the extension, as ``artnb ui`` starts it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ports import free_port

import artnb
from artnb.repository import close_repositories

START_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """Where the server listens, its token, the folder that it serves, and what it printed."""

    url: str
    token: str
    folder: Path
    log: Path

    def get(self, path, *, token=True, headers=None):
        """Return (status, headers, body); an answer that refuses is one, too."""
        given = dict(headers or {})
        if token:
            given["Authorization"] = f"token {self.token}"
        request = urllib.request.Request(f"{self.url}{path}", headers=given)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def json(self, path):
        status, _, body = self.get(path)
        return status, json.loads(body)


def record(folder):
    """A dataset, a model with two versions, a picture; names with markup."""
    import numpy as np

    os.environ["ARTNB_DIR"] = str(folder)
    try:
        with artnb.init(project="demo", job_type="load", name="loader") as run:
            raw = artnb.Artifact("raw", "dataset", description="<b>bold</b>")
            with raw.new_file("rows.txt") as stream:
                stream.write("one")
            run.log_artifact(raw)
        for rate in (1, 2):
            with artnb.init(project="demo", job_type="train", name=f"trainer-{rate}") as run:
                run.use_artifact("raw:latest")
                run.log({"loss": 1 / rate, "seen": artnb.Image(np.eye(8), caption="<i>eye</i>")})
                net = artnb.Artifact("net", "model", metadata={"rate": rate})
                with net.new_file("net.txt") as stream:
                    stream.write(str(rate))
                run.log_artifact(net)
        with artnb.init(project="two words", job_type="load", name="<i>other</i>"):
            pass
    finally:
        del os.environ["ARTNB_DIR"]
        close_repositories()


@contextmanager
def serving(base):
    """``artnb ui`` on a small repository below the folder `base`."""
    folder = base / "work"
    folder.mkdir()
    record(folder)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ARTNB_", "JUPYTER"))}
    with ui(folder, base, kept) as running:
        yield running


@contextmanager
def ui(folder, base, environ):
    """``artnb ui`` on the repository of a folder; its own files lie below `base`."""
    log = base / "log.txt"
    env = {**environ, "JUPYTER_CONFIG_DIR": str(base), "JUPYTER_RUNTIME_DIR": str(base / "run")}
    command = [sys.executable, "-m", "artnb", "ui", "--no-browser", "--allow-root"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--port", str(free_port())],
            cwd=folder,
            env=env,
            stdout=output,
            stderr=output,
        )
    try:
        yield started(server, log, folder)
    finally:
        server.terminate()
        server.wait(30)


def is_up(url):
    try:  # the link is printed a little before the server listens
        with urllib.request.urlopen(f"{url}/login", timeout=10):
            return True
    except urllib.error.URLError:
        return False


def started(server, log, folder):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        found = re.search(r"(http://127\.0\.0\.1:\d+)/artnb/\?token=(\w+)", log.read_text())
        if found and is_up(found[1]):
            return Served(found[1], found[2], folder, log)
        time.sleep(0.1)
    raise RuntimeError(f"artnb ui did not start:\n{log.read_text()[-4000:]}")
