"""The addresses of ``artnb ui``, asked over HTTP."""

from __future__ import annotations

import json
import re

import pytest

from artnb.repository import Repository
from artnb.settings import Settings
from artnb.texts import sent
from artnb.widgets.compare import compare, compare_file
from artnb.widgets.describe import describe
from artnb.widgets.payload import encode_graph


@pytest.fixture
def repository(served):
    opened = Repository(Settings.resolve(served.folder, {}))
    yield opened
    opened.close()


def test_it_starts_without_a_warning(served):
    before, running, _ = served.log.read_text().partition("is running at")
    assert running
    assert not re.findall(r"^\[[WEC] .*", before, re.MULTILINE)


def test_the_first_page_lists_the_projects(served):
    status, _, body = served.get("/artnb/")
    assert status == 200
    page = body.decode()
    assert page.index("two words") < page.index(">demo<")  # last worked in first
    assert 'href="/artnb/two%20words"' in page


@pytest.mark.parametrize(
    "path",
    [
        "/artnb/demo",
        "/artnb/demo/",
        "/artnb/two%20words",
        "/artnb/demo/runs/loader",
        "/artnb/demo/artifacts/net/v0",
        "/artnb/demo/artifacts/net/latest",
    ],
)
def test_pages_are_there(served, path):
    status, headers, body = served.get(path)
    assert (status, headers.get_content_type()) == (200, "text/html")
    assert b"artnb-data" in body


def test_an_alias_and_a_run_s_name_open_their_nodes(served, repository):
    version = repository.resolve("net:latest", "demo")
    _, _, body = served.get("/artnb/demo/artifacts/net/latest")
    assert f'"focused": "v:{version.id}"' in body.decode()
    run = next(run for run in repository.runs("demo") if run.name == "loader")
    for given in (run.id, run.name):
        _, _, body = served.get(f"/artnb/demo/runs/{given}")
        assert f'"focused": "r:{run.id}"' in body.decode()


def test_a_version_of_another_project_is_opened_in_the_one_that_used_it(served, repository):
    version = repository.resolve("raw:v0", "demo")
    _, _, body = served.get("/artnb/two%20words/artifacts/demo/raw/v0")
    assert f'"focused": "v:{version.id}"' in body.decode()
    _, found = served.json(f"/artnb-api/two%20words/nodes/v:{version.id}")
    assert found["usage"] == 'run.use_artifact("demo/raw:v0").download()'


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/artnb/dmeo", "did you mean &#x27;demo&#x27;"),
        ("/artnb/demo/runs/loadre", "did you mean &#x27;loader&#x27;"),
        ("/artnb/demo/artifacts/nte/v0", "did you mean &#x27;net&#x27;"),
        ("/artnb/demo/artifacts/net/v9", "net"),
        ("/artnb/%3Cscript%3E", "&lt;script&gt;"),
    ],
)
def test_what_is_not_there_is_said_with_the_nearest_name(served, path, said):
    status, _, body = served.get(path)
    assert status == 404
    assert said in body.decode()
    assert "<script>" not in body.decode()


