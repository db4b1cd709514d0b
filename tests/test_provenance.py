"""Signed versions: logged, used, downloaded, pulled, verified; forgeries refused."""

import json
import shutil
import sqlite3
from dataclasses import replace

import pytest

from artnb.cli import main
from artnb.digest import canonical_json, digest_bytes
from artnb.errors import SignatureError, SignatureWarning
from artnb.exchange import pull, push
from artnb.keys import record_key
from artnb.repository import Content, Repository, close_repositories
from artnb.settings import Settings
from artnb.signing import new_key


@pytest.fixture
def keys(tmp_path):
    """Ada's and Eve's key files; Ada's is in the file of trusted ones."""
    for name in ("ada", "eve"):
        key = new_key("ed25519", name)
        (tmp_path / name).write_text(key.secret_line())
        (tmp_path / name).chmod(0o600)
        if name == "ada":
            (tmp_path / "trusted").write_text(key.public_line())
    return tmp_path


@pytest.fixture
def opened(keys):
    made = []

    def open_(name, key=None, policy="off"):
        folder = keys / name
        folder.mkdir(exist_ok=True)
        settings = replace(
            Settings.resolve(folder, {"ARTNB_DIR": str(folder)}),
            sign_key=keys / key if key else None,
            trusted_keys=keys / "trusted",
            signatures=policy,
        )
        made.append(Repository(settings))
        return made[-1]

    yield open_
    for repository in made:
        repository.close()


def log(repository, text="data", name="rows"):
    run = repository.start_run("demo")
    contents = [Content("a.txt", text.encode())]
    version = repository.commit("demo", name, "dataset", contents, run_id=run.id).version
    repository.finish_run(run.id)
    return version


def test_a_signed_version_names_its_signer(opened):
    here = opened("one", key="ada")
    found = here.provenance.signature(log(here))
    assert (found.verdict, found.by) == ("good", "ada")


