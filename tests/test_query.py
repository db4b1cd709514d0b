"""Api: what was recorded is found by W&B's names, and what was not is said."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import datetime, timedelta
from subprocess import PIPE

import pytest

import artnb
from artnb.errors import CommError, InvalidNameError, InvalidValueError

pytestmark = pytest.mark.both_catalogs


def log(run, name, text, **kwargs):
    draft = artnb.Artifact(name, kwargs.pop("type", "dataset"))
    with draft.new_file("a.txt") as file:
        file.write(text)
    return run.log_artifact(draft, **kwargs)


@pytest.fixture
def api():
    """Two projects: `demo` with raw:v0, raw:v1, net:v0 in two runs; `other` with raw:v0."""
    with artnb.init(project="demo", job_type="load", name="first", tags="t") as one:
        log(one, "raw", "1", aliases=["best"])
        log(one, "raw", "2")
    with artnb.init(project="demo", job_type="train", config={"lr": 0.1}) as two:
        two.use_artifact("raw:best")
        log(two, "net", "3", type="model")
        two.log({"loss": 0.5, "x": float("nan")})
        two.log({"loss": 0.25, "acc": 1})
    with artnb.init(project="other") as three:
        log(three, "raw", "4")
    return artnb.Api()


def test_projects_are_listed_oldest_first(api):
    assert api.projects() == ["demo", "other"]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("demo/raw", "v1"),
        ("demo/raw:latest", "v1"),
        ("demo/raw:best", "v0"),
        ("demo/raw:v0", "v0"),
        ("me/demo/raw:v1", "v1"),
        ("other/raw:v0", "v0"),
        ("net", "v0"),
    ],
)
def test_an_artifact_is_found_by_reference(api, name, version):
    assert api.artifact(name).version == version


def test_reading_an_artifact_makes_no_edge(api):
    api.artifact("other/raw").download()
    assert api.artifact("other/raw").used_by() == []


def test_a_bare_name_is_looked_for_in_the_configured_project(api, monkeypatch):
    monkeypatch.setenv("ARTNB_PROJECT", "other")
    assert artnb.Api().artifact("raw").project == "other"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dmeo/raw", r"'dmeo'.*did you mean 'demo'\?"),
        ("demo/rwa", r"'rwa'.*did you mean 'raw'\?"),
        ("demo/raw:bets", r"'bets'.*did you mean 'best'\?"),
        ("demo/raw:v9", r"'v9'.*'v0'|'v9'.*v0, v1"),
        ("rwa", r"No project has an artifact 'rwa'; did you mean 'raw'\?"),
        ("raw", r"2 projects have.*'project/raw:alias'.*demo, other"),
    ],
)
def test_what_is_missing_is_said_with_the_nearest(api, name, said):
    with pytest.raises(CommError, match=said):
        api.artifact(name)
    assert not api.artifact_exists(name)


@pytest.mark.parametrize("name", ["", "demo/", "a b ", "demo/raw:", "a/b/c/d", None])
def test_what_is_no_reference_is_refused(api, name):
    with pytest.raises(InvalidNameError, match=r"reference|name|text"):
        api.artifact(name)


def test_the_type_is_checked(api):
    assert api.artifact("demo/raw", type="dataset").type == "dataset"
    with pytest.raises(CommError, match="'dataset', not 'model'"):
        api.artifact("demo/raw", type="model")
    assert api.artifact_exists("demo/raw", "dataset")
    assert not api.artifact_exists("demo/raw", "model")


def test_the_versions_of_a_collection_are_listed_newest_first(api):
    assert [a.name for a in api.artifacts("dataset", "demo/raw")] == ["raw:v1", "raw:v0"]
    assert [a.name for a in api.artifacts(name="raw", project="demo")] == ["raw:v1", "raw:v0"]
    assert [a.name for a in api.artifacts(project="demo")] == ["net:v0", "raw:v1", "raw:v0"]
    assert [a.name for a in api.artifacts("model", project="demo")] == ["net:v0"]
    assert api.artifacts("model", "demo/raw") == []


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"name": "demo/rwa"}, "did you mean 'raw'"),
        ({"name": "dmeo/raw"}, "did you mean 'demo'"),
        ({"project": "dmeo"}, "did you mean 'demo'"),
        ({}, "Say which project: there are 2"),
    ],
)
def test_a_collection_that_is_not_there_is_said(api, kwargs, said):
    with pytest.raises(CommError, match=said):
        api.artifacts(**kwargs)


@pytest.mark.parametrize("prefix", ["", "demo/", "me/demo/", "/demo/", "me/demo/runs/"])
def test_a_run_is_found_by_its_path(api, prefix):
    run = api.runs("demo")[0]
    found = api.run(prefix + run.id)
    assert (found.name, found.job_type, found.tags, found.state) == (
        "first", "load", ["t"], "finished",
    )  # fmt: skip
    assert found.path == ["demo", run.id]


def test_a_path_is_that_of_a_project_or_of_a_run(api):
    assert api.from_path("demo") == api.from_path("me/demo") == api.project("demo")
    run = api.runs("demo")[0]
    assert api.from_path(f"me/demo/runs/{run.id}").id == api.from_path(f"me/demo/{run.id}").id
    with pytest.raises(CommError, match="There is no project 'dem'; did you mean 'demo'"):
        api.from_path("dem")


WAITED_FOR = """
import artnb, os, sys
run = artnb.init(project="demo")
print(run.id, flush=True)
sys.stdin.readline()
run.summary["done"] = 1
run.finish() if sys.argv[1] == "finished" else os._exit(1)
"""


@pytest.mark.parametrize("end", ["finished", "crashed"])
def test_a_run_of_another_process_is_waited_for(api, end):
    command = [sys.executable, "-c", WAITED_FOR, end]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        run = api.run(process.stdout.readline().strip())
        assert run.state == "running"
        waiting = threading.Thread(target=run.wait_until_finished)
        waiting.start()
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait()
        waiting.join()
    assert run.state == end
    assert dict(run.summary) == {"done": 1}


def test_a_run_tells_what_it_was_told_what_it_logged_and_what_it_came_to(api):
    run = api.runs("demo")[-1]
    assert run.config == {"lr": 0.1}
    assert run.summary["loss"] == 0.25
    assert [row.get("loss") for row in run.history(pandas=False)] == [0.5, 0.25]
    assert run.history(keys=["acc"], pandas=False) == [{"_step": 1, "acc": 1}]
    assert list(run.history()["loss"]) == [0.5, 0.25]
    assert [a.name for a in run.used_artifacts()] == ["raw:v0"]
    assert [a.name for a in run.logged_artifacts()] == ["net:v0"]
    assert "train" not in repr(run)
    assert "demo" in repr(run)


def test_what_is_changed_of_a_run_is_written_when_it_is_asked_for(api):
    run = api.runs("demo")[-1]
    run.config["lr"] = 9
    run.tags.append("new")
    run.name, run.notes = "renamed", "said"
    run.summary["loss"] = 0.125
    assert api.run(run.id).config == {"lr": 0.1}
    run.load()
    assert (run.config, run.summary["loss"]) == ({"lr": 0.1}, 0.25)
    run.config["lr"] = 9
    run.tags.append("new")
    run.name, run.notes = "renamed", "said"
    run.update()
    again = api.run(run.id)
    assert (again.config, again.tags[-1], again.name, again.notes) == (
        {"lr": 9}, "new", "renamed", "said",
    )  # fmt: skip
    again.summary.update({"loss": 0.5}, best=1)
    assert api.run(run.id).summary == {**run.summary, "loss": 0.5, "best": 1}


def test_artifacts_are_joined_to_a_recorded_run(api):
    run = api.runs("demo")[-1]
    artifact = run._repository and api.artifacts(project="demo")[-1]
    assert run.use_artifact(artifact) is artifact
    assert artifact.name in [each.name for each in run.used_artifacts()]
    assert "joined" in run.log_artifact(artifact, aliases=["joined"]).aliases


def test_history_is_thinned_and_scanned_by_step(api):
    from artnb.repository import open_repository

    record = open_repository().start_run("demo", name="long")
    for step in range(10):
        open_repository().log_row(record.id, {"_step": step, "a": step})
    open_repository().finish_run(record.id)
    run = api.run(record.id)
    assert [row["a"] for row in run.history(samples=4, pandas=False)] == [0, 2, 5, 7]
    assert [row["a"] for row in run.scan_history(min_step=3, max_step=5)] == [3, 4]
    assert run.lastHistoryStep == 9
    assert run.metadata["host"] == record.host
    assert (run.url, run.entity) == (None, "")


def test_a_project_may_be_said_for_all_paths(api):
    from artnb.errors import CommError as Missing

    assert artnb.Api(overrides={"project": "demo"}).runs()[0].project == "demo"
    with pytest.raises(Missing, match="'nowhere'"):
        artnb.Api({"project": "nowhere"}).runs()


def test_a_run_that_is_not_there_is_said_with_the_nearest(api):
    run = api.runs("demo")[-1]
    with pytest.raises(CommError, match=f"no run with the id.*did you mean '{run.id}'"):
        api.run(f"demo/{run.id[:-1]}")
    with pytest.raises(CommError, match=f"{run.id}.*in project 'demo', not 'other'"):
        api.run(f"other/{run.id}")


def test_an_unknown_attribute_of_a_run_is_named(api):
    with pytest.raises(AttributeError, match="'losses'"):
        _ = api.runs("demo")[-1].losses


def test_runs_are_listed_in_the_order_that_is_asked_for(api):
    assert [r.job_type for r in api.runs("demo")] == ["load", "train"]
    assert [r.job_type for r in api.runs("me/demo", order="-created_at")] == ["train", "load"]
    assert [r.job_type for r in api.runs("demo", order="+summary_metrics.loss")] == [
        "train",
        "load",
    ]
    with pytest.raises(InvalidValueError, match=r"no field 'creatd_at'.*did you mean 'created_at'"):
        api.runs("demo", order="creatd_at")


def test_runs_are_filtered_as_wandbs(api):
    """A number that is none (NaN) is neither greater nor smaller than another."""
    (run,) = api.runs("demo", {"config.lr": {"$gte": 0.1}, "state": "finished"}, per_page=10)
    assert run.job_type == "train"
    assert api.runs("demo", filters={"tags": "t"})[0].name == "first"
    either = {"$or": [{"summary_metrics.x": {"$gt": 0}}, {"summary_metrics.x": {"$lte": 0}}]}
    assert api.runs("demo", either) == []
    with pytest.raises(InvalidValueError, match=r"operator '\$gtt'"):
        api.runs("demo", {"config.lr": {"$gtt": 1}})


@pytest.mark.parametrize(("path", "said"), [("dmeo", "did you mean 'demo'"), (None, "there are 2")])
def test_a_project_that_is_not_there_is_said(api, path, said):
    with pytest.raises(CommError, match=said):
        api.runs(path)


def test_types_and_collections_are_found_as_wandbs(api):
    project = api.project("demo")
    assert (project, project.name, project.entity, project.path) == ("demo", "demo", "", ["demo"])
    assert [each.name for each in api.artifact_types("me/demo")] == ["dataset", "model"]
    dataset = api.artifact_type("dataset", project="demo")
    assert [each.name for each in dataset.collections()] == ["raw"]
    raw = api.artifact_collection("dataset", "demo/raw")
    assert (raw.type, raw.project, raw.entity) == ("dataset", "demo", "")
    assert [each.version for each in raw.versions()] == ["v1", "v0"]
    assert raw.aliases == [alias for each in raw.artifacts() for alias in each.aliases]
    assert [each.name for each in api.artifact_collections("demo", "model")] == ["net"]
    assert api.artifact_collection_exists("demo/raw", "dataset")
    assert not api.artifact_collection_exists("demo/raw", "model")
    with pytest.raises(CommError, match="type 'datasets'; did you mean 'dataset'"):
        api.artifact_type("datasets", "demo")
    with pytest.raises(CommError, match="did you mean 'demo'"):
        api.project("dmeo")


def test_versions_are_found_by_all_of_their_tags(api):
    (first, second) = api.artifacts("dataset", "demo/raw")
    first.tags, second.tags = ["eu", "live"], ["eu"]
    first.save(), second.save()
    assert [a.version for a in api.artifacts("dataset", "demo/raw", tags=["live", "eu"])] == ["v1"]
    assert len(api.artifacts("dataset", "demo/raw", per_page=1, tags="eu")) == 2


def test_a_run_says_when_it_began_as_wandbs(api):
    run = api.runs("demo")[0]
    began = datetime.fromisoformat(run.created_at)
    assert began.timestamp() == pytest.approx(run._record.created_at)
    assert began.utcoffset() == timedelta(0)
    assert (run.display_name, run.commit) == (run.name, run._record.git_commit)


def test_a_summary_is_read_by_wandbs_other_name(api):
    run = api.runs("demo")[-1]
    assert run.summary._json_dict == dict(run.summary)
    assert type(run.summary._json_dict) is dict


def test_the_only_project_needs_no_name():
    with artnb.init(project="demo") as run:
        log(run, "raw", "1")
    api = artnb.Api()
    assert [r.id for r in api.runs()] == [run.id]
    assert [a.name for a in api.artifacts()] == ["raw:v0"]


def test_where_nothing_is_recorded_that_is_said():
    api = artnb.Api()
    assert api.projects() == []
    for ask in (api.runs, api.artifacts):
        with pytest.raises(CommError, match="none yet"):
            ask()
    with pytest.raises(CommError, match="No project has an artifact 'raw'; there is none yet"):
        api.artifact("raw")
    with pytest.raises(CommError, match=r"no project 'demo'.*there is none yet"):
        api.artifact("demo/raw")


def test_the_lineage_is_walked_from_runs_to_artifacts_and_back(api):
    net = api.artifact("demo/net")
    maker = net.logged_by()
    assert [used.name for used in maker.used_artifacts()] == ["raw:v0"]
    assert [row["loss"] for row in maker.scan_history(["loss"])] == [0.5, 0.25]
    (user,) = maker.used_artifacts()[0].used_by()
    assert [made.name for made in user.logged_artifacts()] == ["net:v0"]


def test_an_update_keeps_the_inf_and_nan_of_a_summary(api):
    with artnb.init(project="demo", name="diverged", config={"best": float("inf")}) as run:
        run.log({"loss": float("inf")})
    found = api.run(run.id)
    found.tags.append("bad")
    found.update()
    again = api.run(run.id)
    assert (again.tags, again.config, again.summary["loss"]) == (
        ["bad"], {"best": float("inf")}, float("inf")
    )  # fmt: skip


def test_figures_of_the_machine_are_not_the_history(api):
    with pytest.raises(InvalidValueError, match="no figures of CPU"):
        api.artifact("demo/net").logged_by().history(stream="events")


def test_an_entity_that_is_empty_is_no_part_of_a_path(api):
    assert len(api.runs(f"{api.default_entity}/demo")) == 2


def test_versions_are_found_by_the_name_that_wandb_had_for_it(api):
    found = api.artifact_versions("dataset", "demo/raw", per_page=1)
    assert [each.name for each in found] == ["raw:v1", "raw:v0"]


def test_registries_are_projects(api):
    api.artifact("demo/net:v0").link("wandb-registry-model/digits")
    api.artifact("demo/net:v0").link("model-registry/digits")
    assert api.registries() == ["wandb-registry-model", "model-registry"]
    registry = api.registry("model")
    assert registry == api.registry("wandb-registry-model", organization="us")
    assert [each.name for each in registry.collections()] == ["digits"]
    assert [each.is_link for each in registry.versions()] == [True]
    assert not registry.collections()[0].is_sequence()
    assert api.artifact_collection("model", "demo/net").is_sequence()
    with pytest.raises(CommError, match="no registry 'modell'; did you mean 'model'"):
        api.registry("modell")


def test_who_works_here_and_what_is_set(api, monkeypatch):
    assert "@" in api.viewer.username
    assert api.viewer.entity == api.settings["entity"] == api.default_entity
    assert artnb.Api(overrides={"project": "demo"}).settings["project"] == "demo"


def test_a_project_begins_with_its_first_run(api):
    assert api.create_project("new", entity="me") is None
    assert "new" not in api.projects()
    with pytest.raises(InvalidNameError):
        api.create_project("a/b")


@pytest.mark.parametrize("format", ["default", "pandas", "polars"])
def test_the_rows_of_several_runs_are_read_as_one(api, format):
    runs = api.runs("demo", include_sweeps=False, lazy=True)
    found = runs.histories(keys=["loss"], format=format)
    rows = found if format == "default" else list(found["loss"])
    assert len(rows) == 2
    ids = [row["run_id"] for row in found] if format == "default" else list(found["run_id"])
    assert ids == [runs[1].id] * 2
    assert len(runs.histories(samples=1)) == 1
    assert runs.upgrade_to_full() is None


def test_what_is_no_form_of_rows_is_refused(api):
    with pytest.raises(InvalidValueError, match="format 'panda'; did you mean 'pandas'"):
        api.runs("demo").histories(format="panda")


def test_a_collection_says_when_it_was_made_and_is_deleted_whole(api):
    collection = api.artifact_collection("dataset", "demo/raw")
    first, last = api.artifact("demo/raw:v0"), api.artifact("demo/raw:v1")
    assert collection.id == "demo/raw"
    assert first.collection.id == "demo/raw"
    assert collection.created_at <= first.created_at
    assert collection.updated_at == last.created_at
    first.tags, last.tags = ["a", "b"], ["b", "c"]
    first.save()
    last.save()
    assert (sorted(collection.tags), collection.description) == (["a", "b", "c"], None)
    collection.delete()
    assert not api.artifact_collection_exists("demo/raw", "dataset")
    with pytest.raises(CommError, match="has no artifact 'raw' any more"):
        _ = collection.created_at
    assert api.artifact_exists("other/raw:v0")


def test_a_run_says_which_keys_it_logged(api):
    (_, run) = api.runs("demo")
    assert run.history_keys == {"lastStep": 1, "keys": {"loss": {}, "x": {}, "acc": {}}}
    assert (run.rawconfig, run.sweep, run.sweep_name) == ({"lr": 0.1}, None, None)
    assert run.load_full_data()["config"] == {"lr": 0.1}
    assert run.load_full_data(force=True)["summaryMetrics"]["acc"] == 1
    assert (run.storage_id, run.username, run.system_metrics) == (run.id, "", {})
    assert not run.read_only
    steps = [row["_step"] for row in run.beta_scan_history(["loss"], 10, 1, None, use_cache=False)]
    assert steps == [1]


def test_a_logged_table_is_asked_for_as_in_wandb_and_said_to_be_a_file(api):
    with artnb.init(project="demo") as run:
        run.log({"rows": artnb.Table(["a"], [[1]])})
    with pytest.raises(CommError, match=r"is a file of its run here, no artifact") as caught:
        api.artifact(f"demo/run-{run.id}-rows:latest")
    told = str(caught.value).partition("artnb.")[2].partition(" has it")[0]
    (file,) = eval(f"artnb.{told}", {"artnb": artnb})
    assert '"data":[[1]]' in file.download().read()
    with pytest.raises(CommError, match="has no artifact 'run-"):
        api.artifact(f"demo/run-{run.id}-model.pt:latest")


def test_keys_of_nested_values_are_written_with_dots(api):
    with artnb.init(project="demo") as run:
        run.log({"train": {"loss": 1, "acc": {"top1": 2}}, "a.b": 3})
        run.log({"train": {"loss": 4}})
    read = api.run(f"demo/{run.id}")
    (row,) = read.scan_history(["train.loss", "train.acc.top1", "a.b"])
    assert row == {"_step": 0, "train.loss": 1, "train.acc.top1": 2, "a.b": 3}
    assert [row["train.loss"] for row in read.history(keys=["train.loss"], pandas=False)] == [1, 4]
    assert list(read.scan_history(["train.nothing"])) == []
