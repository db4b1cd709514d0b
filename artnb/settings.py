"""Where a repository lies and how it is set up: environment, ``artnb.toml``, pyproject.

Each setting is taken from the first of: the environment (``ARTNB_STORE``, and W&B's
own name where it has one, so that a script written for W&B keeps its set-up), the
nearest ``artnb.toml`` or ``[tool.artnb]`` table, the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artnb.errors import InvalidValueError, nearest
from artnb.retention import KeepRules, parse_keep, parse_time

__all__ = ["FOLDER", "Settings"]

FOLDER = ".artnb"
"""The folder that holds the store, the catalogue and everything else of a repository."""

_ROOT_MARKERS = ("artnb.toml", "pyproject.toml", ".git")
_OWN_KEYS = ("store", "catalog", "durability", "keep", "ttl", "chunking", "quiet")
_KEYS = (*_OWN_KEYS, "project", "artifact_dir", "group", "mode")
_MODES = ("online", "offline", "disabled")
_DURABILITIES = ("full", "batch", "none")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a repository is set up.

    Attributes
    ----------
    root : Path
        The local ``.artnb`` folder: default store and catalogue, temporary files, caches.
    store : str
        URL or path of the object store; any filesystem that fsspec knows.
    catalog : str
        ``sqlite:///PATH``, or ``postgresql://USER@HOST/DATABASE?schema=NAME``.
    project : str or None
        The project of runs that name none.
    artifact_dir : Path
        Where `Artifact.download` puts files.
    group : str or None
        The group of runs that name none.
    mode : {'online', 'offline', 'disabled'}
        ``disabled`` makes every call a no-op; the other two are the same, for there is
        no server.
    durability : {'full', 'batch', 'none'}
        What a power cut may take. ``full``: nothing that was acknowledged, each file is
        synced by itself. ``batch``: the same, with one sync of the whole filesystem a
        commit, which is quicker for many large files and slower beside programs that
        write much. ``none``: what was logged lately; an ended or killed process, or one that
        crashed, loses nothing.
    keep : str or None
        Which versions `artnb gc` leaves: ``last 5, aliased, tagged``. None: all.
    ttl : str or None
        How long a version stays that says nothing itself: ``90d``. None: for ever.
    chunking : tuple of str
        Suffixes of files that grow, such as ``csv``: cut where their content says so, so
        that a version stores only what is new of them.
    quiet : bool
        Show no line of progress.
    """

    root: Path
    store: str = field(repr=False)  # either may hold a password
    catalog: str = field(repr=False)
    project: str | None = None
    artifact_dir: Path = Path("artifacts")
    group: str | None = None
    mode: str = "offline"
    durability: str = "full"
    keep: str | None = None
    ttl: str | None = None
    chunking: tuple[str, ...] = ()
    quiet: bool = False

    @property
    def keep_rules(self) -> KeepRules | None:
        """The rules that `keep` spells."""
        return parse_keep(self.keep) if self.keep else None

    @property
    def ttl_seconds(self) -> float | None:
        """The seconds that `ttl` spells."""
        return parse_time(self.ttl) if self.ttl else None

    @classmethod
    def resolve(
        cls, start: str | Path | None = None, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Return the settings that hold in the folder `start`.

        Parameters
        ----------
        start : path, optional
            Default: the working directory.
        environ : mapping, optional
            Default: ``os.environ``.
        """
        folder = Path(start or Path.cwd()).resolve()
        env = os.environ if environ is None else environ
        root = _find_root(folder, env)
        given = _read_tables(root.parent)
        for key in _KEYS:
            # WANDB_MODE, WANDB_PROJECT ... so that `import artnb as wandb` obeys them.
            value = env.get(f"ARTNB_{key.upper()}") or env.get(_wandb_name(key))
            if value:
                given[key] = value
        mode = str(given.get("mode", "offline"))
        if mode not in _MODES:
            raise InvalidValueError(f"mode {mode!r} does not exist; {nearest(mode, _MODES)}")
        durability = str(given.get("durability", "full"))
        if durability not in _DURABILITIES:
            raise InvalidValueError(
                f"durability {durability!r} does not exist; {nearest(durability, _DURABILITIES)}"
            )
        found = cls(
            root=root,
            store=str(given.get("store") or root / "objects"),
            catalog=str(given.get("catalog") or f"sqlite:///{root / 'catalog.db'}"),
            project=given.get("project"),
            artifact_dir=Path(given.get("artifact_dir") or "artifacts"),
            group=given.get("group"),
            mode=mode,
            durability=durability,
            keep=given.get("keep"),
            ttl=given.get("ttl"),
            chunking=_formats(given.get("chunking", "")),
            quiet=_flag("quiet", given.get("quiet", "false")),
        )
        _ = found.keep_rules, found.ttl_seconds  # what they spell is checked here
        return found


def _formats(text: str) -> tuple[str, ...]:
    """Return the suffixes that a list such as ``csv, parquet`` names, without their dots."""
    names = tuple(sorted({part.strip().lstrip(".").lower() for part in text.split(",")} - {""}))
    for name in names:
        if not name.isalnum():
            raise InvalidValueError(
                f"chunking: {name!r} is no suffix of a file. Name them like this: csv, parquet."
            )
    return names


def _flag(key: str, text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise InvalidValueError(f"{key} {text!r}: use 'true' or 'false'.")
    return text.lower() in ("true", "1")


def _wandb_name(key: str) -> str:
    if key in _OWN_KEYS:
        return ""
    return "WANDB_RUN_GROUP" if key == "group" else f"WANDB_{key.upper()}"


def _find_root(folder: Path, env: Mapping[str, str]) -> Path:
    if given := env.get("ARTNB_DIR"):
        path = Path(given).expanduser().resolve()
        return path if path.name == FOLDER else path / FOLDER
    upward = (folder, *folder.parents)
    for place in upward:
        if (place / FOLDER).is_dir():
            return place / FOLDER
    for place in upward:
        if any((place / marker).exists() for marker in _ROOT_MARKERS):
            return place / FOLDER
    return folder / FOLDER


def _with_store_table(table: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the settings with what a ``[store]`` table says: its ``url``, and ``chunking``."""
    flat = dict(table)
    if not isinstance(flat.get("store"), dict):
        return flat
    for key, value in flat.pop("store").items():
        if key not in ("url", "chunking", "durability"):
            known = ("url", "chunking", "durability")
            raise InvalidValueError(
                f"{path}: setting 'store.{key}' does not exist; {nearest(key, known)}"
            )
        flat["store" if key == "url" else key] = value
    return flat


def _read_tables(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, keys in (("pyproject.toml", ("tool", "artnb")), ("artnb.toml", ())):
        path = folder / name
        if not path.is_file():
            continue
        try:
            table: Any = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            if name == "pyproject.toml":
                continue  # somebody else's file: their tools will say so
            raise InvalidValueError(f"{path} is not valid TOML: {error}. Correct it.") from error
        for key in keys:
            table = table.get(key, {})
        table = _with_store_table(table, path)
        for key, value in table.items():
            if key not in _KEYS:
                raise InvalidValueError(
                    f"{path}: setting {key!r} does not exist; {nearest(key, _KEYS)}"
                )
            if isinstance(value, list) and key == "chunking":
                value = ", ".join(map(str, value))
            if isinstance(value, bool) and key == "quiet":
                value = str(value)
            if not isinstance(value, str):
                raise InvalidValueError(f"{path}: setting {key!r} must be text, got {value!r}.")
            found[key] = value
    return found
