"""Whether versions come from whom they say: records read back, and their signatures judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from artnb.errors import ArtnbError
from artnb.model import VersionRecord
from artnb.signing import Signature, Signing

__all__ = ["Provenance"]


class Provenance:
    """The signatures of one repository's versions.

    Parameters
    ----------
    read : callable
        Digest -> bytes, proved.
    """

    def __init__(self, signing: Signing, read: Callable[[str], bytes]) -> None:
        self.signing = signing
        self._read = read
        self._passed: set[int] = set()

    def signature(self, version: VersionRecord) -> Signature:
        """Return who signed a version, and what that is worth here."""
        try:
            body = json.loads(self._read(version.record))
        except (ArtnbError, ValueError):
            return Signature("lost")  # without its record nothing vouches for it
        return self.of_record(body, version)

    def of_record(self, body: Any, version: VersionRecord) -> Signature:
        """Return the same, of a record that is at hand."""
        if not isinstance(body, Mapping):
            return Signature("unsigned")
        found = self.signing.examine(body)
        same = all(
            body.get(name) == given
            for name, given in (
                ("manifest", version.digest), ("project", version.project),
                ("name", version.name), ("type", version.type),
            )
        )  # fmt: skip
        if found.verdict == "good" and not same:
            return Signature("bad", found.key, found.by)  # of another version
        return found

    def require(self, version: VersionRecord) -> None:
        """Do what the policy says before a version is used; once for each.

        Raises
        ------
        SignatureError
        """
        if self.signing.policy == "off" or version.id in self._passed:
            return
        self.signing.enforce(
            self.signature(version), f"{version.ref} of project {version.project!r}"
        )
        self._passed.add(version.id)

    def count(self, versions: Iterable[VersionRecord]) -> list[tuple[VersionRecord, Signature]]:
        """Return the signature of each version that is there."""
        return [(v, self.signature(v)) for v in versions if v.state != "deleted"]
