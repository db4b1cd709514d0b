"""Cuts the power of a disk under a repository, again and again, and looks at what is left.

``python power.py FOLDER FILESYSTEM MUTANT CYCLES SEED`` prints one JSON line. The disk is
an image on a loop device, mounted where nobody else sees it. A process logs versions and
says of each that it is logged; at a moment nobody chose the filesystem is shut down without
writing back what waits (the ioctl of ext4 and xfs that their own crash tests use), mounted
anew, and every version is read: those that were acknowledged, and those that the catalogue
knows of.

A mutant is artnb with one step of its care left out: the test of the test.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN
WITHOUT_FLUSHING = struct.pack("I", 2)
MEGABYTES = {"ext4": 96, "xfs": 320}
MAKE = {
    "ext4": ["mkfs.ext4", "-q", "-F"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
}
# Where the catalogue lies, and how hard the store syncs.
SETUPS = [("same", "full"), ("elsewhere", "full"), ("same", "batch"), ("elsewhere", "batch")]


class Disk:
    """A filesystem on a loop device, that can lose its power."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.place = folder / "disk"
        self.image = folder / "image"
        self.place.mkdir()
        with open(self.image, "wb") as stream:
            stream.truncate(MEGABYTES[kind] << 20)
        call([*MAKE[kind], str(self.image)])
        self.mount()

    def mount(self) -> None:
        call(["mount", "-o", "loop", str(self.image), str(self.place)])

    def cut(self) -> None:
        handle = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, WITHOUT_FLUSHING)
        finally:
            os.close(handle)

    def unmount(self) -> None:
        for _ in range(100):
            done = subprocess.run(["umount", str(self.place)], capture_output=True, text=True)
            if done.returncode == 0:
                return
            time.sleep(0.02)  # a process that was killed just now still holds it
        raise RuntimeError(done.stderr)


def call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr}")


def opened(root: Path, elsewhere: Path, setup: tuple[str, str]):
    from artnb.repository import Repository
    from artnb.settings import Settings

    catalog, durability = setup
    given = {"ARTNB_DIR": str(root), "ARTNB_DURABILITY": durability}
    if catalog == "elsewhere":
        given["ARTNB_CATALOG"] = f"sqlite:///{elsewhere / root.name}.db"
    return Repository(Settings.resolve(root.parent, given))


def write(root: Path, elsewhere: Path, setup: tuple[str, str], seed: int, out: int) -> None:
    """Log versions for ever, and say of each that it is logged."""
    from artnb.repository import Content

    rng = random.Random(seed)
    repository = opened(root, elsewhere, setup)
    run = repository.start_run("demo")
    while True:
        sizes = [rng.choice([10, 5_000, 60_000, 300_000]) for _ in range(4)]
        contents = [Content(f"{n}", rng.randbytes(size)) for n, size in enumerate(sizes)]
        version = repository.commit("demo", "thing", "d", contents, run_id=run.id).version
        os.write(out, f"{version.number} {version.digest}\n".encode())


def cycle(disk: Disk, elsewhere: Path, number: int, seed: int, setup) -> str | None:
    """Cut the power once; return what is wrong afterwards."""
    rng = random.Random(seed)
    root = disk.place / f"repository{number}"
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            sys.stderr = open(os.devnull, "w")
            write(root, elsewhere, setup, seed, writer)
        os._exit(1)
    os.close(writer)
    said = b""
    wanted = rng.randint(1, 3)
    while said.count(b"\n") < wanted and (got := os.read(reader, 65536)):
        said += got
    time.sleep(rng.choice([0, rng.uniform(0, 0.03)]))
    if setup[1] == "full":
        # The power of the writer goes, too: an fsync that runs while a filesystem is shut down can
        # return 0, which no machine without power lives to see. With `batch` it lives on, as where
        # a disk is pulled out, and what syncfs says then must be heeded.
        os.kill(child, signal.SIGSTOP)
        os.waitpid(child, os.WUNTRACED)
    said += take(reader)  # only what was said before the cut counts
    disk.cut()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reader)
    disk.unmount()
    disk.mount()
    acknowledged = [line.split() for line in said.decode().split("\n") if len(line.split()) == 2]
    assert acknowledged, f"cycle {number}: the writer said nothing"
    problem = look(root, elsewhere, setup, acknowledged)
    shutil.rmtree(root, ignore_errors=True)
    return problem


