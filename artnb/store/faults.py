"""What a storage service, or the network, refuses: which of it passes, and what to do about it.

Services name their refusals by codes (`NoSuchBucket`, `RequestTimeTooSkewed`), which every
client library repeats in its message. So the text is read, whoever raised it; what a person
gets is our own, for the library's holds signed addresses and headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from artnb.errors import StoreError, StoreFullError, StoreReadOnlyError
from artnb.texts import Message

__all__ = ["Place", "explained", "is_already_there", "is_no_bucket", "is_transient"]


@dataclass(frozen=True, slots=True)
class Place:
    """A store, for messages.

    Attributes
    ----------
    location : str
        Its URL, without secrets.
    endpoint : str
        The server, where it is not the service's own.
    service : {'s3', 'gs', 'az', ''}
        Whose credentials it takes.
    """

    location: str
    endpoint: str = ""
    service: str = ""

    def __str__(self) -> str:
        return f"{self.location} at {self.endpoint}" if self.endpoint else self.location

    @property
    def bucket(self) -> str:
        """The bucket or container."""
        return self.location.partition("://")[2].partition("/")[0]


_KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or log in by `gcloud auth application-default login`",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY (or AZURE_STORAGE_SAS_TOKEN)",
}

_TRANSIENT_CLASSES = re.compile(
    "Timeout|ConnectionError|ConnectionReset|ConnectionAborted|BrokenPipe|IncompleteRead|"
    "EndpointConnection|ServerDisconnected|ClientConnector|ClientOSError|ClientPayload|"
    "ResponseStreaming|SSLError"
)
_TRANSIENT = re.compile(
    r"\b(SlowDown|ServiceUnavailable|InternalError|OperationTimedOut|RequestTimeout|ServerBusy|"
    r"ThrottlingException|TooManyRequests)\b|status code: (429|5\d\d)|\((HTTP|code:) (429|5\d\d)\)|"
    r"Please reduce your request rate|error sending request|error decoding response body|"
    r"operation timed out|[Cc]onnection (reset|refused|aborted|closed)|dns error|broken pipe|"
    r"error (reading a body|following redirect)|HTTP error|incomplete message|unexpected EOF"
)
_NO_BUCKET = re.compile(
    r"\b(NoSuchBucket|ContainerNotFound|ContainerBeingDeleted|"
    r"The specified (?:bucket|container) does not exist)\b"
)
_THERE = re.compile(
    r"\b(BlobAlreadyExists|PreconditionFailed|BucketAlreadyOwnedByYou)\b|already exists"
)


def is_transient(error: BaseException) -> bool:
    """Return whether the same call may succeed a little later.

    Never what says that a thing is not there or not allowed: it would only come later.
    """
    if isinstance(error, (FileNotFoundError, PermissionError, StoreError)):
        return False
    if isinstance(error, (TimeoutError, ConnectionError)):
        return True
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    text = str(error)
    if re.search(r"status code: (?!429)4\d\d", text):
        return False
    return bool(_TRANSIENT_CLASSES.search(names) or _TRANSIENT.search(text))


def is_already_there(error: BaseException) -> bool:
    """Return whether a put was refused because the key has an object.

    obstore raises `AlreadyExistsError`, fsspec `FileExistsError`, and s3fs, where another
    writer is at work, a bare ``OSError(22)``.
    """
    if isinstance(error, FileExistsError) or type(error).__name__ == "AlreadyExistsError":
        return True
    if isinstance(error, OSError) and error.errno == 22:
        return bool(_THERE.search(str(error))) or "precondition" in str(error).lower()
    return bool(_THERE.search(str(error)))


def is_no_bucket(error: BaseException) -> bool:
    """Return whether the bucket is what is missing."""
    return bool(_NO_BUCKET.search(str(error)))


def explained(error: BaseException, doing: str, place: Place) -> StoreError:
    """Return what happened, where, and what to do, as the store's own error."""
    text = f"{type(error).__name__}: {error}"
    for pattern, kind, say in _REASONS:
        if match := pattern.search(text):
            return kind(f"Could not {doing}: {say(place, match)} Nothing was recorded.")
    code = re.search(r"<Code>(\w+)</Code>", text) or re.search(r"\((\w+)\) when calling", text)
    status = re.search(r"status code: (\d{3} [A-Za-z ]+)|\b([45]\d\d)\b", text)
    found = next((part for each in (code, status) if each for part in each.groups() if part), "")
    what = f"{type(error).__name__} {found}".strip()
    return StoreError(
        Message(
            "Could not {0}: the store {1} answered {2}. Check the address, the credentials and "
            "the network with `artnb doctor`. Nothing was recorded.",
            doing,
            place,
            what,
        )
    )


def _no_bucket(place: Place, _: re.Match[str]) -> str:
    kind = "container" if place.service == "az" else "bucket"
    return (
        f"there is no {kind} {place.bucket!r} ({place}). Make it, or correct the address in "
        "ARTNB_STORE."
    )


