"""Repository: the parts together."""

from __future__ import annotations

from artnb.repository._contents import Contents
from artnb.repository._run_deleting import RunDeleting
from artnb.repository._versions import Versions
from artnb.settings import Settings

__all__ = ["Repository"]


class Repository(RunDeleting, Versions, Contents):
    """Runs and versions of one store and one catalogue. Safe to use from many threads.

    Parameters
    ----------
    settings : Settings, optional
        Default: those of the working directory.

    Examples
    --------
    >>> repository = Repository()                                     # doctest: +SKIP
    >>> repository.resolve("mnist-raw:latest", "artifacts-example")   # doctest: +SKIP
    """

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        if not self.read_only:
            self._catch_up()
