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


@pytest.mark.parametrize(
    "trace",
    [
        {"type": "surface", "z": [[1]]}, {"type": "scatter3d"}, {},
        {"type": "heatmap", "z": [1, 2], "x": [1, 2], "y": [1, 2]}, {"type": "heatmap"},
        {"type": "histogram", "x": [1], "histnorm": "percent"},
        {"type": "histogram", "x": [1], "y": [2], "histfunc": "sum"}, {"type": "box"},
    ],
)  # fmt: skip
def test_others_are_told_only(trace):
    assert charts({"data": [trace]}) == []


@pytest.mark.parametrize("turned", [False, True])
def test_the_rows_of_a_heatmap_stand_as_plotly_draws_them(turned):
    z = {**bytes_of(np.array([[1.0, np.nan], [3.0, 4.0]])), "shape": "2, 2"}
    layout = {"yaxis": {"autorange": "reversed"}} if turned else {}
    trace = {"type": "heatmap", "z": z, "x": ["a", "b"], "y": ["low", "high"]}
    (chart,) = charts({"data": [trace], "layout": layout})
    rows = [("low", [1, None]), ("high", [3, 4])][:: 1 if turned else -1]
    assert list(zip(chart["labels"], chart["counts"], strict=True)) == rows
    assert (chart["draw"], chart["columns"], chart["y"]) == ("matrix", ["a", "b"], [])


def test_a_large_heatmap_is_drawn_by_40_of_its_rows_and_columns():
    z = np.arange(90 * 200).reshape(90, 200).tolist()
    (chart,) = charts({"data": [{"type": "contour", "z": z}]})
    assert (len(chart["labels"]), len(chart["columns"])) == (30, 40)
    assert (chart["labels"][:2], chart["columns"][:2]) == (["89", "86"], ["0", "5"])
    assert chart["counts"][0][:2] == [89 * 200, 89 * 200 + 5]


def test_boxes_are_drawn_by_the_quartiles_of_each_label():
    values = [1, 2, 3, 4, 100, None]
    trace = {"type": "box", "x": ["a"] * 6 + ["b"], "y": [*values, 7]}
    (chart,) = charts({"data": [trace]})
    assert chart["draw"] == "boxes"
    assert dict(zip(chart["labels"], chart["boxes"], strict=True)) == {
        "a": [1, 2, 3, 4, 4], "b": [7] * 5,
    }  # fmt: skip
    lying = {"type": "violin", "orientation": "h", "y": trace["x"], "x": trace["y"]}
    assert charts({"data": [lying]}) == [{**chart, "key": "violin 1"}]
    known = {"type": "box", "name": "k", "q1": [2], "median": [3], "q3": [4], "upperfence": [9]}
    (chart,) = charts({"data": [known]})
    assert (chart["labels"], chart["boxes"], chart["y"]) == (["1"], [[2, 2, 3, 4, 9]], [3])


def test_histograms_of_one_figure_count_between_the_same_bounds():
    traces = [{"type": "histogram", "x": x} for x in ([0, 1, 1, 9], bytes_of(np.array([5.0, 10])))]
    one, two = charts({"data": [*traces, {"type": "histogram", "x": []}]})
    assert one["x"] == two["x"]
    assert (one["draw"], one["x"][0], one["x"][-1]) == ("bars", 0.5, 9.5)
    assert (one["y"][:2], sum(one["y"]), sum(two["y"])) == ([1, 2], 4, 2)
    (named,) = charts({"data": [{"type": "histogram", "y": ["b", "a", "b"]}]})
    assert (named["labels"], named["y"], named["draw"]) == (["b", "a"], [2, 1], "labels")


def vega(mark, rows, **channels):
    kinds = {"Q": "quantitative", "O": "ordinal"}
    encoding = {
        name: {"field": said[2:], "type": kinds[said[0]]} if isinstance(said, str) else said
        for name, said in channels.items()
    }
    return vega_drawing({"data": {"values": rows}, "mark": mark, "encoding": encoding}).charts()


def test_heatmaps_boxes_and_histograms_of_vega_lite_are_drawn():
    rows = [{"m": m, "d": d, "v": 10 * m + d} for m in (10, 2) for d in (3, 1) if m + d != 5]
    (chart,) = vega("rect", rows, x="O:d", y="O:m", color="Q:v")
    assert (chart["labels"], chart["columns"]) == (["2", "10"], ["1", "3"])
    assert chart["counts"] == [[21, None], [101, 103]]
    (chart,) = vega("boxplot", rows, x="O:m", y="Q:v")
    assert (chart["labels"], chart["y"]) == (["10", "2"], [102, 21])
    assert vega("boxplot", rows, y="O:m", x="Q:v")[0]["boxes"] == chart["boxes"]
    binned = {"field": "v", "bin": True, "type": "quantitative"}
    count = {"aggregate": "count", "type": "quantitative"}
    one, two = vega("bar", rows, x=binned, y=count, color="O:m")
    assert ((one["draw"], sum(one["y"])), (two["key"], sum(two["y"]))) == (
        ("bars", 2),
        ("v · 2", 1),
    )
    assert vega("rect", rows, x=binned, y=binned, color=count) == []
    assert vega("rect", [{"d": [1], "m": {}, "v": 1}], x="O:d", y="O:m", color="Q:v") == []


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


def glyph_of_bokeh(kind, columns, **attributes):
    document = plot_of_bokeh()
    (renderer,) = document["roots"][0]["attributes"]["renderers"]
    renderer["attributes"]["data_source"]["attributes"]["data"]["entries"] = list(columns.items())
    renderer["attributes"]["glyph"] = {
        "type": "object", "name": kind, "id": "5", "attributes": attributes,
    }  # fmt: skip
    return bokeh_drawing(document).charts()


def test_a_glyph_has_the_column_of_its_name_unless_it_says_so():
    (chart,) = glyph_of_bokeh("Line", {"x": [1, 2], "y": [3, 4]})
    assert (chart["x"], chart["y"]) == ([1, 2], [3, 4])


def test_heatmaps_and_histograms_of_bokeh_are_drawn():
    sides = {"left": [0, 1], "right": [1, 2], "top": [5, 7]}
    bottom = {"type": "value", "value": 0}
    (chart,) = glyph_of_bokeh("Quad", sides, bottom=bottom)
    assert (chart["x"], chart["y"], chart["draw"]) == ([0.5, 1.5], [5, 7], "bars")
    assert glyph_of_bokeh("Quad", {**sides, "left": [1, 0], "right": [2, 1]}, bottom=bottom) == []
    cells = {"x": ["a", "b", "a"], "y": ["p", "p", "q"], "z": [1, 2, 3]}
    fill = {"type": "field", "field": "z", "transform": {"type": "object", "id": "9"}}
    (chart,) = glyph_of_bokeh("Rect", cells, fill_color=fill)
    assert (chart["labels"], chart["columns"]) == (["q", "p"], ["a", "b"])
    assert chart["counts"] == [[3, None], [1, 2]]
    assert glyph_of_bokeh("Rect", cells, fill_color={"type": "value", "value": "red"}) == []
    (chart,) = glyph_of_bokeh("Image", {"image": [[[1, 2], [3, 4]]]})
    assert (chart["labels"], chart["counts"]) == (["1", "0"], [[3, 4], [1, 2]])


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
