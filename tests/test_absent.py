"""Names of W&B that mean nothing here say what to do instead, and `hasattr` says no."""

from __future__ import annotations

import copy
import pickle

import pytest

import artnb
from artnb.absent import _WHY
from artnb.errors import ArtifactNotLoggedError


@pytest.fixture
def handles():
    with artnb.init(project="demo") as run:
        artifact = artnb.Artifact("thing", "dataset")
        with artifact.new_file("a.txt") as file:
            file.write("a")
        run.log_artifact(artifact)
        run.log({"picture": artnb.Image([[0, 1]])})
    api = artnb.Api()
    read = api.run(run.id)
    return {
        "artnb": artnb, "Api": api, "Run": run, "PublicRun": read, "Runs": api.runs("demo"),
        "Artifact": artifact, "Entry": artifact.get_entry("a.txt"), "File": read.files()[0],
        "Project": api.project("demo"), "ArtifactCollection": artifact.collection,
    }  # fmt: skip


def test_each_says_what_to_do(handles):
    assert handles.keys() == _WHY.keys()
    for owner, handle in handles.items():
        for name, why in _WHY[owner].items():
            assert not hasattr(handle, name), (owner, name)
            with pytest.raises(AttributeError) as caught:
                getattr(handle, name)
            assert str(caught.value).endswith(f"has no {name!r}: {why}.")
            assert caught.value.name == name


def test_what_is_no_name_of_wandbs_is_an_error_without_advice(handles):
    for handle in handles.values():
        with pytest.raises(AttributeError, match=r"has no 'colour'\.$"):
            _ = handle.colour


def test_an_error_of_a_property_is_its_own(handles):
    draft = artnb.Artifact("draft", "dataset")
    with pytest.raises(ArtifactNotLoggedError, match="not logged yet"):
        _ = draft.version
    assert not hasattr(draft, "version")


def test_handles_are_copied_and_pickled_as_ever(handles):
    for owner in ("Entry", "ArtifactCollection", "Runs"):
        assert type(copy.copy(handles[owner])) is type(handles[owner])
    assert pickle.loads(pickle.dumps(handles["Run"])).id == handles["Run"].id


def test_settings_say_what_they_were_given():
    settings = artnb.Settings(run_name="first", x_disable_stats=True)
    assert settings.x_disable_stats
    with pytest.raises(AttributeError, match=r"has no 'run_id'.*given \(run_name, x_disable"):
        _ = settings.run_id
    assert copy.deepcopy(settings).run_name == "first"
