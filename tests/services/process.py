"""Starting what a test needs, saying why it did not start, and ending it again."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

BUILD = Path(__file__).parents[2] / "build" / "services"
START_SECONDS = 120


class CannotStartError(Exception):
    """A server is not installed, or ended while it started."""


class Processes:
    """The processes of one server; all end together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[tuple[str, subprocess.Popen]] = []
        self._ends = ExitStack()

    def start(self, name: str, *command: object, env: dict[str, str] | None = None) -> None:
        log = self._ends.enter_context(open(self.folder / f"{name}.log", "wb"))
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
        self._running.append((name, process))

    def run(self, *command: object, timeout: float = START_SECONDS) -> str:
        """Return what a program prints that must succeed, while none of the servers has ended."""
        words = [str(word) for word in command]
        end = time.monotonic() + timeout
        program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with program:
            while True:
                try:
                    out, said = program.communicate(timeout=0.5)
                    break
                except subprocess.TimeoutExpired:
                    if not (ended := self._ended()) and time.monotonic() < end:
                        continue
                    program.kill()
                    why = f"{ended} ended" if ended else f"after {timeout} s"
                    raise CannotStartError(f"{words[0]} waits ({why}).\n{self.logs()}") from None
        if program.returncode:
            raise CannotStartError(f"{' '.join(words)}: {said[-2000:]}\n{self.logs()}")
        return out

    def wait_for(self, url: str) -> None:
        """Return when the address answers anything at all."""
        end = time.monotonic() + START_SECONDS
        while True:
            if (ended := self._ended()) or time.monotonic() > end:
                raise CannotStartError(f"{url} does not answer ({ended} ended).\n{self.logs()}")
            try:
                urllib.request.urlopen(url, timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
            else:
                return

    def _ended(self) -> list[str]:
        return [name for name, process in self._running if process.poll() is not None]

    def logs(self) -> str:
        found = [f"--- {path.name}\n{path.read_bytes()[-1500:].decode('utf-8', 'replace')}"
                 for path in sorted(self.folder.glob("*.log"))]  # fmt: skip
        return "\n".join(found)

    def end(self) -> None:
        for _, process in reversed(self._running):
            process.kill()
        for _, process in self._running:
            process.wait()
        self._ends.close()


@contextmanager
def served(start, folder: Path):
    """Yield what `start` returns; a server that cannot start fails in CI, else it is skipped."""
    processes = Processes(folder)
    try:
        try:
            found = start(processes)
        except (CannotStartError, OSError) as error:
            import pytest  # not where the servers are installed, before there is one

            reason = f"{error}\n`make services` installs the servers."
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        yield found
    finally:
        processes.end()


def installed(path: Path | str) -> str:
    """Return a program's path, or say that it is not there."""
    from shutil import which

    found = which(str(path))
    if found is None:
        raise CannotStartError(f"{path} is not installed.")
    return found
