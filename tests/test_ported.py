"""Names of W&B that do nothing here, or refuse; settings and variables of `init`."""

import argparse
from importlib import import_module

import pytest

import artnb
from artnb.errors import InvalidValueError, UsageError


def test_what_prepares_a_server_does_nothing():
    artnb.setup()
    artnb.require("core")
    assert artnb.login(key="secret", relogin=True)
    artnb.init(project="demo")
    artnb.join()
    assert artnb.run is None
    artnb.init(project="demo")
    artnb.teardown()
    assert artnb.run is None


@pytest.mark.parametrize("name", ["sweep", "agent", "controller"])
def test_sweeps_are_refused_with_what_to_do_instead(name):
    with pytest.raises(UsageError, match=r"no sweeps.*artnb\.init\(group='sweep'"):
        getattr(artnb, name)({"method": "grid"})


def test_lines_for_a_terminal(capsys):
    artnb.termlog("a")
    artnb.termwarn("b", repeat=False)
    artnb.termwarn("b", repeat=False)
    artnb.termerror("c")
    assert capsys.readouterr().err == "artnb: a\nartnb: WARNING b\nartnb: ERROR c\n"


def test_warnings_are_silenced_as_wandbs_notebooks_do(capsys, monkeypatch):
    monkeypatch.setattr(artnb.errors.term, "_show_warnings", False)
    artnb.termwarn("b")
    artnb.termlog("a")
    assert capsys.readouterr().err == "artnb: a\n"


def test_a_config_is_updated_from_a_namespace():
    with artnb.init(project="demo", config=argparse.Namespace(lr=1)) as run:
        run.config.update(argparse.Namespace(depth=2))
        run.config.setdefaults(argparse.Namespace(lr=5, width=3))
        assert run.config == {"lr": 1, "depth": 2, "width": 3}
        with pytest.raises(artnb.errors.ConfigError, match="'lr'"):
            run.config.update(argparse.Namespace(lr=2))
        with pytest.raises(artnb.errors.InvalidMetadataError, match="or a Namespace, got list"):
            run.config.update([1])


def test_errors_have_their_names_there_too():
    assert issubclass(artnb.CommError, artnb.Error)
    assert artnb.errors.UsageError is artnb.UsageError
    assert artnb.errors.Error is artnb.Error


def test_an_id_for_a_run_that_is_to_be_resumed():
    made = {artnb.util.generate_id() for _ in range(100)}
    assert len(made) == 100
    assert all(len(each) == 8 and each.isalnum() for each in made)
    assert len(artnb.util.generate_id(20)) == 20


def test_settings_tell_a_run_what_it_is(tmp_path):
    (tmp_path / "x.py").write_text("x")
    settings = artnb.Settings(
        project="demo", run_id="mine", run_name="first", run_group="g", run_job_type="train",
        run_notes="n", run_tags=["t"], start_method="thread", _disable_stats=True, code_dir=".",
    )  # fmt: skip
    with artnb.init(name="second", settings=settings) as run:
        assert (run.id, run.name, run.group, run.job_type) == ("mine", "second", "g", "train")
        assert (run.project, run.notes, run.tags) == ("demo", "n", ("t",))
    assert [each.name for each in artnb.Api().run("mine").logged_artifacts()] == ["source-demo:v0"]
    with artnb.init(project="demo", settings={"disable_code": True, "mode": "online"}) as run:
        assert run._record.code is None
    with artnb.init(settings=artnb.Settings(mode="disabled")) as run:
        assert run.disabled
    with pytest.raises(UsageError, match="wound back"):
        artnb.init(settings={"resume_from": "x?_step=1"})


def test_variables_of_the_environment_tell_the_first_run(monkeypatch):
    for key, value in {
        "RUN_ID": "mine", "RESUME": "allow", "NAME": "named", "NOTES": "n", "TAGS": "a, b",
        "JOB_TYPE": "train", "PROJECT": "demo",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"WANDB_{key}", value)
    for resumed in (False, True):
        with artnb.init() as run:
            assert (run.id, run.name, run.tags, run.resumed) == (
                "mine",
                "named",
                ("a", "b"),
                resumed,
            )
            with artnb.init(job_type="report") as inner:
                assert inner.id != "mine"
    monkeypatch.delenv("WANDB_RESUME")
    with artnb.init(id="other", name="given") as run:
        assert (run.id, run.name) == ("other", "given")


def test_the_best_value_is_what_the_goal_says():
    with artnb.init(project="demo") as run:
        epoch = run.define_metric("epoch")
        run.define_metric("acc", step_metric=epoch, summary="best,last", goal="maximize")
        run.define_metric("loss", summary="best", goal="minimize")
        for acc, loss in [(0.5, 3.0), (0.9, 1.0), (0.7, 2.0)]:
            run.log({"acc": acc, "loss": loss, "epoch": 1})
        assert run.summary["acc"] == {"best": 0.9, "last": 0.7}
        assert run.summary["loss"] == {"best": 1.0}
        with pytest.raises(InvalidValueError, match="Say which"):
            run.define_metric("x", summary="best")
        with pytest.raises(InvalidValueError, match="did you mean 'minimize'"):
            run.define_metric("x", summary="best", goal="minimise")
    assert run._record.outputs["metrics"][1]["step_metric"] == "epoch"


def test_a_later_call_adds_to_an_earlier_one_unless_it_is_to_overwrite():
    with artnb.init(project="demo") as run:
        run.define_metric("loss", step_metric="epoch")
        assert run.define_metric("loss", summary="min").step_metric == "epoch"
        assert run.define_metric("loss", summary="max", overwrite=True).step_metric is None


def test_a_preempted_run_goes_on_elsewhere_at_once():
    with artnb.init(project="demo", id="mine") as run:
        run.mark_preempting()
        repository = run._repository
    repository.update_run("mine", state="running", host="elsewhere")
    with artnb.init(id="mine", resume="allow") as again:
        assert again.resumed
        assert "preempting" not in again._record.outputs


def test_hints_by_the_paths_of_wandbs_modules_are_our_classes():
    import artnb.apis.public as public
    from artnb.sdk.lib.runid import generate_id
    from artnb.sdk.wandb_run import Run

    from artnb.data_types import Image
    from artnb.public_run import PublicRun

    assert Run is artnb.Run is artnb.wandb_sdk.wandb_run.Run is artnb.sdk.wandb_run.Run
    assert public.Run is artnb.apis.public.Run is PublicRun
    assert Image is artnb.Image is artnb.sdk.data_types.image.Image is artnb.data_types.Image
    assert len(generate_id()) == 8
    with pytest.raises(AttributeError, match=r"artnb\.sdk\.lib has no 'telemetry'"):
        artnb.sdk.lib.telemetry  # noqa: B018


def test_each_of_these_paths_leads_to_something():
    from artnb.sdk import _CLASSES

    for place, names in _CLASSES.items():
        for name in names:
            assert callable(getattr(import_module(f"artnb.{place}"), name)), (place, name)
