"""Keys and signatures: who signed is known, what was changed is refused, secrets stay secret."""

import json
import os
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnb.cli import main
from artnb.errors import InvalidValueError, MissingExtraError, SignatureError, SignatureWarning
from artnb.signing import Signing, new_key, read_key, read_trusted

RECORD = {"artnb": 1, "project": "demo", "name": "rows", "manifest": "0" * 64, "metadata": {"a": 1}}


@pytest.fixture(params=["ed25519", "hmac"])
def key(request):
    return new_key(request.param, "Ada")


def checker(*keys, policy="require"):
    return Signing(None, keys, policy)


def test_what_was_signed_is_good_to_who_trusts_the_key(key):
    signed = Signing(key, (), "off").signed(RECORD)
    found = checker(key).examine(json.loads(json.dumps(signed)))
    assert (found.verdict, found.key, found.by) == ("good", key.id, "Ada")
    assert checker(new_key(key.kind, "Bob")).examine(signed).verdict == "unknown"
    assert checker(key).examine(RECORD).verdict == "unsigned"


@given(st.sampled_from([*RECORD, "signature.by", "signature.key", "signature.value", "new"]))
def test_any_change_shows(field):
    key = new_key("ed25519", "Ada")
    signed = json.loads(json.dumps(Signing(key, (), "off").signed(RECORD)))
    where, _, name = field.rpartition(".")
    part = signed[where] if where else signed
    part[name] = "other"
    assert checker(key).examine(signed).verdict in ("bad", "unknown")


def test_a_signature_by_another_kind_of_key_is_not_taken():
    """Whoever knows the public half could else use it as the secret of an hmac."""
    key = new_key("ed25519", "Ada")
    forged = Signing(key, (), "off").signed(RECORD)
    forged["signature"]["kind"] = "hmac"
    assert checker(key).examine(forged).verdict == "unknown"


@pytest.mark.parametrize("value", [None, 3, "text", [], {}, {"key": []}, {"value": "\x00"}])
def test_a_record_with_nonsense_for_a_signature_is_no_accident(key, value):
    found = checker(key).examine({**RECORD, "signature": value})
    assert found.verdict in ("unsigned", "unknown")


def test_the_policy_says_what_happens(key):
    unsigned = checker(key).examine(RECORD)
    checker(key, policy="off").enforce(unsigned, "rows:v0")
    with pytest.warns(SignatureWarning, match="rows:v0 is not signed"):
        checker(key, policy="warn").enforce(unsigned, "rows:v0")
    with pytest.raises(SignatureError, match="Ask its writer") as caught:
        checker(key).enforce(unsigned, "rows:v0")
    assert caught.value.verdict == "unsigned"
    bad = checker(key).examine({**Signing(key, (), "off").signed(RECORD), "name": "x"})
    with pytest.raises(SignatureError, match="is not what 'Ada' signed"):
        checker(key, policy="warn").enforce(bad, "rows:v0")


def test_keygen_writes_a_key_that_only_its_owner_reads(tmp_path, capsys):
    path = tmp_path / "keys" / "mine"
    assert main(["keygen", str(path), "--name", "Ada Lovelace"]) == 0
    said = capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text().split()[1]
    assert secret not in said
    assert (tmp_path / "keys" / "mine.pub").read_text() in said
    (tmp_path / "trusted").write_text(f"# the team\n\n{said.splitlines()[-1]}\n")
    (trusted,) = read_trusted(tmp_path / "trusted")
    key = read_key(path)
    assert (trusted.id, trusted.name, trusted.secret) == (key.id, "Ada Lovelace", None)
    assert "exists" not in said
    assert main(["keygen", str(path)]) == 1
    assert "exists" in capsys.readouterr().err
    assert read_key(path).id == key.id


def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "key"
    path.write_text(new_key("hmac", "team").secret_line())
    path.chmod(0o644)
    with pytest.raises(InvalidValueError, match=f"chmod 600 {path}"):
        read_key(path)


@pytest.mark.parametrize("text", ["", "ed25519", "rsa AAAA me", "ed25519 !!! me", "hmac QUJD me"])
def test_what_is_no_key_is_named_with_its_place(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(f"# first\n{text or 'nothing'}\n")
    with pytest.raises(InvalidValueError, match="line 2 is no key"):
        read_trusted(path)
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InvalidValueError, match="is no key"):
        read_key(path)


def test_a_public_half_cannot_sign(tmp_path):
    path = tmp_path / "key.pub"
    path.write_text(new_key("ed25519", "Ada").public_line())
    path.chmod(0o600)
    with pytest.raises(InvalidValueError, match="public half"):
        read_key(path)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'artnb\[sign\]'"):
        new_key("ed25519", "Ada")


def test_a_missing_file_says_which_setting_names_it(tmp_path):
    with pytest.raises(InvalidValueError, match="ARTNB_SIGN_KEY"):
        read_key(tmp_path / "none")
    with pytest.raises(InvalidValueError, match="ARTNB_TRUSTED_KEYS"):
        read_trusted(tmp_path / "none")


def test_no_secret_is_in_a_repr(key):
    assert os.fsdecode(key.secret_line().split()[1]) not in repr(key)
    assert repr(key.secret) not in repr(key)
