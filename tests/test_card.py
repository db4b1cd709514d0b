"""A run as a notebook shows it, with and without a notebook."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

import artnb
from artnb import card

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def shown(monkeypatch):
    """What is shown, in order: text and HTML."""
    found = []
    publisher = SimpleNamespace(publish=found.append)
    shell = SimpleNamespace(display_pub=publisher, user_ns={})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return found


def log(run, name):
    draft = artnb.Artifact(name, "dataset")
    with draft.new_file("a.txt") as file:
        file.write(name)
    return run.log_artifact(draft)


def test_an_open_run_shows_what_it_has_by_now():
    with artnb.init(project="demo", job_type="train", config={"lr": 0.1}, tags=["t"]) as run:
        run.use_artifact(log(run, "data"))
        run.log({"loss": 0.123456789})
        html = run.to_html(height=100)
        for part in ("demo · train · running · t", "lr", "0.123457", "data:v0", "height:100px"):
            assert part in html
        assert html.count("data:v0") == 2
        assert run.to_html(hidden=True).startswith("<details><summary>Run <strong>")
    again = artnb.Api().run(run.id)
    assert again.to_html(100) == html.replace("running", "finished")
    assert again._repr_html_() == again.to_html()


def test_text_of_a_person_makes_no_markup():
    with artnb.init(project="demo", name=HOSTILE, config={HOSTILE: HOSTILE}, notes=HOSTILE) as run:
        run.summary[HOSTILE] = [HOSTILE]
        assert "<script" not in run.to_html()
        assert run.to_html().count("&lt;script&gt;") == 5


def test_what_is_much_is_cut_and_counted():
    config = {f"key{n}": "x" * 1000 for n in range(60)}
    with artnb.init(project="demo", config=config) as run:
        html = run.to_html()
    assert "and 10 more" in html
    assert "x" * 201 not in html


def test_it_speaks_the_language_of_the_settings(tmp_path):
    (tmp_path / "artnb.toml").write_text('lang = "ko"')
    with artnb.init(project="demo", config={"lr": 0.1}) as run:
        html = run.to_html()
    assert [word for word in ("실행 <strong>", "설정", "· 실행 중<") if word not in html] == []


def test_it_leads_to_its_page_where_there_is_one(monkeypatch):
    with artnb.init(project="demo") as run:
        assert "href" not in run.to_html()
        monkeypatch.setattr(card, "run_address", lambda *_: "http://here/?a=1&b=2")
        assert 'href="http://here/?a=1&amp;b=2"' in run.to_html()


def test_it_is_displayed_below_a_cell(shown):
    with artnb.init(project="demo", name="sunny") as run:
        assert run.display(hidden=True)
        assert artnb.Api().run(run.id).display()
    assert [list(each) for each in shown[:2]] == [["text/plain", "text/html"]] * 2
    assert shown[0]["text/plain"] == "<Run 'sunny' project='demo' running>"
    assert shown[0]["text/html"].startswith("<details>")


def test_without_a_notebook_nothing_is_displayed(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    with artnb.init(project="demo") as run:
        assert not run.display()
    with artnb.init(mode="disabled") as run:
        assert not run.display()
        assert run.to_html() == ""
    assert capsys.readouterr().out == ""
