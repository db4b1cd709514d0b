"""A run's handle that came to another process logs into the same run."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
from dataclasses import replace
from multiprocessing import forkserver

import cloudpickle
import pytest
import worker_kit

import artnb
from artnb.errors import CommError
from artnb.repository import open_repository
from artnb.worker import Place, join_run

both = pytest.mark.both_catalogs


@pytest.fixture
def run(catalog):
    with artnb.init(project="demo", job_type="train", config={"lr": 0.1}) as opened:
        yield opened


def check(run, pids, workers, rows=5):
    """Finish the run and see all that the workers logged."""
    assert len(pids - {os.getpid()}) == len(pids)
    assert run.state == "running"
    run.log({"loss": -1.0})
    run.finish()
    repository = open_repository()
    history = repository.history(run.id)
    own = [row for row in history if "_worker" not in row]
    theirs = [row for row in history if "_worker" in row]
    assert [row["loss"] for row in own] == [-1.0]
    assert sorted(row["loss"] for row in theirs) == sorted(
        w + n / 100 for w in range(workers) for n in range(rows)
    )
    assert len({row["_step"] for row in theirs}) == len(theirs)
    assert [row["_timestamp"] for row in history] == sorted(row["_timestamp"] for row in history)
    record = repository.run(run.id)
    assert record.state == "finished"
    assert {f"done-{w}" for w in range(workers)} <= set(record.summary)
    assert record.summary["loss"] == -1.0
    assert {v.name for v in repository.logged(run.id)} == {f"part-{w}" for w in range(workers)}
    assert [each.id for each in repository.runs("demo")] == [run.id]
    assert repository._catalog.worker_rows(run.id) == []


@both
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_workers_of_multiprocessing_log_into_the_run(run, method):
    if method == "forkserver":
        forkserver._forkserver._stop()  # one of another test has that one's environment
    with multiprocessing.get_context(method).Pool(2) as pool:
        done = pool.starmap(worker_kit.log_some, [(run, worker) for worker in range(4)], 1)
        pool.close()
        pool.join()
    assert {(id, state) for _, id, state in done} == {(run.id, "running")}
    check(run, {pid for pid, *_ in done}, 4)


def test_a_handle_in_the_process_of_its_run_is_the_run_itself(run):
    assert pickle.loads(pickle.dumps(run)) is run
    assert cloudpickle.loads(cloudpickle.dumps(run)) is run
    assert copy.deepcopy({"run": run})["run"] is run


def test_threads_share_the_run_itself(run):
    sent = pickle.dumps(run)
    threads = [
        threading.Thread(target=lambda: pickle.loads(sent).log({"loss": 1.0})) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    assert len(open_repository().history(run.id)) == 8


def in_another_process(program, *values):
    """Run a program that has `values` in `got`; return what it prints."""
    text = f"import pickle, sys, artnb\ngot = pickle.loads(bytes.fromhex(sys.argv[1]))\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", text, cloudpickle.dumps(values).hex()],
        capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    return done.stdout, done.stderr


def test_what_only_the_owner_may_is_refused(run):
    program = """
run, = got
print(type(run).__name__, run.config.lr)
for call in (lambda: run.define_metric("loss"), lambda: run.config.update({"a": 1})):
    try:
        call()
    except artnb.errors.UsageError as error:
        print("refused", "opened" in str(error))
with run:
    run.log({"x": 1}, step=7)
    run.log({"x": 2}, step=3)
    run.log({"x": 3}, commit=False)
print(run.state)
"""
    out, errors = in_another_process(program, run)
    assert out.split() == ["WorkerRun", "0.1", "refused", "True", "refused", "True", "running"], (
        errors
    )
    history = open_repository().history(run.id)
    assert [(row["_step"], row["x"]) for row in history] == [(7, 1), (3, 2), (2, 3)]


def test_the_owners_rules_sum_up_what_workers_log(run):
    run.define_metric("loss", summary="min,max")
    in_another_process("for n in (3, 1, 2): got[0].log({'loss': float(n), 'n': n})", run)
    run.finish()
    summary = open_repository().run(run.id).summary
    assert (summary["loss"], summary["n"]) == ({"min": 1.0, "max": 3.0}, 2)


def test_files_that_workers_and_the_owner_keep_are_all_kept(run, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    run.save(tmp_path / "a.txt")
    in_another_process(f"got[0].save({str(tmp_path / 'b.txt')!r})", run)
    run.define_metric("loss")
    outputs = open_repository().run(run.id).outputs
    assert set(outputs["files"]) == {"a.txt", "b.txt"}
    assert "metrics" in outputs


def test_a_run_that_is_finished_takes_nothing_from_workers(run):
    program = """
