"""What a page must not do while a test looks at it: log an error, or call another host."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Request

OWN_HOSTS = {"127.0.0.1", "localhost", ""}  # "": data:, blob: and file: have none


class Watch:
    """Collects console errors, uncaught exceptions and requests to other hosts.

    `expected` are patterns of console errors that the host application makes by itself.
    """

    def __init__(self, context: BrowserContext, expected: tuple[str, ...] = ()) -> None:
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self._expected = [re.compile(pattern) for pattern in expected]
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._on_error(error.error))
        context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_error(self, error: Error) -> None:
        self._note(f"uncaught: {error}", f"\n{error.stack}" if error.stack else "")

    def _note(self, text: str, place: str = "") -> None:
        if not any(pattern.search(text) for pattern in self._expected):
            self.errors.append(text + place)

    def _on_request(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in OWN_HOSTS | {None}:
            self.foreign.append(request.url)

    def assert_clean(self) -> None:
        """Fail if anything was collected."""
        assert not self.foreign, f"requests to other hosts: {self.foreign}"
        assert not self.errors, "errors in the page:\n" + "\n".join(self.errors)
