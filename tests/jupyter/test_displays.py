"""What is kept of what a cell shows: pictures, what charts show, texts that say something."""

from __future__ import annotations

import base64
import json

import pytest

from artnb.lineage import run_node
from artnb.widgets.describe import describe

SHOW = "%%artifact shown --no-files\nfrom IPython.display import display\n"
PLOTLY = "application/vnd.plotly.v1+json"
FIGURE = {"data": [{"type": "scatter", "y": [1, 4], "name": "a"}], "layout": {"title": "T"}}
SVG = "<svg xmlns='http://www.w3.org/2000/svg'/>"
SOUND = f'<audio><source src="data:audio/wav;base64,{"A" * 4000}"></audio>'
MAP = '<iframe srcdoc="L.map(&quot;m&quot;); L.marker([1, 2]); L.marker([3, 4]);"></iframe>'
LOADING = '<div><a href="https://bokeh.org" class="bk-notebook-logo"></a>Loading BokehJS ...</div>'


def shown(shell, *bundles):
    """Show bundles in a cell; return what the run has of them, and what the panel is told."""
    shell.namespace["bundles"] = bundles
    shell.run_all(SHOW + "for each in bundles: display(each, raw=True)")
    run = shell.last_run()
    told = describe(shell.repository, run_node(run.id))["shown"].get("displays", [])
    return run.outputs.get("displays", []), told


@pytest.mark.parametrize(
    ("bundle", "text"),
    [
        ({"text/plain": "<IPython.core.display.HTML object>", "text/html": "<b>x</b>"}, "x"),
        ({"text/plain": "GT(<a.B object at 0x7f>)", "text/html": "<b>x</b>"}, "x"),
        ({"text/plain": "eur", "text/html": "<b>x</b>"}, "eur"),
        ({"text/plain": "<IPython.core.display.Latex object>", "text/latex": "$a$"}, "$a$"),
        ({"text/plain": "a**2", "text/latex": "$a^2$"}, "a**2"),
        ({"text/plain": "<x.JSON object>", "application/json": [1]}, "[\n  1\n]"),
        ({"text/plain": "<x.Audio object>", "text/html": SOUND}, "Sound (audio/wav, 3.0 kB)"),
        ({"text/plain": "<x.Map object at 0x7f>", "text/html": MAP}, "Map (Leaflet): 2 marker"),
    ],
)
def test_what_has_no_picture_is_told(shell, bundle, text):
    _, (told,) = shown(shell, bundle)
    assert told["text"] == text


@pytest.mark.parametrize(
    "bundle",
    [
        {"text/html": LOADING},
        {"application/javascript": "x", "application/vnd.bokehjs_load.v0+json": ""},
        {"application/javascript": "x", "application/vnd.holoviews_load.v0+json": ""},
        {"text/html": "<style>a {}</style><script>b</script>"},
    ],
)
def test_what_only_loads_a_library_is_not_told(shell, bundle):
    assert shown(shell, bundle)[1] == []


def test_a_drawing_of_vectors_is_a_picture(shell):
    (kept,), _ = shown(shell, {"image/svg+xml": SVG, "text/plain": "<x.SVG object>"})
    assert kept["mime"] == "image/svg+xml"
    assert shell.repository.read_blob(kept["sha256"]) == SVG.encode()


def test_of_a_chart_it_is_kept_what_it_shows(shell):
    (kept,), (told,) = shown(shell, {PLOTLY: FIGURE})
    assert kept["text"] == told["text"] == 'Plotly "T": scatter "a" (2 points)'
    assert told["charts"] == [{"key": "a", "x": [0, 1], "y": [1, 4], "draw": "line"}]


def test_a_chart_with_a_picture_is_that_picture(shell):
    png = base64.b64encode(b"\x89PNG").decode()
    (kept,), _ = shown(shell, {PLOTLY: FIGURE, "image/png": png})
    assert kept["mime"] == "image/png"


def test_of_a_chart_whose_points_are_lost_it_is_told_what_it_was(shell):
    (kept,), _ = shown(shell, {PLOTLY: FIGURE})
    run = shell.last_run()
    shell.repository.update_run(run.id, outputs={"displays": [{**kept, "drawn": "0" * 64}]})
    (told,) = describe(shell.repository, run_node(run.id))["shown"]["displays"]
    assert (told["text"], told["charts"]) == (kept["text"], [])


def test_of_a_hundred_charts_fifty_are_kept_and_that_is_said(shell):
    kept, _ = shown(shell, *[{PLOTLY: FIGURE}] * 100)
    assert len(kept) == 51
    assert kept[-1]["text"] == "and 50 more"
    assert len({each["drawn"] for each in kept[:-1]}) == 1


def test_a_large_figure_is_not_held_while_its_cell_runs(shell):
    many = {PLOTLY: {"data": [{"y": list(range(100_000))}]}}
    shell.namespace["many"] = many
    held = (
        "import gc\n"
        "del many['application/vnd.plotly.v1+json']['data']\n"
        "left = [len(each) for each in gc.get_objects() if type(each) is list"
        " and len(each) == 100_000]"
    )
    shell.run_all(f"{SHOW}display(many, raw=True)\n{held}")
    assert shell.namespace["left"] == []


def test_secrets_in_a_chart_are_hidden(shell):
    secret = {"data": [{"y": [1], "name": "https://me:word@host.example/a"}]}
    (kept,), (told,) = shown(shell, {PLOTLY: secret})
    assert "word" not in json.dumps([kept, told])


def test_a_widget_is_told_as_it_is_at_the_end(shell):
    shell.run_all(
        SHOW + "import ipywidgets\nslider = ipywidgets.IntSlider(1)\n"
        "display(slider)\nslider.value = 7"
    )
    (kept,) = shell.last_run().outputs["displays"]
    assert kept["text"] == "IntSlider(value=7)"
