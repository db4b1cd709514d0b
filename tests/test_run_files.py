"""The files that a run keeps: `save`, `run.dir`, `restore`, `log_code`."""

import json
import os

import pytest

import artnb
from artnb.errors import CommError, InvalidPathError, InvalidValueError, NoRunError, UsageError
from artnb.repository import Repository, open_repository


@pytest.fixture
def run():
    with artnb.init(project="demo", job_type="train") as opened:
        yield opened


def kept(run):
    repository = open_repository()
    files = repository.run(run.id).outputs.get("files", {})
    return {name: repository.read_blob(each["sha256"]).decode() for name, each in files.items()}


def test_what_is_saved_keeps_its_place_below_the_working_directory(run, tmp_path):
    for name in ("a/x.txt", "b/x.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    assert run.save("*/x.txt") == ["a/x.txt", "b/x.txt"]
    run.save(str(tmp_path / "a" / "x.txt"))
    run.save("b/*", base_path="b")
    assert kept(run) == {"a/x.txt": "a/x.txt", "b/x.txt": "b/x.txt", "x.txt": "b/x.txt"}
    with pytest.raises(InvalidPathError):
        run.save("a/x.txt", base_path="b")


def test_live_files_are_kept_again_if_they_changed(run, tmp_path):
    for policy in ("live", "now", "end"):
        (tmp_path / policy).write_text("before")
        run.save(policy, policy=policy)
    assert kept(run) == {"live": "before", "now": "before"}
    for policy in ("live", "now", "end"):
        (tmp_path / policy).write_text("afterwards")
    run.finish()
    assert kept(run) == {"live": "afterwards", "now": "before", "end": "afterwards"}
    with pytest.raises(InvalidValueError, match="did you mean 'live'"), artnb.init() as other:
        other.save("live", policy="life")


def test_a_live_file_that_went_stays_as_it_was_kept(run, tmp_path):
    (tmp_path / "x").write_text("here")
    run.save("x")
    (tmp_path / "x").unlink()
    run.finish()
    assert kept(run) == {"x": "here"}


def test_letters_of_a_pattern_can_be_a_name(run, tmp_path):
    (tmp_path / "x[1].txt").write_text("1")
    assert run.save("x[1].txt") == []
    assert run.save("x[1].txt", glob=False) == ["x[1].txt"]


def test_what_lies_in_the_runs_folder_is_kept_with_it(run):
    os.makedirs(os.path.join(run.dir, "sub"))
    with open(os.path.join(artnb.run.dir, "sub", "model.h5"), "w") as file:
        file.write("weights")
    run.finish()
    assert kept(run) == {"sub/model.h5": "weights"}


def test_what_was_restored_takes_no_newer_files_place(run, tmp_path):
    (tmp_path / "x").write_text("old")
    run.save("x", policy="now")
    run.finish()
    with artnb.init(id=run.id, resume="must") as again:
        again.restore("x").close()
        (tmp_path / "x").write_text("new")
        again.save("x", policy="now")
    assert kept(run) == {"x": "new"}


def test_files_that_cannot_be_kept_fail_no_run(run, monkeypatch):
    with open(os.path.join(run.dir, "x"), "w") as file:
        file.write("x")
    monkeypatch.setattr(Repository, "putting", lambda *_: (_ for _ in ()).throw(OSError("gone")))
    with pytest.warns(UserWarning, match="were not kept: gone"):
        run.finish()
    assert run.state == "finished"


def test_a_file_is_restored_from_this_run_or_another(run, tmp_path):
    (tmp_path / "x.txt").write_text("kept")
    run.save("x.txt")
    with artnb.restore("x.txt") as file:
        assert file.read() == "kept"
        assert file.name == os.path.join(run.dir, "x.txt")
    (tmp_path / "x.txt").write_text("changed")
    with run.restore("x.txt", root=tmp_path) as file:
        assert file.read() == "changed"
    with run.restore("x.txt", root=tmp_path, replace=True) as file:
        assert file.read() == "kept"
    run.finish()
    with pytest.raises(NoRunError):
        artnb.restore("x.txt")
    with artnb.restore("x.txt", run_path=f"demo/{run.id}", root="there") as file:
        assert file.read() == "kept"
    with pytest.raises(CommError, match=r"no file 'y\.txt'"):
        artnb.restore("y.txt", run_path=run.id)


def test_a_finished_run_is_given_a_file(run, tmp_path):
    run.summary["loss"] = 0.5
    run.finish()
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "loss.svg").write_text("<svg/>")
    found = artnb.Api().run(f"{run.project}/{run.id}")
    assert found.upload_file("plots/loss.svg").name == "plots/loss.svg"
    assert found.upload_file(tmp_path / "plots" / "loss.svg", root="plots").name == "loss.svg"
    again = artnb.Api().run(f"{run.project}/{run.id}")
    assert {"plots/loss.svg", "loss.svg"} <= {file.name for file in again.files()}
    assert again.file("loss.svg").download(tmp_path / "out").read() == "<svg/>"
    assert again.state == "finished"
    assert again.summary_metrics["loss"] == 0.5
    assert json.loads(again.json_config) == again.config


