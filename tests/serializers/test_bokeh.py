"""Plots of Bokeh, kept as documents."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from artnb.capture import fingerprint
from artnb.diff import compare_values
from artnb.drawings.specs import bokeh_document
from artnb.serializers import by_name, dump, load
from artnb.testing.serializer import SerializerSuite

plotting = pytest.importorskip("bokeh.plotting")
models = pytest.importorskip("bokeh.models")


def plot(last=3, **options):
    figure = plotting.figure(title="T")
    figure.line([1, 2, 3], np.array([1.0, 2.0, last]), legend_label="l", **options)
    return figure


def days():
    frame = pd.DataFrame({"t": pd.date_range("2024", periods=2), "v": [1, 2], "s": ["a", None]})
    figure = plotting.figure(x_axis_type="datetime")
    figure.line("t", "v", source=models.ColumnDataSource(frame))
    figure.add_tools(models.HoverTool(tooltips=[("v", "@v")]))
    return figure


class TestBokeh(SerializerSuite):
    @pytest.fixture
    def serializer(self):
        return by_name("bokeh")

    @pytest.fixture
    def values(self):
        from bokeh.layouts import column, gridplot

        return [
            plot(),
            days(),
            column(plot(), models.Slider(start=0, end=1, value=0, step=1)),
            gridplot([[plot(), days()]]),
            models.ColumnDataSource({"a": [1, float("nan")]}),
        ]

    @pytest.fixture
    def refused(self):
        class Own(models.Slider):
            pass

        return [Own(start=0, end=1, value=0, step=1)]

    @pytest.fixture
    def same(self):
        return lambda one, other: (
            type(one) is type(other) and bokeh_document(one) == bokeh_document(other)
        )


def test_two_plots_made_alike_are_one_and_others_have_no_id_in_common():
    one, two, other = plot(), plot(), plot(4)
    assert one.id != two.id
    assert bokeh_document(one) == bokeh_document(two)
    assert fingerprint(one) == fingerprint(two) != fingerprint(other)
    assert bokeh_document(one)["roots"][0]["id"] != bokeh_document(other)["roots"][0]["id"]


def test_a_plot_comes_back_ready_to_be_shown_with_others(tmp_path):
    from bokeh.embed import json_item
    from bokeh.layouts import row

    saved = dump(plot(), tmp_path, "value")
    assert saved.format == "bokeh"
    back = load(saved.path, saved.format, json.loads(json.dumps(saved.meta, sort_keys=True)))
    assert back.document is None
    assert fingerprint(back) == fingerprint(plot())
    assert json_item(row(back, plot(5)))["doc"]["roots"]


def test_a_plot_in_a_document_stays_there(tmp_path):
    from bokeh.document import Document

    figure, document = plot(), Document()
    document.add_root(figure)
    dump(figure, tmp_path, "value")
    assert figure.document is document


def test_two_plots_differ_by_their_columns_and_looks():
    told = {each.what for each in compare_values(plot(), plot(4, line_width=3)).changes}
    assert "renderers.0.data_source.data.y.2" in told
    assert "renderers.0.glyph.line_width" in told
    assert not compare_values(plot(), plot())
