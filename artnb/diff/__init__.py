"""What differs between two versions: entries, metadata, and what is in the entries.

Nothing here knows a store or a display. `compare_versions` is given two manifests and a
function that loads a value; `compare_values` two values; both return plain records.
"""

from artnb.diff.base import Change, ValueDiff
from artnb.diff.files import value_of_file
from artnb.diff.values import compare_values
from artnb.diff.versions import (
    EntryDiff,
    VersionDiff,
    compare_entry,
    compare_keys,
    compare_versions,
)

__all__ = [
    "Change",
    "EntryDiff",
    "ValueDiff",
    "VersionDiff",
    "compare_entry",
    "compare_keys",
    "compare_values",
    "compare_versions",
    "value_of_file",
]
