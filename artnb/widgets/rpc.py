"""Requests of the page and their answers: an id, a reply or an error, always one of them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any

from artnb.errors import ArtnbError, UsageError, nearest
from artnb.texts import Message, sent

__all__ = ["METHODS", "Answerer", "Handler", "told"]

METHODS = (
    *("watch", "describe", "blob", "graph"),
    *("aliases", "tags", "text"),
    *("files", "preview", "file", "load", "compare", "compare_file"),
)
"""What the page may ask; the page's own list is compared with this one by a test."""

Send = Callable[[dict[str, Any], list[bytes] | None], None]
Handler = Callable[[Mapping[str, Any]], tuple[Any, list[bytes]]]


class Answerer:
    """Answers messages ``{kind: "request", id, method, params}``.

    Runs in whatever thread the kernel hands messages to; holds no state of its own.

    Parameters
    ----------
    handlers : mapping
        For each of `METHODS`: takes the params, returns (result, buffers).
    """

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    def answer(self, message: Any, send: Send) -> None:
        """Send the reply, or an error that the page shows, for one message."""
        if not isinstance(message, Mapping) or message.get("kind") != "request":
            return  # another library's message on the same channel
        number = message.get("id")
        try:
            result, buffers = self._handle(message)
            # Inside, for what cannot be written as JSON fails here.
            if isinstance(result, dict):
                result = sent(result)
            send({"kind": "reply", "id": number, "result": result}, buffers or None)
        except Exception as error:
            send({"kind": "error", "id": number, **told(error)}, None)

    def _handle(self, message: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        method = str(message.get("method"))
        handler = self._handlers.get(method)
        if handler is None:
            raise UsageError(
                Message("The page asked for {0}; {1}", repr(method), nearest(method, METHODS))
            )
        params = message.get("params")
        return handler(params if isinstance(params, Mapping) else {})


def told(error: Exception) -> dict[str, Any]:
    """Return what the page shows of an error: ``message`` and, where it has one, its template."""
    if isinstance(error, ArtnbError):
        said = error.message
        return said.to_json() if isinstance(said, Message) else {"message": said}
    return {"message": "".join(traceback.format_exception_only(error)).strip()}
