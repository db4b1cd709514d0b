"""Config and summary: mappings that are also attribute bags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from artnb.errors import ConfigError, InvalidMetadataError, RunFinishedError
from artnb.serializers import to_plain, to_settings

__all__ = ["Config", "Summary", "mapping_of", "plain_config", "plain_summary"]

Saver = Callable[[dict[str, Any]], None]


def mapping_of(given: Any) -> dict[Any, Any] | None:
    """Return a dict of a mapping, an `argparse.Namespace`, absl's flags or a dataclass."""
    if isinstance(given, Mapping):
        return dict(given)
    if hasattr(given, "flag_values_dict"):  # absl.flags.FLAGS
        return dict(given.flag_values_dict())
    return dict(vars(given)) if hasattr(given, "__dict__") else None


def plain_config(given: Mapping[Any, Any] | None) -> dict[str, Any]:
    """Return a config as it is kept: what JSON has no form for as text, inf and nan as they are.

    Raises
    ------
    InvalidMetadataError
        Something in it holds itself; the message names the place.
    """
    return _plain_values(given or {}, to_settings, "config")


def plain_summary(given: Mapping[Any, Any] | None) -> dict[str, Any]:
    """Return a summary as it is kept: numbers, texts, lists and dicts, inf and nan too.

    Raises
    ------
    InvalidMetadataError
        Something in it has no such form; the message names the place.
    """
    return _plain_values(given or {}, to_plain, "summary")


def _plain_values(
    values: Mapping[Any, Any], plain: Callable[[Any], Any], what: str
) -> dict[str, Any]:
    made = {}
    for key, value in values.items():
        try:
            made[str(key)] = plain(value)
        except (TypeError, ValueError) as error:
            raise InvalidMetadataError(f"{what}[{str(key)!r}]: {error}") from error
    return made


class _Bag(Mapping[str, Any]):
    """A mapping of plain values, readable as attributes, that saves itself when it changes."""

    _what = "value"
    _plain = staticmethod(to_plain)

    def __init__(self, values: Mapping[str, Any] | None, save: Saver) -> None:
        object.__setattr__(self, "_values", dict(values or {}))
        object.__setattr__(self, "_save", save)
        object.__setattr__(self, "_closed", None)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(map(repr, self._values)) or "nothing"
            raise AttributeError(f"{self._what} has no {name!r}; it has {known}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __setitem__(self, key: str, value: Any) -> None:
        self._change({key: value})

    def __repr__(self) -> str:
        return repr(self._values)

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dict of the values."""
        return dict(self._values)

    def close(self, why: str) -> None:
        """Refuse changes from now on, and say `why`."""
        object.__setattr__(self, "_closed", why)

    def _change(self, given: Any) -> None:
        values = mapping_of(given)
        if values is None:
            raise InvalidMetadataError(
                f"{self._what}.update takes a dict or a Namespace, got {type(given).__name__}."
            )
        if self._closed:
            raise RunFinishedError(f"{self._what} cannot be changed: {self._closed}")
        if plain := _plain_values(values, self._plain, self._what):
            self._values.update(plain)
            self._save(dict(self._values))


class Config(_Bag):
    """What a run was told: hyperparameters and other inputs that are small values.

    Readable as ``config.lr``, ``config["lr"]``, ``dict(config)`` and ``f(**config)``.
    A value once set is replaced only with ``allow_val_change``, which is on in notebooks,
    where a cell is run again and again.
    """

    _what = "config"
    _plain = staticmethod(to_settings)

    def __init__(
        self, values: Mapping[str, Any] | None, save: Saver, *, allow_val_change: bool = False
    ) -> None:
        super().__init__({}, lambda _: None)
        self._change(values or {})
        object.__setattr__(self, "_allow", allow_val_change)
        object.__setattr__(self, "_save", save)

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def update(self, values: Any, allow_val_change: bool | None = None) -> None:
        """Set several values, of a dict, an `argparse.Namespace` or absl's flags.

        Raises
        ------
        ConfigError
            A value is there already and differs, and may not change.
        """
        allowed = self._allow if allow_val_change is None else allow_val_change
        if not allowed:
            for key, value in (mapping_of(values) or {}).items():
                if key in self._values and self._values[key] != (new := to_settings(value)):
                    raise ConfigError(
                        f"config[{key!r}] is {self._values[key]!r} and would become {new!r}. "
                        "If that is meant: config.update({...}, allow_val_change=True)."
                    )
        self._change(values)

    def setdefaults(self, values: Any) -> None:
        """Set those of the values that are not there yet."""
        found = mapping_of(values) or {}
        self._change({key: value for key, value in found.items() if key not in self._values})


class Summary(_Bag):
    """What a run came to: the last value of everything logged, and what is set by hand."""

    _what = "summary"

    def update(self, values: Mapping[str, Any]) -> None:
        """Set several values; tensors and numpy scalars become numbers."""
        self._change(values)

    def __delitem__(self, key: str) -> None:
        if self._closed:
            raise RunFinishedError(f"summary cannot be changed: {self._closed}")
        del self._values[key]
        self._save(dict(self._values))

    def __delattr__(self, name: str) -> None:
        del self[name]
