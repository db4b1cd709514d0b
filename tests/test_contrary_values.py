"""Values whose class raises when it is asked something, in config, rows, summary and metadata."""

import json

import pytest

import artnb
from artnb.errors import ConfigError, InvalidMetadataError

ASKED = (
    *("__class__", "__eq__", "__bool__", "__repr__", "__str__", "__getattr__", "__getattribute__"),
    *("__len__", "__iter__", "__hash__", "__array__"),
)


@pytest.fixture(params=ASKED)
def value(request):
    def refuse(*_):
        raise RuntimeError("not to be asked")

    made = property(refuse) if request.param == "__class__" else refuse
    return type("Contrary", (), {request.param: made})()


@pytest.fixture
def run():
    with artnb.init(project="demo") as opened:
        yield opened


def test_config_and_metadata_name_it_and_keep_all_else(run, value):
    run.config.update({"lr": 0.5, "value": value, "parts": [1, value]})
    kept = artnb.Api().run(run.id).config
    assert (kept["lr"], kept["parts"][0]) == (0.5, 1)
    assert "Contrary" in kept["value"]
    assert "Contrary" in kept["parts"][1]
    artifact = artnb.Artifact("thing", "data", metadata={"rows": 3, "value": value})
    with artifact.new_file("a.txt") as file:
        file.write("1")
    assert run.log_artifact(artifact).metadata == {"rows": 3, "value": kept["value"]}
    with pytest.raises(ConfigError, match=r"config\['lr'\] is 0.5 and would become '.*Contrary"):
        run.config.update({"lr": value}, allow_val_change=False)


def test_a_run_begins_with_it_in_its_config(value):
    with artnb.init(project="demo", config={"lr": 0.5, "value": value}) as run:
        pass
    assert artnb.Api().run(run.id).config["lr"] == 0.5


@pytest.mark.parametrize("place", [lambda v: v, lambda v: [v], lambda v: {"deep": v}])
def test_a_row_with_it_is_refused_by_name_and_the_rows_around_it_are_kept(run, value, place):
    run.log({"loss": 1})
    with pytest.raises(TypeError, match=r"log: 'value'.*Contrary"):
        run.log({"loss": 2, "value": place(value)})
    with pytest.raises(InvalidMetadataError, match=r"summary\['value'\].*Contrary"):
        run.summary["value"] = place(value)
    run.log({"loss": 3})
    run.finish()
    done = artnb.Api().run(run.id)
    assert [row["loss"] for row in done.history(pandas=False)] == [1, 3]
    assert dict(done.summary) == {"loss": 3}


def test_what_holds_itself_is_still_told():
    endless = []
    endless.append(endless)
    with pytest.raises(InvalidMetadataError, match="holds itself"):
        artnb.init(project="demo", config={"endless": endless})


def _no_dumps(*_, **__):
    raise RuntimeError("patched")


@pytest.mark.parametrize("name", ["dumps", "dump", "_default_encoder", "JSONEncoder"])
def test_a_patched_json_keeps_nothing_from_being_saved(monkeypatch, name):
    with artnb.init(project="demo", config={"before": 1}) as run, monkeypatch.context() as patch:
        patch.setattr(json, name, _no_dumps)
        run.config["lr"] = 0.5
        run.log({"loss": 1})
        artifact = artnb.Artifact("thing", "data", metadata={"rows": 3})
        with artifact.new_file("a.txt") as file:
            file.write("1")
        artifact.add(artnb.Table(columns=["a"], data=[[1]]), "table")
        run.log_artifact(artifact, aliases=["best"])
        run.log({"table": artnb.Table(columns=["a"], data=[[1]])})
    found = artnb.Api().run(run.id)
    assert (found.config["lr"], found.summary["loss"], found.state) == (0.5, 1, "finished")
    assert artnb.Api().artifact("demo/thing:best").metadata == {"rows": 3}
