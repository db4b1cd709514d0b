"""The watch must see what it is there for."""

import pytest
from browser.watch import Watch


@pytest.fixture
def watched(context):
    return Watch(context, expected=("harmless",))


def test_an_error_in_the_console_is_seen(page, watched):
    page.evaluate("console.error('broken')")
    with pytest.raises(AssertionError, match="broken"):
        watched.assert_clean()


def test_an_uncaught_exception_is_seen(page, watched):
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    with pytest.raises(AssertionError, match="thrown"):
        watched.assert_clean()


def test_a_request_to_another_host_is_seen(page, watched):
    page.evaluate("fetch('https://example.org/x.js').catch(() => {})")
    with pytest.raises(AssertionError, match=r"example\.org"):
        watched.assert_clean()


def test_an_expected_error_and_own_requests_are_let_pass(page, watched):
    page.evaluate("console.error('harmless')")
    page.set_content("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>")
    watched.assert_clean()
