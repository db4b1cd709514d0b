"""What `init` is given: a config in any of its forms, and options that only W&B's server has."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from artnb.errors import InvalidValueError, MissingExtraError, UsageError, nearest

__all__ = ["check_id", "config_mapping", "settle_unknown"]

_NO_EFFECT = {
    "sync_tensorboard": "what TensorBoard's writers write is not read; log it with run.log",
    "tensorboard": "what TensorBoard's writers write is not read; log it with run.log",
    "monitor_gym": "videos of gym are not taken by themselves; log them with artnb.Video",
    "magic": "nothing is logged by itself",
}
_ACCOUNTS = ("anonymous", "force")  # without accounts both are as they should be
_NEVER = {
    "fork_from": "A run cannot be forked. Begin a new one that uses what the first one logged.",
    "resume_from": "A run cannot be wound back. resume='allow' goes on where it ended.",
}
_said: set[str] = set()


def settle_unknown(given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Take options of W&B that mean nothing here; refuse what is no option at all.

    Raises
    ------
    InvalidValueError
        There is no such option; the nearest is named.
    UsageError
        W&B has it, and a script that relies on it would go wrong.
    """
    for name, value in given.items():
        if name in _NO_EFFECT:
            if value and name not in _said:
                _said.add(name)
                warnings.warn(
                    f"artnb.init({name}=...) has no effect: {_NO_EFFECT[name]}.", stacklevel=3
                )
        elif name in _NEVER:
            if value is not None:
                raise UsageError(f"artnb.init({name}=...): {_NEVER[name]}")
        elif name not in _ACCOUNTS:
            raise InvalidValueError(f"artnb.init has no option {name!r}; {nearest(name, known)}")


def config_mapping(
    config: Any, exclude: Iterable[str] | str | None, include: Iterable[str] | str | None
) -> dict[str, Any] | None:
    """Return a config as a dict, without the keys that are not wanted.

    Parameters
    ----------
    config : mapping, argparse.Namespace, absl flags, dataclass or path
        A path is of a JSON or YAML file.
    exclude, include : iterable of str, optional
        Keys to leave out, or the only ones to take; a lone text may hold several with commas.

    Raises
    ------
    UsageError
        Both are given.
    InvalidValueError, MissingExtraError
    """
    if exclude and include:
        raise UsageError("Give config_exclude_keys or config_include_keys, not both.")
    values = None if config is None else _mapping(config)
    if values is None:
        return None
    if exclude:
        left_out = _keys(exclude)
        return {key: value for key, value in values.items() if key not in left_out}
    if include:
        wanted = _keys(include)
        return {key: value for key, value in values.items() if key in wanted}
    return values


def check_id(id: str | None) -> str | None:
    """Return a run's id, or raise InvalidValueError."""
    if id is None:
        return None
    if not id or id != id.strip() or any(mark in id for mark in ":;,#?/'"):
        raise InvalidValueError(f"id {id!r}: use text without : ; , # ? / ' and edge spaces.")
    return id


def _keys(given: Iterable[str] | str) -> set[str]:
    return set(given.replace(" ", "").split(",") if isinstance(given, str) else given)


def _mapping(config: Any) -> dict[str, Any]:
    if isinstance(config, Mapping):
        return dict(config)
    if isinstance(config, (str, os.PathLike)):
        return _file(Path(config))
    if hasattr(config, "flag_values_dict"):  # absl.flags.FLAGS
        return dict(config.flag_values_dict())
    if hasattr(config, "__dict__"):  # argparse.Namespace
        return dict(vars(config))
    raise InvalidValueError(
        f"config must be a dict, a Namespace or the path of a file, got {type(config).__name__}."
    )


def _file(path: Path) -> dict[str, Any]:
    import json

    if not path.is_file():
        raise InvalidValueError(f"config: there is no file {str(path)!r}.")
    text = path.read_text("utf-8")
    if path.suffix == ".json":
        found = json.loads(text)
    else:
        try:
            import yaml
        except ImportError as error:
            raise MissingExtraError(f"Reading {path}", "pyyaml") from error
        found = yaml.safe_load(text)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise InvalidValueError(f"config: {str(path)!r} holds a {type(found).__name__}, no keys.")
    return {key: _value_of(value) for key, value in found.items() if key != "wandb_version"}


def _value_of(value: Any) -> Any:
    """Return a value from the form that W&B writes to a run's config.yaml."""
    if isinstance(value, Mapping) and "value" in value and set(value) <= {"value", "desc"}:
        return value["value"]
    return value
