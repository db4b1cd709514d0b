"""The lists of ls and runs: which rows and columns, in which order."""

from __future__ import annotations

import argparse

import pytest

from artnb.errors import InvalidValueError
from artnb.listing import list_artifacts, list_runs, list_versions, runs_options
from artnb.repository import Content, open_repository
from artnb.settings import Settings


@pytest.fixture
def repository(tmp_path):
    repository = open_repository(Settings.resolve(environ={"ARTNB_DIR": str(tmp_path)}))
    for number, (lr, loss) in enumerate([(0.1, 0.5), (0.2, 0.25), (0.1, 0.75)]):
        run = repository.start_run(
            "demo", job_type="train", config={"lr": lr, "seed": 0, "data": [1]}, name=f"r{number}"
        )
        content = [Content("a.txt", str(number).encode())]
        repository.commit("demo", "model", "model", content, run_id=run.id)
        repository.finish_run(run.id, summary={"loss": loss, "_runtime": 3, "note": "x"})
    failed = repository.start_run("demo", job_type="check", name="r3")
    repository.use(failed.id, repository.versions("demo", "model")[0].id)
    repository.finish_run(failed.id, state="failed")
    return repository


def runs(repository, *arguments):
    parser = argparse.ArgumentParser()
    runs_options(parser)
    return list_runs(repository, "demo", parser.parse_args(arguments), "at {}".format)


def names(listing):
    return [row[0] for row in listing.rows]


def test_metrics_and_what_differs_of_the_settings_are_columns(repository):
    listing = runs(repository)
    assert listing.columns == (
        "run", "id", "job type", "state", "loss", "lr", "used", "logged", "began",
    )  # fmt: skip
    assert names(listing) == ["r3", "r2", "r1", "r0"]
    first, second = listing.rows[:2]
    assert first[2:8] == ("check", "failed", "", "", "model:v2", "")
    assert second[2:8] == ("train", "finished", "0.75", "0.1", "", "model:v2")
    assert second[8] == f"at {repository.runs('demo')[1].created_at}"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--sort", "loss"], ["r1", "r0", "r2", "r3"]),
        (["--sort=-loss"], ["r2", "r0", "r1", "r3"]),
        (["--sort", "config.lr", "--where", "loss>=0.5"], ["r0", "r2"]),
        (["--where", "lr=0.1", "--where", "loss < 0.6"], ["r0"]),
        (["--where", "state!=finished"], ["r3"]),
        (["--where", "note=none"], ["r3"]),
        (["--where", "summary.note='x'", "--sort", "number"], ["r0", "r1", "r2"]),
    ],
)
def test_runs_are_chosen_and_put_in_order(repository, arguments, expected):
    assert names(runs(repository, *arguments)) == expected


def test_columns_are_shown_as_asked(repository):
    listing = runs(repository, "--show", "seed, state,data", "--last", "1", "--sort", "loss")
    assert listing.columns[4:7] == ("seed", "state", "data")
    assert listing.rows[0][4:7] == ("0", "finished", "[1]")
    assert listing.foot == "and 3 more: --last 0"
    assert len(runs(repository, "--last", "0").rows) == 4


def test_a_long_value_is_cut(repository):
    run = repository.start_run("demo", config={"text": "x" * 100})
    repository.finish_run(run.id)
    assert runs(repository, "--show", "text").rows[0][4] == "x" * 37 + "..."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sort", "los"], "No run has 'los'; did you mean 'loss'"),
        (["--show", "config.loss"], "No run has 'config.loss'"),
        (["--where", "loss"], "--where 'loss' is no condition; write KEY=VALUE"),
    ],
)
def test_what_no_run_has_is_refused(repository, arguments, message):
    with pytest.raises(InvalidValueError, match=message):
        runs(repository, *arguments)


def test_artifacts_and_versions_are_listed(repository):
    listing = list_artifacts(repository, "demo", lambda _: "then")
    assert listing.rows == [("model", "model", "v2", "3", "1 B", "then")]
    listing = list_versions(repository.versions("demo", "model"), lambda _: "then")
    assert listing.rows[0] == ("v2", "latest", "1", "1 B", "then")
    assert listing.lines()[:2] == [
        "version  aliases  entries  size  made",
        "v2       latest   1        1 B   then",
    ]
    assert list_versions([], str).lines() == []
