"""What charts show, told from the JSON that their libraries put into a notebook."""

from __future__ import annotations

import base64
import gzip
import json

import numpy as np
import pytest

from artnb.drawings import bokeh_drawing, drawing_of, plotly_drawing, vega_drawing

PLOTLY = "application/vnd.plotly.v1+json"
SPEC = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "config": {"view": {"continuousWidth": 300}},
    "title": "Prices",
    "data": {"name": "d"},
    "datasets": {"d": [{"city": "Oslo", "eur": 4.1}, {"city": "Lima", "eur": 2.2}]},
    "mark": {"type": "bar"},
    "encoding": {
        "x": {"field": "city", "type": "nominal"},
        "y": {"field": "eur", "type": "quantitative"},
    },
}


def bytes_of(values):
    array = np.asarray(values)
    return {"dtype": array.dtype.str[1:], "bdata": base64.b64encode(array.tobytes()).decode()}


def charts(figure):
    return plotly_drawing(figure).charts()


def test_a_figure_is_told_by_its_title_and_traces():
    figure = {
        "data": [
            {"type": "scatter", "name": "a", "x": bytes_of(np.arange(7.0)), "y": [1] * 7},
            {"type": "heatmap", "z": {**bytes_of(np.ones(12)), "shape": "3, 4"}, "x": [1, 2, 3, 4]},
            {"type": "box", "y": [1]},
        ],
        "layout": {"title": {"text": "Two<br>lines"}},
    }
    told = str(plotly_drawing(figure))
    assert told == (
        'Plotly "Two lines": scatter "a" (7 points), heatmap (12 points), box (1 point)'
    )


def test_many_traces_are_counted():
    figure = {"data": [{"type": "scatter", "y": [1, 2]}] * 5 + [{"type": "bar", "y": [1]}]}
    assert str(plotly_drawing(figure)) == "Plotly: 5 scatter, 1 bar (11 points)"


def test_a_million_points_are_drawn_by_500_of_them():
    x = np.arange(1_000_000)
    figure = {"data": [{"type": "scattergl", "mode": "lines", "x": bytes_of(x), "y": bytes_of(x)}]}
    assert str(plotly_drawing(figure)) == "Plotly: scattergl (1,000,000 points)"
    (chart,) = charts(figure)
    assert (chart["draw"], len(chart["x"]), chart["x"][:2]) == ("line", 500, [0, 2000])


@pytest.mark.parametrize(
    ("trace", "chart"),
    [
        ({"y": [3, None, 5]}, {"x": [0, 2], "y": [3, 5], "draw": "line"}),
        ({"x": [2, 1], "y": [3, 4], "mode": "lines"}, {"x": [1, 2], "y": [4, 3], "draw": "points"}),
        ({"x": [1], "y": [3], "mode": "markers"}, {"x": [1], "y": [3], "draw": "points"}),
        (
            {"x": ["2024-01-01", "2024-01-02T00:00:00.000000000"], "y": [3, 4]},
            {"x": [1704067200, 1704153600], "y": [3, 4], "draw": "line", "dates": True},
        ),
        (
            {"type": "bar", "x": ["a", "b"], "y": [3, 4]},
            {"x": [], "y": [3, 4], "labels": ["a", "b"], "draw": "labels"},
        ),
        (
            {"type": "bar", "orientation": "h", "y": ["a"], "x": [3]},
            {"x": [], "y": [3], "labels": ["a"], "draw": "labels"},
        ),
        (
            {"type": "pie", "labels": ["a"], "values": [3]},
            {"x": [], "y": [3], "labels": ["a"], "draw": "labels"},
        ),
    ],
)
def test_lines_points_and_bars_are_drawn(trace, chart):
    assert charts({"data": [trace]}) == [{"key": f"{trace.get('type', 'scatter')} 1", **chart}]


@pytest.mark.parametrize("trace", [{"type": "heatmap", "z": [[1]]}, {"type": "scatter3d"}, {}])
def test_others_are_told_only(trace):
    assert charts({"data": [trace]}) == []


