"""Korean around the graph: the pages of ``artnb ui``, errors and previews, saved notebooks."""

from __future__ import annotations

import re

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from browser.lab import NotebookPage
from browser.ui import logged_in
from playwright.sync_api import expect
from served import serving

MISSING = "/artnb/dmeo"
GONE = "/nodes/"
ENGLISH = re.compile(
    r"\b(the|not|found|project|projects|runs?|versions?|of|file|first|rows?)\b", re.I
)
"""Words that a page in Korean has only where a person wrote them."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("korean")) as running:
        yield running


@pytest.fixture(params=["light", "dark"])
def korean(browser, browser_context_args, served, request):
    """A watched page of a browser that reads Korean, logged in."""
    given = {**browser_context_args, "color_scheme": request.param, "locale": "ko-KR"}
    with logged_in(browser, served, (MISSING, GONE), **given) as page:
        yield page


def test_the_list_of_projects_is_korean(korean, shoot):
    expect(korean.locator("html")).to_have_attribute("lang", "ko")
    expect(korean.get_by_role("heading", name="프로젝트")).to_be_visible()
    said = korean.get_by_role("main").inner_text().replace("two words", "")
    assert not ENGLISH.search(said)
    assert violations(korean) == []
    shoot(korean, f"korean-{korean.scheme}-projects")


def test_a_project_and_its_frame_are_korean(korean, shoot):
    korean.get_by_role("link", name="demo").click()
    graph = GraphPage.of(korean)
    expect(korean.locator("html")).to_have_attribute("lang", "ko")
    expect(graph.root).to_have_attribute("lang", "ko")
    expect(korean.get_by_role("navigation", name="이동 경로")).to_be_visible()
    graph.level("instances")
    graph.click("net:v1")
    for tab in ("overview", "files", "versions"):
        assert not ENGLISH.search(graph.tab(tab))
        assert violations(korean) == []
    for title in ("실행의 입력으로", "실행 없이 파일만", "명령줄에서"):
        assert title in graph.tab("usage")
    assert violations(korean) == []
    shoot(korean, f"korean-{korean.scheme}-usage")


def test_what_differs_is_said_in_korean(korean, served, shoot):
    korean.goto(f"{served.url}/artnb/demo/artifacts/net/v1")
    graph = GraphPage.of(korean)
    graph.tab("versions")
    graph.root.get_by_test_id("artnb-compare").click()
    compared = graph.root.get_by_test_id("artnb-compared")
    compared.get_by_test_id("artnb-compared-file").click()
    expect(compared.get_by_test_id("artnb-compared-how")).to_contain_text("1줄 추가, 1줄 삭제")
    assert violations(korean) == []
    shoot(korean, f"korean-{korean.scheme}-compared")


def test_what_is_not_there_is_said_in_korean(korean, served, shoot):
    answer = korean.goto(f"{served.url}{MISSING}")
    assert answer.status == 404
    expect(korean.get_by_role("heading", name="찾을 수 없음")).to_be_visible()
    expect(korean.get_by_role("main")).to_contain_text("혹시 'demo'을(를) 찾으셨나요?")
    assert violations(korean) == []
    shoot(korean, f"korean-{korean.scheme}-missing")


def test_an_error_in_the_panel_is_korean(korean, served, shoot):
    korean.goto(f"{served.url}/artnb/demo")
    graph = GraphPage.of(korean)
    asked = re.compile(r"/nodes/v:\d+$|/nodes/v%3A\d+$")
    missing = f"{served.url}/artnb-api/demo/nodes/v:999999"
    korean.route(asked, lambda route: route.continue_(url=missing))
    graph.level("instances")
    graph.click("net:v1")
    expect(graph.panel.locator(".problem")).to_have_text(
        "카탈로그 번호가 999999인 버전이 없습니다."
    )
    assert violations(korean) == []
    shoot(korean, f"korean-{korean.scheme}-error")


RECORD = """
import artnb
import numpy as np
with artnb.init(project="small", job_type="load", name="loader") as run:
    raw = artnb.Artifact("raw", "dataset")
    with raw.new_file("table.csv") as stream:
        stream.write("a,b\\n" + "1,2\\n" * 200)
    with raw.new_file("array.npy", "wb") as stream:
        np.save(stream, np.zeros((3, 200, 200)))
    with raw.new_file("old.pkl") as stream:
        stream.write("x")
    run.log_artifact(raw)
"""
SHOW = 'artnb.graph("small", lang="ko")'
PREVIEWS = {
    "table.csv": ["2열", "처음 100행입니다."],
    "array.npy": ["3×200×200 float64", "[0, …]: 처음 100×50개 값입니다."],
    "old.pkl": ["읽으면 코드가 실행될 수 있어 여기서는 열지 않습니다."],
}


def test_a_notebook_s_graph_previews_errors_and_saved_picture_are_korean(
    lab, open_notebook, open_stored, shoot
):
    path = lab.notebook("korean", [RECORD, SHOW])
    notebook: NotebookPage = open_notebook(path)
    notebook.run_all()
    assert notebook.failures() == []
    graph = GraphPage.of(notebook.page, notebook.cell(1))
    graph.level("instances")
    graph.click("raw:v0")
    graph.tab("files")
    for name, said in PREVIEWS.items():
        graph.panel.locator(f"[data-path='{name}']").click()
        shown = graph.root.get_by_test_id("artnb-preview")
        for words in said:
            expect(shown).to_contain_text(words)
        shoot(notebook.page, f"korean-notebook-{name}")
        graph.panel.locator(f"[data-path='{name}']").click()
    graph.tab("overview")
    graph.root.get_by_test_id("artnb-alias-add").fill("v7")
    graph.root.get_by_test_id("artnb-alias-add").press("Enter")
    expect(graph.panel.get_by_role("alert")).to_have_text(
        "별칭 'v7'은(는) 쓸 수 없습니다. v0, v1 등은 저절로 붙는 버전 번호입니다. "
        "'release-7' 같은 다른 이름을 고르세요."
    )
    shoot(notebook.page, "korean-notebook-error")
    assert violations(notebook.page, graph.root) == []
    notebook.save()
    notebook.shut_down()

    saved = open_stored(path)
    figure = saved.cell(1).locator(".artnb-static")
    expect(figure.get_by_role("img")).to_have_attribute("alt", "small의 계보: 실행 1개, 버전 1개")
    figure.locator("summary").click()
    expect(figure.get_by_role("columnheader").first).to_have_text("종류")
    expect(figure.get_by_role("table")).to_contain_text("완료")
    shoot(saved.cell(1), "korean-saved-light")
    saved.theme(dark=True)
    shoot(saved.cell(1), "korean-saved-dark")
