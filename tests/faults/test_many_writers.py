"""Many processes log versions of one name, and one of them is killed every 50 ms.

``make stress`` does it with 8 processes and 200 versions each. Latencies are printed, not
asserted: they are the machine's.
"""

import multiprocessing
import os
import random
import signal
import statistics
import time

import pytest

from artnb.repository import Content, Repository

pytestmark = pytest.mark.both_catalogs

PROCESSES, VERSIONS = (8, 200) if os.environ.get("ARTNB_STRESS") else (4, 25)
KILL_SECONDS = 0.05
# Forked from this process, which has all imported: a new one starts in milliseconds.
FORK = multiprocessing.get_context("fork")


def write(worker, first, progress):
    """Log the worker's versions from `first` on; tell of each when it is acknowledged."""
    repository = Repository()
    run = repository.start_run("demo", job_type="write")
    for n in range(first, VERSIONS):
        start = time.perf_counter()
        content = [Content("a.txt", f"{worker}-{n}".encode())]
        repository.commit("demo", "thing", "dataset", content, run_id=run.id, aliases=["best"])
        progress.send((n, time.perf_counter() - start))
    repository.finish_run(run.id)
    repository.close()


class Writer:
    """One worker, started again where it was killed."""

    def __init__(self, number):
        self.number, self.acknowledged, self.latencies, self.process = number, 0, [], None
        self.start()

    def start(self):
        self.receiver, sender = FORK.Pipe(duplex=False)
        arguments = (self.number, self.acknowledged, sender)
        self.process = FORK.Process(target=write, args=arguments)
        self.process.start()
        sender.close()

    def hear(self):
        while self.receiver.poll():
            try:
                n, seconds = self.receiver.recv()
            except EOFError:
                break
            self.acknowledged = n + 1
            self.latencies.append(seconds)

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.hear()
        self.receiver.close()

    @property
    def done(self):
        return self.process.exitcode == 0


def test_no_version_is_lost_and_no_number_left_out(catalog, capsys):
    Repository().close()
    rng = random.Random(0)
    writers = [Writer(number) for number in range(PROCESSES)]
    kills, pace = 0, KILL_SECONDS
    while not all(writer.done for writer in writers):
        time.sleep(pace)
        for writer in writers:
            writer.hear()
            assert writer.process.exitcode in (None, 0)
        busy = [writer for writer in writers if writer.process.is_alive()]
        if not busy:
            continue
        victim = rng.choice(busy)
        before = victim.acknowledged
        victim.kill()
        kills += 1
        # Where a machine is so slow that nobody gets anywhere, the killer takes more time.
        pace = pace * 1.1 if victim.acknowledged == before else KILL_SECONDS
        victim.start()
    for writer in writers:
        writer.hear()
        writer.receiver.close()

    repository = Repository()
    try:
        versions = repository.versions("demo", "thing")
        assert sorted(v.number for v in versions) == list(range(PROCESSES * VERSIONS))
        held = {
            repository.read_blob(next(iter(repository.manifest(version))).digest).decode()
            for version in versions
        }
        assert held == {f"{w}-{n}" for w in range(PROCESSES) for n in range(VERSIONS)}
        moves = [m for m in repository.alias_moves("demo", "thing") if m.alias == "best"]
        assert [move.before for move in moves[:-1]] == [move.after for move in moves[1:]]
        assert repository.resolve("thing:best", "demo").number == moves[0].after
        assert repository.maintenance.verify().damage == ()
    finally:
        repository.close()
    latencies = [seconds for writer in writers for seconds in writer.latencies]
    cuts = statistics.quantiles(latencies, n=100)
    with capsys.disabled():
        print(
            f"\n{catalog}: {len(versions)} versions by {PROCESSES} processes, {kills} killed; "
            f"median {cuts[49] * 1e3:.1f} ms, 99th percentile {cuts[98] * 1e3:.1f} ms"
        )
