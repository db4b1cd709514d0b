"""What a cell reads and makes, found from its source, its namespace and the values' content.

Nothing here knows IPython, runs or versions: a `Recorder` takes a syntax tree and
a namespace and returns a `Capture`; a `FileWatcher` returns the `FileUse` between two moments.
"""

from artnb.capture._audit import listen, unlisten
from artnb.capture._figures import figures_of
from artnb.capture._holding import contained
from artnb.capture._sharing import sharing_memory
from artnb.capture._tree import FileState
from artnb.capture.files import FileUse, FileWatcher, Touched
from artnb.capture.fingerprint import fingerprint, same_definition
from artnb.capture.frozen import Frozen, freeze
from artnb.capture.imports import import_line
from artnb.capture.namespace import Holder, Roster, is_shell_name
from artnb.capture.plain import NOT_PLAIN, NUMBERS, plain, told
from artnb.capture.reach import Reach, is_notebook_code, reachable
from artnb.capture.recorder import Recorder, is_handle
from artnb.capture.records import Capture, Input, Output, Role
from artnb.capture.size import size_of
from artnb.capture.source import Names, analyse

__all__ = [
    "NOT_PLAIN",
    "NUMBERS",
    "Capture",
    "FileState",
    "FileUse",
    "FileWatcher",
    "Frozen",
    "Holder",
    "Input",
    "Names",
    "Output",
    "Reach",
    "Recorder",
    "Role",
    "Roster",
    "Touched",
    "analyse",
    "contained",
    "figures_of",
    "fingerprint",
    "freeze",
    "import_line",
    "is_handle",
    "is_notebook_code",
    "is_shell_name",
    "listen",
    "plain",
    "reachable",
    "same_definition",
    "sharing_memory",
    "size_of",
    "told",
    "unlisten",
]
