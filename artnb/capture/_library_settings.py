"""What is set in the libraries that are loaded; of one that is not it is what that comes with."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["AS_IT_COMES", "settings_of_libraries"]

AS_IT_COMES = "as it comes"

_NUMPY_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
_NUMPY_PRINTS = {
    "edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False,
    "linewidth": 75, "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None,
    "legacy": False, "override_repr": None,
}  # fmt: skip
_SKLEARN = {
    "assume_finite": False, "working_memory": 1024, "print_changed_only": True,
    "display": "diagram", "pairwise_dist_chunk_size": 256, "enable_cython_pairwise_dist": True,
    "array_api_dispatch": False, "transform_output": "default", "enable_metadata_routing": False,
    "skip_parameter_validation": False, "sparse_interface": "spmatrix",
}  # fmt: skip


def settings_of_libraries() -> dict[str, str]:
    """Return what is set, by what it is; `AS_IT_COMES` where nobody has set anything."""
    return dict(_settings())


def _settings() -> Iterator[tuple[str, str]]:
    numpy: Any = sys.modules.get("numpy")
    sklearn: Any = sys.modules.get("sklearn")
    if hasattr(numpy, "geterr"):
        yield "numpy's error handling", _told(numpy.geterr(), _NUMPY_ERRORS)
    if hasattr(numpy, "get_printoptions"):
        yield "numpy's print options", _told(numpy.get_printoptions(), _NUMPY_PRINTS)
    if hasattr(sklearn, "get_config"):
        yield "scikit-learn's settings", _told(sklearn.get_config(), _SKLEARN)
    variables = {key: each for key, each in os.environ.items() if key.startswith("POLARS_")}
    yield "polars's settings", _told(variables, {})
    options = getattr(getattr(sys.modules.get("pandas"), "options", None), "d", None)
    if options:
        yield "pandas's options", _told_pandas(options)
    if rc := getattr(sys.modules.get("matplotlib"), "rcParams", None):
        yield "matplotlib's options", _told_matplotlib(dict(rc))


def _told(now: Mapping[str, Any], comes: Mapping[str, Any]) -> str:
    # Older versions have fewer settings.
    same = all(key in comes and comes[key] == each for key, each in now.items())
    return AS_IT_COMES if same else str(dict(sorted(now.items())))


def _told_pandas(options: Mapping[str, Any]) -> str:
    config = sys.modules.get("pandas._config.config")
    known: Mapping[str, Any] = getattr(config, "_registered_options", {})
    try:
        comes = bool(known) and all(_at(options, key) == o.defval for key, o in known.items())
    except (AttributeError, KeyError, TypeError):  # another pandas has them elsewhere
        comes = False
    return AS_IT_COMES if comes else _short(options)


def _at(options: Any, key: str) -> Any:
    for name in key.split("."):
        options = options[name]
    return options


def _told_matplotlib(options: dict[str, Any]) -> str:
    came = getattr(sys.modules["matplotlib"], "rcParamsOrig", {})
    same = all(came.get(key) == each for key, each in options.items() if key != "backend")
    return AS_IT_COMES if same else _short(options)


def _short(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]
