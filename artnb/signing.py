"""Who wrote a version: keys, signatures over its record, and whose are trusted.

A version's record names its project, artifact, type, manifest and run, and the manifest has
the digest of each file, so a signature over the record vouches for all contents. What may be
edited later (description, metadata, tags, aliases) it does not cover.

Keys are one line of text. ``ed25519`` has a secret and a public half; only who holds the
secret one can sign. ``hmac`` is one secret that a team shares: whoever can check can sign.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from artnb.digest import canonical_json
from artnb.errors import InvalidValueError, MissingExtraError, SignatureError, SignatureWarning
from artnb.warning import warn

__all__ = ["POLICIES", "Key", "Signature", "Signing", "new_key", "read_key", "read_trusted"]

POLICIES = ("off", "warn", "require")
_DOMAIN = b"artnb version record 1\n"
Verdict = Literal["good", "unsigned", "lost", "unknown", "bad"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key, or the public half of one.

    Attributes
    ----------
    kind : {'ed25519', 'hmac'}
    name : str
        Whose it is, as the person said; trust goes by `id`.
    public : bytes
        Empty for ``hmac``.
    secret : bytes or None
        None: it can only check.
    """

    kind: str
    name: str
    public: bytes = b""
    secret: bytes | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """16 hex digits by which it is known; tells nothing of a secret."""
        body = self.public or hashlib.sha256(b"artnb hmac key\n" + (self.secret or b"")).digest()
        return hashlib.sha256(body).hexdigest()[:16]

    def sign(self, data: bytes) -> bytes:
        """Return the signature of `data`."""
        if self.secret is None:
            raise InvalidValueError(f"The key {self.id} of {self.name!r} can only check.")
        if self.kind == "hmac":
            return hmac.digest(self.secret, data, "sha256")
        return bytes(_ed25519().Ed25519PrivateKey.from_private_bytes(self.secret).sign(data))

    def has_signed(self, data: bytes, value: bytes) -> bool:
        """Return whether `value` is this key's signature of `data`."""
        if self.kind == "hmac":
            return hmac.compare_digest(self.sign(data), value)
        try:
            _ed25519().Ed25519PublicKey.from_public_bytes(self.public).verify(value, data)
        except Exception:
            return False
        return True

    def secret_line(self) -> str:
        """Return the line of a key file."""
        kind = "hmac" if self.kind == "hmac" else "ed25519-secret"
        return f"{kind} {base64.b64encode(self.secret or b'').decode()} {self.name}\n"

    def public_line(self) -> str:
        """Return the line that others add to their trusted keys."""
        return f"ed25519 {base64.b64encode(self.public).decode()} {self.name}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a version's record says of who signed it, and what that is worth.

    Attributes
    ----------
    verdict : {'good', 'unsigned', 'lost', 'unknown', 'bad'}
        Lost: the record cannot be read; unknown: by a key that is not trusted here; bad: the
        record is not what was signed.
    key, by : str
        The key's id, and the name: that of the trusted key where it is one.
    """

    verdict: Verdict
    key: str = ""
    by: str = ""


class Signing:
    """Signs records with a key, and judges those of others.

    Parameters
    ----------
    key : Key or None
        Signs, and is trusted.
    trusted : iterable of Key
    policy : {'off', 'warn', 'require'}
    """

    def __init__(self, key: Key | None, trusted: Iterable[Key], policy: str) -> None:
        self.key = key
        self.policy = policy
        self._trusted = {each.id: each for each in (*trusted, *((key,) if key else ()))}

    def signed(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record with a signature, or as it is where there is no key."""
        if self.key is None:
            return dict(record)
        claim = {"key": self.key.id, "kind": self.key.kind, "by": self.key.name}
        value = self.key.sign(_payload(record, claim))
        return {**record, "signature": {**claim, "value": base64.b64encode(value).decode()}}

    def examine(self, record: Mapping[str, Any]) -> Signature:
        """Return who signed a record, and what that is worth here."""
        given = record.get("signature")
        if not isinstance(given, Mapping):
            return Signature("unsigned")
        claim = {name: str(given.get(name, ""))[:200] for name in ("key", "kind", "by")}
        key = self._trusted.get(claim["key"])
        if key is None or key.kind != claim["kind"]:
            return Signature("unknown", claim["key"], claim["by"])
        try:
            value = base64.b64decode(str(given.get("value", "")), validate=True)
        except (binascii.Error, ValueError):
            return Signature("bad", key.id, key.name)
        body = {name: part for name, part in record.items() if name != "signature"}
        good = key.has_signed(_payload(body, claim), value)
        return Signature("good" if good else "bad", key.id, key.name)

    def enforce(self, found: Signature, what: str) -> None:
        """Warn or raise, as the policy says, unless the signature is good.

        Raises
        ------
        SignatureError
            The policy is ``require``; or, unless it is ``off``, the record was tampered with.
        """
        if found.verdict == "good" or self.policy == "off":
            return
        told = _told(found, what)
        if self.policy == "require" or found.verdict == "bad":
            raise SignatureError(told, found.verdict)
        warn(told, SignatureWarning)


