"""What artnb raises, one small tree, split by what a handler would do.

::

    ArtnbError
    ├── UsageError                  the call does not fit the state it is made in
    │   ├── NoRunError              a module-level call without an open run
    │   ├── RunFinishedError        a write to a run that is over
    │   ├── ArtifactNotLoggedError  a version's question asked of a draft (also AttributeError)
    │   ├── ArtifactFinalizedError  a draft's change asked of a version
    │   └── ConfigError             a config value would change silently
    ├── InvalidValueError           an argument cannot be accepted (also ValueError)
    │   ├── InvalidNameError        a name, type, alias or tag with other characters
    │   ├── InvalidPathError        an entry path that is absolute or leaves the artifact
    │   ├── EntryExistsError        a path that the artifact holds with other content
    │   ├── TypeMismatchError       a collection that has another type
    │   ├── InvalidMetadataError    metadata that JSON cannot hold
    │   └── VerificationError       a folder that differs from its version
    ├── CommError                   what was asked for is not there (also KeyError)
    │   └── RunDeletedError         a run that was deleted
    ├── StoreError                  the bytes' side failed (also OSError)
    │   ├── StoreFullError
    │   ├── StoreReadOnlyError
    │   ├── ObjectMissingError
    │   └── CorruptObjectError
    ├── CatalogError                the rows' side failed
    │   └── CatalogLockedError      another process keeps it locked: the same may work later
    ├── SerializationError          a value cannot become files, or files a value
    │   └── UntrustedError          loading it would run code; needs ``trust=True``
    ├── SignatureError              nobody who is trusted vouches for a version
    └── MissingExtraError           an optional package is not installed (also ImportError)

Warnings are `ArtnbWarning`, so that they can be turned off by it. Of its kinds `StepWarning` is
there because a training loop should not die of a wrong step, `SignatureWarning` where the settings
say to warn only.
Every message says what happened, with the values, and what to do next; the
subject is an attribute where a handler may want it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import reduce

from artnb import term  # noqa: F401 - errors.term, as in W&B
from artnb.texts import Message

__all__ = [
    "ArtifactFinalizedError",
    "ArtifactNotLoggedError",
    "ArtnbError",
    "ArtnbWarning",
    "CatalogError",
    "CatalogLockedError",
    "CommError",
    "ConfigError",
    "CorruptObjectError",
    "EntryExistsError",
    "Error",
    "InvalidMetadataError",
    "InvalidNameError",
    "InvalidPathError",
    "InvalidValueError",
    "MissingExtraError",
    "NoRunError",
    "ObjectMissingError",
    "RunDeletedError",
    "RunFinishedError",
    "SerializationError",
    "SignatureError",
    "SignatureWarning",
    "StepWarning",
    "StoreError",
    "StoreFullError",
    "StoreReadOnlyError",
    "TypeMismatchError",
    "UntrustedError",
    "UsageError",
    "VerificationError",
    "nearest",
]


class ArtnbError(Exception):
    """Base of everything that artnb raises on purpose."""

    def __str__(self) -> str:
        # KeyError's and OSError's own __str__ would quote or reorder the message.
        return str(self.args[0]) if self.args else ""

    @property
    def message(self) -> str:
        """What it says, as a `Message` where that can be said in another language."""
        said = self.args[0] if self.args else ""
        return said if isinstance(said, Message) else str(self)


Error = ArtnbError
"""W&B's name for it."""


class UsageError(ArtnbError):
    """The call does not fit the state it is made in."""


class NoRunError(UsageError):
    """A module-level call was made while no run is open."""


class RunFinishedError(UsageError):
    """A finished run was asked to record something."""


class ArtifactNotLoggedError(UsageError, AttributeError):
    """A draft was asked for what only a logged version has."""


class ArtifactFinalizedError(UsageError):
    """A logged version was asked to change its content."""


class ConfigError(UsageError):
    """A config value would have been replaced without ``allow_val_change``."""


class InvalidValueError(ArtnbError, ValueError):
    """An argument cannot be accepted."""


class InvalidNameError(InvalidValueError):
    """A name, type, alias or tag has characters that it may not have."""


class InvalidPathError(InvalidValueError):
    """An entry path is empty, absolute, or leaves the artifact."""


class EntryExistsError(InvalidValueError):
    """The artifact has that path already, with other content."""


class TypeMismatchError(InvalidValueError):
    """The collection exists with another type."""


class InvalidMetadataError(InvalidValueError, TypeError):
    """Metadata or config cannot be written as JSON."""


class VerificationError(InvalidValueError):
    """A folder does not hold just what the version holds."""


class CommError(ArtnbError, KeyError):
    """What was asked for is not in the catalogue (W&B's name for it)."""


class RunDeletedError(CommError):
    """A run that was deleted was asked for, or asked to record something."""


class StoreError(ArtnbError, OSError):
    """The store could not read or write bytes."""


class StoreFullError(StoreError):
    """There is no room left in the store's filesystem."""


class StoreReadOnlyError(StoreError):
    """The store may not be written."""


class ObjectMissingError(StoreError):
    """An object that the catalogue names is not in the store."""

    def __init__(self, message: str, digest: str = "") -> None:
        super().__init__(message)
        self.digest = digest


class CorruptObjectError(StoreError):
    """An object's bytes do not have its digest.

    Attributes
    ----------
    digest : str
        The digest that the bytes should have.
    """

    def __init__(self, message: str, digest: str = "") -> None:
        super().__init__(message)
        self.digest = digest


class CatalogError(ArtnbError):
    """The catalogue could not be opened, read or written."""


class CatalogLockedError(CatalogError):
    """Another process kept the catalogue locked; nothing was recorded, and may be tried again."""


class SerializationError(ArtnbError):
    """A value could not become files, or files a value."""


class UntrustedError(SerializationError):
    """Loading the value would run code from the file."""


class SignatureError(ArtnbError):
    """A version is unsigned, signed by an unknown key, or not what was signed.

    Attributes
    ----------
    verdict : {'unsigned', 'lost', 'unknown', 'bad'}
    """

    def __init__(self, message: str, verdict: str = "") -> None:
        super().__init__(message)
        self.verdict = verdict


class MissingExtraError(ArtnbError, ImportError):
    """An optional package is needed and not installed."""

    def __init__(self, what: str, package: str, extra: str | None = None) -> None:
        target = f"'artnb[{extra}]'" if extra else package
        super().__init__(
            Message("{0} needs the package {1}. Install it: pip install {2}", what, package, target)
        )
        self.package = package


class ArtnbWarning(UserWarning):
    """Something is not as it was asked for, and what was asked goes on."""


class SignatureWarning(ArtnbWarning):
    """A version that was used is unsigned, or signed by an unknown key."""


class ReferenceWarning(ArtnbWarning):
    """What a reference names is not there any more, or its address is kept without its token."""


class StepWarning(ArtnbWarning):
    """Values were logged at a step that is over, and were left out."""


def nearest(wanted: object, known: Iterable[str]) -> Message:
    """Return a half-sentence that names the nearest of `known`, or all if few.

    Examples
    --------
    >>> nearest("mnist-rwa", ["mnist-raw", "convnet"])
    "did you mean 'mnist-raw'?"
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(str(wanted), names, n=3, cutoff=0.6)
    if close:
        either = reduce(lambda all_, one: Message("{0} or {1}", all_, one), map(repr, close))
        return Message("did you mean {0}?", either)
    if not names:
        return Message("there is none yet.")
    shown = ", ".join(names[:8])
    if len(names) > 8:
        return Message("there is: {0} and {1} more.", shown, len(names) - 8)
    return Message("there is: {0}.", shown)
