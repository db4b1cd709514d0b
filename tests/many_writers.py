"""Processes that log versions of one name at once, and one that kills them in turn.

For the test that nothing is lost, and the benchmark of what one of them waits.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time

from artnb.repository import Content, Repository

KILL_SECONDS = 0.05
# Forked from this process, which has all imported: a new one starts in milliseconds.
FORK = multiprocessing.get_context("fork")


def write(worker, first, last, progress):
    """Log the worker's versions from `first` on; tell of each when it is acknowledged."""
    repository = Repository()
    run = repository.start_run("demo", job_type="write")
    for n in range(first, last):
        start = time.perf_counter()
        content = [Content("a.txt", f"{worker}-{n}".encode())]
        repository.commit("demo", "thing", "dataset", content, run_id=run.id, aliases=["best"])
        progress.send((n, time.perf_counter() - start))
    repository.finish_run(run.id)
    repository.close()


class Writer:
    """One worker, started again where it was killed."""

    def __init__(self, number, versions):
        self.number, self.versions = number, versions
        self.acknowledged, self.latencies, self.process = 0, [], None
        self.start()

    def start(self):
        self.receiver, sender = FORK.Pipe(duplex=False)
        arguments = (self.number, self.acknowledged, self.versions, sender)
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


def race(processes, versions, *, killing=True):
    """Let all write at once; return how long each version took, in seconds, and how many died."""
    Repository().close()
    rng = random.Random(0)
    writers = [Writer(number, versions) for number in range(processes)]
    kills, pace = 0, KILL_SECONDS
    while not all(writer.done for writer in writers):
        time.sleep(pace)
        for writer in writers:
            writer.hear()
            assert writer.process.exitcode in (None, 0)
        busy = [writer for writer in writers if writer.process.is_alive()]
        if not busy or not killing:
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
    return [seconds for writer in writers for seconds in writer.latencies], kills
