"""Table: rows and columns, in `log` and in artifacts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import artnb
from artnb.errors import InvalidValueError
from artnb.repository import open_repository
from artnb.table import Table

CELLS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


def plain(value, place):
    return value


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n))))
def test_what_is_stored_comes_back(rows):
    columns = [f"c{n}" for n in range(len(rows[0]) if rows else 2)]
    table = Table(columns, rows, allow_mixed_types=True)
    assert Table.from_bytes(table.to_bytes(plain)) == table
    assert table.to_bytes(plain) == Table(columns, rows, allow_mixed_types=True).to_bytes(plain)


def test_nan_and_infinity_are_kept():
    (row,) = Table.from_bytes(Table(["x", "y"], [[math.nan, -math.inf]]).to_bytes(plain)).data
    assert math.isnan(row[0])
    assert row[1] == -math.inf


def test_the_columns_of_wandb_are_the_default():
    assert Table(data=[["a", "b", "c"]]).columns == ["Input", "Output", "Expected"]


@pytest.mark.parametrize(
    "data", [pd.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [1, 2]}), np.array([[1], [2]])]
)
def test_rows_may_be_a_frame_or_an_array(data):
    columns = None if hasattr(data, "columns") else ["a"]
    table = Table(columns, data)
    assert (table.columns, table.data, table.get_index()) == (["a"], [[1], [2]], [0, 1])
    assert table.get_index()[1].get_row() == {"a": 2}


def test_a_frame_is_logged_as_a_table():
    with artnb.init(project="demo") as run:
        run.log({"rows": pd.DataFrame({"a": [1, 2]})})
    (row,) = open_repository().history(run.id)
    assert (row["rows"]["_type"], row["rows"]["nrows"]) == ("table-file", 2)


def test_rows_and_columns_are_added():
    table = Table(columns=["digit"])
    table.add_data(3)
    table.add_data(5)
    table.add_column("read as", [8, 5])
    assert table.data == [[3, 8], [5, 5]]
    assert list(table.iterrows()) == [(0, [3, 8]), (1, [5, 5])]
    assert table.get_column("read as") == [8, 5]
    assert table.get_column("digit", convert_to="numpy").tolist() == [3, 5]
    assert table.get_dataframe().equals(pd.DataFrame({"digit": [3, 5], "read as": [8, 5]}))
    empty = Table(columns=[])
    empty.add_column("a", [1, 2])
    assert empty.data == [[1], [2]]


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_a_frame_becomes_a_table(library):
    table = Table(dataframe=library.DataFrame({"n": [1, 2], "t": ["a", None]}))
    assert table.columns == ["n", "t"]
    assert table.data == [[1, "a"], [2, None]]


def test_dates_and_missing_values_of_pandas():
    frame = pd.DataFrame(
        {"day": pd.to_datetime(["2026-01-02", None]), "n": pd.array([1, None], dtype="Int64")}
    )
    with artnb.init(project="p") as run:
        run.log({"t": Table(dataframe=frame)})
    row = open_repository().history(run.id)[0]["t"]
    stored = Table.from_bytes(open_repository().read_blob(row["sha256"]))
    assert stored.data == [["2026-01-02T00:00:00", 1], [None, None]]


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Table(["a"], [[1, 2]]), InvalidValueError, "2 values for 1 columns"),
        (lambda: Table(["a", "a"]), InvalidValueError, "named twice"),
        (lambda: Table([None]), InvalidValueError, "must be text"),
        (lambda: Table(dataframe=3), InvalidValueError, "no DataFrame"),
        (lambda: Table(data=[], dataframe=pd.DataFrame()), InvalidValueError, "not both"),
        (lambda: Table(["a"], [[1], ["x"]]), TypeError, "holds number, and 'x' is str"),
        (lambda: Table(["score"]).get_column("scroe"), InvalidValueError, "'score'"),
        (lambda: Table(["a"]).get_column("a", "torch"), InvalidValueError, "'numpy'"),
        (lambda: Table(["a"], [[1]]).add_column("b", []), InvalidValueError, "0 values for 1 rows"),
        (lambda: Table(["a"]).add_column("a", []), InvalidValueError, "already"),
    ],
)
def test_what_does_not_fit_is_said(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_a_refused_row_leaves_the_table_as_it_was():
    table = Table(["a", "b"], [[1, "x"]])
    with pytest.raises(TypeError):
        table.add_data("one", "y")
    table.add_data(2, "z")
    assert table.data == [[1, "x"], [2, "z"]]


def test_numbers_of_any_library_are_one_type_and_none_goes_anywhere():
    table = Table(["a"], [[1], [2.5], [np.float32(3)], [torch.tensor(4)], [None]])
    with pytest.raises(TypeError):
        table.add_data(True)


def test_a_logged_table_is_kept_with_its_pictures():
    picture = artnb.Image(np.eye(4), caption="<b>")
    with artnb.init(project="p") as run:
        run.log({"seen": Table(["image", "score"], [[picture, torch.tensor(0.5)]])})
    repository = open_repository()
    (row,) = repository.history(run.id)
    found = row["seen"]
    assert (found["_type"], found["nrows"], found["ncols"]) == ("table-file", 1, 2)
    ((image, score),) = Table.from_bytes(repository.read_blob(found["sha256"])).data
    assert (score, image["caption"]) == (0.5, "<b>")
    assert found["media"] == [image["sha256"]]
    assert repository.read_blob(image["sha256"]) == picture.to_png()
    assert run.summary["seen"]["nrows"] == 1


def test_a_table_in_an_artifact_comes_back_and_its_pictures_are_entries():
    picture = artnb.Image(np.eye(4))
    with artnb.init(project="p") as run:
        art = artnb.Artifact("rows", "dataset")
        art.add(Table(["image", "n"], [[picture, 1], [picture, 2]]), "seen")
        art["plain"] = Table(["x"], [[1.5]])
        run.log_artifact(art)
    paths = {entry.path: entry.format for entry in art.files()}
    (media,) = (path for path in paths if path.startswith("seen.media/"))
    assert paths == {"seen.table.json": "table", "plain.table.json": "table", media: "png"}
    back = art.get("seen")
    assert back.columns == ["image", "n"]
    assert [row[0].to_png() for row in back.data] == [picture.to_png()] * 2
    assert art["plain"] == art.get("plain.table.json") == Table(["x"], [[1.5]])


def test_the_same_table_makes_no_new_version():
    versions = []
    for _ in range(2):
        with artnb.init(project="p") as run:
            art = artnb.Artifact("rows", "dataset")
            art.add(Table(["x"], [[1], [2]]), "t")
            versions.append(run.log_artifact(art).version)
    assert versions == ["v0", "v0"]


def test_what_json_cannot_hold_is_refused_with_its_column():
    with artnb.init(project="p") as run:
        with pytest.raises(TypeError, match="column 'a'"):
            run.log({"t": Table(["a"], [[object()]])})
        art = artnb.Artifact("rows", "dataset")
        with pytest.raises(TypeError, match="column 'a'"):
            art.add(Table(["a"], [[object()]]), "t")
        assert not art._draft.contents


def test_markup_is_text_in_the_notebook():
    shown = Table(["<i>"], [["<script>"]] * 30)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;i&gt;" in shown
    assert "10 more rows" in shown


def test_columns_are_computed_from_rows():
    table = artnb.Table(columns=["a"], rows=[[1], [2]], log_mode="MUTABLE")
    table.add_computed_columns(lambda n, row: {"place": n, "double": row["a"] * 2})
    assert table == artnb.Table(["a", "place", "double"], [[1, 0, 2], [2, 1, 4]])
    with pytest.raises(InvalidValueError, match="data or rows"):
        artnb.Table(["a"], [[1]], rows=[[1]])


def test_what_wandb_says_of_columns_is_taken_and_misspelt_ones_are_refused():
    table, other = artnb.Table(["a"], [[1]]), artnb.Table(["b"], [[1]])
    table.cast("a", int, optional=True)
    table.set_pk("a")
    table.set_fk("a", other, "b")
    assert table.to_data_array() == [[1]]
    assert list(range(3))[: artnb.Table.MAX_ROWS] == [0, 1, 2]
    for call in (
        lambda: table.cast("c", int),
        lambda: table.set_pk("c"),
        lambda: table.set_fk("a", other, "c"),
    ):
        with pytest.raises(InvalidValueError, match="no column 'c'"):
            call()
