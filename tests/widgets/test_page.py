"""The exported page: whole, with no network, and markup in it is data."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest

import artnb
from artnb.errors import UsageError
from artnb.repository import Content
from artnb.widgets import describe, page
from artnb.widgets.look import Look
from artnb.widgets.page import page_html
from artnb.widgets.payload import encode_graph


class Page(HTMLParser):
    """Collects elements and the text of each, as a browser would see them."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append([tag, dict(attrs), ""])
        self._open.append(self.elements[-1])

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self._open:
            self._open[-1][2] += data

    def all(self, tag):
        return [(attrs, text) for name, attrs, text in self.elements if name == tag]

    @property
    def data(self):
        ((_, text),) = [e for e in self.all("script") if e[0].get("id") == "artnb-data"]
        return parsed(text)


def parsed(text):
    """Return JSON as the page's strict parser takes it."""

    def refused(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refused)


def written(repository, project="demo", level="types", focused=""):
    graph = repository.lineage(project)
    return page_html(repository, project, graph, Look(level, focused))


@pytest.fixture
def hostile_text(hostile):
    return written(hostile.repository, hostile.project)


def test_the_page_holds_the_graph_and_every_node_described(repository, run):
    version = repository.commit(
        "demo", "thing", "dataset", [Content("a", b"1")], run_id=run.id
    ).version
    data = Page(written(repository, "demo", "instances", "v:1")).data
    assert base64.b64decode(data["graph"]) == encode_graph(repository.lineage("demo"), "demo")
    assert (data["look"]["level"], data["look"]["focused"], data["blobsLeftOut"]) == (
        "instances",
        "v:1",
        0,
    )
    assert set(data["details"]) == {f"v:{version.id}", f"r:{run.id}"}
    assert data["details"][f"v:{version.id}"]["ref"] == "thing:v0"


def test_the_page_says_its_language(repository, run):
    graph = repository.lineage("demo")
    for lang in ("", "en", "ko"):
        page = Page(page_html(repository, "demo", graph, Look(lang=lang)))
        assert page.all("html")[0][0]["lang"] == (lang or "en")
        assert page.data["look"]["lang"] == lang


def test_data_cannot_end_its_script_element(hostile, hostile_text):
    body = hostile_text.partition('id="artnb-data">')[2].partition("</script>")[0]
    assert not re.search("[<>&]", body)
    assert parsed(body)["details"][f"r:{hostile.maker}"]["name"] == hostile.script


def test_markup_makes_no_element(hostile_text):
    page = Page(hostile_text)
    assert [attrs for attrs, _ in page.all("script")] == [
        {"type": "application/json", "id": "artnb-data"}, {"type": "module"},
    ]  # fmt: skip
    tags = {tag for tag, _, _ in page.elements}
    assert tags <= {"html", "meta", "title", "style", "main", "h1", "div", "script"}
    attributes = {name for _, attrs, _ in page.elements for name in attrs}
    assert not [name for name in attributes if name.startswith("on")]


def test_the_title_is_the_project_as_text(hostile, hostile_text):
    page = Page(hostile_text)
    assert page.all("title") == [({}, f"{hostile.tag} · artnb")]
    assert page.all("main")[0][0]["aria-label"] == f"{hostile.tag} · artnb"


def test_every_text_of_a_person_is_in_the_data_unchanged(hostile, hostile_text):
    details = Page(hostile_text).data["details"]
    run, version = details[f"r:{hostile.maker}"], details[f"v:{hostile.version}"]
    for found in (run["name"], run["jobType"], run["notes"], run["group"], run["code"],
                  version["description"], run["config"][hostile.script],
                  run["shown"]["stdout"]):  # fmt: skip
        assert found == hostile.script
    assert [chart["key"] for chart in run["charts"]] == [hostile.script]
    assert run["images"][0]["rows"][0]["items"][0]["caption"] == hostile.script


