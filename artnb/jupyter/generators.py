"""Random generators as values: their states as JSON knows them, for no pickle is needed."""

from __future__ import annotations

import random
import sys
from typing import Any

__all__ = ["from_state", "state_of"]

_BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


def state_of(value: Any) -> dict[str, Any] | None:
    """Return the state of a ``numpy.random.Generator`` or a ``random.Random``; of others None."""
    if type(value) is random.Random:
        version, numbers, gauss = value.getstate()
        return {"random": [version, list(numbers), gauss]}
    numpy = sys.modules.get("numpy.random")
    if numpy is None or type(value) is not getattr(numpy, "Generator", None):
        return None
    state, seed = value.bit_generator.state, value.bit_generator.seed_seq
    if state["bit_generator"] not in _BIT_GENERATORS or type(seed) is not numpy.SeedSequence:
        return None
    return {"numpy": _plain(state), "seed": _plain(dict(seed.state))}


def from_state(state: dict[str, Any]) -> Any:
    """Return a generator in the state that `state_of` returned."""
    if "random" in state:
        version, numbers, gauss = state["random"]
        made = random.Random()
        made.setstate((version, tuple(numbers), gauss))
        return made
    import numpy as np

    name = state["numpy"]["bit_generator"]
    if name not in _BIT_GENERATORS:
        raise ValueError(f"numpy has no bit generator {name!r}")
    seed = _exact(state["seed"])
    bits = getattr(np.random, name)(np.random.SeedSequence(**seed))
    bits.state = _exact(state["numpy"])
    return np.random.Generator(bits)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_plain, value))
    if hasattr(value, "tolist"):
        return {"array": value.tolist(), "dtype": str(value.dtype)} if value.shape else value.item()
    return value


def _exact(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"array", "dtype"}:
        import numpy as np

        return np.array(value["array"], value["dtype"])
    return {key: _exact(item) for key, item in value.items()}
