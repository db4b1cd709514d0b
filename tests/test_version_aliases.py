"""``v3`` as an alias: refused wherever one can be given, before anything is written."""

import pytest

import artnb
from artnb.cli import main
from artnb.errors import InvalidNameError


def made(text="1", name="net"):
    artifact = artnb.Artifact(name, type="model")
    with artifact.new_file("a.txt") as file:
        file.write(text)
    return artifact


def recorded():
    """Return what is in the catalogue and in the store."""
    api = artnb.Api()
    runs = [(run.id, run.state) for run in api.runs("demo")]
    versions = [
        (version.qualified_name, version.aliases, version.description)
        for each in ("net", "kept")
        if api.artifact_exists(f"demo/{each}:v0")
        for version in api.artifacts("model", f"demo/{each}")
    ]
    root = api._repository.root
    objects = sorted(path.name for path in (root / "objects").rglob("*"))
    assert objects  # else this looks at the wrong place
    return runs, versions, objects


@pytest.fixture
def kept():
    with artnb.init(project="demo") as run:
        return run.log_artifact(made(name="kept"))


@pytest.fixture
def file(tmp_path):
    (tmp_path / "net.txt").write_text("5")
    return str(tmp_path / "net.txt")


WAYS = {
    "log_artifact": lambda run, kept, file: run.log_artifact(made("2"), aliases=["best", "v3"]),
    "log_artifact of a path": lambda run, kept, file: run.log_artifact(file, aliases="v3"),
    "log_artifact once more": lambda run, kept, file: run.log_artifact(kept, aliases=["v3"]),
    "log_model": lambda run, kept, file: run.log_model(file, aliases=["v3"]),
    "use_artifact": lambda run, kept, file: run.use_artifact(made("2"), aliases=["v3"]),
    "link_artifact": lambda run, kept, file: run.link_artifact(kept, "registry/net", ["v3"]),
    "link of a draft": lambda run, kept, file: run.link_artifact(made("2"), "registry/net", "v3"),
    "link_model": lambda run, kept, file: run.link_model(file, "net", aliases=["v3"]),
    "finish_artifact": lambda run, kept, file: run.finish_artifact(
        made("2"), aliases=["v3"], distributed_id="all"
    ),
    "of a run that is over": lambda run, kept, file: (
        artnb.Api().run(run.id).log_artifact(kept, aliases=["v3"])
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_call_of_a_run_takes_it_and_nothing_is_written(kept, file, way):
    with artnb.init(project="demo") as run:
        before = recorded()
        with pytest.raises(InvalidNameError, match=r"alias 'v3' is not allowed.*'release-3'"):
            WAYS[way](run, kept, file)
        assert recorded() == before
        assert [run.used_artifacts() for run in artnb.Api().runs("demo")] == [[], []]


def test_an_alias_in_the_list_of_a_version_is_refused_with_all_that_was_changed(kept):
    before = recorded()
    kept.aliases.append("v3")
    kept.description = "other"
    with pytest.raises(InvalidNameError, match="'v3'"):
        kept.save()
    with pytest.raises(InvalidNameError, match="'v4'"):
        kept.aliases = ["latest", "v4"]
    assert recorded() == before
    kept.aliases.remove("v3")
    kept.save()
    assert artnb.Api().artifact("demo/kept:latest").description == "other"


def test_a_link_outside_of_a_run_and_the_command_line_begin_no_run(kept, file, capsys):
    before = recorded()
    with pytest.raises(InvalidNameError, match="'v3'"):
        kept.link("registry/net", aliases=["v3"])
    assert main(["artifact", "put", file, "--alias", "v3", "-n", "demo/net"]) == 1
    assert "alias 'v3' is not allowed" in capsys.readouterr().err
    assert recorded() == before