def _no_archive(place: Place, _: re.Match[str]) -> str:
    return f"{place} is no zip archive, or a damaged one. Check the address."


def _bad_key(place: Place, match: re.Match[str]) -> str:
    keys = _KEYS.get(place.service, "the user and the password")
    return (
        f"the store {place} does not accept the credentials ({match[1]}). Check {keys}; the clock "
        "of this machine must be right, too."
    )


def _no_key(place: Place, _: re.Match[str]) -> str:
    keys = _KEYS.get(place.service, "the user and the password")
    return f"no credentials for the store {place} were found. Set {keys}."


def _expired(place: Place, match: re.Match[str]) -> str:
    return (
        f"the credentials for the store {place} have run out ({match[1]}). Get new ones, for "
        "example by logging in again."
    )


def _forbidden(place: Place, _: re.Match[str]) -> str:
    return (
        f"the credentials do not allow it in the store {place}. Ask whoever keeps it for leave to "
        "list, read, write and delete there, or point ARTNB_STORE at another one."
    )


def _skewed(place: Place, _: re.Match[str]) -> str:
    return (
        f"the clock of this machine differs too much from that of the store {place}. Set the "
        "clock (`timedatectl set-ntp true`), then try again."
    )


def _region(place: Place, match: re.Match[str]) -> str:
    found = re.search(r"expecting '([\w-]+)'|<Region>([\w-]+)<|bucket-region[^\w]+([\w-]+)",
                      match.string)  # fmt: skip
    right = next(filter(None, found.groups()), None) if found else None
    advice = f"Set AWS_REGION={right}." if right else "Set AWS_REGION to the bucket's region."
    return f"the bucket {place.bucket!r} ({place}) lies in another region. {advice}"


def _unreachable(place: Place, _: re.Match[str]) -> str:
    return (
        f"the store {place} cannot be reached. Check the network and the address; what was "
        "written there is untouched, and to try again is safe."
    )


def _busy(place: Place, _: re.Match[str]) -> str:
    return f"the store {place} is busy and refused again and again. Wait, then try again."


def _full(place: Place, _: re.Match[str]) -> str:
    return f"the store {place} is full, or its quota is used up. Make room, then try again."


def _option(place: Place, match: re.Match[str]) -> str:
    return f"an option of the address {place} is not known ({match[0][:80]}). Correct it."


Say = Callable[[Place, "re.Match[str]"], str]
_REASONS: tuple[tuple[re.Pattern[str], type[StoreError], Say], ...] = (
    (_NO_BUCKET, StoreError, _no_bucket),
    (re.compile(r"\b(RequestTimeTooSkewed|RequestExpired)\b|too (skewed|old)|reasonable timeframe"),
     StoreError, _skewed),
    (re.compile(r"\b(ExpiredToken|TokenRefreshRequired|ExpiredTokenException|"
                r"not valid in the specified time frame)\b"), StoreError, _expired),
    (re.compile(r"NoCredentials|Unable to locate credentials|CredentialsProvider|"
                r"Anonymous caller|[Mm]issing credentials|DefaultCredentials"), StoreError,
     _no_key),
    # Google's token could not be asked for; obstore takes that for wrong credentials.
    (re.compile("TransportError"), StoreError, _unreachable),
    (re.compile(r"\b(invalid_grant|invalid_client)\b"), StoreError, _bad_key),
    (re.compile(r"\b(InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|"
                r"AuthorizationFailure|AuthenticationRequired|InvalidToken|InvalidSecurity|"
                r"NoAuthenticationInformation|Unauthenticated(?:Error)?|"
                r"InvalidAuthenticationInfo|401 Unauthorized)\b"), StoreError, _bad_key),
    (re.compile(r"\b(AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraint\w*)"
                r"|status code: 301"), StoreError, _region),
    (re.compile(r"\b(QuotaExceeded|StorageFull|NotEnoughSpace|InsufficientAccountStorage"
                r"|QuotaExceededException)\b"), StoreFullError, _full),
    (re.compile(r"\b(AccessDenied|AllAccessDisabled|AuthorizationPermissionMismatch|"
                r"PermissionDeniedError|PermissionError|Forbidden)\b|\(code: 403\)"),
     StoreReadOnlyError, _forbidden),
    (re.compile(r"\b(SlowDown|ServiceUnavailable|ServerBusy|TooManyRequests)\b"
                r"|status code: (429|503)"), StoreError, _busy),
    (re.compile(r"error sending request|dns error|EndpointConnectionError|ClientConnector|"
                r"Timeout|ConnectionError|ConnectionRefused|[Cc]onnection (reset|refused|closed)"),
     StoreError, _unreachable),
    (re.compile(r"UnknownConfigurationKeyError"), StoreError, _option),
    (re.compile("^BadZipFile"), StoreError, _no_archive),
)  # fmt: skip