@pytest.mark.parametrize(("key", "says"), [(None, "is not signed"), ("eve", "is not trusted here")])
def test_what_nobody_vouches_for_is_not_used_downloaded_or_loaded(opened, tmp_path, key, says):
    log(opened("one", key=key))
    here = opened("one", policy="require")
    version = here.resolve("rows:latest", "demo")
    run = here.start_run("demo")
    for action in (
        lambda: here.use(run.id, version.id),
        lambda: here.download(version, tmp_path / "out"),
        lambda: here.load_value(version, "a.txt"),
    ):
        with pytest.raises(SignatureError, match=says):
            action()
    assert here.used(run.id) == []
    assert not (tmp_path / "out").exists()
    here.finish_run(run.id)

    warned = opened("one", policy="warn")
    with pytest.warns(SignatureWarning, match=says):
        warned.download(version, tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "data"


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_a_record_that_cannot_be_read_vouches_for_nothing_and_is_said_to_be_so(
    opened, tmp_path, monkeypatch, capsys, how
):
    version = log(opened("one", key="ada"))
    here = opened("one", policy="require")
    at = here._catalog.locate([version.record])[version.record]
    path = here.root / "objects" / at.object
    copy = tmp_path / "copy" / at.object
    copy.parent.mkdir(parents=True)
    shutil.copy(path, copy)
    path.chmod(0o644)
    data = path.read_bytes()
    middle = at.offset + at.length // 2
    path.write_bytes(data[:middle] + b"\xff" + data[middle + 1 :])
    if how == "missing":
        path.unlink()
    with pytest.raises(SignatureError, match=r"record of rows:v0 .* is damaged") as caught:
        here.download(version, tmp_path / "out")
    assert caught.value.verdict == "lost"
    assert main_at(here, monkeypatch, "verify") == 1
    assert "rows:v0: not known, for its record is damaged" in capsys.readouterr().out
    assert main_at(here, monkeypatch, "verify", "--repair", str(tmp_path / "copy")) == 0
    opened("one", policy="require").download(version, tmp_path / "out")


def main_at(repository, monkeypatch, *line):
    close_repositories()
    monkeypatch.setenv("ARTNB_DIR", str(repository.root.parent))
    monkeypatch.setenv("ARTNB_SIGNATURES", "require")
    monkeypatch.setenv("ARTNB_TRUSTED_KEYS", str(repository.root.parents[1] / "trusted"))
    return main(list(line))


def test_what_a_trusted_key_signed_is_used(opened, tmp_path):
    version = log(opened("one", key="ada"))
    here = opened("one", policy="require")
    assert (here.download(version, tmp_path / "out") / "a.txt").read_text() == "data"


def test_one_who_may_write_the_catalogue_cannot_swap_contents(opened, tmp_path):
    here = opened("one", key="ada")
    good, other = log(here, "good"), log(here, "evil", "others")
    with sqlite3.connect(here.root / "catalog.db") as db:
        db.execute("update versions set digest = ? where id = ?", (other.digest, good.id))
    db.close()
    version = here.version(good.id)
    for policy in ("warn", "require"):
        with pytest.raises(SignatureError, match="is not what 'ada' signed"):
            opened("one", policy=policy).download(version, tmp_path / "out")


def test_a_record_of_another_version_does_not_vouch(opened, tmp_path):
    here = opened("one", key="ada")
    first, second = log(here, "first"), log(here, "second")
    with sqlite3.connect(here.root / "catalog.db") as db:
        db.execute("update versions set record = ? where id = ?", (first.record, second.id))
    db.close()
    with pytest.raises(SignatureError, match="is not what 'ada' signed"):
        opened("one", policy="require").download(here.version(second.id), tmp_path / "out")


@pytest.mark.parametrize("bare", [True, False])
def test_only_what_is_vouched_for_is_pulled(opened, tmp_path, bare):
    sender = opened("one", key="ada")
    log(sender)
    url = f"file://{tmp_path}/share" if bare else str(sender.root)
    if bare:
        list(push(sender, url))
    here = opened("two", policy="require")
    assert [done.received.versions for done in pull(here, url)] == [1]
    log(opened("one", key="eve"), "from eve")
    if bare:
        list(push(sender, url))
    with pytest.raises(SignatureError, match=r"rows:v1 .*as it is sent, is signed by 'eve'"):
        list(pull(here, url))
    assert [version.version for version in here.versions("demo")] == ["v0"]
    with pytest.warns(SignatureWarning, match="eve"):
        list(pull(opened("three", policy="warn"), url))


def test_a_record_that_was_changed_in_the_store_does_not_arrive(opened, tmp_path):
    sender = opened("one", key="ada")
    version = log(sender)
    body = json.loads(sender.read_blob(version.record))
    body["run"] = "another"
    forged = canonical_json(body)
    path = sender.root / "objects" / record_key(digest_bytes(forged))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(forged)
    with sqlite3.connect(sender.root / "catalog.db") as db:
        db.execute("update versions set record = ?", (digest_bytes(forged),))
        db.execute(
            "insert into blobs values (?, ?, 0, ?)",
            (digest_bytes(forged), record_key(digest_bytes(forged)), len(forged)),
        )
    db.close()
    with pytest.raises(SignatureError, match="its record was changed"):
        list(pull(opened("two", policy="warn"), str(sender.root)))


def test_verify_and_show_name_the_signers(opened, keys, monkeypatch, capsys):
    log(opened("one", key="ada"), "by ada")
    log(opened("one", key="eve"), "by eve")
    log(opened("one"), "by nobody")
    close_repositories()
    monkeypatch.setenv("ARTNB_DIR", str(keys / "one"))
    monkeypatch.setenv("ARTNB_TRUSTED_KEYS", str(keys / "trusted"))
    assert main(["verify"]) == 0
    assert "signed      1 versions by ada (key " in capsys.readouterr().out
    assert main(["show", "demo/rows:v0"]) == 0
    assert "signed      by ada (key " in capsys.readouterr().out
    close_repositories()
    monkeypatch.setenv("ARTNB_SIGNATURES", "require")
    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    assert "demo/rows:v1: by 'eve', whose key" in said
    assert "demo/rows:v2: no" in said


def test_a_policy_that_does_not_exist_is_named():
    from artnb.errors import InvalidValueError

    with pytest.raises(InvalidValueError, match=r"signatures 'requires'.*did you mean 'require'"):
        Settings.resolve(environ={"ARTNB_SIGNATURES": "requires"})
