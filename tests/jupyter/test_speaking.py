"""`artnb.log` and the like in a cell that is a run: they speak to the cell's run."""

from __future__ import annotations

import json

import pytest

import artnb


@pytest.fixture(autouse=True)
def nothing_stays_open():
    yield
    assert artnb.run is None


def test_metrics_config_and_summary_are_the_cell_s(shell):
    shell.run_all(
        "import artnb",
        """%%artifact fit --job-type train
rate = 0.5
for step in range(3):
    artnb.log({"loss": rate / (step + 1)})
artnb.config["epochs"] = 3
artnb.summary["accuracy"] = 0.9
name = artnb.run.name""",
    )
    run = shell.last_run()
    assert (run.job_type, run.state, run.name) == ("train", "finished", shell.namespace["name"])
    assert [row["loss"] for row in shell.repository.history(run.id)] == [0.5, 0.25, 0.5 / 3]
    assert run.summary == {"loss": 0.5 / 3, "accuracy": 0.9}
    assert run.config == {"epochs": 3}
    assert [each.ref for each in shell.repository.logged(run.id)] == ["fit:v0"]
    assert len(shell.repository.runs("uncategorized")) == 1


def test_what_a_cell_reads_stays_its_config(shell):
    shell.run_all("import artnb\nrate = 0.5", "%%artifact fit\nx = rate\nartnb.config['a'] = 1")
    assert shell.last_run().config == {"rate": 0.5, "a": 1}


def test_artifacts_that_are_used_and_logged_are_its_edges(shell):
    shell.run_all(
        "import artnb",
        "%%artifact raw\nx = [1]",
        """%%artifact made
used = artnb.use_artifact("raw:latest").version
more = artnb.Artifact("more", "dataset")
with more.new_file("a.txt") as file:
    file.write("a")
artnb.log_artifact(more)
late = artnb.Artifact("late", "dataset")
late.save()""",
    )
    assert shell.used() == {"raw:v0"}
    logged = {each.ref for each in shell.repository.logged(shell.last_run().id)}
    assert logged == {"more:v0", "late:v0", "made:v0"}


def test_init_and_finish_in_the_cell_are_about_its_run(shell):
    shell.run_all(
        "import artnb",
        """%%artifact fit --job-type train
with artnb.init(job_type="train", config={"a": 1}) as run:
    run.log({"loss": 1})
artnb.finish()
artnb.log({"loss": 2})""",
    )
    (run,) = shell.repository.runs("uncategorized")
    assert (run.config, run.summary, run.state) == ({"a": 1}, {"loss": 2}, "finished")
    assert len(shell.repository.history(run.id)) == 2


def test_another_job_is_a_run_of_its_own_in_the_cell(shell):
    shell.run_all(
        "import artnb",
        """%%artifact fit
with artnb.init(job_type="inner") as run:
    artnb.log({"inner": 1})
artnb.log({"outer": 1})""",
    )
    found = {run.job_type: run.summary for run in shell.repository.runs("uncategorized")}
    assert found == {"fit": {"outer": 1}, "inner": {"inner": 1}}


def test_a_run_that_was_open_before_is_the_one_that_is_spoken_to(shell):
    shell.run_all(
        "import artnb\nrun = artnb.init(job_type='whole')",
        "%%artifact fit\nartnb.log({'loss': 1})\nx = 1",
        "run.finish()",
    )
    found = {run.job_type: run.summary for run in shell.repository.runs("uncategorized")}
    assert found == {"fit": {}, "whole": {"loss": 1}}


