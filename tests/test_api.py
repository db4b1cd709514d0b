"""init, log, finish: W&B's meanings, nested runs, and what is refused."""

import argparse
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

import artnb
from artnb import _api
from artnb.errors import (
    CatalogLockedError,
    CommError,
    ConfigError,
    InvalidValueError,
    NoRunError,
    RunFinishedError,
    StepWarning,
)


@pytest.fixture
def run():
    with artnb.init(project="demo", job_type="train") as opened:
        yield opened


def rows(run):
    return artnb.Api().run(f"demo/{run.id}").history(pandas=False)


def test_a_run_has_a_name_that_can_be_said():
    with artnb.init(project="demo") as one:
        pass
    with artnb.init(project="demo", job_type="x") as two:
        pass
    assert one.name.split("-")[2:] == ["1"]
    assert two.name.split("-")[2:] == ["2"]
    assert one.state == "finished"


def test_the_current_run_is_seen_at_module_level():
    assert artnb.run is None
    with artnb.init(project="demo", config={"lr": 0.1}) as run:
        assert artnb.run is run
        assert artnb.config is run.config
        assert artnb.summary is run.summary
        assert artnb.config.lr == 0.1
    assert artnb.run is None


def test_module_calls_without_a_run_say_what_to_do():
    for call in (lambda: artnb.log({}), lambda: artnb.config.lr, lambda: artnb.summary["a"],
                 lambda: artnb.use_artifact("a"), lambda: artnb.log_artifact("a"),
                 lambda: artnb.save("a")):  # fmt: skip
        with pytest.raises(NoRunError, match=r"artnb\.init\(\)"):
            call()


def test_config_is_a_mapping_and_an_attribute_bag():
    with artnb.init(project="demo", config={"width": 8, "kernels": (3, 5)}) as run:
        run.config.depth = np.int64(2)
        run.config["act"] = "relu"

        def model(width, kernels, depth, act):
            return width, kernels, depth, act

        assert model(**run.config) == (8, [3, 5], 2, "relu")
        assert dict(run.config) == run.config.as_dict()
        assert "act" in run.config
        assert len(run.config) == 4
        with pytest.raises(AttributeError, match="'width'"):
            _ = run.config.widht
    assert artnb.Api().run(run.id).config["depth"] == 2


def test_a_config_value_does_not_change_silently(run):
    run.config.lr = 0.1
    run.config.lr = 0.1
    with pytest.raises(ConfigError, match="allow_val_change"):
        run.config.lr = 0.2
    run.config.update({"lr": 0.2}, allow_val_change=True)
    run.config.setdefaults({"lr": 0.3, "wd": 0.4})
    assert dict(run.config) == {"lr": 0.2, "wd": 0.4}


class Device:
    """Stands for `torch.device` and the like."""

    def __str__(self):
        return "cuda:0"


class Broken:
    def __str__(self):
        raise ValueError


def test_what_has_no_form_in_json_is_its_text_in_config_and_metadata():
    odd = {"device": Device(), "each": [range(2)], "max": float("inf"), "broken": Broken()}
    with artnb.init(project="demo", config=odd) as run:
        name = f"{__name__}.Broken"
        told = {"device": "cuda:0", "each": ["range(0, 2)"], "max": float("inf"), "broken": name}
        assert run.config.as_dict() == told
        run.config.update({"device": Device()})  # the same again
        run.config.any = object()
        assert run.config.any == "<object object>"
        with pytest.raises(TypeError, match="no form in JSON"):
            run.log({"device": Device()})
    assert artnb.Api().run(run.id).config == told | {"any": "<object object>"}
    assert artnb.Artifact("a", "b", metadata={"on": Device()}).metadata == {"on": "cuda:0"}


def test_config_is_read_from_a_namespace_and_from_files(tmp_path):
    (tmp_path / "c.json").write_text('{"a": 1}')
    (tmp_path / "c.yaml").write_text("a: 2\n")
    for given, expected in [
        (argparse.Namespace(a=0), 0),
        (str(tmp_path / "c.json"), 1),
        (str(tmp_path / "c.yaml"), 2),
    ]:
        with artnb.init(project="demo", config=given) as run:
            assert run.config.a == expected
    with pytest.raises(InvalidValueError, match="no file"):
        artnb.init(config="nothing.yaml")


