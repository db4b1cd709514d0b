"""What a person reads, in English and in Korean.

The English text is its own key, so that the code reads as the page does; ``{0}``, ``{1}``, ...
stand for values. ``ko.json`` has the Korean of each; the page's bundle carries the same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, reduce
from pathlib import Path
from typing import Any, Self

__all__ = ["LANGUAGES", "Message", "say", "sent", "sentences"]

LANGUAGES = ("en", "ko")
"""What is spoken, compared with the page's list by a test."""

_HOLE = re.compile(r"\{(\d)\}")


class Message(str):
    """A sentence in English that can be said in another language, too.

    It is a text like any other: an exception that bears one reads in English, and a page that
    shows it says it in its own language.

    Parameters
    ----------
    template : str
        In English, with ``{0}``, ``{1}``, ... for the values; a key of the translations.
    values : object
        Messages among them are said in the other language, too.

    Examples
    --------
    >>> Message("{0} of {1}", 3, 5)
    '3 of 5'
    >>> Message("{0} of {1}", 3, 5).into("ko")
    '5 중 3'
    """

    template: str
    values: tuple[object, ...]

    def __new__(cls, template: str, *values: object) -> Self:
        """Return the sentence in English, with its parts."""
        made = super().__new__(cls, _filled(template, values))
        made.template = template
        made.values = values
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.template, *self.values)

    def into(self, lang: str) -> str:
        """Return the sentence in a language; in English where it has no other text."""
        text = _texts(lang).get(self.template)
        if text is None:
            return str(self)
        values = [each.into(lang) if isinstance(each, Message) else each for each in self.values]
        return _filled(text, values)

    def to_json(self) -> dict[str, Any]:
        """Return what the page makes its own sentence from."""
        values = [
            value.to_json() if isinstance(value, Message) else str(value) for value in self.values
        ]
        return {"message": str(self), "template": self.template, "values": values}


def sentences(*parts: str) -> str:
    """Return sentences as one text, with a space between them; empty ones are left out."""
    return reduce(lambda before, one: Message("{0} {1}", before, one), filter(None, parts))


def say(lang: str, template: str, *values: object) -> str:
    """Return a text in a language, with its values."""
    return Message(template, *values).into(lang)


def sent(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is sent to the page, with the messages in it so that it can say them.

    Looks into lists and what they hold, but for numbers, of which there are many, and into no
    mapping below: those are a person's own.
    """
    return {name: _sent(value) for name, value in fields.items()}


def _sent(value: Any) -> Any:
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, list) and value and not isinstance(value[0], (int, float)):
        return [sent(each) if isinstance(each, dict) else _sent(each) for each in value]
    return value


def _filled(template: str, values: Sequence[object]) -> str:
    # A hole without a value stays: what tells of an error must not fail itself.
    return _HOLE.sub(
        lambda hole: str(values[int(hole[1])]) if int(hole[1]) < len(values) else hole[0], template
    )


@cache
def _texts(lang: str) -> Mapping[str, str]:
    if lang != "ko":
        return {}
    texts: Mapping[str, str] = json.loads(Path(__file__).with_name("ko.json").read_text("utf-8"))
    return texts
