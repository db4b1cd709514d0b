"""What every test gets: a folder of its own, a clean environment, and a check on leaving."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

if "CI" not in os.environ:  # hypothesis knows it, and waits as long there
    hypothesis.settings.register_profile("here", deadline=None)
    hypothesis.settings.load_profile("here")

# Threads that libraries start once and keep: not ours to end.
KEPT_THREADS = (
    "IPythonHistorySavingThread",
    "asyncio_",
    "tqdm",
    "pytest_timeout",
    "IOPub",
    "fsspecIO",
    "Dask-Offload",
)
GRACE_SECONDS = 30.0
# The longest files begin first, lest at the end one process works and the others wait.
LONGEST = (
    "notebooks/test_track_models_and_datasets.py",
    "faults/test_syscalls.py",
    "stateful/test_repository.py",
    "browser/test_page.py",
    "browser/test_states.py",
    "browser/test_tutorial.py",
)


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run the test in its own folder; fail if it leaves a run open or a thread running."""
    for name in list(os.environ):
        if name.startswith(("ARTNB_", "WANDB_")) and name != "ARTNB_PICTURE":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    before = set(threading.enumerate())
    yield
    run = _leave_run()
    threads = _left_threads(before)
    assert run is None, f"the test left the run {run!r} open: finish it."
    assert not threads, f"the test left threads running: {threads}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked ``both_catalogs`` over SQLite and over PostgreSQL."""
    marked = metafunc.definition.get_closest_marker("both_catalogs")
    if marked and "catalog" in metafunc.fixturenames:
        metafunc.parametrize("catalog", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[object]:
    """A running PostgreSQL server, one a session."""
    from services.postgres import started

    with started() as server:
        yield server


@pytest.fixture
def catalog(isolated: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kind of catalogue that the test's repositories have."""
    kind = getattr(request, "param", "sqlite")
    if kind == "postgresql":
        monkeypatch.setenv("ARTNB_CATALOG", request.getfixturevalue("postgres").new_schema())
    return str(kind)


@pytest.fixture
def repository(catalog: str) -> Iterator[object]:
    """A repository in the test's folder, closed afterwards."""
    from artnb.repository import Repository

    opened = Repository()
    yield opened
    opened.close()


def _leave_run() -> str | None:
    """Close the process-wide state, if the test made any; return the name of an open run."""
    name = None
    if api := sys.modules.get("artnb._api"):
        while run := api.current_run():
            name = run.name
            run.finish()
    if module := sys.modules.get("artnb.repository"):
        module.close_repositories()
    return name


def _left_threads(before: set[threading.Thread]) -> list[str]:
    end = time.monotonic() + GRACE_SECONDS
    left = _new_threads(before)
    while left and time.monotonic() < end:
        left[0].join(0.05)
        left = _new_threads(before)
    return [thread.name for thread in left]


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.name.startswith(KEPT_THREADS)
    ]
