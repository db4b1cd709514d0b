"""JoinedTable: the rows of two tables by a key."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import artnb
from artnb.errors import InvalidValueError
from artnb.joined import JoinedTable
from artnb.table import Table

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=6)


@given(ROWS, ROWS)
def test_every_pair_with_one_key_is_a_row_and_no_row_is_lost(left, right):
    joined = JoinedTable(Table(["id", "a"], left), Table(["id", "b"], right), "id")
    keys = [key for key, _ in left], [key for key, _ in right]
    wanted = [(k, a, b) for k, a in left for other, b in right if k == other]
    wanted += [(k, a, None) for k, a in left if k not in keys[1]]
    wanted += [(k, None, b) for k, b in right if k not in keys[0]]
    assert Counter(map(tuple, joined.data)) == Counter(wanted)


def test_columns_of_one_name_and_keys_of_two():
    left = Table(["id", "image", "score"], [["a", 1, 0.5]])
    right = Table(["image", "of", "id"], [[2, "a", "x"]])
    joined = JoinedTable(left, right, ["id", "of"])
    assert joined.columns == ["id", "0.image", "score", "1.image", "1.id"]
    assert joined.data == [["a", 1, 0.5, 2, "x"]]


def test_numbers_of_numpy_are_keys_too():
    joined = JoinedTable(Table(["id"], [[np.int64(1)]]), Table(["id", "b"], [[1, "x"]]), "id")
    assert joined.data == [[1, "x"]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((Table(["id"]), Table(["id"]), 3), "join_key=3"),
        ((Table(["id"]), Table(["id"]), ["id"]), "a list of two"),
        ((Table(["id"]), 3, "id"), "a int is no table"),
        ((Table(["id"]), Table(["name"]), "id"), "no column 'id'"),
    ],
)
def test_what_cannot_be_joined_is_said(given, said):
    with pytest.raises(InvalidValueError, match=said):
        JoinedTable(*given)


def test_it_is_added_and_logged_as_a_table_of_entries_and_paths():
    picture = artnb.Image(np.zeros((2, 2)))
    with artnb.init(project="demo") as run:
        raw = artnb.Artifact("raw", "dataset")
        raw.add(Table(["id", "image"], [["a", picture]]), "examples")
        entry = run.log_artifact(raw).get_entry("examples.table.json")
        summary = artnb.Artifact("summary", "analysis")
        guesses = Table(["id", "guess"], [["a", 3]])
        summary.add(guesses, "guesses")
        joined = JoinedTable("guesses.table.json", entry, "id")
        assert len(joined) == 0
        summary.add(joined, "results")
        assert joined.columns == ["id", "guess", "image"]
        run.log_artifact(summary)
        run.log({"results": JoinedTable(guesses, entry, "id")})
    ((key, guess, image),) = artnb.Api().artifact("summary:latest").get("results").data
    assert (key, guess, image.to_png()) == ("a", 3, picture.to_png())
    assert run._repository.history(run.id)[0]["results"]["ncols"] == 3


def test_a_path_that_the_artifact_does_not_have_is_said():
    draft = artnb.Artifact("summary", "analysis")
    with pytest.raises(FileNotFoundError, match=r"no entry 'a\.table\.json'"):
        draft.add(JoinedTable("a.table.json", Table(["id"]), "id"), "results")
