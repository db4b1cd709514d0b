"""Ends, or spoils, one system call of an operation after the other, and looks at what is left.

``python syscalls.py FOLDER OPERATION FAULT`` prints one JSON line. The operation (``log``,
``download`` or ``gc``) is traced once by strace to learn its calls. Then, for each call, it
runs again in a process of its own on a copy of the repository, where strace kills it as it
enters that call (``kill``), or makes the call fail (``ENOSPC``, ``EIO``, ``EINTR``).

Only calls that change a file count: what dies at another call leaves what it would leave at
the next of these.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

CHANGING = [
    "openat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir",
    "write", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate", "fchmod", "chmod",
    "fchmodat", "link", "linkat", "utimensat", "sendfile", "copy_file_range", "fallocate",
]  # fmt: skip
# A call is made to fail only where the system could let it fail so.
FAILING = {
    "ENOSPC": {"openat", "mkdir", "rename", "write", "pwrite64", "fsync", "fdatasync",
               "ftruncate", "link", "sendfile", "copy_file_range"},
    "EIO": {"openat", "mkdir", "rename", "unlink", "write", "pwrite64", "fsync", "fdatasync",
            "ftruncate", "fchmod", "link", "utimensat", "sendfile", "copy_file_range"},
    "EINTR": {"openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "sendfile",
              "copy_file_range", "fchmod"},
}  # fmt: skip
BIG = bytes(range(256)) * 1200


def opened(root: Path):
    from artnb.repository import Repository
    from artnb.settings import Settings

    return Repository(Settings.resolve(root, {"ARTNB_DIR": str(root / ".artnb")}))


def contents(root: Path, mark: bytes):
    from artnb.repository import Content

    return [
        Content("big.bin", BIG + mark),
        Content("file.bin", root / f"{mark.decode()}.bin"),
        *(Content(f"small{n}.txt", mark * (n + 1)) for n in range(3)),
    ]


def prepare(root: Path) -> None:
    """Make a repository with two versions, one of them deleted."""
    root.mkdir()
    (root / "first.bin").write_bytes(BIG[::-1])
    (root / "next.bin").write_bytes(BIG[1:])
    repository = opened(root)
    run = repository.start_run("demo")
    repository.commit("demo", "thing", "d", contents(root, b"first"), run_id=run.id)
    only = contents(root, b"first")[2:]
    gone = repository.commit("demo", "gone", "d", only, run_id=run.id).version
    repository.delete(gone.id, delete_aliases=True)
    repository.finish_run(run.id)
    repository.close()


def log(root: Path) -> None:
    repository = opened(root)
    run = repository.start_run("demo")
    with repository.putting(run.id) as put:
        pictures = [put(bytes([n]) * 900) for n in range(3)]
    repository.log_row(run.id, {"_step": 0, "pictures": pictures})
    repository.commit(
        "demo", "thing", "d", contents(root, b"next"), run_id=run.id, aliases=["best"]
    )
    repository.finish_run(run.id)
    repository.close()


def download(root: Path) -> None:
    repository = opened(root)
    repository.download(repository.resolve("thing:v0", "demo"), root / "out")
    repository.close()


def gc(root: Path) -> None:
    repository = opened(root)
    repository.maintenance.collect(grace=0)
    repository.close()


OPERATIONS = {"log": log, "download": download, "gc": gc}


def look(root: Path, operation: str, said: str) -> str | None:
    """Return the first thing that is wrong after the operation ended as it said."""
    if said and said != "done" and not said.startswith("artnb "):
        return f"an error that is not artnb's: {said}"
    try:
        repository = opened(root)
        try:
            if problem := sound(repository, root, operation, said):
                return problem
        finally:
            repository.close()
        OPERATIONS[operation](root)  # whatever happened, the next attempt succeeds
        repository = opened(root)
        try:
            return sound(repository, root, operation, "done") or leftovers(root)
        finally:
            repository.close()
    except Exception as error:
        return f"afterwards: {type(error).__name__}: {error}"


def sound(repository, root: Path, operation: str, said: str) -> str | None:
    if damage := repository.maintenance.verify().damage:
        return f"damaged: {damage[0].reason} {[hit.part for hit in damage[0].hits]}"
    versions = {version.number: version for version in repository.versions("demo", "thing")}
    if not set(versions) <= {0, 1} or 0 not in versions:
        return f"versions {sorted(versions)}"
    for version in versions.values():
        for entry in repository.manifest(version):
            repository.read_blob(entry.digest)
    for run in repository.runs("demo"):
        for row in repository.history(run.id):
            for digest in row.get("pictures", ()):
                repository.read_blob(digest)
    if operation == "log" and said == "done":
        if 1 not in versions or {*versions[1].aliases} != {"best", "latest"}:
            return "a version that was acknowledged is not there"
        if [run.state for run in repository.runs("demo")].count("finished") < 2:
            return "a run that was finished is not"
    if operation == "download" and said == "done":
        # A folder that could not be emptied goes with the next download.
        unfinished = {path.name for path in (root / "out").glob(".artnb-incoming-*")}
        found = {path.name for path in (root / "out").iterdir()} - unfinished
        if found != {entry.path for entry in repository.manifest(versions[0])}:
            return f"a download that was said to be done has {sorted(found)}"
    for path in (root / "out").glob("*.*"):
        entry = repository.manifest(versions[0]).entries.get(path.name)
        if entry is not None and path.stat().st_size != entry.size:
            return f"{path.name} is half written"
    return None


def leftovers(root: Path) -> str | None:
    here = root / ".artnb"
    left = [
        path
        for place in (here / "tmp", here / "objects" / "tmp")
        for path in place.rglob("*")
        if path.is_file()
    ]
    left += (root / "out").glob(".artnb-incoming-*")
    return f"left behind: {left}" if left else None


def attempt(root: Path, operation: str, options: list[str], trace: Path) -> str:
    """Run an operation under strace; return what it said last, "" if it was killed."""
    said_by, says = os.pipe()
    waits, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(waits, 1)
        try:
            OPERATIONS[operation](root)
            said = "done"
        except BaseException as error:
            from artnb.errors import ArtnbError

            ours = "artnb " if isinstance(error, ArtnbError) else ""
            said = f"{ours}{type(error).__name__}: {error}"
        with suppress(OSError):  # this write, too, may be the one that fails
            os.write(says, said.encode())
        os._exit(0)
    os.close(says)
    os.close(waits)
    command = ["strace", "-f", "-qq", "-o", str(trace), "-p", str(child)]
    command += ["-e", f"trace={','.join(CHANGING)}", *options]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while "TracerPid:\t0" in Path(f"/proc/{child}/status").read_text():
        if tracer.poll() is not None:
            os.kill(child, 9)
            raise RuntimeError(f"strace: {tracer.stderr.read().decode()}")
        time.sleep(0.001)
    os.write(go, b"g")
    os.close(go)
    said = b""
    while got := os.read(said_by, 65536):
        said += got
    os.close(said_by)
    os.waitpid(child, 0)
    tracer.wait()
    tracer.stderr.close()
    return said.decode()


def calls(trace: Path, root: Path) -> Counter[str]:
    """Count the calls of a trace by name, as the busiest thread made them."""
    by_thread: dict[str, Counter[str]] = {}
    for line in trace.read_text(errors="replace").splitlines():
        if found := re.match(r"(\d+)\s+(\w+)\(", line):
            by_thread.setdefault(found[1], Counter())[found[2]] += 1
    return max(by_thread.values(), key=Counter.total)


def main(folder: str, operation: str, fault: str) -> None:
    base = Path(folder)
    template = base / "template"
    prepare(template)
    shutil.copytree(template, base / "warm")
    OPERATIONS[operation](base / "warm")  # imports what is loaded at first use
    shutil.copytree(template, base / "traced")
    said = attempt(base / "traced", operation, [], base / "trace")
    assert said == "done", said
    counts = calls(base / "trace", base)
    failures, points, outcomes = [], 0, Counter()
    for name, count in sorted(counts.items()):
        if fault != "kill" and name not in FAILING[fault]:
            continue
        for number in range(1, count + 1):
            how = "signal=SIGKILL" if fault == "kill" else f"error={fault}"
            root = base / "work"
            shutil.copytree(template, root)
            options = ["-e", f"inject={name}:{how}:when={number}"]
            said = attempt(root, operation, options, base / "trace")
            # A folder that the traced run made, this one may have found: then there is no such
            # call to fail at.
            if calls(base / "trace", base)[name] >= number:
                points += 1
                outcomes["killed" if not said else said.split()[0]] += 1
            if problem := look(root, operation, said):
                failures.append([name, number, said, problem])
            shutil.rmtree(root)
    print(json.dumps({"points": points, "outcomes": outcomes, "failures": failures}))


if __name__ == "__main__":
    main(*sys.argv[1:])
