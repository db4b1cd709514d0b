"""What takes the room is said by project and artifact, and shared bytes count once."""

import os

from artnb.cli import main
from artnb.maintenance.usage import ArtifactUsage, measure
from artnb.model import Location
from artnb.repository import Content


def places(**sizes):
    return {digest: Location(f"sha256/{digest}", 0, size) for digest, size in sizes.items()}


def test_shared_bytes_count_once():
    found = measure(
        places(shared=100, one=10, two=1),
        {("p", "one"): ["shared", "one"], ("p", "two"): ["shared", "two"]},
        (),
        {},
    )
    assert found.artifacts == (
        ArtifactUsage("p", "one", 110, 10),
        ArtifactUsage("p", "two", 101, 1),
    )
    assert found.projects == (ArtifactUsage("p", "", 111, 111),)


def test_what_runs_keep_and_what_nobody_needs_are_told_apart():
    found = measure(
        places(held=1, kept=10, both=100, lost=1000),
        {("p", "a"): ["held", "both"]},
        ["kept", "both"],
        {"sha256/lost": 1000, f"sha256/00/{'f' * 62}": 7, "sha256/held": 1},
    )
    assert (found.runs, found.unreferenced, found.total) == (10, 1007, 1008)


def test_a_reference_takes_no_room():
    found = measure(places(held=1), {("p", "a"): ["held", "s3://bucket/x"]}, (), {})
    assert found.projects == (ArtifactUsage("p", "", 1, 1),)


def test_the_command_adds_up(repository, capsys):
    run = repository.start_run("demo", code="x = 1")
    data = os.urandom(400_000)
    for name in ("one", "two"):
        repository.commit("demo", name, "d", [Content("x", data)], run_id=run.id)
    repository.put_blob(os.urandom(300_000))
    repository._store.backend.put_bytes("sha256/ab/" + "0" * 62, b"x" * 2_000_000)
    assert main(["du"]) == 0
    said = capsys.readouterr().out.splitlines()
    lines = {line[:40].strip(): line[40:].strip() for line in said}
    assert "400.1 kB shared" in lines["one"]  # the file, and the manifest
    assert lines["demo"].startswith("40")
    assert lines["demo"].endswith(" kB")
    assert lines["runs: code, rows, pictures"] == "300.0 kB"
    assert lines["nothing refers to"] == "2.0 MB"
    assert lines["the store"] == "2.7 MB"
