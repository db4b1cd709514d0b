"""The HTML of the pages, without a server."""

from __future__ import annotations

import json
import re

import pytest

from artnb.server.languages import preferred
from artnb.server.pages import index_page, message_page, project_page
from artnb.texts import LANGUAGES, Message

HOSTILE = '</script><img src=x onerror=alert(1)> "quoted" & more'


def test_the_list_links_each_project_by_its_own_address():
    page = index_page("/", [("two words", 3, 4, 0.0)], "en")
    assert '<a href="/artnb/two%20words"><bdi>two words</bdi></a>' in page
    assert "3</td>" in page
    assert "4</td>" in page


def test_a_base_url_is_kept():
    assert 'href="/user/me/artnb/demo"' in index_page("/user/me/", [("demo", 0, 0, 0.0)], "en")
    data = data_of(project_page("/user/me/", "demo", "", "en"))
    assert (data["base"], data["api"]) == ("/user/me/artnb/demo", "/user/me/artnb-api/")


def test_an_empty_repository_says_what_to_do():
    assert "%%artifact NAME" in index_page("/", [], "en")


@pytest.mark.parametrize(
    "page",
    [
        index_page("/", [(HOSTILE, 1, 1, 0.0)], "ko"),
        project_page("/", HOSTILE, "v:1", "ko"),
        message_page("/", HOSTILE, "en"),
        message_page("/", Message("There is no project {0}; {1}", HOSTILE, HOSTILE), "ko"),
    ],
    ids=["index", "project", "message", "korean message"],
)
def test_names_are_text(page):
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")


def test_a_focused_node_opens_at_the_instances():
    data = data_of(project_page("/", "demo", "r:abc", "en"))
    assert (data["focused"], data["level"], data["project"]) == ("r:abc", "instances", "demo")
    assert data_of(project_page("/", "demo", "", "en"))["level"] == "types"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_page_says_its_language(lang):
    message = Message("There is no project {0}; {1}", "'x'", Message("there is none yet."))
    for page in (
        index_page("/", [("demo", 1, 1, 0.0)], lang),
        index_page("/", [], lang),
        project_page("/", "demo", "", lang),
        message_page("/", message, lang),
    ):
        assert f'<html lang="{lang}">' in page
        assert bool(re.search("[가-힣]", page)) is (lang == "ko")
    assert data_of(project_page("/", "demo", "", lang))["lang"] == lang


def test_the_pages_are_korean_but_for_names_and_code():
    said = re.sub("<style>.*?</style>|<code>.*?</code>|<bdi>.*?</bdi>|<[^>]*>", "", index_page(
        "/", [("demo", 1, 1, 0.0)], "ko") + index_page("/", [], "ko"), flags=re.DOTALL)  # fmt: skip
    assert set(re.findall("[A-Za-z]+", said)) == {"artnb"}
    message = Message("There is no project {0}; {1}", "'x'", Message("there is none yet."))
    page = message_page("/", message, "ko")
    assert (
        "<h1>찾을 수 없음</h1><p>&#x27;x&#x27; 프로젝트가 없습니다. 아직 하나도 없습니다.</p>"
        in page
    )


@pytest.mark.parametrize(
    ("headers", "lang"),
    [
        ([], "en"),
        (["ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7"], "ko"),
        (["en;q=0.5, ko ; q=0.6"], "ko"),
        (["en, ko"], "en"),
        (["de-DE, ko;q=0.1"], "ko"),
        (["fr;q=0.2", "KO-kr"], "ko"),
        (["ko;q=0, de"], "en"),
        (["*"], "en"),
        (["ko;q=high, ;;, -, en-"], "en"),
        (["x" * 10_000 + ",ko"], "ko"),
        (["kok, korean"], "en"),
    ],
)
def test_the_language_is_what_the_browser_likes_best(headers, lang):
    assert preferred(headers) == lang


def data_of(page):
    found = re.search(r'<script type="application/json" id="artnb-data">(.*?)</script>', page)
    return json.loads(found[1])
