"""The line that makes a cell an artifact: found, taken out and read, all by pure functions.

``%%artifact NAME ...`` as the first line, or the comment ``# %artifact NAME ...``
(``#| artifact: NAME ...`` too) that linters and plain Python pass over. Blank lines
and comments may stand above it.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from artnb.errors import InvalidMetadataError, UsageError, nearest
from artnb.refs import check_name, check_new_aliases, check_project, check_tag, check_type

__all__ = ["Header", "Options", "blank_header", "find_header", "help_text", "parse_options"]

_MAGIC = re.compile(r"\s*%%artifact(?=\s|$)(?P<options>.*)")
_COMMENT = re.compile(r"\s*#\s*(?:%%?artifact(?=\s|$)|\|\s*artifact\s*:)(?P<options>.*)")
_JSON_OF_METADATA = re.compile(r"--metadata(?:\s+|=)(?=\{)")
_OTHER_MAGIC = re.compile(r"\s*%%(?P<name>\w+)")
_RUN_PYTHON = frozenset(("time", "timeit", "prun", "capture", "memit", "mprun"))


class Header(NamedTuple):
    """Where a cell says that it is an artifact.

    Attributes
    ----------
    line : int
        Index of the line.
    options : str
        What follows ``%%artifact``.
    is_comment : bool
        Written as a comment: nothing has to be taken out.
    nested : bool
        Another cell magic, such as ``%%time``, stands above it.
    """

    line: int
    options: str
    is_comment: bool = False
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """What the line asks for; None where it says nothing."""

    name: str
    type: str | None = None
    job_type: str | None = None
    out: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str | None = None
    metadata: str | None = None
    project: str | None = None
    files: bool = True
    cache: bool | None = None
    trust: bool = False


def find_header(lines: Sequence[str]) -> Header | None:
    """Return the header of a cell, or None if it has none."""
    nested = False
    for index, line in enumerate(lines):
        if "artifact" in line and (found := _read_line(line)) is not None:
            return found if index == 0 else found._replace(line=index, nested=nested)
        if (other := _OTHER_MAGIC.match(line)) and other["name"] in _RUN_PYTHON:
            nested = True
        elif line.strip() and not line.lstrip().startswith("#"):
            return None
    return None


@lru_cache(maxsize=256)  # each cell's first line is read nine times
def _read_line(line: str) -> Header | None:
    """Return the header that a cell's first line is; None of any other line."""
    if match := _MAGIC.match(line):
        return Header(0, match["options"].strip())
    if match := _COMMENT.match(line):
        return Header(0, match["options"].strip(), is_comment=True)
    return None


def blank_header(lines: list[str]) -> list[str]:
    """Return the cell with an empty line in the header's place, so that line numbers stay.

    Pure and idempotent: IPython calls it several times for one cell. A header below
    another magic is left to that magic, which transforms its body itself; a magic below
    the header must become the first line to be one.
    """
    header = find_header(lines)
    if header is None or header.is_comment or header.nested:
        return lines
    rest = lines[header.line + 1 :]
    if rest and _OTHER_MAGIC.match(rest[0]):
        return rest
    return [*lines[: header.line], "\n", *rest]


# IPython asks transformers with this mark not whether a cell is complete: in a terminal the
# line must still look like a cell magic, or the cell would run before it has a body.
blank_header.has_side_effects = True  # type: ignore[attr-defined]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%artifact: {message}. {self.format_usage().strip()}")


def _build_parser() -> _Parser:
    parser = _Parser(
        prog="%%artifact",
        add_help=False,
        allow_abbrev=False,
        description="Run the cell and keep the values and files that it makes as a version of "
        "NAME.",
        epilog="The cell is a run of its own. artnb.init in it, or before it, opens another: calls "
        "such as artnb.log go to that one.",
    )
    parser.add_argument("name", metavar="NAME", help="the artifact: letters, digits, _ - .")
    parser.add_argument("--type", metavar="T", help="dataset, model, ... (default: by the values)")
    parser.add_argument("--job-type", metavar="J", help="the run's job type (default: NAME)")
    parser.add_argument(
        "--out", metavar="a,b", action="append", default=[], help="keep just these variables"
    )
    parser.add_argument(
        "--alias", metavar="A", action="append", default=[], help="name the version, e.g. best"
    )
    parser.add_argument("--tag", metavar="T", action="append", default=[], help="tag the version")
    parser.add_argument("--description", metavar="TEXT", help="what the artifact is")
    parser.add_argument(
        "--metadata", metavar="JSON|VARIABLE", help="a JSON object, or a dict's name"
    )
    parser.add_argument("--project", metavar="P", help="the project (default: the session's)")
    parser.add_argument(
        "--no-files", action="store_true", help="do not keep and note files written and read"
    )
    parser.add_argument(
        "--cache",
        action=argparse.BooleanOptionalAction,
        help="skip the cell if the same goes in as in an earlier run that was pure "
        "(default: the setting cache)",
    )
    parser.add_argument(
        "--trust", action="store_true", help="with --cache: load formats that can run code, too"
    )
    return parser