def take(reader: int) -> bytes:
    ready, _, _ = select.select([reader], [], [], 0)
    return os.read(reader, 65536) if ready else b""


def look(root: Path, elsewhere: Path, setup, acknowledged) -> str | None:
    """Return the first thing that is lost or damaged, or None."""
    try:
        repository = opened(root, elsewhere, setup)
    except Exception as error:
        return f"does not open: {error!r}"
    try:
        found = {version.number: version for version in repository.versions("demo", "thing")}
        for number, digest in acknowledged:
            if int(number) not in found or found[int(number)].digest != digest:
                return f"v{number} was acknowledged and is not there"
        for version in found.values():
            for entry in repository.manifest(version):
                repository.read_blob(entry.digest)
        # The versions' records, too, from which a lost catalogue is made again.
        if damage := repository.maintenance.verify().damage:
            return f"damaged: {damage[0]}"
    except Exception as error:
        return f"lost: {error!r}"
    finally:
        with suppress(Exception):
            repository.close()
    return None


# The mutants -------------------------------------------------------------------------------


def no_file_fsync() -> None:
    from artnb.store.syncing import Syncing

    Syncing.file = lambda self, handle: None


def no_fsync() -> None:
    from artnb.store.syncing import Syncing

    Syncing.file = lambda self, handle: None
    Syncing.folder = lambda self, folder: None


def no_folder_fsync() -> None:
    from artnb.store.syncing import Syncing

    Syncing.folder = lambda self, folder: None


def normal() -> None:
    from artnb.repository import _base as module

    real = module.open_catalog
    module.open_catalog = lambda *given, **_: real(*given, durable=False)


def catalogue_before_bytes() -> None:
    from artnb.catalog import Catalog
    from artnb.store.local import LocalBackend

    late = []
    put_bytes, put_file, commit = LocalBackend.put_bytes, LocalBackend.put_file, Catalog.commit

    def commit_then_write(self, *given, **how):
        done = commit(self, *given, **how)
        while late:
            late.pop(0)()
        return done

    LocalBackend.put_bytes = lambda self, *given: late.append(lambda: put_bytes(self, *given))
    LocalBackend.put_file = lambda self, *given, **how: late.append(
        lambda: put_file(self, *given, **how)
    )
    Catalog.commit = commit_then_write


def unchecked_syncfs() -> None:
    from artnb.store import syncing

    real = syncing.syncfs

    def syncfs(folder):
        with suppress(OSError):
            real(folder)

    syncing.syncfs = syncfs


MUTANTS = {
    "none": (None, SETUPS),
    "no_file_fsync": (no_file_fsync, [("same", "full"), ("elsewhere", "full")]),
    "no_fsync": (no_fsync, [("elsewhere", "full")]),
    "no_folder_fsync": (no_folder_fsync, [("elsewhere", "full")]),
    "normal": (normal, [("same", "full")]),
    "catalogue_before_bytes": (catalogue_before_bytes, [("elsewhere", "full")]),
    "unchecked_syncfs": (unchecked_syncfs, [("elsewhere", "batch")]),
}


def main(folder: str, kind: str, mutant: str, cycles: str, seed: str) -> None:
    change, setups = MUTANTS[mutant]
    if change is not None:
        change()
    base = Path(folder)
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    disk = Disk(base, kind)
    failures = []
    done = 0
    try:
        for number in range(int(cycles)):
            setup = setups[number % len(setups)]
            problem = cycle(disk, elsewhere, number, int(seed) * 1000 + number, setup)
            done += 1
            if problem:
                failures.append([*setup, problem])
                if change is not None:
                    break  # one is enough to tell the mutant from artnb
    finally:
        disk.unmount()
    print(json.dumps({"cycles": done, "failures": failures}))


if __name__ == "__main__":
    main(*sys.argv[1:])
