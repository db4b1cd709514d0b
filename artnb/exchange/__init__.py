"""Projects from one store to another: only what is missing there travels."""

from __future__ import annotations

from artnb.exchange.copying import Exchanged
from artnb.exchange.transfer import pull, push

__all__ = ["Exchanged", "pull", "push"]
