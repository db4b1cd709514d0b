"""Keeping passwords, tokens and signatures out of what a person, a log or a page gets to see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

__all__ = ["hidden", "secrets_of", "without_secrets"]

_SECRET_NAMES = re.compile(
    r"^(AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN)|AZURE_.*(KEY|SECRET|SAS|TOKEN|CONNECTION_STRING)"
    r"|GOOGLE_SERVICE_ACCOUNT_KEY|PGPASSWORD)$"
)
_SIGNED = re.compile(
    r"(?i)\b(sig|signature|token|password|secret|x-amz-(?:signature|credential|security-token)|"
    r"accountkey|sharedaccesssignature)=[^\s&;\"']+"
)


def without_secrets(url: str) -> str:
    """Return a URL, or a text that holds one, without users, passwords and queries.

    Examples
    --------
    >>> without_secrets("ftp://me:secret@host/team?token=1")
    'ftp://host/team'
    >>> without_secrets("abfs://box@account.dfs.core.windows.net/team")
    'abfs://box@account.dfs.core.windows.net/team'
    """
    url = re.sub(r"://[^\s:@/]*:[^\s]*@", "://", url)
    url = re.sub(r"(?<!abfs)(?<!abfss)://[^\s/@]*@", "://", url)  # there it is the container
    return re.sub(r"(://[^\s?#]*)[?#][^\s]*", r"\1", url)


def secrets_of(url: str, environ: Mapping[str, str]) -> list[str]:
    """Return what a URL and the environment hold of passwords and tokens, the longest first.

    Both as written and decoded: a library may repeat either.
    """
    values = [value for name, value in environ.items() if _SECRET_NAMES.match(name)]
    rest = url.partition("://")[2]
    authority, _, query = rest.partition("?")
    user = authority.rpartition("@")[0]
    if ":" in user or not url.startswith("abfs"):
        values += [user, user.partition(":")[2]]
    values += [part.partition("=")[2] for part in query.split("&") if not _is_plain(part)]
    found = {text for value in values for text in (value, unquote(value))}
    return sorted((text for text in found if len(text) > 2), key=len, reverse=True)


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return a text without those secrets, and without what a URL in it may hold."""
    for secret in secrets:
        text = text.replace(secret, "***")
    text = _SIGNED.sub(lambda match: f"{match[1]}=***", text)
    return without_secrets(text) if "://" in text else text


def _is_plain(part: str) -> bool:
    return part.partition("=")[0] in ("endpoint", "region", "anonymous", "account")
