"""The run or version behind a node of the graph."""

from __future__ import annotations

from artnb.errors import CommError
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository
from artnb.texts import Message

__all__ = ["record_of", "version_of"]


def record_of(repository: Repository, node: object) -> RunRecord | VersionRecord:
    """Return the record of a node, ``v:ID`` or ``r:ID``.

    Raises
    ------
    CommError
        There is no such node.
    """
    kind, _, key = str(node).partition(":")
    if kind == "v" and key.isdecimal() and len(key) < 19:  # SQLite's largest has 19
        return repository.version(int(key))
    if kind == "r" and key:
        return repository.run(key, deleted=True)
    raise CommError(Message("{0} is no node of a graph.", repr(node)))


def version_of(repository: Repository, node: object) -> VersionRecord:
    """Return the version of a node.

    Raises
    ------
    CommError
        There is no such node, or it is a run.
    """
    record = record_of(repository, node)
    if isinstance(record, RunRecord):
        raise CommError(Message("{0} is a run, not a version of an artifact.", repr(node)))
    return record
