"""Figures of Plotly and charts of Altair, kept as their own JSON."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pandas as pd
import pytest

from artnb.capture import fingerprint
from artnb.diff import compare_values
from artnb.drawings.specs import altair_content, plotly_figure
from artnb.serializers import by_name, dump, load
from artnb.testing.serializer import SerializerSuite

go = pytest.importorskip("plotly.graph_objects")
alt = pytest.importorskip("altair")

FRAME = pd.DataFrame({"city": ["Oslo", "Lima", None], "eur": [4.1, float("nan"), 3.0]})
DAYS = pd.date_range("2024-01-01", periods=3)


def figures():
    import plotly.express as px
    from plotly.subplots import make_subplots

    grid = make_subplots(rows=1, cols=2, specs=[[{"secondary_y": True}, {"type": "polar"}]])
    grid.add_trace(go.Scatter(y=[1, 2]), row=1, col=1, secondary_y=True)
    marked = go.Figure(go.Scatter(x=np.arange(5), y=np.random.default_rng(0).normal(size=5)))
    marked.add_vline(x=1, annotation_text="here")
    return {
        "empty": go.Figure(),
        "arrays": marked,
        "nan and None": go.Figure(go.Scatter(y=[1.5, float("nan"), None, float("inf")])),
        "dates": go.Figure(go.Scatter(x=[datetime.datetime(2024, 1, 1, 5)], y=[1])),
        "timestamps": go.Figure(go.Scatter(x=list(DAYS), y=[1, 2, 3])),
        "a column of dates": go.Figure(go.Scatter(x=DAYS, y=[1, 2, 3])),
        "objects with nan": px.scatter(FRAME, x="eur", y="eur", hover_data=["city"]),
        "numpy's numbers": go.Figure(go.Bar(y=[np.float64(1), np.int64(2)])),
        "large numbers": go.Figure(go.Scatter(x=np.array([2**40]), y=np.array([True]))),
        "a picture": px.imshow(np.zeros((2, 3, 3), np.uint8)),
        "frames": go.Figure(go.Bar(y=[1]), frames=[go.Frame(data=[go.Bar(y=[2])], name="2")]),
        "subplots": grid,
    }


def charts():
    bars = alt.Chart(FRAME, title="T").mark_bar().encode(x="city", y="eur")
    return {
        "bars": bars,
        "layers": bars + bars.mark_line(),
        "interactive": bars.interactive() | bars.add_params(alt.selection_interval()),
        "facets": bars.facet("city"),
        "configured": bars.configure_axis(grid=False),
        "elsewhere": alt.Chart("https://x.example/a.csv").mark_point().encode(x="x:Q"),
        "repeated": bars.encode(y=alt.Y(alt.repeat("column"), type="quantitative")).repeat(
            column=["eur"]
        ),
    }


class TestPlotly(SerializerSuite):
    @pytest.fixture
    def serializer(self):
        return by_name("plotly")

    @pytest.fixture
    def values(self):
        return list(figures().values())

    @pytest.fixture
    def refused(self):
        class Own(go.Figure):
            pass

        aware = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
        return [
            Own(),
            go.Figure(go.Scatter(x=[aware], y=[1])),
            go.Figure(layout={"meta": {"a/b": 1}}),
        ]

    @pytest.fixture
    def same(self):
        def text(figure):
            return type(figure), repr(plotly_figure(figure))

        return lambda one, other: text(one) == text(other)


class TestAltair(SerializerSuite):
    @pytest.fixture
    def serializer(self):
        return by_name("altair")

    @pytest.fixture
    def values(self):
        return list(charts().values())

    @pytest.fixture
    def refused(self):
        many = alt.Chart(pd.DataFrame({"x": range(6_000)})).mark_point().encode(x="x")
        return [many, alt.Chart(FRAME), alt.X("city")]

    @pytest.fixture
    def same(self):
        return lambda one, other: (
            type(one) is type(other) and altair_content(one) == altair_content(other)
        )


def through_a_manifest(value, folder):
    """Keep a value as a version does, whose manifest sorts all keys."""
    saved = dump(value, folder, "value")
    return saved, load(saved.path, saved.format, json.loads(json.dumps(saved.meta, sort_keys=True)))


@pytest.mark.parametrize("name", figures())
def test_a_figure_needs_no_trust_and_has_the_fingerprint_that_it_had(name, tmp_path):
    value = figures()[name]
    saved, back = through_a_manifest(value, tmp_path)
    assert saved.format == "plotly"
    assert fingerprint(back) == fingerprint(value) is not None


@pytest.mark.parametrize("name", charts())
def test_a_chart_needs_no_trust_and_has_the_fingerprint_that_it_had(name, tmp_path):
    value = charts()[name]
    saved, back = through_a_manifest(value, tmp_path)
    assert saved.format == "altair"
    assert fingerprint(back) == fingerprint(value) is not None


def test_plotly_reads_the_file_itself(tmp_path):
    import plotly.io

    saved = dump(figures()["arrays"], tmp_path, "value")
    assert plotly.io.read_json(saved.path).layout.annotations[0].text == "here"


def test_arrays_come_back_as_arrays_that_can_be_reckoned_with(tmp_path):
    _, back = through_a_manifest(go.Figure(go.Scatter(y=np.array([100, 27]))), tmp_path)
    assert (back.data[0].y * 2).tolist() == [200, 54]


def test_subplots_take_more_traces(tmp_path):
    _, back = through_a_manifest(figures()["subplots"], tmp_path)
    back.add_trace(go.Scatterpolar(r=[1], theta=[0]), row=1, col=2)
    assert back.data[1].subplot == "polar"


def test_a_chart_becomes_a_layer_of_another(tmp_path):
    _, back = through_a_manifest(charts()["bars"], tmp_path)
    layers = (back + alt.Chart(FRAME).mark_line().encode(x="city", y="eur")).to_dict()["layer"]
    assert [each["mark"]["type"] for each in layers] == ["bar", "line"]


def test_the_ids_of_a_widget_are_no_content(tmp_path):
    pytest.importorskip("anywidget")
    one, two = (go.FigureWidget(go.Bar(y=[1])) for _ in range(2))
    assert one.data[0].uid != two.data[0].uid
    assert fingerprint(one) == fingerprint(two)
    saved, back = through_a_manifest(one, tmp_path)
    first = saved.path.read_bytes()
    assert first == dump(two, tmp_path, "value").path.read_bytes()
    assert (
        type(back).__name__ == "FigureWidget"
    )  # not `go.FigureWidget` itself, whose instances it makes of another


def test_two_figures_differ_by_their_traces_and_settings():
    def figure(last, **options):
        return go.Figure(go.Scatter(y=np.array([*range(9), last]), name="sq", **options))

    found = compare_values(figure(9), figure(10, line_color="red").update_layout(title="T"))
    told = {each.what: (each.before, each.after) for each in found.changes}
    assert told == {
        "sq.y": ("int64 10", "int64 10"),
        "sq.line.color": ("", "'red'"),
        "layout.title.text": ("", "'T'"),
    }
    assert not compare_values(figure(9), figure(9))


def test_two_charts_differ_by_their_columns_and_marks():
    bars, other = charts()["bars"], FRAME.assign(eur=[4.1, 2.0, 3.0])
    lines = alt.Chart(other, title="T").mark_line().encode(x="city", y="eur")
    told = {each.what: (each.before, each.after) for each in compare_values(bars, lines).changes}
    assert told == {"data.values.eur.1": ("None", "2.0"), "mark.type": ("'bar'", "'line'")}
