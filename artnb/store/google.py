"""Tokens for Google's storage, from where Google's own tools have their credentials."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC
from typing import Any, NoReturn

from artnb.errors import MissingExtraError, StoreError
from artnb.store.faults import Place, explained

__all__ = ["Tokens", "no_token", "refused_token"]

_SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write",)


class Tokens:
    """Tokens of whom the environment names, renewed when they run out.

    Raises
    ------
    StoreError
        The environment names nobody, or somebody whose file cannot be read.
    """

    def __init__(self, place: Place) -> None:
        try:
            import google.auth.transport.requests
        except ImportError as error:
            raise MissingExtraError("A store on Google", "google-auth[requests]", "gs") from error
        self._request = google.auth.transport.requests.Request
        self._credentials = _credentials(place)
        self._lock = threading.Lock()

    def get(self) -> str:
        """Return a token that is valid for some minutes."""
        with self._lock:
            if not self._credentials.valid:
                self._credentials.refresh(self._request())
            return str(self._credentials.token)

    def provide(self) -> dict[str, Any]:
        """Return one in obstore's form."""
        token, ends = self.get(), self._credentials.expiry
        return {"token": token, "expires_at": ends and ends.replace(tzinfo=UTC)}


def no_token() -> dict[str, Any]:
    """Return what an emulator takes, in obstore's form."""
    return {"token": "", "expires_at": None}


def refused_token() -> NoReturn:
    """Raise: who came as anybody cannot write, and obstore would look for an account."""
    raise PermissionError("NoCredentials: the address says anonymous=true")


def _credentials(place: Place) -> Any:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    env = os.environ
    file = env.get("GOOGLE_SERVICE_ACCOUNT") or env.get("GOOGLE_SERVICE_ACCOUNT_PATH")
    named = file or env.get("GOOGLE_APPLICATION_CREDENTIALS")
    try:
        if key := env.get("GOOGLE_SERVICE_ACCOUNT_KEY"):
            return google.auth.load_credentials_from_dict(json.loads(key), scopes=_SCOPES)[0]
        if file:
            return google.auth.load_credentials_from_file(file, scopes=_SCOPES)[0]
        return google.auth.default(scopes=_SCOPES)[0]
    except DefaultCredentialsError as error:
        if named is None:
            raise explained(error, "open the store", place) from None
        raise StoreError(
            f"Could not open the store: the credentials for {place} cannot be used: {error} "
            f"Correct GOOGLE_APPLICATION_CREDENTIALS ({named})."
        ) from None
