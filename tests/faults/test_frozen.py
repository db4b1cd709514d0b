"""Writers that are frozen past their lease while a collector runs lose nothing.

A lease lasts a day; here it lasts a blink, so that a process stopped in the middle of a
commit wakes up to find its lease gone and, often, the bytes that it counted on deleted.
"""

from __future__ import annotations

import fcntl
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from artnb.repository import Repository

LEASE_SECONDS = 0.05
WRITER = f"""
import os, random, sys
from pathlib import Path
from artnb import ingest, intake
from artnb.draft import Draft
from artnb.catalog import generations
from artnb.errors import CatalogError
from artnb.repository import *
generations.LEASE_SECONDS = {LEASE_SECONDS}
as_folder = sys.argv[1] == "1"
if as_folder:  # as with very many files: a lease when they are added, and a thread that asks
    ingest._MANY = intake._SEVERAL = 1
r = Repository()
run = r.start_run("demo")
rng = random.Random(int(sys.argv[1]))
pool = [random.Random(n).randbytes(300_000 if n % 2 else 900) for n in range(8)]
print("ready", flush=True)
last = None
while True:
    contents = [Content(f"{{n}}.bin", data) for n, data in enumerate(rng.sample(pool, 4))]
    if as_folder:
        folder = Path("folder")
        folder.mkdir(exist_ok=True)
        for content in contents[:2] if last else contents:  # the others are known
            (folder / "new").write_bytes(content.source)
            os.utime(folder / "new", (0, rng.randrange(10**9)))
            (folder / "new").replace(folder / content.path)
        draft = Draft("folder", "dataset", r)
        draft.add_dir(folder, None, policy="mutable", overwrite=False)
        contents = draft.take()
    name = f"w{{sys.argv[1]}}"
    try:
        version = r.commit("demo", name, "dataset", contents, run_id=run.id).version
    except CatalogError:
        continue  # a collector was quicker too often: said, and nothing recorded
    print("committed", version.id, flush=True)
    if last and last != version.id:
        r.delete(last, delete_aliases=True)  # so that there are bytes to collect
    last = version.id
"""


def start(seed, out):
    with open(out, "w") as said, open(out.with_suffix(".errors"), "w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(seed)], stdout=said, stderr=errors
        )
    while "ready" not in out.read_text():
        assert process.poll() is None, out.with_suffix(".errors").read_text()
        time.sleep(0.02)
    return process


def leases_unless_locked(repository):
    """Count the leases; None if the writer was stopped at a transaction, which all wait for.

    It holds the file's lock a little longer than the transaction, before it and after.
    """
    catalog = repository.root / "catalog.db"
    with (
        open(catalog.with_name("catalog.db.lock"), "a") as queue,
        closing(sqlite3.connect(catalog, timeout=0)) as db,
    ):
        db.isolation_level = None
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
            db.execute("begin immediate")
        except (BlockingIOError, sqlite3.OperationalError):
            return None
        (count,) = db.execute("select count(*) from leases").fetchone()
        db.execute("rollback")
        return count


@pytest.mark.parametrize("seed", range(2))
def test_a_writer_that_wakes_after_its_lease_enters_only_what_is_there(seed, tmp_path):
    rng = random.Random(seed)
    out = tmp_path / "said.txt"
    writer = start(seed, out)
    repository = Repository()
    freed = lapsed = 0
    try:
        for _ in range(400):
            time.sleep(rng.uniform(0, 0.1))
            writer.send_signal(signal.SIGSTOP)
            time.sleep(2 * LEASE_SECONDS)
            if (leases := leases_unless_locked(repository)) is not None:
                lapsed += leases
                freed += repository.maintenance.collect(grace=0).objects
            writer.send_signal(signal.SIGCONT)
            assert repository.maintenance.verify().damage == ()
            if lapsed >= 5 and out.read_text().count("committed") > 10:
                break
    finally:
        ended = writer.poll()
        writer.kill()
        writer.wait()
    try:
        assert ended is None, out.with_suffix(".errors").read_text()
        assert out.read_text().count("committed") > 10
        assert freed > 0
        assert lapsed >= 5, "the writer was hardly ever stopped in the middle of a commit"
        assert repository.maintenance.verify().damage == ()
        for version in repository.versions("demo"):
            repository.download(version, tmp_path / version.ref)
    finally:
        repository.close()
