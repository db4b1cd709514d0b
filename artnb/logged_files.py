"""The pictures, sounds and other files that stand in a run's rows, by W&B's names for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["logged_files", "without_files"]

_FOLDERS = {"image": "images", "mask": "images/mask", "video": "videos"}
_ENDING = "-file"


def logged_files(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the files that a row names.

    Returns
    -------
    dict
        ``media/images/KEY_STEP_DIGEST.png`` -> what the row says of it, and ``key``.
    """
    found = {}
    for key, value in row.items():
        for file in _files(value):
            kind = str(file["_type"]).removesuffix(_ENDING)
            suffix = file.get("format") or "table.json"
            name = f"{key}_{row.get('_step', 0)}_{file['sha256'][:20]}.{suffix}"
            found[f"media/{_FOLDERS.get(kind, kind)}/{name}"] = {**file, "key": key}
    return found


def without_files(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary without pictures, tables and the like."""
    return {
        key: value
        for key, value in summary.items()
        if not (isinstance(value, Mapping) and "_type" in value)
    }


def _files(value: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, Mapping):
        return
    if str(value.get("_type", "")).endswith(_ENDING) and "sha256" in value:
        yield value
        value = value.get("masks") or {}
    for each in value.values():  # nested mappings, and the lists of several
        for item in each if isinstance(each, list) else [each]:
            yield from _files(item)