def test_a_file_for_a_run_lies_below_its_root(run, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "sub").mkdir()
    run.finish()
    found = artnb.Api().run(f"{run.project}/{run.id}")
    with pytest.raises(InvalidPathError, match=r"\.\./a\.txt"):
        found.upload_file("a.txt", root="sub")
    with pytest.raises(FileNotFoundError):
        found.upload_file("none.txt")
    assert found.files() == []


def test_source_files_are_an_artifact(run, tmp_path):
    for name in ("a.py", "sub/b.py", "data.csv", "requirements.txt", "artifacts/c.py", ".x/d.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    code = run.log_code()
    assert (code.name, code.type) == ("source-demo:v0", "code")
    assert sorted(code.manifest.entries) == ["a.py", "requirements.txt", "sub/b.py"]
    some = run.log_code(
        tmp_path,
        name="some",
        include_fn=lambda path, root: path.endswith((".py", ".csv")) and path.startswith(root),
        exclude_fn=lambda path: "sub" in path,
    )
    assert sorted(some.manifest.entries) == ["a.py", "data.csv"]
    assert run.log_code("sub", include_fn=lambda path: False) is None


def test_a_disabled_run_keeps_no_files(tmp_path):
    (tmp_path / "x.py").write_text("x")
    with artnb.init(mode="disabled") as run:
        open(os.path.join(run.dir, "x"), "w").close()
        assert run.log_code() is None
        assert artnb.restore("x") is None
        assert (run.url, run.get_url(), run.resumed) == (None, None, False)
    assert artnb.Api().projects() == []


def test_a_config_is_taken_in_parts():
    told = {"a": 1, "b": 2, "c": 3}
    with artnb.init(project="demo", config=told, config_exclude_keys=["a"]) as run:
        assert dict(run.config) == {"b": 2, "c": 3}
    with artnb.init(project="demo", config=told, config_include_keys="a, c") as run:
        assert dict(run.config) == {"a": 1, "c": 3}
    with pytest.raises(UsageError, match="not both"):
        artnb.init(config=told, config_include_keys=["a"], config_exclude_keys=["b"])


def test_a_config_of_absl_and_of_a_saved_run_is_understood(tmp_path):
    class Flags:
        def flag_values_dict(self):
            return {"lr": 0.1}

    (tmp_path / "config.yaml").write_text(
        "wandb_version: 1\nlr:\n  desc: null\n  value: 0.2\nplain: {a: 1}\n"
    )
    (tmp_path / "list.json").write_text("[1]")
    with artnb.init(project="demo", config=Flags()) as run:
        assert dict(run.config) == {"lr": 0.1}
    with artnb.init(project="demo", config="config.yaml") as run:
        assert dict(run.config) == {"lr": 0.2, "plain": {"a": 1}}
    with pytest.raises(InvalidValueError, match="holds a list"):
        artnb.init(config="list.json")


def test_options_without_a_meaning_here_are_said_once(recwarn):
    for _ in range(2):
        with artnb.init(project="demo", sync_tensorboard=True, anonymous="allow", force=False):
            pass
    said = [str(each.message) for each in recwarn if "sync_tensorboard" in str(each.message)]
    assert len(said) == 1
    with pytest.raises(UsageError, match="cannot be forked"):
        artnb.init(fork_from="x?_step=3")