def test_a_cell_that_fails_keeps_what_it_logged(shell):
    shell.run_all("import artnb")
    result = shell.run("%%artifact fit\nartnb.log({'loss': 1})\n1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    run = shell.last_run()
    assert (run.state, run.summary) == ("failed", {"loss": 1})
    assert [row["loss"] for row in shell.repository.history(run.id)] == [1]


def test_after_the_cell_its_run_is_closed_and_says_so(shell):
    shell.run_all("import artnb", "%%artifact fit\nrun = artnb.run\nx = 1")
    result = shell.run("run.log({'a': 1})")
    assert "the run" in str(result.error_in_exec)
    result = shell.run("run.config['a'] = 1")
    assert "Log inside the cell" in str(result.error_in_exec)
    assert "Call artnb.init()" in str(shell.run("artnb.log({'a': 1})").error_in_exec)


def test_the_handle_is_in_no_version(shell):
    shell.run_all("import artnb", "%%artifact fit\nrun = artnb.run\nx = 1")
    paths = [entry.variable for entry in shell.repository.manifest(shell.newest("fit"))]
    assert paths == ["x"]


def test_a_cell_that_logs_is_not_skipped(shell):
    cell = "%%artifact fit --cache\nx = 1\nartnb.log({'loss': 1})"
    shell.run_all("import artnb", cell)
    result = shell.run_all(cell)
    assert "cannot be skipped: it logs to its run" in result.text
    assert [run.summary for run in shell.repository.runs("uncategorized")] == [{"loss": 1}] * 2


def test_where_nothing_is_tracked_it_goes_nowhere(shell, monkeypatch):
    monkeypatch.setenv("ARTNB_MODE", "disabled")
    shell.run_all("import artnb", "%%artifact fit\nartnb.log({'a': 1})\nartnb.config['b'] = 2")
    assert "Call artnb.init()" in str(shell.run("artnb.log({'a': 1})").error_in_exec)
    monkeypatch.delenv("ARTNB_MODE")
    assert shell.repository.projects() == []


def test_in_automatic_mode_an_init_goes_on_and_a_bare_log_is_the_cell_s(shell):
    shell.run_all("import artnb", "%artnb auto on", "artnb.log({'bare': 1})\nx = 1")
    assert shell.last_run().summary == {"bare": 1}
    shell.run_all(
        "run = artnb.init()", "artnb.log({'whole': 1})", "run.finish()", "%artnb auto off"
    )
    whole = [run for run in shell.repository.runs("uncategorized") if "whole" in run.summary]
    assert [run.job_type for run in whole] == [None]


def test_a_kernel_saves_it_in_the_background(notebook, repository, name):
    notebook.run_all(
        "import artnb, numpy as np, os\nos.environ['ARTNB_BACKGROUND'] = '1'",
        f"%%artifact {name}\nbig = np.arange(2_000_000.0)\nartnb.log({{'loss': 0.5}})",
        f"%artnb show {name}",
        "del os.environ['ARTNB_BACKGROUND']",
    )
    version = repository.resolve(name, "uncategorized")
    (run,) = repository.logged_by(version.id)
    assert (run.summary, run.state) == ({"loss": 0.5}, "finished")
    assert json.dumps(repository.history(run.id)[0]["loss"]) == "0.5"


def test_what_a_cell_keeps_besides_is_kept(shell, capsys):
    shell.run_all(
        "import artnb, torch",
        """%%artifact fit --no-files
artnb.define_metric("loss", step_metric="epoch", summary="min")
model = torch.nn.Linear(2, 1)
artnb.watch(model, log_freq=1)
model(torch.ones(1, 2)).backward()
artnb.log({"loss": 1.0, "epoch": 3, "counts": artnb.Histogram([1, 2])})
artnb.alert("Low", "too low")
with open(artnb.run.dir + "/note.txt", "w") as file:
    file.write("kept")""",
    )
    run = shell.last_run()
    assert [each["title"] for each in run.outputs["alerts"]] == ["Low"]
    assert run.outputs["metrics"][0]["step_metric"] == "epoch"
    kept = run.outputs["files"]["note.txt"]["sha256"]
    assert shell.repository.read_blob(kept) == b"kept"
    (row,) = shell.repository.history(run.id)
    assert {"gradients/weight", "counts"} <= row.keys()
    assert run.summary == {"loss": {"min": 1.0}, "epoch": 3}
    assert not shell.namespace["model"].weight._backward_hooks


WORKER = """%%artifact said --no-files
import multiprocessing, worker_kit
child = multiprocessing.get_context("{}").Process(target=worker_kit.say, args=(artnb.run,))
child.start()
child.join(60)
code = child.exitcode
del child
{}"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("own", ["", "artnb.alert('own', 'x')\nartnb.log({'loss': 1})", "1 / 0"])
def test_what_a_worker_says_is_not_lost_at_the_cell_s_end(shell, method, own):
    shell.run_all("import artnb")
    shell.run(WORKER.format(method, own))
    run = shell.last_run()
    assert shell.namespace["code"] == 0
    titles = [each["title"] for each in run.outputs["alerts"]]
    assert titles == ["from a worker", "own"][: 2 if "own" in own else 1]
    assert (run.tags, run.notes) == (("worked",), "by a worker")
    assert run.summary == ({"loss": 1} if "own" in own else {}) | {"worker": True}
    assert run.state == ("failed" if "1 / 0" in own else "finished")
    assert "inputs" in run.outputs


def test_an_alert_of_a_worker_is_in_a_run_that_ends_with_its_version(shell):
    """Not even the summary tells the cell that anybody else has spoken."""
    shell.run_all("import artnb")
    only_alert = "args=(artnb.run, 'a', 'b')"
    cell = WORKER.format("fork", "").replace("args=(artnb.run,)", only_alert)
    shell.run_all(cell.replace("worker_kit.say", "artnb._run.Run.alert"))
    assert [each["title"] for each in shell.last_run().outputs["alerts"]] == ["a"]
    assert [each.ref for each in shell.repository.logged(shell.last_run().id)] == ["said:v0"]
