"""What an audit event tells: of which path, and whether a package only asks of the machine."""

from __future__ import annotations

import os
from typing import Any

from artnb.capture._goes_on import a_library
from artnb.secrets import known_secrets, scrubbed

__all__ = ["DELETES", "asks_of_machine", "folder_of", "only_asks", "path_of", "shown"]

DELETES = frozenset(("os.remove", "os.rmdir"))
_OF_THE_MACHINE = (
    *("/sys/fs/cgroup/cpu", "/sys/devices/system/cpu/", "/proc/cpuinfo"),
    *("/proc/meminfo", "/proc/self/maps"),
)
"""How many processors there are, how much memory, which libraries are loaded: packages ask so to
divide their work."""

_ASKING = frozenset(("ldconfig", "lscpu"))
"""Programs that packages start to ask the same."""


def asks_of_machine(path: str) -> bool:
    """Return whether a package reads a file that tells of the machine."""
    return path.startswith(_OF_THE_MACHINE) and a_library()


def only_asks(event: str, args: tuple[Any, ...]) -> bool:
    """Return whether a package starts a program that tells of the machine."""
    name = args[0] if event == "subprocess.Popen" else None
    return isinstance(name, str) and os.path.basename(name) in _ASKING and a_library()  # noqa: PTH119


def path_of(value: Any, folder: Any = None) -> str | None:
    """Return an absolute path, relative to a folder that is open as a descriptor, if one is."""
    is_open = type(folder) is int and folder >= 0
    try:
        place = os.readlink(f"/proc/self/fd/{folder}") if is_open else ""  # noqa: PTH115
        if isinstance(value, int) or value is None:
            return place or None
        return os.path.abspath(os.path.join(place, os.fsdecode(value)))  # noqa: PTH100, PTH118
    except (OSError, TypeError, ValueError):
        return None


def folder_of(event: str, args: tuple[Any, ...]) -> Any:
    """Return the descriptor of the folder that a path is relative to, -1 or None for none."""
    return args[1] if event in DELETES and len(args) > 1 else None


def shown(args: tuple[Any, ...]) -> str:
    parts = [each for each in args if isinstance(each, str | bytes | tuple | list | int)]
    return scrubbed(", ".join(map(repr, parts)), known_secrets())[:80]