_parser = _build_parser()
_OPTIONS = sorted(_parser._option_string_actions)


def help_text() -> str:
    """Return the help of ``%%artifact``."""
    return _parser.format_help()


def option_names() -> list[str]:
    """Return the options, ``--alias`` first."""
    return list(_OPTIONS)


@lru_cache(maxsize=256)
def parse_options(text: str) -> Options:
    """Return what the header's text asks for, every part checked.

    Raises
    ------
    UsageError
        An option does not exist (the nearest is named), or the line cannot be read.
    InvalidValueError
        A name, type, alias, tag or project cannot be called so.
    InvalidMetadataError
        ``--metadata`` is neither a name nor a JSON object.
    """
    try:
        words = shlex.split(_with_quoted_json(text))
    except ValueError as error:
        raise UsageError(f"%%artifact: the line cannot be read ({error}): {text!r}.") from None
    if not words or words[0] in ("-h", "--help"):
        raise UsageError(help_text() if words else f"%%artifact needs a name.\n{help_text()}")
    found, unknown = _parser.parse_known_args(words)
    if unknown:
        raise UsageError(_about_unknown(unknown[0]))
    if found.cache and found.no_files:
        raise UsageError(
            "%%artifact: --cache has to see which files the cell reads and writes; leave "
            "--no-files out, or --cache."
        )
    if found.metadata is not None and not found.metadata.isidentifier():
        read_metadata(found.metadata, {})  # before the cell runs, not after it
    return Options(
        name=check_name(found.name),
        type=None if found.type is None else check_type(found.type),
        job_type=found.job_type,
        out=_listed(found.out),
        aliases=tuple(check_new_aliases(_listed(found.alias))),
        tags=tuple(map(check_tag, _listed(found.tag))),
        description=found.description,
        metadata=found.metadata,
        project=None if found.project is None else check_project(found.project),
        files=not found.no_files,
        cache=found.cache,
        trust=found.trust,
    )


def _with_quoted_json(text: str) -> str:
    """Return the line with quotes around the JSON of ``--metadata``, where it has none."""
    if (found := _JSON_OF_METADATA.search(text)) is None:
        return text
    try:
        _, end = json.JSONDecoder().raw_decode(text, found.end())
    except ValueError:
        return text
    return f"{text[: found.end()]}{shlex.quote(text[found.end() : end])}{text[end:]}"


def read_metadata(text: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata that ``--metadata`` gives: JSON, or the name of a dict."""
    if text.isidentifier():
        if text not in namespace:
            raise UsageError(
                f"--metadata {text}: the notebook has no dict of that name; "
                f"{nearest(text, _dicts(namespace))}"
            )
        value = namespace[text]
    else:
        try:
            value = json.loads(text)
        except ValueError as error:
            raise InvalidMetadataError(
                f"--metadata is not JSON ({error}): {text!r}. Write '{{\"rows\": 3}}', in single "
                "quotes, or the name of a dict of the notebook."
            ) from None
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise InvalidMetadataError(f"--metadata must be an object or a dict, got {kind}.")
    return dict(value)


def _dicts(namespace: dict[str, Any]) -> list[str]:
    """Return the names of the notebook's dicts, IPython's own left out."""
    found = [name for name, value in namespace.items() if type(value) is dict]
    return [name for name in found if name[0] != "_" and name != "Out"]


def _about_unknown(word: str) -> str:
    if word.startswith("-"):
        option = word.partition("=")[0]
        return f"%%artifact has no option {option}; {nearest(option, _OPTIONS)}"
    return f"%%artifact takes one name; what is {word!r}? Text with spaces needs quotes."


def _listed(words: list[str]) -> tuple[str, ...]:
    return tuple(part.strip() for word in words for part in word.split(",") if part.strip())
