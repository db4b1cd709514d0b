"""Names, and the text forms that point at a version: ``project/name:alias``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from posixpath import normpath

from artnb.errors import InvalidNameError, InvalidPathError
from artnb.texts import Message, sentences

__all__ = [
    "ArtifactRef",
    "check_alias",
    "check_collection",
    "check_entry_path",
    "check_entry_paths",
    "check_name",
    "check_new_aliases",
    "check_project",
    "check_tag",
    "check_type",
    "parse_ref",
    "spelled_name",
    "version_number",
]

_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_COLLECTION = re.compile(r"[^ ]+(?: +[^ ]+)*")
_UNSEEN = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Unicode counts among letters and marks though nothing is drawn for it."""
_VERSION = re.compile(r"v(0|[1-9][0-9]*)")
_PROJECT_FORBIDDEN = re.compile(r"[/\\#?%:\x00-\x1f\x7f]")
_PLAIN_PATH = re.compile(
    r"[A-Za-z0-9_\-][A-Za-z0-9_.\-]{0,199}(?:/[A-Za-z0-9_\-][A-Za-z0-9_.\-]{0,199})*"
)
_CONTROL = re.compile(r"[\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""With the marks that turn the direction of text, by which a name shows as another."""
_DRIVE = re.compile(r"[A-Za-z]:")
_RESERVED_TYPES = ("job", "run_table")
_LONGEST_NAME = 128
_MOST_BYTES = 240
"""Of a name as UTF-8: with a version's number it names a folder, where 255 is the end."""
_LONGEST_PATH = 2048


@dataclass(frozen=True, slots=True)
class ArtifactRef:
    """Where a version is looked for.

    Attributes
    ----------
    name : str
        The collection.
    alias : str
        An alias or ``vN``.
    project : str or None
        None: the project of whoever asks.
    """

    name: str
    alias: str = "latest"
    project: str | None = None

    def __str__(self) -> str:
        prefix = f"{self.project}/" if self.project else ""
        return f"{prefix}{self.name}:{self.alias}"


def parse_ref(text: str) -> ArtifactRef:
    """Return the reference that `text` spells.

    Parameters
    ----------
    text : str
        ``name``, ``name:alias``, ``project/name:alias`` or, as W&B writes it,
        ``entity/project/name:alias``; the entity is ignored, for there are no accounts.

    Examples
    --------
    >>> parse_ref("artifacts-example/mnist-raw:v1")
    ArtifactRef(name='mnist-raw', alias='v1', project='artifacts-example')
    """
    if not isinstance(text, str):
        raise InvalidNameError(
            Message(
                "an artifact reference is text such as 'mnist-raw:latest', got {0}.",
                type(text).__name__,
            )
        )
    *places, last = text.removeprefix("artnb://").split("/")
    if len(places) == 2 and not places[0]:
        del places[0]  # f"{run.entity}/{run.project}/name": the entity is empty
    name, colon, alias = last.partition(":")
    if len(places) > 2 or (colon and not alias) or not all(places):
        raise InvalidNameError(
            Message(
                "{0} is not an artifact reference; write 'name:alias' or 'project/name:alias'.",
                repr(text),
            )
        )
    project = check_project(places[-1]) if places else None
    return ArtifactRef(check_collection(name), check_alias(alias) if colon else "latest", project)


def version_number(alias: str) -> int | None:
    """Return N if `alias` is ``vN``, else None."""
    return int(alias[1:]) if _VERSION.fullmatch(alias) else None


def check_name(name: str, what: str = "artifact name") -> str:
    """Return `name` if a collection may be called so, else raise InvalidNameError.

    Letters are those of any script, composed (NFC), for one name is to be one text.
    """
    if not isinstance(name, str):
        raise InvalidNameError(f"{what}: expected text, got {type(name).__name__}.")
    name = unicodedata.normalize("NFC", name)
    if not _is_name(name):
        suggestion = _name_like(name)
        rule = Message(
            "{0} {1} is not allowed: use 1 to {2} letters, digits, '_', '-' or '.'.",
            Message(what),
            _shown(name),
            _LONGEST_NAME,
        )
        fits = _is_name(suggestion) and suggestion != name
        raise InvalidNameError(
            sentences(rule, Message("Try {0}.", repr(suggestion)) if fits else "")
        )
    return name


def spelled_name(text: str) -> str:
    """Return a name that a collection may have: what may not be in one becomes its number."""
    text = unicodedata.normalize("NFC", text)
    if _is_name(text):
        return text
    spelled = [char if _may_be_in_name(char) else f"u{ord(char):x}" for char in text]
    if text in (".", "..") or (text and _is_mark(text[0])):
        spelled[0] = f"u{ord(text[0]):x}"
    return _cut("".join(spelled))


def _name_like(text: str) -> str:
    """Return the name that is most like a text, to propose it; it may be none."""
    words = "".join(char if _may_be_in_name(char) else " " for char in text).split()
    return _cut("-".join(words).strip("-."))


def _cut(name: str) -> str:
    return name[:_LONGEST_NAME].encode()[:_MOST_BYTES].decode("utf-8", "ignore")


def _is_name(name: str) -> bool:
    if name in (".", "..") or not 0 < len(name) <= _LONGEST_NAME:
        return False
    if _NAME.fullmatch(name):
        return True
    return (
        all(map(_may_be_in_name, name))
        and not _is_mark(name[0])  # it would be drawn on what stands before it
        and len(name.encode()) <= _MOST_BYTES
    )


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _may_be_in_name(char: str) -> bool:
    if char.isascii():
        return _NAME.fullmatch(char) is not None
    kind = unicodedata.category(char)
    return (kind[0] in "LM" or kind == "Nd") and _UNSEEN.match(char) is None


def check_collection(name: str) -> str:
    """Return `name` if a collection may be called so, else raise InvalidNameError.

    A draft's name has no spaces; the collection of a registry that it is linked to may, as
    in W&B, have some between its words.
    """
    if isinstance(name, str) and " " in name and _COLLECTION.fullmatch(name):
        check_name(name.replace(" ", "_"))
        return unicodedata.normalize("NFC", name)
    return check_name(name)


def check_type(name: str) -> str:
    """Return `name` if an artifact's type may be called so, else raise InvalidNameError."""
    check_name(name, "artifact type")
    if name in _RESERVED_TYPES or name.startswith("wandb-"):
        raise InvalidNameError(
            f"artifact type {name!r} is reserved; choose another, such as 'dataset' or 'model'."
        )
    return name


def check_alias(alias: str) -> str:
    """Return `alias` if it may name a version, else raise InvalidNameError."""
    if not isinstance(alias, str) or not 0 < len(alias) <= _LONGEST_NAME:
        raise InvalidNameError(
            Message("alias {0}: use 1 to {1} characters.", _shown(alias), _LONGEST_NAME)
        )
    if any(mark in alias for mark in "/:") or not alias.isprintable() or alias != alias.strip():
        raise InvalidNameError(
            Message(
                "alias {0} is not allowed: no '/', ':', control characters or spaces at the ends.",
                _shown(alias),
            )
        )
    return alias


def check_new_aliases(aliases: str | Iterable[str] | None) -> list[str]:
    """Return the aliases that a version is to be given, else raise InvalidNameError.

    One is as a list of it, and None as none. ``v3`` is no alias: it is what the fourth version
    is called in any case.
    """
    found = [aliases] if isinstance(aliases, str) else list(aliases or ())
    for alias in found:
        if version_number(check_alias(alias)) is not None:
            raise InvalidNameError(
                Message(
                    "alias {0} is not allowed: v0, v1, ... are the versions' own numbers, which "
                    "come by themselves. Choose another, such as {1}.",
                    repr(alias),
                    repr(f"release-{alias[1:]}"),
                )
            )
    return found


def check_tag(tag: str) -> str:
    """Return `tag` if a run or a version may bear it, else raise InvalidNameError."""
    if not isinstance(tag, str) or not 0 < len(tag) <= 64:
        raise InvalidNameError(Message("tag {0}: use text of 1 to 64 characters.", _shown(tag)))
    return tag


def check_project(name: str) -> str:
    r"""Return `name` if a project may be called so, else raise InvalidNameError.

    The rule is W&B's: at most 128 characters, none of ``/ \ # ? % :``.
    """
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise InvalidNameError(
            f"project {_shown(name)}: use text of 1 to {_LONGEST_NAME} characters."
        )
    if _PROJECT_FORBIDDEN.search(name) or name in (".", "..") or name != name.strip():
        raise InvalidNameError(
            f"project {_shown(name)} is not allowed: none of / \\ # ? % : or control characters, "
            "no spaces at the ends."
        )
    return name


def check_entry_path(path: str) -> str:
    """Return `path` normalised (``a//b`` is ``a/b``), else raise InvalidPathError.

    Entry paths are relative POSIX paths that stay inside the artifact on every
    operating system, so drive letters, backslashes and ``..`` are refused everywhere.
    """
    if isinstance(path, str) and len(path) <= _LONGEST_PATH and _PLAIN_PATH.fullmatch(path):
        return path  # nearly all are: ten thousand files are checked in 5 ms
    if not isinstance(path, str):
        raise InvalidPathError(f"entry path: expected text, got {type(path).__name__}.")
    advice = "use a relative path such as 'data/train.pt'."
    if path.startswith(("/", "\\")) or _DRIVE.match(path):
        raise InvalidPathError(f"entry path {_shown(path)} is absolute; {advice}")
    if _CONTROL.search(path):
        raise InvalidPathError(
            f"entry path {_shown(path)} has a backslash or a control character; {advice}"
        )
    if ".." in path.split("/"):
        raise InvalidPathError(f"entry path {_shown(path)} leaves the artifact; {advice}")
    clean = normpath(path) if path else ""
    if clean in ("", "."):
        raise InvalidPathError(f"entry path {_shown(path)} is empty; {advice}")
    if any(len(part.encode("utf-8", "surrogatepass")) > 255 for part in clean.split("/")):
        raise InvalidPathError(f"entry path {_shown(path)} has a part of over 255 bytes; {advice}")
    if len(clean.encode("utf-8", "surrogatepass")) > _LONGEST_PATH:
        raise InvalidPathError(
            f"entry path {_shown(path)} has over {_LONGEST_PATH} bytes; {advice}"
        )
    return unicodedata.normalize("NFC", clean)


def check_entry_paths(paths: Sequence[str]) -> list[str]:
    """Return what `check_entry_path` gives for each path."""
    plain = all(map(_PLAIN_PATH.fullmatch, paths))  # half the time of so many calls
    if plain and len(max(paths, key=len, default="")) <= _LONGEST_PATH:
        return list(paths)
    return list(map(check_entry_path, paths))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
