"""The beginning of a file of a version, as JSON that the panel draws."""

from __future__ import annotations

from artnb.widgets.preview.base import Shown, nothing
from artnb.widgets.preview.files import (
    LARGEST_DOWNLOAD,
    entry_of,
    preview,
    preview_entry,
    whole_file,
)

__all__ = [
    "LARGEST_DOWNLOAD",
    "Shown",
    "entry_of",
    "nothing",
    "preview",
    "preview_entry",
    "whole_file",
]
