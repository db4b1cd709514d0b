"""Where a repository lies and how it is set up: environment, ``artnb.toml``, pyproject.

Each setting is taken from the first of: the environment (``ARTNB_STORE``, and W&B's
own name where it has one, so that a script written for W&B keeps its set-up), the
nearest ``artnb.toml`` or ``[tool.artnb]`` table, the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from artnb.errors import InvalidValueError, nearest
from artnb.process import Stamp, stamps, variables, working_folder
from artnb.retention import KeepRules, parse_keep, parse_time
from artnb.signing import POLICIES
from artnb.sizes import parse_size

__all__ = ["FOLDER", "Settings", "check_mode"]

FOLDER = ".artnb"
"""The folder that holds the store, the catalogue and everything else of a repository."""

_FILES = (("pyproject.toml", ("tool", "artnb")), ("artnb.toml", ()))
_ROOT_MARKERS = ("artnb.toml", "pyproject.toml", ".git")
_OWN_KEYS = (
    "store", "catalog", "durability", "keep", "ttl", "background", "hash_budget", "lang",
    "cache", "chunking", "cache_size", "sign_key", "signatures", "trusted_keys", "lock_timeout",
)  # fmt: skip
_KEYS = (*_OWN_KEYS, "project", "artifact_dir", "group", "mode", "quiet")
_MODES = ("online", "offline", "disabled")
_MODES_BEFORE = {"dryrun": "offline", "run": "online", "shared": "online"}
"""W&B's names that scripts still have."""
_DURABILITIES = ("full", "batch", "none")
_ON, _OFF = ("on", "1", "true", "yes"), ("off", "0", "false", "no")
_BACKGROUNDS = {"auto": "auto", **dict.fromkeys(_ON, "on"), **dict.fromkeys(_OFF, "off")}


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
        Show no line of progress, and none of a finished run.
    lang : str or None
        The language of the graph's own texts, ``en`` or ``ko``. None: the browser's.
    cache_size : str
        How much of a store elsewhere is kept on this machine: ``20 GB``; ``0``: nothing.
    sign_key, trusted_keys : Path or None
        The key that signs versions; the file of the keys that are trusted.
    signatures : {'off', 'warn', 'require'}
        What becomes of a version that no trusted key has signed, when it is used or pulled.
    background : {'auto', 'on', 'off'}
        Whether what a cell made is saved after it has ended. ``auto``: where a
        page runs the cell; a program that runs a notebook may kill the kernel at the end.
    hash_budget : str
        Above which size a cell's variable is neither hashed nor kept unless the cell names it.
    cache : bool
        Whether ``%%artifact`` cells are skipped that need not run, unless they say
        ``--no-cache``.
    lock_timeout : str
        How long a write waits for another process that keeps the catalogue locked: ``60s``.
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
    lang: str | None = None
    cache_size: str = "20 GB"
    sign_key: Path | None = None
    signatures: str = "off"
    trusted_keys: Path | None = None
    background: str = "auto"
    hash_budget: str = "2GB"
    cache: bool = False
    lock_timeout: str = "60s"

    def __hash__(self) -> int:
        return hash((self.store, self.catalog))  # of all fields it would take longer, at each cell

    @property
    def cache_bytes(self) -> int:
        """The bytes that `cache_size` spells."""
        return parse_size(self.cache_size)

    @property
    def keep_rules(self) -> KeepRules | None:
        """The rules that `keep` spells."""
        return parse_keep(self.keep) if self.keep else None

    @property
    def ttl_seconds(self) -> float | None:
        """The seconds that `ttl` spells."""
        return parse_time(self.ttl) if self.ttl else None

    @property
    def lock_seconds(self) -> float:
        """The seconds that `lock_timeout` spells."""
        return parse_time(self.lock_timeout)

    @property
    def hash_budget_bytes(self) -> int:
        """The bytes that `hash_budget` spells."""
        return parse_size(self.hash_budget)

    @property
    def has_place(self) -> bool:
        """Whether something says that a repository is to lie here: its folder, or a project."""
        beside = self.root.parent
        return self.root.is_dir() or any((beside / marker).exists() for marker in _ROOT_MARKERS)

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
        env = variables() if environ is None else environ
        folder = working_folder() if start is None else os.path.realpath(start)
        root = _find_root(folder, env)
        given = _given_again(env) if environ is None else _given(env)
        seen, settled = stamps(_files_of(root))
        return (_settled if settled else _settings)(root, given, seen)


def check_mode(mode: str) -> str:
    """Return a mode by its name of today, or raise InvalidValueError."""
    return _one_of(_MODES, "mode", _MODES_BEFORE.get(mode, mode))


