"""A run that is open for writing: what it is, what it logs, and the artifacts and files of it."""

from artnb._run._run import Run

__all__ = ["Run"]
