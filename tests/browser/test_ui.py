"""The pages of ``artnb ui`` in Chromium."""

from __future__ import annotations

import os

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from browser.ui import logged_in
from playwright.sync_api import expect
from served import serving

import artnb
from artnb.repository import close_repositories

MISSING = "/artnb/dmeo"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("ui")) as running:
        yield running


@pytest.fixture(params=["light", "dark"])
def page(browser, browser_context_args, served, request):
    """A watched page that has logged in with the token."""
    given = {**browser_context_args, "color_scheme": request.param}
    with logged_in(browser, served, (MISSING,), **given) as page:
        yield page


def test_from_the_list_to_a_version_and_back(page, served, shoot):
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    assert violations(page) == []
    shoot(page, f"ui-{page.scheme}-projects")
    page.get_by_role("link", name="demo").click()
    graph = GraphPage.of(page)
    assert set(graph.nodes()) == {"load", "dataset", "train", "model"}
    graph.level("instances")
    graph.click("net:v0")
    assert page.url.endswith("/artnb/demo/artifacts/net/v0")
    shoot(page, f"ui-{page.scheme}-version")
    assert violations(page) == []
    graph.panel.get_by_test_id("artnb-link").first.click()
    expect(graph.title).to_contain_text("trainer-1")
    assert "/artnb/demo/runs/" in page.url
    graph.tab("images")
    expect(graph.root.get_by_test_id("artnb-image").locator("img")).to_be_visible()
    page.go_back()
    expect(graph.title).to_contain_text("net:v0")
    page.go_back()
    expect(graph.panel).to_have_count(0)


def test_an_address_opens_its_node(page, served):
    page.goto(f"{served.url}/artnb/demo/artifacts/raw/latest")
    graph = GraphPage.of(page)
    expect(graph.title).to_contain_text("raw:v0")
    expect(graph.panel).to_contain_text("<b>bold</b>")
    assert page.url.endswith("/artnb/demo/artifacts/raw/v0")


def test_what_is_logged_elsewhere_appears(page, served):
    page.goto(f"{served.url}/artnb/demo")
    graph = GraphPage.of(page)
    graph.level("instances")
    name = f"late-{page.scheme}"
    os.environ["ARTNB_DIR"] = str(served.folder)
    try:
        with artnb.init(project="demo", job_type="late", name=name):
            pass
    finally:
        del os.environ["ARTNB_DIR"]
        close_repositories()
    graph.wait_for(name)


def test_a_missing_project_is_said(page, served):
    answer = page.goto(f"{served.url}{MISSING}")
    assert answer.status == 404
    expect(page.get_by_role("main")).to_contain_text("did you mean 'demo'?")
    assert violations(page) == []


def test_a_file_is_looked_into_and_downloaded_by_a_plain_link(page, served):
    page.goto(f"{served.url}/artnb/demo/artifacts/net/v1")
    graph = GraphPage.of(page)
    graph.tab("files")
    graph.panel.locator("[data-path='net.txt']").click()
    expect(graph.root.get_by_test_id("artnb-preview").locator("pre")).to_have_text("2")
    assert violations(page) == []
    with page.expect_download() as download:
        graph.root.get_by_test_id("artnb-download").click()
    assert download.value.suggested_filename == "net.txt"
    assert download.value.path().read_bytes() == b"2"
    graph.tab("overview")
    expect(graph.root.get_by_test_id("artnb-text-edit")).to_have_count(0)  # it only reads


def test_two_versions_are_compared_at_an_address(page, served, shoot):
    page.goto(f"{served.url}/artnb/demo/artifacts/net/v1")
    graph = GraphPage.of(page)
    graph.tab("versions")
    graph.root.get_by_test_id("artnb-compare").click()
    compared = graph.root.get_by_test_id("artnb-compared")
    compared.get_by_test_id("artnb-compared-file").click()
    expect(compared.locator(".lines .came").last).to_have_text("+2")
    shoot(page, f"ui-compared-{page.scheme}")
    assert violations(page) == []


def test_it_fits_a_narrow_page(page, served, shoot):
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto(f"{served.url}/artnb/demo/artifacts/net/v1")
    graph = GraphPage.of(page)
    expect(graph.panel).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    shoot(page, f"ui-375-{page.scheme}")
