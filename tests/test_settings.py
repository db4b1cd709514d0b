"""Where a repository lies: the environment, the files, the folders above."""

import pytest

from artnb.errors import InvalidValueError
from artnb.settings import Settings


def test_the_nearest_repository_above_is_taken(tmp_path):
    (tmp_path / ".artnb").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert Settings.resolve(tmp_path / "a" / "b", {}).root == tmp_path / ".artnb"


@pytest.mark.parametrize("marker", ["pyproject.toml", "artnb.toml"])
def test_else_it_goes_beside_the_root_of_the_project(tmp_path, marker):
    (tmp_path / marker).write_text("")
    (tmp_path / "notebooks").mkdir()
    assert Settings.resolve(tmp_path / "notebooks", {}).root == tmp_path / ".artnb"


def test_the_environment_comes_first(tmp_path):
    (tmp_path / "artnb.toml").write_text('project = "filed"\nstore = "memory://x"\n')
    assert Settings.resolve(tmp_path, {}).project == "filed"
    given = Settings.resolve(tmp_path, {"ARTNB_PROJECT": "said", "ARTNB_STORE": "memory://y"})
    assert (given.project, given.store) == ("said", "memory://y")


def test_names_of_wandb_are_obeyed_after_our_own(tmp_path):
    assert Settings.resolve(tmp_path, {"WANDB_PROJECT": "theirs"}).project == "theirs"
    both = {"WANDB_PROJECT": "theirs", "ARTNB_PROJECT": "ours"}
    assert Settings.resolve(tmp_path, both).project == "ours"
    assert Settings.resolve(tmp_path, {"WANDB_RUN_GROUP": "g"}).group == "g"
    assert Settings.resolve(tmp_path, {"ARTNB_GROUP": "g"}).group == "g"


def test_pyproject_has_a_table(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.artnb]\nproject = "tabled"\n')
    assert Settings.resolve(tmp_path, {}).project == "tabled"


def test_artnb_dir_says_where(tmp_path):
    assert (
        Settings.resolve(tmp_path, {"ARTNB_DIR": f"{tmp_path}/x"}).root == tmp_path / "x" / ".artnb"
    )


def test_a_misspelt_setting_is_refused_with_the_right_one(tmp_path):
    (tmp_path / "artnb.toml").write_text('projekt = "x"\n')
    with pytest.raises(InvalidValueError, match="did you mean 'project'"):
        Settings.resolve(tmp_path, {})


def test_an_unknown_mode_is_refused(tmp_path):
    with pytest.raises(InvalidValueError, match="offline"):
        Settings.resolve(tmp_path, {"ARTNB_MODE": "ofline"})


def test_broken_toml_is_named(tmp_path):
    (tmp_path / "artnb.toml").write_text("store = ")
    with pytest.raises(InvalidValueError, match=r"artnb\.toml"):
        Settings.resolve(tmp_path, {})


def test_durability_is_set_by_file_or_environment_and_checked(tmp_path):
    assert Settings.resolve(tmp_path, {}).durability == "full"
    (tmp_path / "artnb.toml").write_text('durability = "batch"\n')
    assert Settings.resolve(tmp_path, {}).durability == "batch"
    assert Settings.resolve(tmp_path, {"ARTNB_DURABILITY": "none"}).durability == "none"
    with pytest.raises(InvalidValueError, match="did you mean 'none'"):
        Settings.resolve(tmp_path, {"ARTNB_DURABILITY": "nome"})


def test_formats_to_cut_by_content_are_read_from_a_list_a_table_or_the_environment(tmp_path):
    def chunking(text, env=None):
        (tmp_path / "artnb.toml").write_text(text)
        return Settings.resolve(tmp_path, env or {})

    assert chunking("").chunking == ()
    assert chunking('chunking = [".CSV", "parquet"]').chunking == ("csv", "parquet")
    found = chunking('[store]\nurl = "memory://x"\nchunking = ["csv"]\ndurability = "none"')
    assert (found.store, found.chunking, found.durability) == ("memory://x", ("csv",), "none")
    assert chunking("", {"ARTNB_CHUNKING": "csv, json"}).chunking == ("csv", "json")
    with pytest.raises(InvalidValueError, match=r"'store.chunkin' does not exist; .*chunking"):
        chunking('[store]\nchunkin = ["csv"]')
    with pytest.raises(InvalidValueError, match="no suffix"):
        chunking('chunking = ["c/v"]')


@pytest.mark.parametrize(
    ("text", "found"), [("1", "on"), ("true", "on"), ("0", "off"), ("Auto", "auto"), ("", "auto")]
)
def test_the_background_is_on_off_or_auto(tmp_path, text, found):
    assert Settings.resolve(tmp_path, {"ARTNB_BACKGROUND": text}).background == found


def test_the_background_may_be_a_boolean_of_toml(tmp_path):
    (tmp_path / "artnb.toml").write_text("background = false\n")
    assert Settings.resolve(tmp_path, {}).background == "off"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *(("2GB", 2 * 10**9), ("1.5 MiB", 3 << 19), ("500", 500)),
        *(("10 k", 10_000), ("1b", 1), ("1tb", 10**12)),
    ],
)
def test_the_budget_is_a_size(tmp_path, text, found):
    assert Settings.resolve(tmp_path, {"ARTNB_HASH_BUDGET": text}).hash_budget_bytes == found


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *(("HASH_BUDGET", "much"), ("HASH_BUDGET", "1iB"), ("BACKGROUND", "perhaps")),
        *(("LOCK_TIMEOUT", "soon"), ("LOCK_TIMEOUT", "-1s")),
    ],
)
def test_what_these_cannot_be_is_refused(tmp_path, key, text):
    with pytest.raises(InvalidValueError, match=text):
        Settings.resolve(tmp_path, {f"ARTNB_{key}": text})
