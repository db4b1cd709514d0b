"""A page of ``artnb ui`` for the tests: logged in, and watched for what must not happen."""

from __future__ import annotations

from contextlib import contextmanager

from browser.watch import Watch


@contextmanager
def logged_in(browser, served, known, **options):
    """Open the list of projects with the token.

    Parameters
    ----------
    known : tuple of str
        Parts of addresses that may fail: the browser says of a 404 that it is one.
    """
    context = browser.new_context(**options)
    watching = Watch(context, known)
    page = context.new_page()
    page.goto(f"{served.url}/artnb/?token={served.token}")
    page.scheme = options["color_scheme"]
    yield page
    context.close()
    watching.assert_clean()
