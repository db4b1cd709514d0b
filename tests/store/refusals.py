"""What a store says to each thing that can be asked of it, when it refuses all."""

import pytest

from artnb.errors import StoreError
from artnb.testing.store import KEY


def refusals(backend):
    """Do each thing that can be done, and return what is said."""
    told = []
    actions = {
        "put": lambda: backend.put_bytes(KEY, b"x"),
        "open": lambda: backend.open(KEY),
        "stat": lambda: backend.stat(KEY),
        "exists": lambda: backend.exists(KEY),
        "keys": lambda: list(backend.keys()),
        "delete": lambda: backend.delete(KEY),
    }
    for action in actions.values():
        with pytest.raises(StoreError) as caught:
            action()
        told.append(str(caught.value))
    return told