def test_logging_makes_rows_and_the_summary(run):
    run.log({"loss": 2.0, "nested": {"a": 1}})
    run.log({"loss": 1.0, "acc": np.float32(0.5)})
    run.finish()
    found = rows(run)
    assert [row["_step"] for row in found] == [0, 1]
    assert [row["loss"] for row in found] == [2.0, 1.0]
    assert artnb.Api().run(run.id).summary == {"loss": 1.0, "nested": {"a": 1}, "acc": 0.5}


def test_the_same_step_is_one_row(run):
    run.log({"a": 1}, step=100)
    run.log({"b": 2}, step=100)
    run.log({"a": 3}, step=200)
    run.finish()
    assert [{k: v for k, v in row.items() if k != "_timestamp"} for row in rows(run)] == [
        {"_step": 100, "a": 1, "b": 2},
        {"_step": 200, "a": 3},
    ]


def test_commit_false_keeps_the_row_open(run):
    run.log({"a": 1}, commit=False)
    run.log({"b": 2})
    run.finish()
    (row,) = rows(run)
    assert (row["a"], row["b"]) == (1, 2)


def test_a_step_that_goes_back_is_left_out_and_said(run):
    run.log({"a": 1}, step=10)
    with pytest.warns(StepWarning, match=r"step=5.*at step 10"):
        run.log({"a": 2}, step=5)
    run.finish()
    assert [row["a"] for row in rows(run)] == [1]
    assert artnb.Api().run(run.id).summary["a"] == 1


@pytest.mark.parametrize("data", [[("a", 1)], 3, {1: 2}, {"a": object()}])
def test_what_cannot_be_logged_is_a_type_error(run, data):
    with pytest.raises(TypeError):
        run.log(data)


def test_nan_and_inf_are_kept(run):
    run.log({"a": float("nan"), "b": float("inf")})
    run.finish()
    (row,) = rows(run)
    assert row["a"] != row["a"]
    assert row["b"] == float("inf")


def test_images_are_kept_with_their_captions(run):
    pictures = [artnb.Image(np.full((4, 4), n / 4), caption=f"n{n}") for n in range(3)]
    run.log({"one": pictures[0], "many": pictures})
    run.finish()
    (row,) = rows(run)
    assert (row["one"]["_type"], row["one"]["width"]) == ("image-file", 4)
    assert [picture["caption"] for picture in row["many"]["images"]] == ["n0", "n1", "n2"]
    data = _api.current_repository().read_blob(row["one"]["sha256"])
    assert data.startswith(b"\x89PNG")


def test_the_summary_takes_tensors():
    import torch

    with artnb.init(project="demo") as run:
        run.summary.update({"acc": torch.tensor(0.5), "vec": torch.tensor([1, 2])})
        run.summary["n"] = np.int32(4)
        assert "acc" in run.summary
        del run.summary["n"]
    assert artnb.Api().run(run.id).summary == {"acc": 0.5, "vec": [1, 2]}


def test_nothing_is_recorded_after_the_end(run):
    run.finish()
    run.finish()
    for call in (
        lambda: run.log({"a": 1}),
        lambda: run.config.update({"a": 1}),
        lambda: run.summary.update({"a": 1}),
        lambda: run.log_artifact(artnb.Artifact("a", "b")),
        lambda: run.use_artifact("a"),
        lambda: run.save("a"),
    ):
        with pytest.raises(RunFinishedError, match=run.name):
            call()
    assert dict(run.config) == {}


def test_an_exception_makes_the_run_failed_and_goes_on():
    with pytest.raises(KeyError), artnb.init(project="demo") as run:
        run.log({"a": 1})
        raise KeyError("stop")
    assert run.state == "failed"
    assert rows(run)[0]["a"] == 1


def test_a_run_that_an_exception_ended_keeps_it_without_its_secrets(repository, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "hush-5e1f-0042")
    with pytest.raises(ValueError, match="hush"), artnb.init(project="demo") as run:
        raise ValueError("refused with hush-5e1f-0042")
    said = repository.run(run.id).outputs["error"]
    assert (said["name"], said["message"]) == ("ValueError", "refused with ***")
    assert "test_api.py" in said["traceback"]
    assert "hush-5e1f-0042" not in said["traceback"]


def test_an_error_that_cannot_be_noted_leaves_the_run_failed(monkeypatch):
    def locked(*_, **__):
        raise CatalogLockedError("The catalogue is locked.")

    with pytest.raises(KeyError) as raised, artnb.init(project="demo") as run:
        monkeypatch.setattr(type(run._repository), "add_output", locked)
        raise KeyError("stop")
    assert (run.state, raised.value.args) == ("failed", ("stop",))


