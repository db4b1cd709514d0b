"""The texts of the person's own modules and scripts that a run used: kept with it, and compared.

They are kept as a cell's code is: without passwords and tokens, each text once, as long as a
run that used it is there. Runs from before that have digests only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from artnb.capture.code_files import code_digest, text_of_code
from artnb.diff import ValueDiff
from artnb.diff.text import compare_text
from artnb.errors import ArtnbError
from artnb.model import RunRecord
from artnb.repository import Repository
from artnb.secrets import known_secrets, scrubbed
from artnb.texts import Message

__all__ = ["changed_since", "differing_code", "kept_texts", "text_of_run"]

_NOT_KEPT = Message("its old text was not kept")
_LARGE = Message("too large for its text to be kept")
_NO_LINES = Message("only passwords, tokens or line ends differ")
_LARGEST = 512 << 10
_MOST = 2 << 20
"""Bytes of one text, and of all of one run."""


def kept_texts(code: Mapping[str, str], put_blob: Callable[[bytes], str]) -> dict[str, str]:
    """Keep the texts of files, and return the digest of each as it is kept, by path.

    Parameters
    ----------
    code : mapping
        SHA-256 by path, as the run used them; what is another file by now is left out.
    """
    found, left = {}, _MOST
    for path, digest in code.items():
        data = _bytes_to_keep(path, digest, known_secrets()) if digest else None
        if data is not None and len(data) <= left:
            found[path] = put_blob(data)
            left -= len(data)
    return found


def text_of_run(repository: Repository, run: RunRecord, path: str) -> str | None:
    """Return the text of a file that a run used, as it was then; None: it was not kept."""
    digest = run.outputs.get("own_texts", {}).get(path)
    try:
        return repository.read_blob(digest).decode() if digest else None
    except ArtnbError:  # it is damaged
        return None


def changed_since(repository: Repository, run: RunRecord, path: str) -> ValueDiff:
    """Return how a file of code differs from what a run used."""
    then, now = text_of_run(repository, run, path), text_of_code(path)
    if then is None and now is not None and len(now) > _LARGEST:
        return ValueDiff(_LARGE)
    if then is None or now is None:
        return ValueDiff(_NOT_KEPT if then is None else "")
    return compare_text(then, scrubbed(now, known_secrets())) or ValueDiff(_NO_LINES)


def differing_code(
    repository: Repository, old: RunRecord, new: RunRecord
) -> Iterator[tuple[str, ValueDiff]]:
    """Yield the files of the person's own code that differ between two runs, and how."""
    before, after = old.outputs.get("own_code", {}), new.outputs.get("own_code", {})
    places = _same_places(before, after)
    for path, there in places.items():
        if before[path] == after[there]:
            continue
        one, other = text_of_run(repository, old, path), text_of_run(repository, new, there)
        if one is None or other is None:
            yield there, ValueDiff(_NOT_KEPT)
        else:
            yield there, compare_text(one, other) or ValueDiff(_NO_LINES)


# inner --------------------------------------------------------------------------------


def _same_places(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return which files are one in two runs: those of one path, else the only ones of a name.

    A run may be of another person's checkout.
    """
    found = {path: path for path in before if path in after}
    rest, others = set(before) - set(found), set(after) - set(found)
    for path in sorted(rest):
        name = Path(path).name
        mine = [each for each in rest if Path(each).name == name]
        theirs = [each for each in others if Path(each).name == name]
        if len(mine) == len(theirs) == 1:
            found[path] = theirs[0]
    return found


@lru_cache(maxsize=512)
def _bytes_to_keep(path: str, digest: str, secrets: tuple[str, ...]) -> bytes | None:
    """Return a file's text without secrets; None where it is large, or not of that digest now."""
    try:
        if Path(path).stat().st_size > _LARGEST and not path.endswith(".ipynb"):
            return None
    except OSError:
        return None
    text = text_of_code(path)
    if text is None or len(text) > _LARGEST or code_digest(path) != digest:
        return None
    return scrubbed(text, secrets).encode("utf-8", "surrogatepass")
