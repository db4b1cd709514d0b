"""How a store of S3, Google or Azure is reached: its URL, the environment, the user's profile."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from artnb.errors import InvalidValueError, MissingExtraError, StoreError, nearest
from artnb.secrets import without_secrets
from artnb.store.faults import Place, explained
from artnb.store.google import Tokens, no_token, refused_token

__all__ = ["PROTOCOLS", "CloudAddress", "parse_address"]

PROTOCOLS = {
    "s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az", "abfss": "az",
}  # fmt: skip
"""Protocol of a URL -> the service, which is also the name of the extra."""

_QUERY = {
    "s3": {"endpoint": "endpoint", "region": "region", "anonymous": "skip_signature",
           "virtual_hosted": "virtual_hosted_style_request"},
    "gs": {"endpoint": "base_url", "anonymous": "skip_signature"},
    "az": {"endpoint": "endpoint", "account": "account_name", "anonymous": "skip_signature"},
}  # fmt: skip
"""Service -> what may follow ``?`` in a URL -> obstore's name for it. No secrets."""

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """Where a store lies and how to get in.

    Attributes
    ----------
    service : {'s3', 'gs', 'az'}
    bucket, prefix : str
        The prefix ends with ``/`` unless it is empty.
    config : mapping
        obstore's settings; those of the environment that it reads itself are not in it.
    """

    service: str
    bucket: str
    prefix: str
    place: Place
    config: Mapping[str, Any] = field(repr=False)

    def connect(self, **options: Any) -> Any:
        """Return obstore's store of the bucket."""
        from obstore import store as stores

        config = dict(self.config)
        endpoint = str(config.get("endpoint") or config.get("base_url") or "")
        client = {"allow_http": True} if endpoint.startswith("http://") else {}
        kind = {"s3": stores.S3Store, "gs": stores.GCSStore, "az": stores.AzureStore}
        if provider := self._provider():
            options["credential_provider"] = provider
        try:
            return kind[self.service](
                self.bucket, **config, client_options={**client, "timeout": "120s"}, **options
            )
        except Exception as error:
            if isinstance(error, StoreError):
                raise
            raise explained(error, "open the store", self.place) from None

    def google_tokens(self) -> Tokens | None:
        """Return what gives Google's tokens; None: an emulator, which takes none."""
        if not self.config.get("skip_signature"):
            return Tokens(self.place)
        if "base_url" in self.config:
            return None
        return refused_token()

    def _provider(self) -> Callable[[], dict[str, Any]] | None:
        """Return what gives obstore credentials; None: it finds them in the environment."""
        anonymous = bool(self.config.get("skip_signature"))
        if self.service == "gs":
            if not anonymous:
                return Tokens(self.place).provide
            return no_token if "base_url" in self.config else refused_token
        if self.service == "s3" and not anonymous:
            return self._aws_provider()
        return None

    def _aws_provider(self) -> Callable[[], dict[str, Any]] | None:
        """Return what gives credentials of a profile or a role."""
        if os.environ.get("AWS_ACCESS_KEY_ID") and not os.environ.get("AWS_PROFILE"):
            return None
        credentials = aws_session().get_credentials()
        if credentials is None:
            raise explained(RuntimeError("NoCredentials"), "open the store", self.place)

        def provide() -> dict[str, Any]:
            frozen = credentials.get_frozen_credentials()
            return {
                "access_key_id": frozen.access_key,
                "secret_access_key": frozen.secret_key,
                "token": frozen.token,
                "expires_at": datetime.now(UTC) + timedelta(minutes=10),
            }

        return provide


def aws_session() -> Any:
    """Return botocore's session: the profile, the role and the region that the AWS tools see."""
    try:
        import botocore.session
    except ImportError as error:
        raise MissingExtraError("An AWS profile", "botocore", "s3") from error
    session = botocore.session.Session()
    # A machine of Amazon's answers at once; elsewhere nobody does.
    session.set_config_variable("metadata_service_timeout", 1)
    session.set_config_variable("metadata_service_num_attempts", 1)
    return session


def parse_address(url: str) -> CloudAddress:
    """Return what a URL, with the environment, says.

    Raises
    ------
    InvalidValueError
        It names no bucket, or an option that does not exist.

    Examples
    --------
    >>> parse_address("s3://team/notebooks?region=eu-north-1").prefix
    'notebooks/'
    """
    parts = urlsplit(url)
    service = PROTOCOLS[parts.scheme]
    bucket, account = _bucket(parts.netloc, parts.scheme)
    if not bucket:
        raise InvalidValueError(
            f"The store {without_secrets(url)} names no bucket. Write {parts.scheme}://bucket/prefix."
        )
    config = {**_from_environment(service), **account, **_from_query(parts.query, service, url)}
    prefix = unquote(parts.path).strip("/")
    endpoint = config.get("endpoint") or config.get("base_url") or ""
    return CloudAddress(
        service,
        bucket,
        f"{prefix}/" if prefix else "",
        Place(without_secrets(url), without_secrets(str(endpoint)), service),
        config,
    )


def _bucket(netloc: str, scheme: str) -> tuple[str, dict[str, str]]:
    user, at, host = netloc.rpartition("@")
    if scheme.startswith("abfs") and at:
        return user, {"account_name": host.partition(".")[0]}
    if at:
        key, _, secret = user.partition(":")
        return host, {"access_key_id": unquote(key), "secret_access_key": unquote(secret)}
    return netloc, {}


def _from_query(query: str, service: str, url: str) -> dict[str, Any]:
    known, found = _QUERY[service], {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise InvalidValueError(
                f"The option {name!r} of {without_secrets(url)} does not exist; "
                f"{nearest(name, known)} Passwords and tokens belong into the environment."
            )
        found[known[name]] = _FLAGS.get(value.lower(), value)
    return found


def _from_environment(service: str) -> dict[str, Any]:
    """Return what obstore does not find by itself."""
    env = os.environ
    found: dict[str, Any]
    if service == "s3":
        found = {
            "endpoint": env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL"),
            "region": env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION"),
        }
        if not all(found.values()) and (env.get("AWS_PROFILE") or not env.get("AWS_ACCESS_KEY_ID")):
            session = aws_session()
            profile = session.get_scoped_config() if _has_profile(session) else {}
            found["endpoint"] = found["endpoint"] or profile.get("endpoint_url")
            found["region"] = found["region"] or profile.get("region")
    elif service == "az":
        found = {"endpoint": env.get("AZURE_ENDPOINT") or env.get("AZURE_STORAGE_ENDPOINT")}
        found.update(_connection_string(env.get("AZURE_STORAGE_CONNECTION_STRING", "")))
    else:
        # Some of Google's own libraries want it with, some without the scheme.
        host = env.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
        address = host if "://" in host else f"http://{host}"
        found = {"base_url": address, "skip_signature": True} if host else {}
    return {name: value for name, value in found.items() if value}


def _has_profile(session: Any) -> bool:
    return (session.get_config_variable("profile") or "default") in session.available_profiles


def _connection_string(text: str) -> dict[str, str | None]:
    given = dict(part.partition("=")[::2] for part in text.split(";") if "=" in part)
    names = {
        "AccountName": "account_name", "AccountKey": "account_key", "BlobEndpoint": "endpoint",
        "SharedAccessSignature": "sas_token",
    }  # fmt: skip
    return {new: given[old] for old, new in names.items() if old in given}