def test_the_page_asks_for_nothing_from_elsewhere(hostile_text):
    page = Page(hostile_text)
    (policy,) = [
        attrs["content"] for attrs, _ in page.all("meta")
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]  # fmt: skip
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert not [part for part in policy.split() if "http" in part or part == "*"]
    assert not page.all("link")
    assert not [attrs for _, attrs, _ in page.elements if "src" in attrs or "href" in attrs]
    (code,) = [text for attrs, text in page.all("script") if attrs == {"type": "module"}]
    imported = re.search(r'import\("data:text/javascript;base64,([^"]+)"\)', code)
    bundle = base64.b64decode(imported[1])
    assert b"mountPage" in bundle
    assert b"uplot" in bundle  # what it carries of others goes with its licence
    assert bundle.count(b"Permission is hereby granted") >= 3


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400],
                         ids=["nan", "inf", "-inf", "large"])  # fmt: skip
def test_numbers_that_json_does_not_have_do_not_break_the_page(repository, run, value):
    repository.log_row(run.id, {"_step": 0, "loss": value})
    repository.finish_run(run.id, summary={"loss": value})
    details = Page(written(repository)).data["details"]
    assert details[f"r:{run.id}"]["charts"] == [{"key": "loss", "x": [0], "t": [0], "y": [None]}]


def test_pictures_are_in_the_page(repository):
    with artnb.init(project="demo") as run:
        run.log({"p": [artnb.Image(np.eye(3)), artnb.Image(np.eye(4))]})
    blobs = Page(written(repository)).data["blobs"]
    assert len(blobs) == 2
    for digest, data in blobs.items():
        assert base64.b64decode(data) == repository.read_blob(digest)


def test_beyond_the_limit_the_newest_runs_pictures_are_kept(repository, monkeypatch):
    pictures = [artnb.Image(np.random.default_rng(n).random((20, 20))) for n in range(4)]
    for picture in pictures:
        with artnb.init(project="demo", reinit="create_new") as run:
            run.log({"p": picture})
    sizes = [len(picture.to_png()) for picture in pictures]
    monkeypatch.setattr(page, "_MOST_PICTURE_BYTES", sum(sizes[-2:]) + 10)
    data = Page(written(repository)).data
    kept = {base64.b64decode(blob) for blob in data["blobs"].values()}
    assert kept == {picture.to_png() for picture in pictures[-2:]}
    assert data["blobsLeftOut"] == 2


def test_beyond_the_limit_the_first_pictures_of_the_newest_step_are_kept(repository, monkeypatch):
    pictures = [artnb.Image(np.random.default_rng(n).random((20, 20))) for n in range(6)]
    with artnb.init(project="demo") as run:
        run.log({"p": pictures[:2]})
        run.log({"p": pictures[2:4], "q": pictures[4:]})
    wanted = {pictures[n].to_png() for n in (2, 4)}
    monkeypatch.setattr(page, "_MOST_PICTURE_BYTES", sum(map(len, wanted)) + 10)
    data = Page(written(repository)).data
    assert {base64.b64decode(blob) for blob in data["blobs"].values()} == wanted


def test_the_beginnings_of_files_are_in_the_page_newest_first(repository, run, monkeypatch):
    image = artnb.Image(np.eye(5)).to_png()
    files = [Content("a.txt", b"old"), Content("b.jpg", image)]
    old = repository.commit("demo", "thing", "dataset", files, run_id=run.id).version
    files = [Content("a.txt", b"new"), Content("b.jpg", image)]
    new = repository.commit("demo", "thing", "dataset", files, run_id=run.id).version
    data = Page(written(repository)).data
    text = {"kind": "text", "note": ""}
    assert data["previews"][f"v:{old.id}"]["a.txt"] == {**text, "text": "old"}
    assert data["previews"][f"v:{new.id}"]["a.txt"] == {**text, "text": "new"}
    digest = data["previews"][f"v:{new.id}"]["b.jpg"]["digest"]
    assert base64.b64decode(data["blobs"][digest]) == image
    monkeypatch.setattr(page, "_MOST_PREVIEWS", 1)
    assert Page(written(repository)).data["previews"] == {
        f"v:{new.id}": {"a.txt": {**text, "text": "new"}}
    }


@pytest.mark.parametrize(
    ("limit", "most"), [("_MOST_PREVIEW_BYTES", 300), ("_MOST_READ_BYTES", 250)]
)
def test_a_page_does_not_grow_with_its_files(repository, run, monkeypatch, limit, most):
    for number in range(5):
        content = Content("a.txt", f"{number}".encode() * 100)
        repository.commit("demo", "thing", "dataset", [content], run_id=run.id)
    monkeypatch.setattr(page, limit, most)
    previews = Page(written(repository)).data["previews"]
    assert [files["a.txt"]["text"][0] for files in previews.values()] == ["4", "3"]


