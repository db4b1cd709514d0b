"""What a worker does with a run's handle, importable by whatever process it is sent to."""

import os

import artnb


def log_some(run, worker, count=5):
    """Log rows and a version into the run that was sent; return what can be told of it here."""
    for n in range(count):
        run.log({"loss": worker + n / 100, "worker": worker})
    artifact = artnb.Artifact(f"part-{worker}", type="part")
    with artifact.new_file("a.txt") as file:
        file.write(str(worker))
    run.log_artifact(artifact)
    run.summary[f"done-{worker}"] = True
    run.finish()  # the owner's to do: it goes on
    return os.getpid(), run.id, run.state


class Worker:
    """One that keeps the handle, as an actor of Ray's does."""

    def __init__(self, run):
        self.run = run

    def log(self, worker):
        return log_some(self.run, worker)


def log_by_name(worker):
    """Log into the run that a fork left as the current one."""
    artnb.log({"loss": float(worker), "worker": worker})


def log_until_refused(run, worker):
    """Log rows until the run is finished, and return how many were taken."""
    count = 0
    while True:
        try:
            run.log({"loss": float(count), "worker": worker})
        except artnb.errors.RunFinishedError:
            return count
        count += 1


def say(run):
    """Say all that a worker may say of a run, besides rows and artifacts."""
    run.alert("from a worker", str(os.getpid()))
    run.tags, run.notes = (*run.tags, "worked"), "by a worker"
    run.summary["worker"] = True