def test_a_specification_is_told_and_drawn():
    drawing = vega_drawing(SPEC)
    assert str(drawing) == 'Vega-Lite "Prices": bar "eur by city" (2 points)'
    (chart,) = drawing.charts()
    assert (chart["labels"], chart["y"]) == (["Oslo", "Lima"], [4.1, 2.2])


def test_layers_inherit_and_colours_are_lines_of_their_own():
    rows = [{"t": t, "y": t * 2, "k": k} for t in (1, 2) for k in "ab"]
    channels = {
        "x": {"field": "t", "type": "quantitative"},
        "y": {"field": "y", "type": "quantitative"},
        "color": {"field": "k"},
    }
    spec = {
        "hconcat": [
            {
                "data": {"values": rows},
                "encoding": channels,
                "layer": [{"mark": "line"}, {"mark": "bar", "transform": [{"filter": "x"}]}],
            }
        ]
    }
    drawing = vega_drawing(spec)
    assert [(t.kind, t.name, t.points, t.draw) for t in drawing.traces] == [
        ("line", "y by t · a", 2, "line"),
        ("line", "y by t · b", 2, "line"),
        ("bar", "y by t", 4, ""),
    ]


def test_what_is_aggregated_or_elsewhere_is_told_only():
    count = {"x": {"field": "a"}, "y": {"aggregate": "count"}}
    for data in ({"values": [{"a": 1}]}, {"url": "https://x.example/a.csv"}):
        drawing = vega_drawing({"data": data, "mark": "bar", "encoding": count})
        assert drawing.traces[0].name == "count by a"
        assert drawing.charts() == []


def plot_of_bokeh():
    y = base64.b64encode(gzip.compress(np.array([4.0, 5.0]).tobytes())).decode()
    array = {"type": "ndarray", "array": {"type": "bytes", "data": y}, "shape": [2]}
    source = {
        "type": "object", "name": "ColumnDataSource", "id": "2", "attributes": {"data": {
            "type": "map", "entries": [["x", [1, 2]], ["y", {**array, "dtype": "float64"}]]}},
    }  # fmt: skip
    glyph = {"x": {"type": "field", "field": "x"}, "y": {"type": "field", "field": "y"}}
    title = {"type": "object", "name": "Title", "id": "4", "attributes": {"text": "Bk"}}
    return {"roots": [{"type": "object", "name": "Figure", "id": "1", "attributes": {
        "title": title, "renderers": [{"type": "object", "name": "GlyphRenderer", "id": "3",
        "attributes": {"data_source": source, "glyph":
            {"type": "object", "name": "Line", "id": "5", "attributes": glyph}}}]}}]}  # fmt: skip


def test_a_document_of_bokeh_is_told_and_drawn():
    drawing = bokeh_drawing(plot_of_bokeh())
    assert str(drawing) == 'Bokeh "Bk": Line "y by x" (2 points)'
    assert drawing.charts() == [{"key": "y by x", "x": [1, 2], "y": [4.0, 5.0], "draw": "line"}]


@pytest.mark.parametrize(
    ("data", "library"),
    [
        ({PLOTLY: {"data": [{"y": [1]}]}}, "Plotly"),
        ({"application/vnd.vegalite.v6+json": SPEC, "text/plain": "x"}, "Vega-Lite"),
        ({"text/html": f"<script>vega-lite@6 f({json.dumps(SPEC)})</script>"}, "Vega-Lite"),
        (
            {"application/javascript": f"const docs_json = {json.dumps({'a': plot_of_bokeh()})};"},
            "Bokeh",
        ),
    ],
)
def test_a_display_is_known_by_its_types(data, library):
    assert drawing_of(data).library == library


@pytest.mark.parametrize(
    "data",
    [
        {"text/plain": "1"},
        {"text/html": "<b>docs_json = {</b>"},
        {"text/html": 'vega-lite {"config": 1'},
        {PLOTLY: {"data": [3], "layout": 4}},
        {PLOTLY: {}},
        {"application/vnd.vegalite.v6+json": {"mark": "bar", "encoding": 3}},
    ],
)
def test_what_is_no_chart_or_a_broken_one_is_none(data):
    assert drawing_of(data) is None
