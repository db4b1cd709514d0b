"""Charts that cells make: kept in their own formats, one with what holds them."""

from __future__ import annotations

import pytest

SAME = "again = len(fig.data)"


@pytest.fixture
def plotly(shell):
    pytest.importorskip("plotly")
    shell.run_all("import plotly.graph_objects as go")
    return shell


@pytest.fixture
def altair(shell):
    pytest.importorskip("altair")
    shell.run_all("import altair as alt, pandas as pd")
    return shell


def formats(shell, name):
    entries = shell.repository.manifest(shell.newest(name)).entries.values()
    return {entry.variable: entry.format for entry in entries if entry.variable}


FIGURES = """%%artifact figures --no-files
fig = go.Figure(go.Bar(y=[1, 2]))
figures = {"one": fig, "others": [go.Figure(go.Bar(y=[3]))]}
"""


def test_figures_in_containers_need_no_trust_and_are_one_with_their_variables(plotly):
    plotly.run_all(FIGURES)
    assert formats(plotly, "figures") == {
        "fig": "plotly", "figures": "linked", "held/0": "plotly",
    }  # fmt: skip
    plotly.run_all("del fig, figures", "%artnb restore figures:v0")
    restored = plotly.namespace["figures"]
    assert restored["one"] is plotly.namespace["fig"]
    assert restored["others"][0].data[0].y == (3,)
    plotly.run_all(f"%%artifact after --no-files\n{SAME}")
    assert plotly.used() == {"figures:v0"}


def test_a_cell_with_figures_that_runs_again_makes_no_version(plotly):
    plotly.run_all(FIGURES, FIGURES)
    assert plotly.newest("figures").version == "v0"
    plotly.run_all("%%artifact figures --no-files\nfig.update_layout(title='T')")
    plotly.run_all(f"%%artifact after --no-files\n{SAME}")
    assert plotly.used() == {"figures:v1"}


def test_a_cell_with_a_figure_is_skipped_without_trust(plotly):
    cell = "%%artifact skipped --cache\nbars = go.Figure(go.Bar(y=[1, 2]))"
    plotly.run_all(cell)
    plotly.run_all("del bars")
    assert "skipped (v0)" in plotly.run_all(cell).text
    assert plotly.namespace["bars"].data[0].y == (1, 2)


def test_a_cell_that_shows_a_figure_is_skipped_and_shows_it_again(plotly):
    pytest.importorskip("psutil")  # by which Plotly asks who shows it
    cell = (
        "%%artifact told --cache\nbars = go.Figure(go.Bar(y=[1, 2]))\nbars.show('plotly_mimetype')"
    )
    first = plotly.run_all(cell)
    assert "cannot" not in first.text
    assert "skipped (v0)" in plotly.run_all(cell).text
    (shown,) = plotly.last_run().outputs["displays"]
    assert shown["text"] == "Plotly: bar (2 points)"


CHART = """%%artifact chart --no-files
rows = pd.DataFrame({{"x": range({})}})
chart = alt.Chart(rows).mark_point().encode(x="x")
"""


def test_a_chart_of_many_rows_refers_to_its_frame(altair):
    altair.run_all(CHART.format(20))
    assert formats(altair, "chart") == {"rows": "parquet", "chart": "altair"}
    altair.run_all(CHART.format(20_000))
    (entry,) = (
        each
        for each in altair.repository.manifest(altair.newest("chart")).entries.values()
        if each.variable == "chart"
    )
    assert entry.format == "pickle"
    assert entry.meta["links"]["refs"] == [["rows", None, None, 0]]


def test_a_cell_with_a_chart_of_altair_runs_again_for_its_frame(altair):
    altair.run_all(CHART.format(20).replace("--no-files", "--cache"))
    assert "no frame" in str(altair.last_run().outputs["cache"])


def test_a_grid_of_seaborn_is_its_picture(shell):
    pytest.importorskip("seaborn")
    cell = (
        "%%artifact grid --no-files\nimport matplotlib\nmatplotlib.use('agg')\n"
        "import pandas as pd\nimport seaborn as sns\n"
        "grid = sns.relplot(pd.DataFrame({'a': [1, 2], 'b': [1, 2]}), x='a', y='b')"
    )
    shell.run_all(cell, cell)
    assert shell.newest("grid").version == "v0"
    assert formats(shell, "grid") == {"grid": "figure"}
