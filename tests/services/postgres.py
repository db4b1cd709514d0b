"""A PostgreSQL server of the tests' own: a new data folder, a free port, gone afterwards."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from ports import free_port

from services.process import CannotStartError

__all__ = ["PASSWORD", "Postgres", "started"]

PASSWORD = "pa/ss@word"  # needs quoting in a URL, as real ones do
_USERS = ("postgres", "nobody")  # initdb refuses root


class Postgres:
    """A running server. Each test gets a schema of its own."""

    def __init__(self, folder: Path, programs: Path, port: int, as_user: list[str]) -> None:
        self.folder, self.port = folder, port
        self._programs, self._as_user = programs, as_user
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            *self._as_user, str(self._programs / "postgres"), "-D", str(self.folder / "data"),
            "-p", str(self.port), "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1",
            "-c", "max_connections=60", "-c", "shared_buffers=32MB",
            # What it wrote outlives its end; only the machine's end would ask for more.
            "-c", "fsync=off",
        ]  # fmt: skip
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        end = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > end:
                    reason = (self.folder / "log").read_text()[-2000:]
                    self.stop()
                    raise CannotStartError(reason) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=60)
            self._process = None

    def url(self, schema: str | None = None, **parts: str) -> str:
        """Return the URL of the database, or of a schema in it."""
        user, password = parts.get("user", "ann"), parts.get("password", PASSWORD)
        quoted = password.replace("/", "%2F").replace("@", "%40")
        host = f"{parts.get('host', '127.0.0.1')}:{self.port}"
        asked = f"?schema={schema}" if schema else ""
        return f"postgresql://{user}:{quoted}@{host}/{parts.get('database', 'postgres')}{asked}"

    def new_schema(self) -> str:
        """Return the URL of a schema that is not there yet."""
        return self.url(f"test_{os.getpid()}_{next(self._numbers)}")

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Run statements as the server's owner, and return the rows of the last."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def started() -> Iterator[Postgres]:
    """Yield a running server; one that cannot start fails in CI, else it is skipped."""
    folder = Path(tempfile.mkdtemp(prefix="artnb-postgres-"))
    try:
        try:
            programs = _programs()
            server = Postgres(folder, programs, free_port(), _as_user(folder))
            _make(server, folder, programs)
            server.start()
        except (CannotStartError, OSError, subprocess.SubprocessError) as error:
            reason = f"{error}\n`make services` installs the servers."
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(server: Postgres, folder: Path, programs: Path) -> None:
    (folder / "password").write_text(PASSWORD)
    subprocess.run(
        [
            *server._as_user, str(programs / "initdb"), "-D", str(folder / "data"), "-U", "ann",
            "--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync",
            "--encoding=UTF8", "--locale=C",
        ],
        check=True, capture_output=True, cwd="/", timeout=120,
    )  # fmt: skip


def _programs() -> Path:
    """Return the folder of the newest server's programs."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(folders, key=lambda path: int(path.parts[-3]))
    if not newest:
        raise CannotStartError("PostgreSQL is not installed.")
    return newest[-1].parent


def _as_user(folder: Path) -> list[str]:
    """Return what a command is prefixed with to run as one who is not root."""
    if os.geteuid() != 0:
        return []
    for name in _USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    raise CannotStartError("PostgreSQL refuses root, and there is no other user.")