def _settings(
    folder: str, values: tuple[tuple[str, str], ...], seen: tuple[Stamp, ...]
) -> Settings:
    """Return the settings of a repository's folder, over which `values` go."""
    root = Path(folder)
    given = {**_read_tables(root.parent), **dict(values)}
    found = Settings(
        root=root,
        store=str(given.get("store") or root / "objects"),
        catalog=str(given.get("catalog") or f"sqlite:///{root / 'catalog.db'}"),
        project=given.get("project"),
        artifact_dir=Path(given.get("artifact_dir") or "artifacts"),
        group=given.get("group"),
        mode=check_mode(str(given.get("mode", "offline"))),
        durability=_one_of(_DURABILITIES, "durability", given.get("durability", "full")),
        keep=given.get("keep"),
        ttl=given.get("ttl"),
        chunking=_formats(given.get("chunking", "")),
        lang=given.get("lang"),
        quiet=_flag("quiet", given.get("quiet", "false")),
        sign_key=_path(given, "sign_key", root),
        signatures=_one_of(POLICIES, "signatures", given.get("signatures", "off")),
        trusted_keys=_path(given, "trusted_keys", root),
        cache_size=str(given.get("cache_size") or "20 GB"),
        background=_BACKGROUNDS[
            _one_of(_BACKGROUNDS, "background", str(given.get("background", "auto")).lower())
        ],
        hash_budget=str(given.get("hash_budget", "2GB")),
        cache=_flag("cache", given.get("cache", "false")),
        lock_timeout=str(given.get("lock_timeout") or "60s"),
    )
    # What they spell is checked here.
    _ = found.keep_rules, found.ttl_seconds, found.cache_bytes, found.hash_budget_bytes
    _ = found.lock_seconds
    return found


_settled = lru_cache(maxsize=32)(_settings)
"""Every cell asks, and files that were written more than a moment ago say the same again."""


def _given(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the settings that variables give."""
    given = []
    for key, name, wandbs in _VARIABLES:
        # WANDB_MODE, WANDB_PROJECT ... so that `import artnb as wandb` obeys them.
        value = env.get(name) or (env.get(wandbs) if wandbs else None)
        if value:
            given.append((key, value))
    return tuple(given)


_last_given: tuple[Mapping[str, str], tuple[tuple[str, str], ...]] = ({}, ())


def _given_again(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Do as `_given` with what `variables` returned, which is another mapping once one changed."""
    global _last_given
    last = _last_given
    if env is not last[0]:
        last = _last_given = env, _given(env)
    return last[1]


@lru_cache(maxsize=32)
def _files_of(root: str) -> tuple[str, ...]:
    """Return the files that set up a repository."""
    return tuple(str(Path(root).parent / name) for name, _ in _FILES)


def _formats(text: str) -> tuple[str, ...]:
    """Return the suffixes that a list such as ``csv, parquet`` names, without their dots."""
    names = tuple(sorted({part.strip().lstrip(".").lower() for part in text.split(",")} - {""}))
    for name in names:
        if not name.isalnum():
            raise InvalidValueError(
                f"chunking: {name!r} is no suffix of a file. Name them like this: csv, parquet."
            )
    return names


def _one_of(choices: Collection[str], key: str, given: object) -> str:
    text = str(given)
    if text not in choices:
        raise InvalidValueError(f"{key} {text!r} does not exist; {nearest(text, choices)}")
    return text


def _flag(key: str, text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise InvalidValueError(f"{key} {text!r}: use 'true' or 'false'.")
    return text.lower() in ("true", "1")


def _path(given: Mapping[str, Any], key: str, root: Path) -> Path | None:
    """Return a file that a setting names, from where the settings lie."""
    name = given.get(key)
    return root.parent / Path(str(name)).expanduser() if name else None


def _wandb_name(key: str) -> str:
    if key in _OWN_KEYS:
        return ""
    return "WANDB_RUN_GROUP" if key == "group" else f"WANDB_{key.upper()}"


_VARIABLES = tuple((key, f"ARTNB_{key.upper()}", _wandb_name(key)) for key in _KEYS)


# Text in the place of paths, for each cell asks.


def _find_root(folder: str, env: Mapping[str, str]) -> str:
    if given := env.get("ARTNB_DIR"):
        return _given_root(given, os.getcwd())
    upward = _upward(folder)
    for root, _ in upward:
        if os.path.isdir(root):
            return root
    for root, markers in upward:
        if any(map(os.path.exists, markers)):
            return root
    return upward[0][0]


@lru_cache(maxsize=32)
def _given_root(given: str, folder: str) -> str:
    # Kept: a process goes on where it began, also if a link in that path is changed.
    path = Path(os.path.realpath(os.path.join(folder, os.path.expanduser(given))))
    return str(path if path.name == FOLDER else path / FOLDER)


@lru_cache(maxsize=32)
def _upward(folder: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return where a folder and those around it may have their root, and what marks one."""
    places = (Path(folder), *Path(folder).parents)
    marks = [tuple(str(place / marker) for marker in _ROOT_MARKERS) for place in places]
    return tuple(zip((str(place / FOLDER) for place in places), marks, strict=True))


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
    for name, keys in _FILES:
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
            if key == "background" and isinstance(value, bool):
                value = "on" if value else "off"
            if not isinstance(value, str):
                raise InvalidValueError(f"{path}: setting {key!r} must be text, got {value!r}.")
            found[key] = value
    return found
