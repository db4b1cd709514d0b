"""Repository: the one place where store, catalogue, serializers and lineage meet.

A commit goes in one order: hash, write the missing blobs, the manifest and the version's
record, then one catalogue transaction. A crash at any point leaves at worst objects that
nothing refers to, never a row without bytes.
"""

from __future__ import annotations

from artnb.catalog import RunEnd
from artnb.content import Content, FolderContents
from artnb.events import Event
from artnb.repository._opened import (
    close_repositories,
    open_repository,
    read_from,
    reading_repository,
)
from artnb.repository._repository import Repository
from artnb.repository._versions import Commit

__all__ = [
    "Commit",
    "Content",
    "Event",
    "FolderContents",
    "Repository",
    "RunEnd",
    "close_repositories",
    "open_repository",
    "read_from",
    "reading_repository",
]
