"""Links: a version of a registry's collection with the content of one logged elsewhere."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import artnb
from artnb.cli import main
from artnb.errors import (
    ArtifactNotLoggedError,
    CommError,
    InvalidNameError,
    InvalidValueError,
    ObjectMissingError,
    TypeMismatchError,
    UsageError,
)
from artnb.repository import open_repository

TARGET = "wandb-registry-model/digits"


def draft(text="0.5", name="net", type="model"):
    made = artnb.Artifact(name, type, description="said", metadata={"acc": 0.5})
    with made.new_file("net.txt") as file:
        file.write(text)
    return made


def log(text="0.5", **options):
    with artnb.init(project="demo", job_type="train") as run:
        return run.log_artifact(draft(text, **options))


@pytest.mark.both_catalogs
def test_a_link_is_a_version_of_its_own_with_the_same_content(catalog):
    source = log()
    with artnb.init(project="demo", job_type="promote") as run:
        linked = run.link_artifact(source, TARGET, aliases=["production"])
    assert (linked.qualified_name, linked.aliases) == (f"{TARGET}:v0", ["latest", "production"])
    assert linked.digest == source.digest
    assert (linked.description, linked.metadata, linked.type) == ("said", {"acc": 0.5}, "model")
    assert linked.is_link
    assert not source.is_link
    assert linked.source_qualified_name == source.source_qualified_name == "demo/net:v0"
    assert (linked.source_name, linked.source_project, linked.source_version) == (
        "net:v0", "demo", "v0",
    )  # fmt: skip
    assert linked.source_artifact.qualified_name == "demo/net:v0"
    assert linked.source_artifact.aliases == ["latest"]
    assert (Path(linked.download()) / "net.txt").read_text() == "0.5"
    with artnb.init(project="serve") as run:
        assert run.use_artifact(f"{TARGET}:production").version == "v0"


def test_the_command_line_says_what_it_is_a_link_to(capsys):
    log().link(TARGET)
    main(["show", f"{TARGET}:v0"])
    assert "link of     demo/net:v0" in capsys.readouterr().out
    main(["show", "demo/net:v0"])
    assert "link of" not in capsys.readouterr().out


def test_no_bytes_are_written_for_it():
    log("x" * 100_000)
    objects = open_repository().root / "objects"

    def held():
        return sum(path.stat().st_size for path in objects.rglob("*") if path.is_file())

    before = held()
    with artnb.init(project="demo") as run:
        run.link_artifact(run.use_artifact("net:latest"), TARGET)
    assert held() - before < 10_000


def test_a_link_came_from_what_it_is_a_link_to():
    source = log()
    with artnb.init(project="demo", job_type="promote") as run:
        linked = run.link_artifact(source, TARGET)
    assert [each.qualified_name for each in linked.ancestors()] == ["demo/net:v0"]
    assert linked.logged_by().job_type == "promote"
    with artnb.init(project="demo", job_type="train") as run:
        own = run.link_artifact(draft("1"), TARGET)
    assert [each.name for each in artnb.Api().run(run.id).used_artifacts()] == []
    assert [each.name for each in artnb.Api().run(run.id).logged_artifacts()] == [
        "net:v1", "digits:v1",
    ]  # fmt: skip
    assert own.aliases == ["latest"]


def test_the_same_content_is_linked_once_and_its_aliases_move():
    source, other = log(), log("1")
    with artnb.init(project="demo") as run:
        first = run.link_artifact(source, TARGET, aliases="best")
        run.link_artifact(other, TARGET, aliases=["best"])
        again = run.link_artifact(source, TARGET, aliases=["best"])
    assert again.qualified_name == first.qualified_name
    assert again.aliases == ["latest", "best"]


def test_an_artifact_is_linked_outside_of_a_run_too():
    source = log()
    linked = artnb.Api().artifact("demo/net:v0").link(TARGET, ["a"])
    assert (linked.logged_by().job_type, linked.logged_by().project) == ("auto", "demo")
    assert source.link("near").qualified_name == "demo/near:v0"
    with artnb.init(project="demo", job_type="x") as run:
        assert draft("2").link(TARGET).logged_by().id == run.id


def test_a_model_is_registered(tmp_path):
    (tmp_path / "m.pt").write_text("weights")
    with artnb.init(project="demo") as run:
        linked = artnb.link_model("m.pt", "digits", name="net", aliases=["staging"])
        assert linked.qualified_name == "model-registry/digits:v0"
        assert Path(run.use_model("model-registry/digits:staging")).read_text() == "weights"
        with pytest.raises(InvalidValueError, match="name alone"):
            run.link_model("m.pt", "model-registry/digits")
    assert artnb.Api().artifact("demo/net:v0").aliases == ["latest"]


def test_unlinking_leaves_the_source_and_the_other_way_round():
    source = log()
    with artnb.init(project="demo") as run:
        linked, other = run.link_artifact(source, TARGET), run.link_artifact(source, "r/other")
    with pytest.raises(UsageError, match="is no link"):
        source.unlink()
    linked.unlink()
    with pytest.raises(CommError):
        artnb.Api().artifact(f"{TARGET}:v0")
    source.delete(delete_aliases=True)
    repository = open_repository()
    repository.maintenance.collect(grace=0)
    assert (Path(artnb.Api().artifact("r/other:v0").download()) / "net.txt").read_text() == "0.5"
    assert other.is_link
    assert other.source_artifact is None


def test_what_cannot_be_linked_is_refused():
    source = log()
    log(name="data", type="dataset")
    with artnb.init(project="demo") as run:
        with pytest.raises(UsageError, match="already"):
            run.link_artifact(source, "net")
        with pytest.raises(UsageError, match=r"write the collection alone"):
            run.link_artifact(source, "r/net:v0")
        with pytest.raises(TypeMismatchError):
            run.link_artifact(source, "demo/data")
        with pytest.raises(InvalidNameError):
            run.link_artifact(source, "r/a b?")
    with pytest.raises(ArtifactNotLoggedError):
        _ = draft().is_link
    assert artnb.Api().runs("demo")[0].state == "finished"


def test_a_source_that_is_damaged_is_not_linked(monkeypatch):
    source = log()
    catalog = open_repository().parts.catalog
    monkeypatch.setattr(type(catalog), "missing", lambda self, digests: set(digests))
    with artnb.init(project="demo") as run, pytest.raises(ObjectMissingError, match="net:v0"):
        run.link_artifact(source, TARGET)


def test_references_are_linked_as_references(tmp_path):
    (tmp_path / "far.txt").write_text("far")
    made = artnb.Artifact("far", "dataset")
    made.add_reference(tmp_path / "far.txt")
    with artnb.init(project="demo") as run:
        source = run.log_artifact(made)
        linked = run.link_artifact(source, "r/far")
    assert linked.digest == source.digest
    assert (Path(linked.download()) / "far.txt").read_text() == "far"


def test_a_link_survives_the_loss_of_the_catalogue():
    source = log()
    source.link(TARGET)
    (open_repository().root / "catalog.db").unlink()
    rebuilt = subprocess.run(
        [sys.executable, "-m", "artnb", "rebuild"], capture_output=True, text=True, timeout=120
    )
    assert rebuilt.returncode == 0, rebuilt.stderr
    program = (
        "import artnb, json; a = artnb.Api().artifact('wandb-registry-model/digits:v0'); "
        "print(json.dumps([a.is_link, a.source_artifact.qualified_name]))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert json.loads(told.stdout) == [True, "demo/net:v0"]


def test_a_disabled_run_links_nothing():
    with artnb.init(mode="disabled") as run:
        made = draft()
        assert run.link_artifact(made, TARGET) is made
        assert made.link(TARGET) is made


def test_a_link_that_is_linked_again_to_its_collection_gets_the_aliases():
    source = log()
    with artnb.init(project="demo") as run:
        run.link_artifact(source, "Digits of a Hand", ["staging"])
    with artnb.init(project="demo", job_type="evaluate") as run:
        found = run.use_artifact("Digits of a Hand:staging")
        again = run.link_artifact(found, "Digits of a Hand", ["latest", "production"])
    assert (again.version, set(again.aliases)) == ("v0", {"staging", "latest", "production"})
    assert [each.ref for each in run._repository.used(run.id)] == ["Digits of a Hand:v0"]


def test_a_registrys_collection_may_have_words(tmp_path):
    with artnb.init(project="demo") as run:
        draft = artnb.Artifact("net", "model")
        with draft.new_file("weights") as file:
            file.write("1")
        version = run.log_artifact(draft)
        linked = run.link_artifact(version, "wandb-registry-model/Digits of a Hand")
        assert linked.qualified_name == "wandb-registry-model/Digits of a Hand:v0"
        used = run.use_artifact("wandb-registry-model/Digits of a Hand:latest")
        assert Path(used.download(), "weights").read_text() == "1"
        with pytest.raises(InvalidNameError, match="' a' is not allowed"):
            run.link_artifact(version, "wandb-registry-model/ a")
        with pytest.raises(InvalidNameError, match="'a b' is not allowed"):
            artnb.Artifact("a b", "model")
    api = artnb.Api()
    collection = api.artifact_collection("model", "wandb-registry-model/Digits of a Hand")
    assert [each.version for each in collection.artifacts()] == ["v0"]
    url = (tmp_path / "there").as_uri()
    for command in (["push", url], ["pull", url], ["rebuild"]):
        assert main(command) == 0
    assert [each.version for each in collection.artifacts()] == ["v0"]


def test_a_version_knows_its_links_and_each_of_them_its_source():
    source = log()
    assert (source.linked_artifacts, source.linked_at, source.source_entity) == ([], None, "")
    one, two = source.link(TARGET), source.link("model-registry/net")
    log(name="twin")  # has the same content, and is no link
    assert [each.qualified_name for each in source.linked_artifacts] == [
        f"{TARGET}:v0", "model-registry/net:v0",
    ]  # fmt: skip
    assert one.linked_artifacts == []
    assert one.linked_at == one.created_at
    assert (one.collection.id, one.source_collection.id) == (TARGET, "demo/net")
    assert source.collection.id == source.source_collection.id == "demo/net"
    two.unlink()
    assert [each.project for each in source.linked_artifacts] == ["wandb-registry-model"]
