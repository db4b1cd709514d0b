"""Fingerprints of passwords and tokens, of no use to whoever has the record alone.

That of a short password can be guessed: one tries all. So the record has a code of it by a key
that lies in the repository's own folder, and neither in the store nor in the catalogue: whether
it changed is known where it was recorded, and elsewhere not.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from artnb.digest import digest_bytes

__all__ = ["is_keyed", "is_same", "keyed"]

_PREFIX = "keyed"
_KEY = "fingerprints.key"


def keyed(folder: Path, mark: str) -> str | None:
    """Return the code of a fingerprint; None if a key can neither be read nor made."""
    key = _key(folder)
    return None if key is None else _code(key, mark)


def is_keyed(mark: str | None) -> bool:
    """Return whether a fingerprint of a record is such a code."""
    return mark is not None and mark.startswith(f"{_PREFIX}:")


def is_same(folder: Path, then: str, mark: str | None) -> bool | None:
    """Return whether a code is that of a fingerprint; None: another key made it."""
    key = _key(folder)
    if key is None or then.split(":")[1] != _name(key):
        return None
    return mark is not None and hmac.compare_digest(then, _code(key, mark))


def _code(key: bytes, mark: str) -> str:
    return f"{_PREFIX}:{_name(key)}:{hmac.digest(key, mark.encode(), 'sha256').hex()[:32]}"


def _name(key: bytes) -> str:
    return digest_bytes(key)[:8]


def _key(folder: Path) -> bytes | None:
    path = folder / _KEY
    try:
        return path.read_bytes() or None
    except OSError:
        pass
    made = path.with_name(f"{_KEY}.{os.getpid()}")
    try:
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(secrets.token_bytes(32))
        try:
            os.link(made, path)  # whole or not at all, and of two at once the first
        except FileExistsError:
            pass
        finally:
            made.unlink()
        return path.read_bytes() or None
    except OSError:
        return None
