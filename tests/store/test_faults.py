"""Refusals that services document and that no server of the tests gives."""

import pytest

from artnb.store.calls import RefusedError
from artnb.store.faults import Place, explained, is_transient

GOOGLE, AZURE, AMAZON = (
    Place(f"{service}://team/rows", service=service) for service in ("gs", "az", "s3")
)


@pytest.mark.parametrize(
    ("place", "answer", "says"),
    [
        (AMAZON, "<Code>ExpiredToken</Code><Message>The provided token has expired.</Message>",
         "have run out (ExpiredToken)"),
        (AZURE, "<Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Signature not valid "
         "in the specified time frame: Start [..] - Expiry [..]</AuthenticationErrorDetail>",
         "have run out (not valid in the specified time frame)"),
        (AZURE, "<Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Request date header "
         "too old: 'Sat, 28 Nov 2026 09:00:00 GMT'</AuthenticationErrorDetail>",
         "the clock of this machine differs too much"),
        (AZURE, "<Code>ContainerBeingDeleted</Code>", "there is no container 'team'"),
        (GOOGLE, "RefreshError: ('invalid_grant: Token has been expired or revoked.', {})",
         "does not accept the credentials (invalid_grant)"),
        (GOOGLE, "RefreshError: Reauthentication is needed. UnauthenticatedError",
         "log in by `gcloud auth application-default login`"),
        (GOOGLE, '{"error": {"code": 403, "message": "x@y does not have storage.objects.create '
         'access to the Google Cloud Storage object.", "errors": [{"reason": "forbidden"}]}} '
         "status code: 403 Forbidden", "the credentials do not allow it"),
        (GOOGLE, "AccessDenied: Anonymous caller does not have storage.objects.get access",
         "no credentials"),
    ],
)  # fmt: skip
def test_what_is_documented_is_told_as_what_it_is(place, answer, says):
    assert says in str(explained(OSError(answer), "write rows", place))


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (RefusedError(429, "status code: 429 Too Many Requests: rateLimitExceeded"), True),
        (RefusedError(503, "status code: 503 Service Unavailable: backendError"), True),
        (RefusedError(412, "status code: 412 Precondition Failed: conditionNotMet"), False),
        (OSError("Bulk delete request failed for key rows: busy (code: 503)"), True),
        (OSError("Bulk delete request failed for key rows: no (code: 403)"), False),
        (ConnectionError("a session kept nothing of what was sent"), True),
        (PermissionError("NoCredentials: timeout"), False),
    ],
)
def test_what_may_succeed_later_is_tried_again(error, later):
    assert is_transient(error) is later