def new_key(kind: str, name: str) -> Key:
    """Return a new key."""
    if kind == "hmac":
        return Key("hmac", _checked_name(name), secret=secrets.token_bytes(32))
    secret = _ed25519().Ed25519PrivateKey.generate()
    raw, public = secret.private_bytes_raw(), secret.public_key().public_bytes_raw()
    return Key("ed25519", _checked_name(name), public, raw)


def read_key(path: Path) -> Key:
    """Return the key of a file that signs.

    Raises
    ------
    InvalidValueError
        It is no key, or others of this machine may read it.
    """
    try:
        text = path.read_text("utf-8").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValueError(
            f"The key {path} cannot be read ({error}). Make one with `artnb keygen`, or correct "
            "ARTNB_SIGN_KEY."
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise InvalidValueError(
            f"The key {path} may be read by others of this machine. Run: chmod 600 {path}"
        )
    key = _parsed(text, str(path))
    if key.secret is None:
        raise InvalidValueError(
            f"{path} is the public half of a key; to sign, name the file without .pub."
        )
    return key


def read_trusted(path: Path) -> list[Key]:
    """Return the keys of a file of trusted ones: a line each, ``#`` begins a comment."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValueError(
            f"The trusted keys {path} cannot be read ({error}). Correct ARTNB_TRUSTED_KEYS."
        ) from error
    return [
        _parsed(line.strip(), f"{path}, line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]


def _parsed(text: str, where: str) -> Key:
    kind, _, rest = text.partition(" ")
    body, _, name = rest.strip().partition(" ")
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if kind not in ("ed25519", "ed25519-secret", "hmac") or len(raw) != 32 or "\n" in name:
        raise InvalidValueError(
            f"{where} is no key. A line is `ed25519 BASE64 NAME`, as `artnb keygen` prints it."
        )
    name = _checked_name(name.strip() or "unnamed")
    if kind == "ed25519":
        return Key("ed25519", name, raw)
    if kind == "hmac":
        return Key("hmac", name, secret=raw)
    public = _ed25519().Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
    return Key("ed25519", name, public, raw)


def _payload(record: Mapping[str, Any], claim: Mapping[str, str]) -> bytes:
    return _DOMAIN + canonical_json({"record": dict(record), "claim": dict(claim)})


def _checked_name(name: str) -> str:
    if not name.isprintable() or len(name) > 128 or not name:
        raise InvalidValueError(f"{name[:60]!r} is no name of a key: up to 128 printable signs.")
    return name


def _told(found: Signature, what: str) -> str:
    if found.verdict == "unsigned":
        return (
            f"{what} is not signed, so nobody vouches for it. Ask its writer to log it again with "
            'ARTNB_SIGN_KEY set, or set signatures = "off" to take it all the same.'
        )
    if found.verdict == "lost":
        return (
            f"The record of {what} is damaged or missing, so nobody vouches for it. Bring it back "
            "from a copy of the store that has it (artnb verify --repair FOLDER), or set "
            'signatures = "off" to take the version all the same.'
        )
    if found.verdict == "unknown":
        return (
            f"{what} is signed by {found.by!r} with the key {found.key}, which is not trusted "
            "here. If you know it, add its line (`artnb keygen` printed it) to ARTNB_TRUSTED_KEYS."
        )
    return (
        f"{what} is not what {found.by!r} signed with the key {found.key}: its record was "
        "changed. Do not use it; ask its writer, and whoever keeps the store."
    )


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingExtraError("A key of the kind ed25519", "cryptography", "sign") from error
    return ed25519
