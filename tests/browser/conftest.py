"""Fixtures of the browser tests: one JupyterLab, watched pages, screenshots, axe."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium
from browser.lab import LAB_NOISE, STORED_NOISE, Lab, NotebookPage, running_lab
from browser.watch import Watch
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
FLAGS = (
    "--no-sandbox",  # Chromium refuses to start for root with its sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing outside this machine has an address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# Playwright's own 5 s are short where two cores carry three pages with their kernels.
expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = chromium.find()
    assert path, chromium.ADVICE
    return {**browser_type_launch_args, "executable_path": path, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 900},
        "reduced_motion": "reduce",
    }


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture
def watch(context: BrowserContext) -> Iterator[Watch]:
    """Fails the test if its pages log errors or ask another host."""
    watching = Watch(context, LAB_NOISE)
    yield watching
    watching.assert_clean()


@pytest.fixture
def open_notebook(page: Page, lab: Lab, watch: Watch) -> Callable[[Path], NotebookPage]:
    return lambda path: NotebookPage.open(page, lab, path)


@pytest.fixture
def open_stored(
    browser: Browser, browser_context_args: dict[str, Any], lab: Lab
) -> Iterator[Callable[[Path], NotebookPage]]:
    """Opens a notebook with the outputs of a kernel that is gone."""
    context = browser.new_context(**browser_context_args)
    watching = Watch(context, (*LAB_NOISE, *STORED_NOISE))
    yield lambda path: NotebookPage.open(context.new_page(), lab, path)
    context.close()
    watching.assert_clean()


@pytest.fixture(scope="module")
def shared_page(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    """One watched page for a module whose tests look at one long-lived document."""
    context = browser.new_context(**browser_context_args)
    watching = Watch(context, LAB_NOISE)
    yield context.new_page()
    context.close()
    watching.assert_clean()


@pytest.fixture(scope="session")
def shoot() -> Callable[[Page | Locator, str], Path]:
    """``shoot(page_or_locator, "name")`` writes build/screenshots/name.png."""

    def take(target: Page | Locator, name: str) -> Path:
        path = SCREENSHOTS / f"{name}.png"
        target.screenshot(path=path, animations="disabled")
        return path

    return take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Keep a picture of what a failed test looked at."""
    report = yield
    page = item.funcargs.get("shared_page") or item.funcargs.get("page")
    if report.when == "call" and report.failed and page is not None:
        page.screenshot(path=SCREENSHOTS / "failed" / f"{item.name}.png")
    return report
