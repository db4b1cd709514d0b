"""The address of a run: found where a real server shows its repository, and only there."""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from artnb import link
from artnb.link import run_address
from artnb.repository import Repository
from artnb.settings import Settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(link, "_found", {})
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    return folder


def test_a_server_that_shows_the_repository_is_found_and_opens_the_run(served, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(served.folder.parent / "run"))
    settings = Settings.resolve(served.folder, {})
    repository = Repository(settings)
    run = repository.runs("demo")[0]
    address = run_address(settings.root, "demo", run.id)
    assert address is not None
    assert served.token not in address
    path = "/" + address.split("/", 3)[3]
    assert path == f"/artnb/demo/runs/{run.id}"
    assert served.get(path)[0] == 200
    odd = run_address(settings.root, "two words", "a/b")
    assert odd.endswith("/artnb/two%20words/runs/a%2Fb")
    repository.close()


def test_a_server_of_another_repository_is_none(served, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(served.folder.parent / "run"))
    assert run_address(tmp_path / ".artnb", "demo", "x") is None


def test_where_no_server_runs_there_is_none(runtime, tmp_path):
    assert run_address(tmp_path / ".artnb", "demo", "x") is None


class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def listening():
    """Servers that answer each address with a status; return their ports."""
    servers = []

    def start(status):
        server = HTTPServer(("127.0.0.1", 0), Answering)
        server.status = status
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return server.server_port

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def listed(runtime, folder, port, pid):
    told = {"pid": pid, "url": f"http://127.0.0.1:{port}/lab/", "root_dir": str(folder)}
    (runtime / f"jpserver-{port}.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("status", "found"), [(200, True), (403, True), (302, False), (404, False)]
)
def test_only_a_server_with_the_pages_counts(runtime, tmp_path, listening, status, found):
    (tmp_path / "artnb.toml").touch()
    port = listening(status)
    listed(runtime, tmp_path, port, os.getpid())
    wanted = f"http://127.0.0.1:{port}/lab/artnb/demo/runs/x" if found else None
    assert run_address(tmp_path / ".artnb", "demo", "x") == wanted


def test_the_kernels_own_server_comes_first(runtime, tmp_path, listening, monkeypatch):
    (tmp_path / "artnb.toml").touch()
    listed(runtime, tmp_path, listening(200), os.getpid())
    own = listening(200)
    listed(runtime, tmp_path, own, os.getppid())
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getppid()))
    assert f":{own}/" in run_address(tmp_path / ".artnb", "demo", "x")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"pid": "x"}', '{"pid": 0, "url": 3}'])
def test_a_list_that_cannot_be_read_is_passed_over(runtime, tmp_path, text):
    (runtime / "jpserver-1.json").write_text(text)
    assert run_address(tmp_path / ".artnb", "demo", "x") is None


def test_a_server_that_ended_is_passed_over(runtime, tmp_path, listening):
    (tmp_path / "artnb.toml").touch()
    listed(runtime, tmp_path, listening(200), 2**22 + 1)
    listed(runtime, tmp_path, 9, os.getpid())  # nobody listens there
    assert run_address(tmp_path / ".artnb", "demo", "x") is None
