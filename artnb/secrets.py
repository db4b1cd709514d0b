"""Passwords, tokens and signatures: how they are told, and kept out of what others see.

Three strengths. `without_secrets` is for messages: of a URL it leaves where it leads.
`shareable` is for a URL that is kept and used again: it drops no more than it must.
`scrubbed` is for texts that a person wrote or printed, of which the rest is to stay as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from artnb.process import variables
from artnb.typed import is_token, without_typed

__all__ = ["HIDDEN", "hidden", "is_secret", "known_secrets", "scrubbed", "secrets_in",
           "secrets_of", "shareable", "without_secrets"]  # fmt: skip

HIDDEN = "***"
"""What stands for a secret."""

_SURE = re.compile(
    r"(?i)(?:password|passwd|passphrase|(?:^|[_.-])(?:secret|credentials?|(?:api|access|account|"
    r"private|secret|storage)[_-]?key|access[_-]?key[_-]?id|connection[_-]?string))$|[_.-]pwd$"
)
_PERHAPS = re.compile(r"(?i)(?:^|[_.-])(?:token|signature|sig|auth|authorization|bearer|jwt|sas)$")
"""Names that also have a plain meaning: a word of a text is a token, too."""

_IN_ADDRESSES = ("pwd", "pass", "upload_id")
"""Names that mean a secret only there: with the last, anyone writes an object of Google's."""

