"""Versions whose time is over go when the store is collected, and no others."""

import time
from datetime import timedelta

import pytest

import artnb
from artnb.cli import main
from artnb.errors import InvalidValueError
from artnb.maintenance.expiry import find_expired
from artnb.model import VersionRecord
from artnb.repository import Content, Repository
from artnb.retention import KeepRules, parse_keep, parse_time
from artnb.settings import Settings

NOW = 1_000_000.0


def version(number, *, aliases=(), tags=(), ttl=None, age=100.0, name="thing"):
    return VersionRecord(
        number, "demo", name, "d", number, "", 0, 0, None, {}, aliases, tags, "live", NOW - age, ttl
    )


def gone(versions, keep=None, ttl=None):
    rules = parse_keep(keep) if keep else None
    return {each.version.number for each in find_expired(versions, rules, ttl, NOW)}


def test_without_a_ttl_and_rules_all_stay():
    assert gone([version(n) for n in range(9)]) == set()


def test_a_ttl_ends_a_version_and_0_means_never():
    versions = [version(0, ttl=50), version(1, ttl=200), version(2, ttl=0), version(3)]
    assert gone(versions) == {0}
    assert gone(versions, ttl=10) == {0, 3}


def test_what_no_rule_keeps_goes():
    versions = [
        version(0), version(1, aliases=("best",)), version(2, tags=("t",)), version(3), version(4),
    ]  # fmt: skip
    assert gone(versions, "last 2") == {0, 1, 2}
    assert gone(versions, "last 2, aliased") == {0, 2}
    assert gone(versions, "last 2, aliased, tagged") == {0}
    assert gone(versions, "tagged") == {0, 1, 3}  # the newest stays always


def test_each_artifact_has_its_own_last():
    versions = [version(n, name=name) for name in "ab" for n in range(3)]
    found = find_expired(versions, KeepRules(last=2), None, NOW)
    assert sorted((e.version.name, e.version.number) for e in found) == [("a", 0), ("b", 0)]


def test_the_rules_are_stronger_than_a_ttl():
    assert gone([version(0, ttl=1), version(1, ttl=1)], "last 1") == {0}


@pytest.mark.parametrize("text", ["last", "last 0", "latest 5", "last five", "aliased tagged"])
def test_a_rule_that_does_not_exist_is_refused(text):
    with pytest.raises(InvalidValueError, match="is no rule"):
        parse_keep(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90", 90), ("1.5h", 5400), ("2w", 1209600)]
)
def test_times_are_read(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1d", "1y", "1e9"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InvalidValueError, match="is no time"):
        parse_time(text)


def test_settings_are_checked_when_they_are_read(tmp_path):
    (tmp_path / "artnb.toml").write_text('keep = "last 5, aliased"\nttl = "90d"\n')
    found = Settings.resolve(tmp_path, {})
    assert (found.keep_rules, found.ttl_seconds) == (KeepRules(5, True), 90 * 86400)
    with pytest.raises(InvalidValueError, match="is no rule"):
        Settings.resolve(tmp_path, {"ARTNB_KEEP": "best"})
    with pytest.raises(InvalidValueError, match="is no time"):
        Settings.resolve(tmp_path, {"ARTNB_TTL": "soon"})


@pytest.fixture
def pruned(tmp_path):
    opened = Repository(Settings.resolve(tmp_path, {"ARTNB_KEEP": "last 2, aliased"}))
    run = opened.start_run("demo")
    for n in range(5):
        contents = [Content("x", b"%d" % n * 300_000)]
        aliases = ["best"] if n == 1 else []
        opened.commit("demo", "thing", "d", contents, run_id=run.id, aliases=aliases)
    opened.finish_run(run.id)
    yield opened
    opened.close()


def test_collecting_deletes_what_no_rule_keeps_and_frees_it(pruned):
    foreseen = pruned.maintenance.collect(grace=0, dry_run=True)
    assert [e.version.ref for e in foreseen.expired] == ["thing:v2", "thing:v0"]
    assert len(pruned.versions("demo", "thing")) == 5
    done = pruned.maintenance.collect(grace=0)
    assert (foreseen.bytes, foreseen.projects) == (done.bytes, done.projects)
    assert [e.version.ref for e in done.expired] == ["thing:v2", "thing:v0"]
    assert done.projects["demo"] >= 600_000
    assert [v.number for v in pruned.versions("demo", "thing")] == [4, 3, 1]
    assert pruned.maintenance.verify().damage == ()


def test_what_the_grace_would_keep_of_them_is_foreseen(pruned):
    foreseen = pruned.maintenance.collect(grace=3600, dry_run=True)
    done = pruned.maintenance.collect(grace=3600)
    assert len(done.expired) == 2
    assert (foreseen.bytes, foreseen.young) == (done.bytes, done.young)
    assert done.young >= 600_000


def test_an_alias_that_came_just_now_keeps_its_version(pruned, monkeypatch):
    from artnb.maintenance import maintenance

    real = maintenance.find_expired

    def slow(*args):
        found = real(*args)
        pruned.set_aliases(found[0].version.id, add=["rescued"])
        return found

    monkeypatch.setattr(maintenance, "find_expired", slow)
    assert [e.version.ref for e in pruned.maintenance.collect(grace=0).expired] == ["thing:v0"]
    assert pruned.resolve("thing:rescued", "demo").state == "live"


def test_an_artifact_has_a_ttl(isolated, capsys):
    artifact = artnb.Artifact("thing", "d")
    assert (artifact.ttl, artifact.ttl_is_inherited) == (None, True)
    artifact.ttl = timedelta(days=2)
    with artifact.new_file("x") as file:
        file.write("x")
    with artnb.init(project="demo") as run:
        run.log_artifact(artifact)
    found = artnb.Api().artifact("demo/thing:latest")
    assert (found.ttl, found.ttl_is_inherited) == (timedelta(days=2), False)
    inherit = artnb.ArtifactTTL.INHERIT
    for ttl, seen in ((None, None), (inherit, None), (timedelta(1), timedelta(1))):
        found.ttl = ttl
        found.save()
        again = artnb.Api().artifact("demo/thing:latest")
        assert (again.ttl, again.ttl_is_inherited) == (seen, ttl is inherit)
    with pytest.raises(InvalidValueError, match="positive timedelta"):
        found.ttl = timedelta(0)
    found.ttl = timedelta(microseconds=1)
    found.save()
    time.sleep(0.01)
    assert main(["gc", "--dry-run"]) == 0
    assert "would delete demo/thing:v0: its ttl" in capsys.readouterr().out
    assert main(["gc"]) == 0
    assert "deleted demo/thing:v0: its ttl" in capsys.readouterr().out
    assert not artnb.Api().artifact_exists("demo/thing:latest")


def test_the_ttl_of_the_settings_is_inherited(isolated, monkeypatch):
    monkeypatch.setenv("ARTNB_TTL", "30d")
    assert artnb.Artifact("thing", "d").ttl == timedelta(days=30)
