"""The contract of a serializer: one Python value, one file, one format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

__all__ = ["CannotSave", "Encoder", "LacksPackage", "Saved", "Serializer"]


class CannotSave(Exception):
    """The serializer does not keep this value exactly; the next one is asked."""


class LacksPackage(CannotSave):
    """The serializer would keep the value with a package that is not installed.

    Attributes
    ----------
    package, extra : str
        Which, and the extra of artnb that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(f"{package} is not installed: pip install 'artnb[{extra}]'")


@dataclass(frozen=True, slots=True)
class Saved:
    """A value as a file.

    Attributes
    ----------
    path : Path
        The file just written.
    format : str
        The serializer's name.
    meta : dict
        What it noted, as JSON: for reading it again, and for people.
    """

    path: Path
    format: str
    meta: dict[str, Any] = field(default_factory=dict)


class Serializer(Protocol):
    """One format.

    Attributes
    ----------
    name : str
        As in the manifest.
    suffix : str
        Of the file, with its dot.
    safe : bool
        Whether reading a hostile file runs none of its code. Where it could, the value is
        loaded only with ``trust=True``.
    """

    name: str
    suffix: str
    safe: bool

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write `value` to a new file and return the meta.

        Equal values give equal bytes. Raises CannotSave where reading would not give back
        an equal value of the same type; errors of the disk go through.
        """

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the value of a file that `write` wrote."""


Encoder = Callable[[Any], tuple[bytes, dict[str, Any]]]
"""``encode`` of a serializer that needs no file: what `write` would write, and its meta.

It raises as `write` does. Twenty small values would otherwise be twenty files.
"""