_SCHEME_OF_AUTH = re.compile(r"(?i)^(?:bearer|basic|token)\s+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_SECRETS = ("GOOGLE_APPLICATION_CREDENTIALS",)  # a file's name
_SIGNED = re.compile(
    r"(?i)\b((?:[\w-]*[_-])?(?:sig|signature|token|password|secret|credential|accountkey|"
    r"sharedaccesssignature))=[^\s&;\"']+"
)
_OF_SIGNATURES = re.compile(
    r"(?i)x-(?:amz|goog|ms)-.*|awsaccesskeyid|googleaccessid|expires|key-pair-id|policy|"
    r"s[vsrpte]|srt|sip|spr|ske|sks|skt|skv|skoid|sktid"
)
"""What stands beside a signature in a URL of S3, Google or Azure, and is of no use without it."""

_USERS = ("sftp", "ssh", "ftp", "smb", "hdfs", "webhdfs", "postgresql", "postgres", "mysql")
"""Protocols of which the user's name belongs to the address, and is no token."""

_REST = re.compile(r"://([^\s\"'<>\\`]+)")  # from here, for it is looked for in long texts
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*$")
_CHAINED = re.compile(r"::(?=[a-zA-Z][a-zA-Z0-9+.-]*://)")
_MARKED_PAIR = re.compile(r"(?i)(?:accountkey|sharedaccesssignature|sig)=([^;&\s]+)")


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


def shareable(url: str) -> str:
    """Return a URL without what is secret in it, and with all else that it needs.

    Examples
    --------
    >>> shareable("https://me:pw@host/a.csv?id=5&token=abc")
    'https://host/a.csv?id=5'
    >>> shareable("sftp://me:pw@host/a.csv")
    'sftp://me@host/a.csv'
    """
    return _rewritten(url, "")


def is_secret(name: str, value: Any) -> bool:
    """Return whether a value is secret by its name or form, or a URL with a secret in it.

    Examples
    --------
    >>> is_secret("api_key", "x"), is_secret("dbPassword", "x"), is_secret("password", None)
    (True, True, False)
    >>> is_secret("token", "hf_8sXq71b"), is_secret("token", "word")
    (True, False)
    """
    if not issubclass(type(value), (str, bytes)) or not value:
        return False
    if _is_called_secret(name, value) or (isinstance(value, str) and is_token(value)):
        return True
    return isinstance(value, str) and "://" in value and shareable(value) != value


def secrets_in(name: str, value: Any) -> Iterator[str]:
    """Yield the passwords and tokens of a variable's value: texts, in lists and dicts, too.

    Not those that are short or plain words: they are likely to stand in any text.
    """
    if isinstance(value, str):
        if is_secret(name, value):
            found = _REST.finditer(value)
            parts = [part for match in found for part in _passwords_of(match[1])]
            yield from filter(_is_telling, parts or ([] if "://" in value else [value]))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from secrets_in(name, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from secrets_in(str(key), item)


def secrets_of(url: str, environ: Mapping[str, str]) -> list[str]:
    """Return what a URL and the environment hold of passwords and tokens, the longest first.

    Both as written and decoded: a library may repeat either.
    """
    values = list(known_secrets(environ))
    rest = url.partition("://")[2]
    authority, _, query = rest.partition("?")
    user = authority.rpartition("@")[0]
    if ":" in user or not url.startswith("abfs"):
        values += [user, user.partition(":")[2]]
    values += [part.partition("=")[2] for part in query.split("&") if not _is_option(part)]
    found = {text for value in values for text in (value, unquote(value))}
    return sorted((text for text in found if len(text) > 2), key=len, reverse=True)


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return a text without those secrets, and without what a URL in it may hold."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = _SIGNED.sub(lambda match: f"{match[1]}={HIDDEN}", text)
    return without_secrets(text) if "://" in text else text


def scrubbed(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text with ``***`` for these secrets, those of the URLs in it, and those typed in it.

    Examples
    --------
    >>> scrubbed("read https://me:pw@host/a?id=5&token=abc by x-0123", ["x-0123"])
    'read https://***@host/a?id=5&token=*** by ***'
    >>> scrubbed("connect(user='ann', password='pw')")
    "connect(user='ann', password='***')"
    """
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = _REST.sub(_without_own, text) if "://" in text else text
    return without_typed(text, _is_typed_secret, HIDDEN)


def known_secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the secrets of the environment, the longest first.

    Short ones and plain words are none: they are likely to stand in any text.

    Parameters
    ----------
    environ : mapping, optional
        Default: this process's, of which they are looked for only when it has changed.
    """
    global _known
    if environ is not None:
        return _secrets_among(environ)
    environ = variables()
    known = _known
    if environ is not known[0]:
        known = _known = environ, _secrets_among(environ)
    return known[1]


# inner --------------------------------------------------------------------------------

_known: tuple[Mapping[str, str], tuple[str, ...]] = ({}, ())


def _secrets_among(environ: Mapping[str, str]) -> tuple[str, ...]:
    found = []
    for name, value in environ.items():
        if _names_secret(name):
            found += [value, *_MARKED_PAIR.findall(value)]
        elif "://" in value:
            found += [part for match in _REST.finditer(value) for part in _passwords_of(match[1])]
    return tuple(sorted(set(filter(_is_telling, found)), key=len, reverse=True))


def _is_telling(secret: str) -> bool:
    return len(secret) >= 8 and not secret.isalpha()


def _is_called_secret(name: str, value: str | bytes) -> bool:
    told = _CAMEL.sub("_", name)
    return bool(_SURE.search(told) or (_PERHAPS.search(told) and _looks_random(value)))


def _is_typed_secret(name: str, value: str) -> bool:
    return "://" not in value and value != HIDDEN and _is_called_secret(name, value)


@lru_cache(maxsize=1000)
def _names_secret(variable: str) -> bool:
    told = _SURE.search(variable) or _PERHAPS.search(variable)
    return bool(told) and variable not in _NO_SECRETS


def _without_own(match: re.Match[str]) -> str:
    scheme = _SCHEME.search(match.string, max(0, match.start() - 20), match.start())
    return _rewritten(f"{scheme[0] if scheme else ''}{match[0]}", HIDDEN)[
        len(scheme[0]) if scheme else 0 :
    ]


def _rewritten(url: str, instead: str) -> str:
    """Return a URL with something in place of each secret; the empty text: without them."""
    return "::".join(_one_rewritten(part, instead) for part in _CHAINED.split(url))


def _one_rewritten(url: str, instead: str) -> str:
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if "@" not in authority and re.search(r":(?!\d*$)", authority) and "@" in rest:
        authority = rest[: rest.rindex("@") + 1]  # a password with / that is not quoted
    user, _, host = authority.rpartition("@")
    rest, sharp, fragment = rest.removeprefix(authority).partition("#")
    path, _, query = rest.partition("?")
    if user and not scheme.startswith("abfs"):
        name, colon, _ = user.partition(":")
        secret = colon + instead if colon and instead else ""
        user = name + secret if scheme in _USERS else instead
    asked = "&".join(filter(None, (_parameter(part, query, instead) for part in query.split("&"))))
    return (
        f"{scheme}://{user}{'@' if user else ''}{host}{path}{'?' if asked else ''}{asked}"
        f"{sharp}{_SIGNED.sub(instead, fragment)}"
    )


def _parameter(part: str, query: str, instead: str) -> str:
    name = unquote(part.partition("=")[0])
    secret = bool(_SURE.search(name) or _PERHAPS.search(name) or name.lower() in _IN_ADDRESSES)
    signed = bool(_OF_SIGNATURES.fullmatch(name)) and "sig" in query.lower()
    if not secret and not (signed and not instead):
        return part
    return f"{name}={instead}" if instead else ""


def _looks_random(value: str | bytes) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    text = _SCHEME_OF_AUTH.sub("", text)
    return len(text) >= 8 and bool(re.search(r"\d", text)) and not re.search(r"\s", text)


def _passwords_of(rest: str) -> list[str]:
    authority, _, query = rest.partition("?")
    password = authority.rpartition("@")[0].partition(":")[2]
    given = [part.partition("=")[2] for part in query.split("&") if not _parameter(part, query, "")]
    return [text for part in (password, *given) if part for text in (part, unquote(part))]


def _is_option(part: str) -> bool:
    return part.partition("=")[0] in ("endpoint", "region", "anonymous", "account")
