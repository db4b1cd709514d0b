"""Whether this process or another one touched a file, by Linux's fanotify through ctypes.

Inotify says what happens in a folder and in which order, not who did it. Fanotify names the
process; to whoever has no privileges (Linux 5.13) only its own, and of others it says 0, which
is all that is asked here. It does not say the order, for it joins the events of one file.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from artnb.capture._inotify import (
    CLOSED_READ,
    CLOSED_WRITE,
    CREATED,
    FOLDER,
    GONE,
    HERE,
    OPENED,
    Event,
    encoded,
)

__all__ = ["Fanotify", "Sides"]

_CLOSE_ON_EXEC, _NO_WAITING, _NAMES = 0x01, 0x02, 0x400 | 0x800
_ADD, _FLUSH, _ONLY_FOLDERS, _NO_LINKS = 0x01, 0x80, 0x08, 0x04
_INSIDE, _OVERFLOW = 0x08000000, 0x4000
# Of those that inotify has, too, the bits are the same.
_MASK = OPENED | CLOSED_WRITE | CLOSED_READ | GONE | HERE | CREATED | FOLDER | _INSIDE
_WRITTEN = CLOSED_WRITE | CREATED | HERE
_WORKING_FOLDER = -100
_EVENT = struct.Struct("IBBHQii")  # length, version, -, length of this part, mask, -, process
_RECORD = struct.Struct("BBH8s")  # kind, -, length, filesystem
_HANDLE = struct.Struct("Ii")  # how many bytes follow, and their kind
_FOLDER_AND_NAME = 2
_LONGEST_HANDLE = 128
_ONLY_TO_COMPARE = 0x200  # a handle by which nothing can be opened; more filesystems have one
_BUFFER = 1 << 16
_LONGEST = 512  # of an event: its parts, a handle and a name of 255 bytes

_Handle = tuple[int, bytes]


class Sides(NamedTuple):
    """What happened to one path, as inotify's bits: by this process, and by all others."""

    own: int = 0
    other: int = 0

    @property
    def wrote(self) -> bool:
        """Whether this process wrote it."""
        return bool(self.own & _WRITTEN)

    @property
    def others_wrote(self) -> bool:
        """Whether others did."""
        return bool(self.other & _WRITTEN)


class Fanotify:
    """Watches on some folders. OSError where the system has none, or lets nobody use it."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError("fanotify is Linux's")
        libc: Any = ctypes.CDLL(None, use_errno=True)
        try:
            self._mark, self._handle_at = libc.fanotify_mark, libc.name_to_handle_at
            made = libc.fanotify_init(_CLOSE_ON_EXEC | _NO_WAITING | _NAMES, os.O_RDONLY)
        except AttributeError as error:
            raise OSError(errno.ENOSYS, "libc has no fanotify") from error
        if made < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"fanotify_init: {os.strerror(number)}")
        self._mark.argtypes = (
            ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p,
        )  # fmt: skip
        self._descriptor: int = made
        self._folders: list[str] = []

    def watch(self, folders: list[str]) -> None:
        """Watch these folders from now on; of one where that cannot be, nothing is said later.

        They stay watched until others are: the same list again is none of work. What happens
        meanwhile waits in the system's queue, which has an end, and is thrown away here.
        """
        descriptor, mark = self._descriptor, self._mark
        if folders is not self._folders:
            if folders != self._folders:  # the same once more: to forget takes a millisecond
                mark(descriptor, _FLUSH, 0, _WORKING_FOLDER, None)
            self._folders = folders
            for folder in folders:  # again: one may have been made anew under its name
                mark(descriptor, _ADD | _ONLY_FOLDERS | _NO_LINKS, _MASK, _WORKING_FOLDER,
                     encoded(folder))  # fmt: skip
        try:
            while len(os.read(descriptor, _BUFFER)) + _LONGEST > _BUFFER:
                pass  # there was no room for more
        except BlockingIOError:
            pass

    def told(self, events: Collection[Event]) -> dict[str, Sides]:
        """Return who touched what since `watch`, as far as that is known.

        Parameters
        ----------
        events : collection of Event
            Of whose folders is asked.
        """
        data = []
        try:
            while part := os.read(self._descriptor, _BUFFER):
                data.append(part)
                if len(part) + _LONGEST <= _BUFFER:
                    break
        except BlockingIOError:
            pass
        folders = {event.path.rpartition("/")[0] for event in events}
        return _sides(data, _by_handle(self._handle_at, folders))

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)


def _sides(data: Iterable[bytes], places: dict[_Handle, str]) -> dict[str, Sides]:
    own, other = {}, {}  # type: dict[str, int], dict[str, int]
    ourselves = os.getpid()
    for handle, name, mask, process in _events(data):
        if mask & _OVERFLOW:
            return {}
        folder = places.get(handle)
        if folder is not None:
            side = own if process == ourselves else other
            path = f"{folder}/{os.fsdecode(name)}"
            side[path] = side.get(path, 0) | mask
    return {path: Sides(own.get(path, 0), other.get(path, 0)) for path in {**own, **other}}


def _events(data: Iterable[bytes]) -> Iterator[tuple[_Handle, bytes, int, int]]:
    """Yield the folder, the name, what happened and which process did it."""
    for part in data:
        at = 0
        while at < len(part):
            length, _, _, head, mask, _, process = _EVENT.unpack_from(part, at)
            end, record = at + length, at + head
            if mask & _OVERFLOW:
                yield (0, b""), b"", mask, process
            while record + _RECORD.size < end:
                kind, _, size, _ = _RECORD.unpack_from(part, record)
                if kind == _FOLDER_AND_NAME:
                    start = record + _RECORD.size
                    count, form = _HANDLE.unpack_from(part, start)
                    start += _HANDLE.size
                    name = part[start + count : record + size].partition(b"\0")[0]
                    yield (form, part[start : start + count]), name, mask, process
                record += size or end
            at = end


def _by_handle(handle_at: Any, folders: Iterable[str]) -> dict[_Handle, str]:
    """Return folders by what events call them."""
    found: dict[_Handle, str] = {}
    twice = set()
    room = ctypes.create_string_buffer(_HANDLE.size + _LONGEST_HANDLE)
    mount = ctypes.c_int()
    for folder in folders:
        for flags in (0, _ONLY_TO_COMPARE):
            _HANDLE.pack_into(room, 0, _LONGEST_HANDLE, 0)
            if handle_at(_WORKING_FOLDER, encoded(folder), room, ctypes.byref(mount), flags) == 0:
                count, form = _HANDLE.unpack_from(room, 0)
                handle = form, room.raw[_HANDLE.size : _HANDLE.size + count]
                twice |= {handle} & found.keys()  # on two filesystems
                found[handle] = folder
                break
    return {handle: folder for handle, folder in found.items() if handle not in twice}