def test_an_exception_after_the_end_of_a_run_is_not_the_runs(repository):
    with pytest.raises(KeyError), artnb.init(project="demo") as run:
        run.finish()
        raise KeyError("stop")
    assert (run.state, repository.run(run.id).outputs) == ("finished", {})


def test_a_misspelt_attribute_of_a_run_is_refused(run):
    with pytest.raises(InvalidValueError, match="did you mean 'notes'"):
        run.note = "x"
    run.notes = "x"
    run.tags = "one"
    assert (run.notes, run.tags) == ("x", ("one",))


def test_init_refuses_an_unknown_option_and_names_the_right_one():
    with pytest.raises(InvalidValueError, match="did you mean 'job_type'"):
        artnb.init(jobtype="x")


def test_an_init_of_the_same_kind_takes_part_in_the_open_run():
    with artnb.init(project="demo", job_type="train") as outer:
        for kwargs in ({}, {"project": "demo"}, {"project": "demo", "job_type": "train"}):
            with artnb.init(**kwargs, config={"seen": True}) as inner:
                assert inner is outer
            outer.log({"still": "open"})
    assert outer.state == "finished"
    assert artnb.Api().run(outer.id).config == {"seen": True}


def test_only_the_outermost_exit_finishes_a_run_that_was_opened_without_with():
    outer = artnb.init(project="demo", job_type="train")
    with artnb.init(project="demo", job_type="train") as inner:
        assert inner is outer
    assert outer.state == "running"
    outer.finish()
    assert outer.state == "finished"


def test_another_job_type_within_a_with_block_is_a_run_of_its_own():
    with artnb.init(project="demo", job_type="train") as outer:
        with artnb.init(project="demo", job_type="report") as inner:
            assert artnb.run is inner
        assert artnb.run is outer
        assert (inner.state, outer.state) == ("finished", "running")
    assert outer.id != inner.id


def test_reinit_says_what_becomes_of_the_open_run():
    first = artnb.init(project="demo", job_type="a")
    assert artnb.init(project="demo", job_type="b", reinit="return_previous") is first
    second = artnb.init(project="demo", job_type="b", reinit="finish_previous")
    assert first.state == "finished"
    third = artnb.init(project="demo", job_type="b", reinit="create_new")
    assert second.state == "running"
    third.finish()
    second.finish()
    with pytest.raises(InvalidValueError, match="create_new"):
        artnb.init(reinit="create-new")


def test_disabled_keeps_nothing_and_can_be_pickled(tmp_path):
    with artnb.init(mode="disabled", config={"a": 1}) as run:
        run.log({"a": 1})
        run.summary["x"] = 1
        draft = artnb.Artifact("a", "b")
        assert run.log_artifact(draft) is draft
        assert pickle.loads(pickle.dumps(run)).config.a == 1
    assert artnb.Api().projects() == []


def test_a_disabled_run_has_every_name_of_a_run():
    with artnb.init(mode="disabled") as run:
        names = [name for name in dir(artnb.Run) if not name.startswith("_")]
        assert [name for name in names if not hasattr(run, name)] == []
        with pytest.raises(AttributeError, match=r"config\.as_dict"):
            _ = run.config_static


def test_while_a_disabled_run_is_open_all_calls_speak_to_it(monkeypatch):
    monkeypatch.setenv("ARTNB_MODE", "disabled")
    with artnb.init(project="demo", job_type="a", config={"a": 1}) as run:
        assert artnb.run is run
        with artnb.init(job_type="b", config={"b": 2}) as inner:
            assert inner is run
        artnb.log({"loss": 1})
        artnb.define_metric("loss", summary="min")
        artnb.config["c"] = 3
        artnb.summary["d"] = 4
        assert artnb.config.as_dict() == {"a": 1, "b": 2, "c": 3}
        assert artnb.save("none") == []
        assert artnb.log_model("model.pt") == "model.pt"
        draft = artnb.Artifact("x", "y")
        assert artnb.use_artifact(artnb.log_artifact(draft)) is draft
    assert artnb.run is None
    artnb.init()
    artnb.log({"loss": 1})
    artnb.finish()
    assert artnb.run is None
    with pytest.raises(NoRunError):
        artnb.log({"loss": 1})
    assert artnb.Api().projects() == []


