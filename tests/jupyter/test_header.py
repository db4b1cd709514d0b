"""The first line: found, taken out, read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnb.errors import InvalidMetadataError, InvalidNameError, UsageError
from artnb.jupyter.header import (
    Options,
    blank_header,
    find_header,
    parse_options,
    read_metadata,
)

FOUND = {
    "%%artifact x": "x",
    "%%artifact x --type t\nv = 1": "x --type t",
    "  %%artifact x\n  v = 1": "x",
    "\n\n# a comment\n%%artifact x\nv = 1": "x",
    "# %artifact x\nv = 1": "x",
    "#%artifact x": "x",
    "# %%artifact x": "x",
    "#| artifact: x": "x",
    "# | artifact: x --alias best": "x --alias best",
    "# first\n# %artifact x": "x",
    "%%time\n%%artifact x\nv = 1": "x",
    "%%capture out\n\n# %artifact x": "x",
    "%%artifact": "",
}
NOT_FOUND = [
    "",
    "v = 1",
    "v = 1\n%%artifact x",
    "v = 1\n# %artifact x",
    "%%artifacts x",
    "%%artifact?",
    "# %artifacts x",
    "# the artifact: x",
    "%%bash\n%%artifact x",
    "%%writefile f.py\n# %artifact x",
    "'%%artifact x'",
]


def lines(cell):
    return cell.splitlines(keepends=True)


@pytest.mark.parametrize(("cell", "options"), FOUND.items())
def test_headers_are_found(cell, options):
    assert find_header(lines(cell)).options == options


@pytest.mark.parametrize("cell", NOT_FOUND)
def test_other_cells_are_left_alone(cell):
    assert find_header(lines(cell)) is None
    assert blank_header(lines(cell)) == lines(cell)


def test_the_line_becomes_blank_so_that_numbers_stay():
    assert blank_header(lines("# c\n%%artifact x\nv = 1\n")) == ["# c\n", "\n", "v = 1\n"]


def test_a_magic_below_becomes_the_first_line():
    assert blank_header(lines("%%artifact x\n%%time\nv = 1")) == ["%%time\n", "v = 1"]


@pytest.mark.parametrize("cell", ["# %artifact x\nv = 1", "%%time\n%%artifact x\nv = 1"])
def test_comments_and_nested_headers_stay(cell):
    assert blank_header(lines(cell)) == lines(cell)


@pytest.mark.parametrize(
    ("cell", "status"),
    [("%%artifact x\nv = 1\n", "incomplete"), ("%%artifact x\nv = 1\n\n", "complete")],
)
def test_in_a_terminal_the_cell_waits_for_its_body(cell, status):
    from IPython.core.inputtransformer2 import TransformerManager

    manager = TransformerManager()
    manager.cleanup_transforms.append(blank_header)
    assert manager.check_complete(cell)[0] == status


@given(st.text("%artifc x#|:\n\\'\"", max_size=60))
def test_the_transformer_is_idempotent_and_pure(cell):
    before = lines(cell)
    given_lines = list(before)
    once = blank_header(given_lines)
    assert given_lines == before
    if find_header(before) is None:
        assert once == before
    assert len(once) in (len(before), len(before) - 1)


def test_all_options():
    text = (
        "x --type t --job-type 'my job' --out a,b --out c --alias best --alias prod "
        "--tag red --description 'two words' --project P --metadata '{\"k\": 1}'"
    )
    assert parse_options(text) == Options(
        name="x",
        type="t",
        job_type="my job",
        out=("a", "b", "c"),
        aliases=("best", "prod"),
        tags=("red",),
        description="two words",
        metadata='{"k": 1}',
        project="P",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x --tpye t", "did you mean '--type'"),
        ("x --jobtype t", "did you mean '--job-type'"),
        ("x --job_type=t", "did you mean '--job-type'"),
        ("x --alais best", "did you mean '--alias'"),
        ("x -t dataset", "no option -t"),
        ("x two", "takes one name; what is 'two'"),
        ("x --description two words", "Text with spaces needs quotes"),
        ("x --type", "expected one argument"),
        ("x --description 'open", "cannot be read"),
        ("", "needs a name"),
        ("--type t", "needs a name|required: NAME"),
        ("--help", "--job-type"),
    ],
)
def test_a_wrong_line_is_explained(text, says):
    with pytest.raises(UsageError, match=says):
        parse_options(text)


@pytest.mark.parametrize(
    "text",
    [
        "my/data",
        "na:ïve",
        "x --type 'a b'",
        "x --alias a:b",
        "x --alias v3",
        "x --project a/b",
        "../x",
    ],
)
def test_names_are_checked(text):
    with pytest.raises(InvalidNameError):
        parse_options(text)


def test_names_may_have_letters_of_any_script():
    options = parse_options("학습-데이터 --type 모델")
    assert (options.name, options.type) == ("학습-데이터", "모델")


@pytest.mark.parametrize("equals", [" ", "=", "   "])
def test_json_needs_no_quotes(equals):
    text = f'x --metadata{equals}{{"rows": 3, "of": {{"a b": "it\'s"}}}} --tag t'
    options = parse_options(text)
    assert read_metadata(options.metadata, {}) == {"rows": 3, "of": {"a b": "it's"}}
    assert options.tags == ("t",)


@pytest.mark.parametrize("text", ["x --metadata {a:1}", "x --metadata [1]", "x --metadata '{'"])
def test_metadata_that_is_no_object_is_refused_before_the_cell_runs(text):
    with pytest.raises(InvalidMetadataError, match="--metadata"):
        parse_options(text)


def test_metadata_is_json_or_a_dicts_name():
    assert read_metadata('{"k": [1]}', {}) == {"k": [1]}
    assert read_metadata("facts", {"facts": {"k": 1}}) == {"k": 1}
    with pytest.raises(UsageError, match="did you mean 'facts'"):
        read_metadata("fact", {"facts": {}, "Out": {}})
    with pytest.raises(InvalidMetadataError, match="not JSON"):
        read_metadata("{k: 1}", {})
    with pytest.raises(UsageError, match="no dict of that name; there is none yet"):
        read_metadata("facts", {"Out": {}, "_oh": {}})
    with pytest.raises(InvalidMetadataError, match="got list"):
        read_metadata("[1]", {})
