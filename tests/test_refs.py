"""Names and references: what is accepted, and what is said of the rest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnb.errors import InvalidNameError, InvalidPathError
from artnb.refs import (
    ArtifactRef,
    check_alias,
    check_entry_path,
    check_entry_paths,
    check_name,
    check_new_aliases,
    check_project,
    check_tag,
    check_type,
    parse_ref,
    spelled_name,
    version_number,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mnist", ArtifactRef("mnist", "latest")),
        ("mnist:v12", ArtifactRef("mnist", "v12")),
        ("p/mnist:best", ArtifactRef("mnist", "best", "p")),
        ("team/p/mnist:best", ArtifactRef("mnist", "best", "p")),
        ("/p/mnist:best", ArtifactRef("mnist", "best", "p")),
        ("artnb://p/mnist", ArtifactRef("mnist", "latest", "p")),
    ],
)
def test_a_reference_is_parsed(text, expected):
    assert parse_ref(text) == expected


@pytest.mark.parametrize("text", ["", "a:", ":v1", "a/b/c/d", "/a", "a:b:c", "a//b", " a", 3])
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(InvalidNameError):
        parse_ref(text)


@pytest.mark.parametrize(
    "name",
    ["a", "A-b_c.9", "x" * 128, "Größe", "데이터-1", "हिन्दी", "数据", "данные.v٣", "데" * 80],
)
def test_a_name_is_accepted(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a b",
        "a/b",
        "x" * 129,
        "a:b",
        "<b>",
        "a\n",
        "데" * 81,
        "\u0301a",
        "a\u3164",
        "a\u200b",
        "a\u202eb",
        "a\ufe0f",
        "½",
        "a‿b",
        "🙂",
    ],
)
def test_a_name_with_other_characters_is_refused(name):
    with pytest.raises(InvalidNameError, match="letters"):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "proposed"),
    [("my data", "my-data"), ("über uns/", "über-uns"), ("학습 데이터!", "학습-데이터")],
)
def test_a_refused_name_comes_with_one_that_would_do(name, proposed):
    with pytest.raises(InvalidNameError, match=f"Try '{proposed}'"):
        check_name(name)


def test_one_name_is_one_text_however_it_was_typed():
    assert check_name("Gro\u0308ße") == "Größe"
    assert parse_ref("p/Gro\u0308ße:v1").name == "Größe"
    assert parse_ref("mu\u0308 lle:v1").name == "mü lle"


@given(st.text())
def test_what_is_spelled_is_a_name(text):
    spelled = spelled_name(text)
    assert not text or check_name(spelled) == spelled


def test_what_is_a_name_is_spelled_as_it_is():
    assert spelled_name("größe") == "größe"
    assert spelled_name(".cache") == ".cache"
    assert spelled_name("my data") == "myu20data"


@pytest.mark.parametrize("name", ["job", "wandb-history", "run_table"])
def test_a_reserved_type_is_refused(name):
    with pytest.raises(InvalidNameError, match="reserved"):
        check_type(name)


@pytest.mark.parametrize("alias", ["a/b", "a:b", "", " a", "a\x00"])
def test_an_alias_that_would_not_parse_is_refused(alias):
    with pytest.raises(InvalidNameError):
        check_alias(alias)


@pytest.mark.parametrize(
    ("given", "aliases"),
    [(None, []), ("best", ["best"]), (("a", "v01"), ["a", "v01"]), (["v", "v-1", "V1"], None)],
)
def test_aliases_are_given_as_one_or_several(given, aliases):
    assert check_new_aliases(given) == (list(given) if aliases is None else aliases)


@pytest.mark.parametrize("given", ["v3", ["best", "v0"]])
def test_a_versions_number_is_no_alias(given):
    with pytest.raises(InvalidNameError, match=r"alias 'v[03]' .*such as 'release-[03]'"):
        check_new_aliases(given)


@pytest.mark.parametrize("tag", ["", "x" * 65])
def test_a_tag_of_another_length_is_refused(tag):
    with pytest.raises(InvalidNameError):
        check_tag(tag)


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a#b", "a?b", "a%b", "a:b", "x" * 129, ".."])
def test_a_project_that_could_be_no_folder_is_refused(name):
    with pytest.raises(InvalidNameError):
        check_project(name)


@pytest.mark.parametrize(
    ("text", "number"), [("v0", 0), ("v12", 12), ("v01", None), ("best", None)]
)
def test_a_version_is_told_from_an_alias(text, number):
    assert version_number(text) == number


@pytest.mark.parametrize(
    ("path", "clean"), [("a", "a"), ("a//b", "a/b"), ("./a/b", "a/b"), ("a/./b/", "a/b")]
)
def test_an_entry_path_is_normalised(path, clean):
    assert check_entry_path(path) == clean


@pytest.mark.parametrize(
    "path",
    ["", ".", "/a", "../x", "a/../../x", "C:/x", "c:x", "\\\\host\\x", "a\\b", "a\x00", "a/.."],
)
def test_an_entry_path_that_leaves_the_artifact_is_refused(path):
    with pytest.raises(InvalidPathError):
        check_entry_path(path)


@given(st.text())
def test_an_accepted_path_stays_inside_and_is_stable(text):
    try:
        clean = check_entry_path(text)
    except InvalidPathError:
        return
    assert not clean.startswith("/")
    assert ".." not in clean.split("/")
    assert check_entry_path(clean) == clean


@given(st.text(alphabet="ab./\\:-_ \x00é", max_size=12))
def test_the_quick_way_of_checking_a_path_says_the_same_as_the_slow_one(path):
    def outcome():
        try:
            return check_entry_path(path)
        except InvalidPathError as error:
            return str(error)

    quick = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("artnb.refs._PLAIN_PATH", re.compile("(?!)"))
        assert outcome() == quick


@given(st.lists(st.text() | st.from_regex(r"[a-z.]{1,3}(/[a-z.]{1,3}){0,3}", fullmatch=True)))
def test_many_entry_paths_are_checked_as_each_is(texts):
    def outcome(check):
        try:
            return check()
        except InvalidPathError as error:
            return str(error)

    one_by_one = outcome(lambda: [check_entry_path(text) for text in texts])
    assert outcome(lambda: check_entry_paths(texts)) == one_by_one


def test_of_many_entry_paths_none_may_be_too_long():
    path = "/".join(["x" * 200] * 15)
    with pytest.raises(InvalidPathError, match="over 2048 bytes"):
        check_entry_paths(["a", path])