def test_a_disabled_run_reads_what_is_there_and_writes_no_edge(tmp_path):
    with artnb.init(project="demo") as run:
        model = artnb.Artifact("net", "model")
        with model.new_file("net.txt") as file:
            file.write("0.5")
        run.log_artifact(model)
    with artnb.init(project="demo", mode="disabled") as run:
        assert run.use_artifact("net:v0").version == "v0"
        assert Path(run.use_model("net:latest")).read_text() == "0.5"
        with pytest.raises(CommError, match=r"did you mean 'net'.*only what was logged before"):
            run.use_artifact("nett:v0")
    assert artnb.Api().artifact("demo/net:v0").used_by() == []


def test_what_a_disabled_run_logs_can_be_waited_for():
    draft = artnb.Artifact("data", "dataset")
    with artnb.init(mode="disabled") as run:
        assert run.log_artifact(draft).wait() is draft
    with pytest.raises(artnb.errors.ArtifactNotLoggedError):
        artnb.Artifact("data", "dataset").wait()


@pytest.mark.parametrize("mode", ["dryrun", "run", "shared", "offline", "online"])
def test_modes_of_every_age_are_taken(mode, monkeypatch):
    with artnb.init(project="demo", mode=mode) as run:
        assert not run.disabled
    monkeypatch.setenv("WANDB_MODE", mode)
    with artnb.init(project="demo") as run:
        assert not run.disabled


def test_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(artnb.errors.InvalidValueError, match="did you mean 'disabled'"):
        artnb.init(mode="disable")