@pytest.mark.parametrize("path", ["/artnb/", "/artnb/demo", "/artnb/dmeo"])
def test_a_page_is_in_the_language_that_the_browser_asks_for(served, path):
    for accepted, lang in (("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("en-US,ko;q=0.5", "en")):
        _, headers, body = served.get(path, headers={"Accept-Language": accepted})
        assert f'<html lang="{lang}">' in body.decode()
        assert "Accept-Language" in headers["Vary"]
    if path == "/artnb/dmeo":
        assert "did you mean" in body.decode()
        _, _, body = served.get(path, headers={"Accept-Language": "ko"})
        assert "프로젝트가 없습니다. 혹시 &#x27;demo&#x27;을(를) 찾으셨나요?" in body.decode()


@pytest.fixture
def set_lang(served):
    """Sets the language for the pages that follow."""
    file = served.folder / "artnb.toml"
    yield lambda lang: file.write_text(f'lang = "{lang}"', "utf-8")
    file.unlink()


@pytest.mark.parametrize("path", ["/artnb/", "/artnb/demo", "/artnb/dmeo"])
def test_the_setting_comes_before_the_browser_s_language(served, set_lang, path):
    # "kr" is none: the browser is asked, as where nothing is set.
    for lang, asked, spoken in (("ko", "en", "ko"), ("en", "ko", "en"), ("kr", "ko", "ko")):
        set_lang(lang)
        _, _, body = served.get(path, headers={"Accept-Language": asked})
        assert f'<html lang="{spoken}">' in body.decode()


def test_an_error_of_the_data_carries_what_it_is_made_of(served):
    status, found = served.json("/artnb-api/demo/nodes/v:999999")
    assert (status, found) == (
        404,
        {
            "message": "There is no version with the catalogue number 999999.",
            "template": "There is no version with the catalogue number {0}.",
            "values": ["999999"],
        },
    )


def test_the_graph_is_that_of_the_widget(served, repository):
    _, headers, body = served.get("/artnb-api/demo/graph")
    assert body == encode_graph(repository.lineage("demo"), "demo")
    status, _, body = served.get(
        "/artnb-api/demo/graph", headers={"If-None-Match": headers["ETag"]}
    )
    assert (status, body) == (304, b"")


def test_a_node_is_what_the_panel_shows(served, repository):
    version = repository.resolve("raw:v0", "demo")
    status, found = served.json(f"/artnb-api/demo/nodes/v:{version.id}")
    assert (status, found) == (200, json.loads(json.dumps(describe(repository, f"v:{version.id}"))))
    status, found = served.json("/artnb-api/demo/nodes/v:999999")
    assert status == 404
    assert "999999" in found["message"]


def test_a_picture_comes_as_bytes_that_no_browser_runs(served, repository):
    run = next(run for run in repository.runs("demo") if run.name == "trainer-1")
    digest = repository.history(run.id)[0]["seen"]["sha256"]
    status, headers, body = served.get(f"/artnb-api/blobs/{digest}")
    assert status == 200
    assert body.startswith(b"\x89PNG")
    assert headers.get_content_type() == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/artnb/", "/artnb/demo", "/artnb-api/demo/graph", "/artnb-api/demo/nodes/v:1"]
)
def test_nothing_is_shown_without_the_token(served, path):
    status, _, body = served.get(path, token=False)
    assert status in (200, 403)  # 200: where one is sent to log in
    assert b"artnb-data" not in body
    assert b"loader" not in body
    assert b"two words" not in body


def test_the_bundle_is_the_widget_s(served):
    status, headers, body = served.get("/artnb-api/widget.js")
    assert (status, headers.get_content_type()) == (200, "text/javascript")
    assert b"mountServed" in body


def test_a_file_is_previewed_and_downloaded_whatever_its_name(served, repository):
    version = repository.resolve("raw:v0", "demo")
    at = f"/artnb-api/demo/nodes/v:{version.id}"
    status, found = served.json(f"{at}/preview?path=rows.txt")
    assert (status, found) == (200, {"kind": "text", "text": "one", "note": ""})
    status, headers, body = served.get(f"{at}/file?path=rows.txt")
    assert (status, body, headers["Content-Length"]) == (200, b"one", "3")
    assert headers.get_content_type() == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''rows.txt"
    assert headers["X-Content-Type-Options"] == "nosniff"
    for what in ("preview", "file"):
        status, found = served.json(f"{at}/{what}?path=../rows.txt")
        assert (status, "did you mean 'rows.txt'?" in found["message"]) == (404, True)
        assert served.get(f"{at}/{what}?path=rows.txt", token=False)[0] in (302, 403)
        assert served.get(f"{at}/{what}")[0] == 400


def test_files_are_found_by_their_names(served, repository):
    at = f"/artnb-api/demo/nodes/v:{repository.resolve('raw:v0', 'demo').id}/files"
    rows = ["rows.txt"]
    cases = {"": rows, "?find=ROWS": rows, "?find=x+y": [], "?after=1": [], "?after=-1": rows}
    for asked, paths in cases.items():
        status, found = served.json(f"{at}{asked}")
        assert (status, [each["path"] for each in found["files"]], found["more"]) == (200, paths, 0)
    assert served.get(at, token=False)[0] in (302, 403)


def test_two_versions_are_compared(served, repository):
    nodes = [f"v:{repository.resolve(f'net:{alias}', 'demo').id}" for alias in ("v0", "v1")]
    at = f"/artnb-api/demo/nodes/{nodes[0]}/compare"
    assert served.json(f"{at}?with={nodes[1]}") == (200, sent(compare(repository, *nodes)))
    status, found = served.json(f"{at}?with={nodes[1]}&path=net.txt")
    assert (status, found) == (200, sent(compare_file(repository, *nodes, "net.txt")))
    assert [line for line in found["lines"] if line[0] in "+-"]
    assert served.json(f"{at}?with=v:999")[0] == 404
    assert served.json(f"{at}?with={nodes[1]}&path=none")[0] == 404
    assert served.get(at)[0] == 400
    assert served.get(f"{at}?with={nodes[1]}", token=False)[0] in (302, 403)
