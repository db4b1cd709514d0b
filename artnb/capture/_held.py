"""Which files processes have open, or mapped, so that they can write them; by Linux's /proc."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator

__all__ = ["held_by", "held_by_strangers"]

_FLAGS = re.compile(rb"^flags:\s*([0-7]+)", re.MULTILINE)
_MAPPED = re.compile(rb"^\S+ rw-s \S+ \S+ \d+ +(/.*)$", re.MULTILINE)


def held_by(process: int) -> frozenset[str]:
    """Return what a process holds; of another user's nothing."""
    mapped = _MAPPED.findall(_read(f"/proc/{process}/maps"))
    return frozenset((*map(os.fsdecode, mapped), *_open_in(process)))


def held_by_strangers(wanted: Collection[str]) -> frozenset[str]:
    """Return what of `wanted` processes have open that come from elsewhere, but none of ours."""
    parents = {int(name): _parent(name) for name in _listed("/proc") if name.isdigit()}
    ours, strangers = set[str](), set[str]()
    for process in parents:
        if _comes_from(process, os.getpid(), parents):
            ours.update(held_by(process))
        else:  # what is mapped there would take long to read
            strangers.update(_open_in(process, wanted))
    return frozenset(strangers - ours)


def _open_in(process: int, wanted: Collection[str] | None = None) -> Iterator[str]:
    place = f"/proc/{process}"
    for number in _listed(f"{place}/fd"):
        try:
            path = os.readlink(f"{place}/fd/{number}")  # noqa: PTH115 - of many, and quicker
        except OSError:
            continue  # closed meanwhile
        if path in wanted if wanted is not None else path.startswith("/"):
            flags = _FLAGS.search(_read(f"{place}/fdinfo/{number}"))
            if flags and int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY:
                yield path


def _comes_from(process: int, ancestor: int, parents: dict[int, int]) -> bool:
    while process and process != ancestor:
        process = parents.get(process, 0)
    return process == ancestor


def _parent(process: str) -> int:
    # The name, in brackets, may have brackets and spaces itself.
    fields = _read(f"/proc/{process}/stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are wanted
    except OSError:
        return []


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