run, = got
print("ready", flush=True)
input()
try:
    run.log({"x": 1})
except artnb.errors.RunFinishedError as error:
    print(error)
"""
    text = f"import pickle, sys, artnb\ngot = pickle.loads(bytes.fromhex(sys.argv[1]))\n{program}"
    worker = subprocess.Popen(
        [sys.executable, "-c", text, cloudpickle.dumps((run,)).hex()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout.readline() == "ready\n"
    run.finish()
    said, _ = worker.communicate("\n", timeout=60)
    assert "is finished: a worker cannot log into it any more" in said


@both
def test_rows_that_come_while_the_run_is_finished_are_in_it_or_refused(run):
    """None is lost: the rows that a worker was not refused are those of the run."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        done = pool.starmap_async(worker_kit.log_until_refused, [(run, 0), (run, 1)], 1)
        while not done.ready() and len(open_repository()._catalog.worker_rows(run.id)) < 20:
            time.sleep(0.01)
        run.finish()
        counts = done.get(60)
        pool.close()
        pool.join()
    assert len(open_repository().history(run.id)) == sum(counts)


def test_rows_of_a_worker_that_is_killed_are_kept(run):
    program = "import os\nfor n in range(7): got[0].log({'x': n})\nos.kill(os.getpid(), 9)"
    in_another_process(program, run)
    assert [row["x"] for row in open_repository().history(run.id)] == list(range(7))


@both
def test_rows_of_workers_are_kept_where_the_owner_is_killed(catalog):
    program = """
import multiprocessing, os, worker_kit
if __name__ == "__main__":
    run = artnb.init(project="demo")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.starmap(worker_kit.log_some, [(run, 0)])
    os.kill(os.getpid(), 9)
"""
    _, errors = in_another_process(program)
    assert errors == ""
    (run,) = open_repository().runs("demo")
    assert run.state == "crashed"
    assert len(open_repository().history(run.id)) == 5
    assert run.summary["done-0"] is True


def test_a_fork_leaves_the_current_run_as_a_workers(run):
    run.log({"loss": 0.5})  # waits in memory, and must not be written twice
    child = multiprocessing.get_context("fork").Process(target=worker_kit.log_by_name, args=(3,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    run.finish()
    assert [row["loss"] for row in open_repository().history(run.id)] == [0.5, 3.0]


def test_joblib_and_its_processes(run):
    joblib = pytest.importorskip("joblib")
    work = (joblib.delayed(worker_kit.log_some)(run, worker) for worker in range(4))
    done = joblib.Parallel(n_jobs=2, backend="loky")(work)
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    check(run, {pid for pid, *_ in done}, 4)


def test_dask_and_its_processes(run):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        futures = [client.submit(worker_kit.log_some, run, n, pure=False) for n in range(4)]
        done = client.gather(futures)
    check(run, {pid for pid, *_ in done}, 4)


@pytest.fixture
def ray(monkeypatch):
    """Ray on this machine, where it is installed: `make ray`."""
    module = pytest.importorskip("ray")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # else it writes a token into the home folder
    module.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1",
        runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}},
    )  # fmt: skip
    yield module
    module.shutdown()


def test_ray_with_tasks_and_actors(ray, run):
    task = ray.remote(worker_kit.log_some)
    actor = ray.remote(worker_kit.Worker).remote(run)
    done = ray.get([task.remote(run, n) for n in range(3)] + [actor.log.remote(3)])
    assert ray.get(ray.put(run)) is run
    check(run, {pid for pid, *_ in done}, 4)


@both
def test_no_password_travels(run, monkeypatch, catalog):
    sent = cloudpickle.dumps(run)
    assert b"ss@word" not in sent
    assert b"ss%40word" not in sent
    if catalog == "postgresql":
        assert b"postgresql://ann@" in sent


def test_a_store_that_cannot_be_reached_from_there_is_named(run, tmp_path):
    place = replace(Place.of(open_repository().settings), store="/nowhere/objects", host="far")
    worker = join_run(place, replace(run._record, id="other"))
    with pytest.raises(CommError, match=r"store /nowhere/objects .* opened on far .*ARTNB_STORE"):
        worker.log({"x": 1})