def many(repository, run, *names):
    for number, name in enumerate(names):
        contents = [Content(f"{name}/{n:04}.txt", b"%d" % number) for n in range(150)]
        repository.commit("demo", f"thing-{number}", "dataset", contents, run_id=run.id)


def test_the_paths_of_all_files_are_in_the_page(repository, run, monkeypatch):
    monkeypatch.setattr(describe, "_MOST_FILES", 50)
    many(repository, run, "a", "a", "b")
    data = Page(written(repository)).data
    versions = [each for each in data["details"].values() if each["kind"] == "version"]
    same = [each["shared"]["rest"] for each in versions[:2]]
    packed = [data["shared"][same[0]], versions[2]["rest"]]
    assert same[0] == same[1]
    for folder, text in zip("ab", packed, strict=True):
        paths, sizes, formats = json.loads(zlib.decompress(base64.b64decode(text)))
        assert paths == [f"{folder}/{n:04}.txt" for n in range(50, 150)]
        assert (set(sizes), set(formats), len(sizes)) == ({1}, {"file"}, 100)
    monkeypatch.setattr(page, "_MOST_LISTED_BYTES", len(packed[1]))
    data = Page(written(repository)).data
    held = [each.get("rest") for each in data["details"].values() if each["kind"] == "version"]
    assert held == [None, None, packed[1]]


def test_a_manifest_is_read_for_all_files_at_once(repository, run, monkeypatch):
    files = [Content(f"{number}.txt", b"%d" % number) for number in range(50)]
    repository.commit("demo", "thing", "dataset", files, run_id=run.id)
    asked, manifest = [], type(repository).manifest
    monkeypatch.setattr(
        type(repository), "manifest", lambda *args: asked.append(args) or manifest(*args)
    )
    ((_, previews),) = Page(written(repository)).data["previews"].items()
    assert (len(previews), len(asked)) == (50, 2)  # the other time for the description


def test_damage_leaves_the_page_and_is_said_in_it(repository, run):
    version = repository.commit(
        "demo", "thing", "dataset", [Content("a", b"1")], run_id=run.id
    ).version
    place = repository._catalog.locate([version.digest])[version.digest]
    (repository.root / "objects" / place.object).unlink()
    details = Page(written(repository)).data["details"]
    problem = details[f"v:{version.id}"]["problem"]
    assert "missing" in problem["message"]
    first, _ = problem["values"]
    assert "{0} is missing from the store" in json.dumps(first)  # so that the page can say it


def test_a_picture_that_is_lost_is_counted_as_left_out(repository, run):
    repository.update_run(run.id, outputs={"displays": [{"digest": "0" * 64}]})
    data = Page(written(repository)).data
    assert (data["blobs"], data["blobsLeftOut"]) == ({}, 1)


def test_a_bundle_that_is_not_built_is_said_with_what_to_do(repository, run, monkeypatch, tmp_path):
    monkeypatch.setattr(page, "BUNDLE", tmp_path / "widget.js")
    with pytest.raises(UsageError, match=r"widget\.js is not built.*make js"):
        written(repository)


def test_what_many_nodes_share_is_written_once(repository, run):
    """Every version lists all of its name: a page of n would hold n times n of them."""
    for number in range(60):
        repository.commit("demo", "net", "model", [Content("a", b"%d" % number)], run_id=run.id)
    text = written(repository)
    data = Page(text).data
    (versions,) = [each for each in data["shared"] if isinstance(each, list) and len(each) == 60]
    for node, each in data["details"].items():
        assert node[0] == "r" or data["shared"][each["shared"]["versions"]] == versions
        assert "versions" not in each
    assert len(json.dumps(data["details"])) < 60 * 2_500


def test_a_small_value_that_many_nodes_share_stays_with_each(repository, run):
    for number in range(3):
        repository.commit("demo", f"net-{number}", "model", [Content("a", b"1")], run_id=run.id)
    data = Page(written(repository)).data
    assert all(each["project"] == "demo" for each in data["details"].values())
