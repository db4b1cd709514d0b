"""Secrets that no other text holds, and what looks for them in all that a test made."""

from __future__ import annotations

import io
import itertools
import logging
import sys
import traceback
from contextlib import contextmanager
from urllib.parse import quote

_numbers = itertools.count(1)


class Planted:
    """The secrets of one test, everything that was said, and everything that was written."""

    def __init__(self, monkeypatch, folder):
        self._monkeypatch, self._folder = monkeypatch, folder
        self.secrets: dict[str, str] = {}
        self.heard: list[tuple[str, str]] = []

    def new(self, where, ending=""):
        """Return a secret, to be put in one place."""
        secret = self.secrets[where] = f"Pl4nt-{next(_numbers):04}-qZ{ending}"
        return secret

    def env(self, name, value=None):
        """Put a secret into a variable of the environment, and return it."""
        secret = value or self.new(name)
        self._monkeypatch.setenv(name, secret)
        return secret

    def hear(self, what, text):
        self.heard.append((what, text if isinstance(text, str) else text.decode("latin-1")))

    def hear_error(self, what, error):
        """Take down an error as a traceback, and as a notebook shows it."""
        self.hear(what, "".join(traceback.format_exception(error)))
        self.hear(what, repr(error))

    @contextmanager
    def listening(self, what):
        """Take down what is printed or logged by us meanwhile, and what is raised."""
        out, logged = io.StringIO(), io.StringIO()
        handler, ours = logging.StreamHandler(logged), logging.getLogger("artnb")
        level = ours.level
        ours.setLevel(logging.DEBUG)
        ours.addHandler(handler)
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = out
        try:
            yield
        except Exception as error:
            self.hear_error(what, error)
            raise
        finally:
            sys.stdout, sys.stderr = before
            ours.removeHandler(handler)
            ours.setLevel(level)
            self.hear(what, out.getvalue())
            self.hear(what, logged.getvalue())

    def found(self, *besides):
        """Return where a secret is: in what was heard, or in any file below the folder.

        Parameters
        ----------
        besides : Path
            Files that a person put there, with the secret in them.
        """
        places = list(self.heard)
        for path in sorted(self._folder.rglob("*")):
            places.append(("a name", str(path)))
            if path.is_file() and path not in besides:
                places.append((str(path), path.read_bytes().decode("latin-1")))
        return [
            (secret, where, context(text, form))
            for where, text in places
            for secret, value in self.secrets.items()
            for form in {value, quote(value, safe="")}
            if form in text
        ]


def context(text, secret):
    at = text.index(secret)
    return text[max(0, at - 60) : at + len(secret) + 20]