def test_a_folder_for_logs_begins_no_repository_of_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("ARTNB_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    with artnb.init(project="demo", dir="logs") as run:
        pass
    assert artnb.Api().run(f"demo/{run.id}").state == "finished"
    assert [path.name for path in tmp_path.rglob(".artnb")] == [".artnb"]
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    with artnb.init(project="demo", dir=elsewhere):
        pass
    assert (elsewhere / ".artnb").is_dir()


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder beside the working directory, with a repository of its own."""
    monkeypatch.delenv("ARTNB_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path.parent / f"{tmp_path.name}-there"


def test_who_reads_finds_the_runs_of_the_last_folder_that_was_named(there):
    with artnb.init(project="demo") as here:
        pass
    with artnb.init(project="demo", dir=os.path.relpath(there)) as run:
        assert artnb.Api().run(f"demo/{run.id}").state == "running"
    assert artnb.Api().run(f"demo/{run.id}").state == "finished"
    assert [each.id for each in artnb.Api().runs("demo")] == [run.id]
    assert f"r:{run.id}" in artnb.graph("demo", level="instances").to_networkx()
    with artnb.init(project="demo") as last:
        pass
    assert [each.id for each in artnb.Api().runs("demo")] == [here.id, last.id]


def test_another_working_directory_or_a_folder_that_is_gone_is_read_as_ever(
    there, tmp_path, monkeypatch
):
    with artnb.init(project="demo") as here:
        pass
    with artnb.init(project="demo", dir=there):
        pass
    other = there.with_name(f"{there.name}-other")
    other.mkdir()
    monkeypatch.chdir(other)
    assert artnb.Api().projects() == []
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(there)
    assert [each.id for each in artnb.Api().runs("demo")] == [here.id]
    assert not there.exists()


def test_a_version_of_another_folder_is_linked_there(there):
    with artnb.init(project="demo", dir=there) as run:
        data = artnb.Artifact("data", "dataset")
        with data.new_file("x") as file:
            file.write("x")
        run.log_artifact(data)
    linked = artnb.Api().artifact("demo/data:latest").link("registry/data")
    assert artnb.Api().artifact("registry/data:v0").source_name == linked.source_name == "data:v0"


def test_a_disabled_run_reads_in_the_folder_that_it_was_given(tmp_path, monkeypatch):
    monkeypatch.delenv("ARTNB_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "there"
    there.mkdir()
    (there / "artnb.toml").touch()
    with artnb.init(project="demo", dir=there) as run:
        data = artnb.Artifact("data", "dataset")
        with data.new_file("x") as file:
            file.write("x")
        run.log_artifact(data)
    with artnb.init(project="demo", dir=there, mode="disabled") as run:
        assert run.use_artifact("data:latest").version == "v0"


def test_used_and_logged_artifacts_are_edges():
    with artnb.init(project="demo", job_type="make") as maker:
        data = artnb.Artifact("data", "dataset")
        with data.new_file("x") as file:
            file.write("x")
        maker.log_artifact(data, aliases=["raw"])
    with artnb.init(project="demo", job_type="train") as user:
        used = user.use_artifact("data:raw", type="dataset")
        assert used.version == "v0"
        with pytest.raises(CommError, match="'dataset', not 'model'"):
            user.use_artifact("data:raw", type="model")
        draft = artnb.Artifact("more", "dataset")
        assert user.use_artifact(draft).version == "v0"
    assert used.logged_by().id == maker.id
    assert [run.id for run in used.used_by()] == [user.id]
    seen = artnb.Api().run(user.id)
    assert [a.name for a in seen.used_artifacts()] == ["data:v0", "more:v0"]
    assert [a.name for a in seen.logged_artifacts()] == ["more:v0"]


def test_paths_are_logged_as_artifacts(run, tmp_path):
    (tmp_path / "m.pt").write_text("weights")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").write_text("x")
    assert run.log_artifact(str(tmp_path / "m.pt")).name == f"run-{run.id}-m.pt:v0"
    assert run.log_artifact(tmp_path / "d", name="data", type="dataset").type == "dataset"
    assert run.log_model(tmp_path / "m.pt", "net").type == "model"
    assert open(run.use_model("net:latest")).read() == "weights"


def test_a_version_logged_by_a_second_run_gets_its_edge_and_aliases():
    with artnb.init(project="demo", job_type="one") as one:
        data = one.log_artifact(artnb.Artifact("data", "dataset"))
    with artnb.init(project="demo", job_type="two") as two:
        two.log_artifact(data, aliases=["checked"])
    assert data.aliases == ["latest", "checked"]
    assert [a.name for a in artnb.Api().run(two.id).logged_artifacts()] == ["data:v0"]


def test_saved_files_stay_with_the_run(run, tmp_path):
    (tmp_path / "a.csv").write_text("1,2")
    assert run.save("*.csv") == ["a.csv"]
    assert run.save("nothing*") == []
    kept = _api.current_repository().run(run.id).outputs["files"]
    assert kept["a.csv"]["size"] == 3


def test_api_lists_runs_and_versions():
    for n in range(3):
        with artnb.init(project="demo", job_type=f"j{n}") as run:
            draft = artnb.Artifact("data", "dataset")
            with draft.new_file("n") as file:
                file.write(str(n))
            run.log_artifact(draft)
    api = artnb.Api()
    assert api.projects() == ["demo"]
    assert [r.job_type for r in api.runs("demo")] == ["j0", "j1", "j2"]
    assert [r.job_type for r in api.runs("me/demo", order="-created_at")] == ["j2", "j1", "j0"]
    assert [a.version for a in api.artifacts("dataset", "demo/data")] == ["v2", "v1", "v0"]
    assert api.artifact("data:v1").version == "v1"
    with pytest.raises(CommError, match="did you mean 'demo'"):
        api.runs("dmeo")
    with pytest.raises(CommError, match="no run with the id"):
        api.run("demo/xxxxxxxx")


def test_history_is_a_frame_and_scans_by_key(run):
    run.log({"a": 1})
    run.log({"a": 2, "b": 3})
    run.finish()
    seen = artnb.Api().run(run.id)
    assert list(seen.history()["a"]) == [1, 2]
    assert list(seen.scan_history(["a", "b"])) == [{"_step": 1, "a": 2, "b": 3}]


def test_threads_log_into_one_run(run):
    import threading

    threads = [
        threading.Thread(target=lambda: [run.log({"x": n}) for n in range(50)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    assert [row["_step"] for row in rows(run)] == list(range(200))


def test_nothing_of_a_run_waits_to_be_sent():
    with artnb.init(project="demo") as run:
        status = run.status()
        assert (status.sync_items_total, status.sync_items_pending) == (0, 0)
        assert status.sync_time.timestamp() >= run.start_time - 0.001  # it is rounded
        assert run.sync_dir == run.dir
        assert run.sweep_url is None
        run.pin_config_keys(["lr"])
        artnb.mark_preempting()
        assert artnb.Api().run(run.id).outputs["preempting"]
    with artnb.init(mode="disabled") as run:
        assert run.status().sync_items_pending == 0
        assert run.sync_dir == run.dir
        run.pin_config_keys()
        artnb.mark_preempting()
