"""The HTML of the pages, without a server."""

from __future__ import annotations

import json
import re

import pytest

from artnb.server.pages import index_page, message_page, project_page

HOSTILE = '</script><img src=x onerror=alert(1)> "quoted" & more'


def test_the_list_links_each_project_by_its_own_address():
    page = index_page("/", [("two words", 3, 4, 0.0)])
    assert '<a href="/artnb/two%20words"><bdi>two words</bdi></a>' in page
    assert "3</td>" in page
    assert "4</td>" in page


def test_a_base_url_is_kept():
    assert 'href="/user/me/artnb/demo"' in index_page("/user/me/", [("demo", 0, 0, 0.0)])
    data = data_of(project_page("/user/me/", "demo", ""))
    assert (data["base"], data["api"]) == ("/user/me/artnb/demo", "/user/me/artnb-api/")


def test_an_empty_repository_says_what_to_do():
    assert "%%artifact NAME" in index_page("/", [])


@pytest.mark.parametrize(
    "page",
    [
        index_page("/", [(HOSTILE, 1, 1, 0.0)]),
        project_page("/", HOSTILE, "v:1"),
        message_page("/", HOSTILE),
    ],
    ids=["index", "project", "message"],
)
def test_names_are_text(page):
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")


def test_a_focused_node_opens_at_the_instances():
    data = data_of(project_page("/", "demo", "r:abc"))
    assert (data["focused"], data["level"], data["project"]) == ("r:abc", "instances", "demo")
    assert data_of(project_page("/", "demo", ""))["level"] == "types"


def data_of(page):
    found = re.search(r'<script type="application/json" id="artnb-data">(.*?)</script>', page)
    return json.loads(found[1])
