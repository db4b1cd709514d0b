"""A proxy before a real server that now and then refuses, cuts off or changes what passes."""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>busy</Message></Error>"


class Proxy:
    """Passes requests on; `decide(method, path, number)` says what becomes of each.

    It returns None (pass on), a status such as ``"503"``, ``"reset"`` (no answer), ``"late
    reset"`` (passed on, the answer lost) or ``"changed"`` (a byte of the answer is another).
    """

    def __init__(self, endpoint: str) -> None:
        self.target = urlsplit(endpoint)
        self.hours_late = 0
        self.seen: list[tuple[str, str]] = []
        self.sizes: list[int] = []
        self.decide = lambda method, path, number: None
        self.connections: list[socket.socket] = []
        self._lock = threading.Lock()

    def note(self, method: str, path: str, size: int) -> int:
        """Keep a request and the size of its body; return which one it was."""
        with self._lock:
            self.seen.append((method, path))
            self.sizes.append(size)
            return len(self.seen)


def shifted(stamp, hours):
    """Return the time of a request's header, some hours before."""
    form = "%Y%m%dT%H%M%SZ"
    return (datetime.strptime(stamp, form) - timedelta(hours=hours)).strftime(form)


def handler(proxy: Proxy):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            super().setup()
            proxy.connections.append(self.connection)

        def log_message(self, *_):
            pass

        def pass_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            number = proxy.note(self.command, self.path, len(body))
            fate = proxy.decide(self.command, self.path, number)
            if fate and fate.isdigit():
                self.send_response(int(fate))
                self.send_header("Content-Length", str(len(SLOW_DOWN)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(SLOW_DOWN)
                return
            if fate == "reset":
                self.cut()
                return
            # As it was signed: the host's name is part of that.
            connection = http.client.HTTPConnection(proxy.target.netloc, timeout=60)
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() == "x-amz-date" and proxy.hours_late:
                    value = shifted(value, proxy.hours_late)
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            data = answer.read()
            connection.close()
            if fate == "late reset":
                self.cut()
                return
            if fate == "changed" and data:
                data = bytes([data[0] ^ 1]) + data[1:]
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
            self.wfile.write(data)

        def cut(self):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on

        def finish(self):
            try:
                super().finish()
            except OSError:
                pass

    return Handler


@contextmanager
def unreliable(endpoint: str):
    """Yield (proxy, address) of a proxy before `endpoint`."""
    proxy = Proxy(endpoint)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(proxy))
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="proxy")
    thread.start()
    try:
        yield proxy, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        for connection in proxy.connections:  # clients keep theirs open
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
        thread.join()


def comes_through(proxy: Proxy, backend, fate: str) -> None:
    """Do all that a store is for, while four of ten requests meet a fate."""
    rolls = random.Random(fate)
    proxy.decide = lambda *_: fate if rolls.random() < 0.4 else None
    keys = [f"sha256/{n:02x}/{'0' * 62}" for n in range(10)]
    for key in keys:
        backend.put_bytes(key, key.encode())
    for key in keys:
        with backend.open(key) as stream:
            assert stream.read() == key.encode()
    assert list(backend.keys()) == keys
    for key in keys:
        backend.delete(key)
    assert list(backend.keys()) == []
