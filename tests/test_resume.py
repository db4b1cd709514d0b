"""A run goes on: `init(id=, resume=)`, by W&B's meanings, and nothing of it is lost."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

import artnb
from artnb import _api
from artnb.environment import HOST
from artnb.errors import InvalidValueError, UsageError
from artnb.repository import open_repository


def begin(**options):
    with artnb.init(project="demo", job_type="train", id="first", **options) as run:
        run.define_metric("loss", summary="min,last")
        run.log({"loss": 1.0})
        run.log({"loss": 3.0})
        draft = artnb.Artifact("net", "model")
        with draft.new_file("net.txt") as file:
            file.write("0")
        run.log_artifact(draft)
    return run


def rows(run_id="first"):
    found = artnb.Api().run(run_id).history(pandas=False)
    return [(row["_step"], row.get("loss")) for row in found]


@pytest.mark.both_catalogs
def test_a_resumed_run_is_the_same_run_and_its_steps_go_on(catalog):
    first = begin(config={"lr": 0.1, "width": 8}, tags=["a"], notes="n", name="mine")
    with artnb.init(project="demo", id="first", resume="allow", config={"lr": 0.2}) as run:
        assert (run.id, run.name, run.state, run.resumed) == ("first", "mine", "running", True)
        assert (run.step, run.starting_step) == (2, 2)
        assert dict(run.config) == {"lr": 0.2, "width": 8}
        assert rows() == [(0, 1.0), (1, 3.0)]  # also while it is open
        run.log({"loss": 2.0})
        run.summary["done"] = True
    assert rows() == [(0, 1.0), (1, 3.0), (2, 2.0)]
    seen = artnb.Api().run("demo/first")
    assert seen.summary == {"loss": {"min": 1.0, "last": 2.0}, "done": True}
    assert (seen.state, seen.tags, seen.notes, seen.job_type) == ("finished", ["a"], "n", "train")
    assert [each.name for each in seen.logged_artifacts()] == ["net:v0"]
    assert seen._record.created_at == first.start_time
    assert len(artnb.Api().runs("demo")) == 1


def test_what_a_resumed_run_is_told_anew_holds():
    begin(tags=["a"])
    with artnb.init(id="first", resume="must", name="again", tags="b", notes="later") as run:
        assert (run.project, run.name, run.tags, run.notes) == ("demo", "again", ("b",), "later")
    with artnb.init(id="first", resume="must") as run:
        assert len(run._record.outputs["resumed"]) == 2
    assert rows() == [(0, 1.0), (1, 3.0)]  # a part that logs nothing takes nothing away


def test_allow_begins_a_run_that_is_not_there():
    with artnb.init(project="demo", id="new", resume="allow") as run:
        assert not run.resumed
        assert run.starting_step == 0
    assert run.id == "new"


def test_must_needs_a_run_and_never_refuses_one():
    with pytest.raises(UsageError, match="no run with the id 'absent'"):
        artnb.init(project="demo", id="absent", resume="must")
    with pytest.raises(UsageError, match="needs the id"):
        artnb.init(project="demo", resume="must")
    begin()
    with pytest.raises(UsageError, match=r"resume='never'.*'first' already"):
        artnb.init(project="demo", id="first", resume="never")
    with pytest.raises(InvalidValueError, match="resume='allow'"):
        artnb.init(project="demo", id="first")
    with pytest.raises(UsageError, match="is of project 'demo', not 'other'"):
        artnb.init(project="other", id="first", resume="allow")
    with pytest.raises(UsageError, match="has the job type 'train', not 'report'"):
        artnb.init(project="demo", job_type="report", id="first", resume="allow")
    with pytest.raises(InvalidValueError, match="did you mean 'allow'"):
        artnb.init(project="demo", id="first", resume="alow")
    with artnb.init(project="demo", id="second", resume="never"):
        pass
    assert rows() == [(0, 1.0), (1, 3.0)]


@pytest.mark.parametrize("resume", ["auto", True])
def test_auto_goes_on_with_the_last_run_if_that_ended_badly(resume):
    begin()
    with artnb.init(project="demo", job_type="train", resume=resume) as fine:
        assert fine.id != "first"  # the one before finished
    with (
        pytest.raises(KeyError),
        artnb.init(project="demo", job_type="train", resume=resume) as bad,
    ):
        raise KeyError
    with artnb.init(project="demo", job_type="report", resume=resume) as other:
        assert other.id != bad.id
    with artnb.init(project="demo", job_type="train", resume=resume) as run:
        assert run.id == bad.id
        assert run.resumed
    assert run.state == "finished"


def test_a_run_that_is_open_is_not_resumed():
    run = begin()
    repository = run._repository
    repository.resume_run("first")
    with pytest.raises(UsageError, match="still open in this process"):
        repository.resume_run("first")
    repository.finish_run("first")
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        repository.update_run("first", state="running", pid=other.pid)
        with pytest.raises(UsageError, match=f"still open in process {other.pid}"):
            artnb.init(id="first", resume="allow")
    finally:
        other.communicate(b"\n")
    with artnb.init(id="first", resume="allow"):
        pass
    assert rows() == [(0, 1.0), (1, 3.0)]


@pytest.mark.both_catalogs
def test_of_many_that_resume_one_does(catalog):
    repository = begin()._repository
    came = threading.Barrier(4)
    won, refused = [], []

    def resume():
        came.wait()
        try:
            won.append(repository.resume_run("first"))
        except UsageError as error:
            refused.append(error)

    threads = [threading.Thread(target=resume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    repository.finish_run("first")
    assert (len(won), len(refused)) == (1, 3)


def test_a_run_of_another_machine_goes_on_when_that_is_silent():
    repository = begin()._repository
    catalog = repository.parts.catalog

    def silent_for(seconds):
        now = repository.run("first").created_at
        catalog.change_run(
            "first", {"state": "running", "host": "elsewhere", "heartbeat_at": now - seconds}
        )

    silent_for(-60)
    with pytest.raises(UsageError, match="still open on elsewhere"):
        artnb.init(id="first", resume="must")
    silent_for(3600)
    with artnb.init(id="first", resume="must") as run:
        assert run._record.host == HOST


KILLED = """
import os, sys, artnb
run = artnb.init(project="demo", id="first", resume="allow")
run.log({"loss": 5.0})
run._repository._histories.flush()
os.kill(os.getpid(), 9)
"""


def test_rows_of_a_part_that_was_killed_are_kept():
    begin()
    for _ in range(2):
        killed = subprocess.run([sys.executable, "-c", KILLED], timeout=120)
        assert killed.returncode == -signal.SIGKILL
    with artnb.init(id="first", resume="must") as run:
        assert run.starting_step == 4
        run.log({"loss": 6.0})
    assert rows() == [(0, 1.0), (1, 3.0), (2, 5.0), (3, 5.0), (4, 6.0)]


def test_a_row_that_a_crash_cut_short_spoils_no_later_one():
    repository = begin()._repository
    cut = b'{"_step": 0, "loss": 1.0}\n{"_step": 1, "lo'
    repository.update_run("first", history=repository.put_blob(cut))
    with artnb.init(id="first", resume="must") as run:
        run.log({"loss": 2.0})
    assert rows() == [(0, 1.0), (1, 2.0)]


def test_rows_left_behind_by_an_ended_part_are_not_there_twice():
    repository = begin()._repository
    left = repository.root / "runs" / "first.jsonl"
    left.write_text(json.dumps({"_step": 1, "loss": 3.0}) + "\n")
    with artnb.init(id="first", resume="must") as run:
        run.log({"loss": 2.0})
    assert rows() == [(0, 1.0), (1, 3.0), (2, 2.0)]


def test_who_was_overtaken_by_another_machine_overwrites_nothing():
    begin()
    run = artnb.init(id="first", resume="must")
    run.log({"loss": 9.0})
    run._repository.update_run("first", host="elsewhere", pid=1)
    with pytest.raises(UsageError, match=r"resumed by process 1 on elsewhere.*first\.jsonl"):
        run.finish()
    assert run._repository.run("first").state == "running"
    run._repository.update_run("first", host=HOST, pid=os.getpid())
    run.finish()
    assert rows()[-1] == (2, 9.0)


@pytest.mark.both_catalogs
def test_workers_log_into_a_resumed_run(catalog):
    begin()
    with artnb.init(id="first", resume="must") as run:
        run.log({"loss": 4.0})
        run._repository.add_worker_row("first", {"_timestamp": 4e9, "_step": 7, "loss": 5.0})
        assert rows()[-1] == (7, 5.0)
    assert rows() == [(0, 1.0), (1, 3.0), (2, 4.0), (7, 5.0)]


def test_the_code_until_then_is_kept(monkeypatch):
    monkeypatch.setattr(_api, "running_source", lambda: "one")
    begin()
    monkeypatch.setattr(_api, "running_source", lambda: "two")
    with artnb.init(id="first", resume="must") as run:
        (part,) = run._record.outputs["resumed"]
    assert artnb.Api().run("first").code == "two"
    assert open_repository().read_blob(part["code"]) == b"one"
    assert part["state"] == "finished"


def test_a_resumed_run_is_made_again_from_the_store():
    begin()
    with artnb.init(id="first", resume="must") as run:
        run.log({"loss": 2.0})
    repository = run._repository
    (repository.root / "catalog.db").unlink()
    rebuilt = subprocess.run(
        [sys.executable, "-m", "artnb", "rebuild"], capture_output=True, text=True, timeout=120
    )
    assert rebuilt.returncode == 0, rebuilt.stderr
    program = "import artnb; print([r['loss'] for r in artnb.Api().run('first').scan_history()])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.strip() == "[1.0, 3.0, 2.0]"
