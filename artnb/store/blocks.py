"""Large uploads to Azure in blocks that are kept: a later try, or process, sends the rest.

The service keeps blocks that belong to no object yet for a week. Each is named by its place
and the MD5 of what is in it, so the service's own list says what need not be sent again.
"""

from __future__ import annotations

import base64
import hashlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from artnb.store.calls import RefusedError, call

__all__ = ["BlockClient", "upload"]

BLOCK = 8 << 20
_MOST_BLOCKS = 50_000
_AT_ONCE = 8
_SIGNED_FOR = timedelta(hours=24)


class BlockClient:
    """The three calls of Azure that obstore does not show, by addresses that obstore signs.

    Parameters
    ----------
    sign : callable
        Returns the signed address for a method: obstore's `sign` of the store and the path.
    """

    def __init__(self, sign: Callable[[str, timedelta], str]) -> None:
        self._write, self._read = sign("PUT", _SIGNED_FOR), sign("GET", _SIGNED_FOR)

    def sent(self) -> set[str]:
        """Return the names of the blocks that wait for the rest."""
        try:
            answer = _call("GET", f"{self._read}&comp=blocklist&blocklisttype=uncommitted")
        except FileNotFoundError:
            return set()
        listed = ElementTree.fromstring(answer).iterfind("UncommittedBlocks/Block/Name")
        return {name.text or "" for name in listed}

    def send(self, name: str, body: bytes, mark: bytes) -> None:
        """Send a block, which the service compares with its MD5."""
        address = f"{self._write}&comp=block&blockid={quote(name, safe='')}"
        _call("PUT", address, body, {"Content-MD5": base64.b64encode(mark).decode()})

    def end(self, names: list[str]) -> None:
        """Make the object of its blocks."""
        blocks = "".join(f"<Latest>{name}</Latest>" for name in names)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>'
        _call("PUT", f"{self._write}&comp=blocklist", body.encode())


def upload(client: BlockClient, file: Path) -> None:
    """Send a file, leaving out the blocks that have arrived before."""
    size = file.stat().st_size
    step = max(BLOCK, -(-size // _MOST_BLOCKS))
    there = client.sent()

    def send(number: int) -> str:
        with open(file, "rb") as stream:
            stream.seek(number * step)
            body = stream.read(step)
        mark = hashlib.md5(body, usedforsecurity=False).digest()
        name = _name(number, mark)
        if name not in there:
            client.send(name, body, mark)
        return name

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="artnb-upload") as pool:
        waiting = [pool.submit(send, number) for number in range(-(-size // step))]
        try:
            names = [each.result() for each in waiting]
        except BaseException:
            for each in waiting:
                each.cancel()
            raise
    client.end(names)


def _name(number: int, mark: bytes) -> str:
    # All names under a path have to be of one length: here 32 bytes, as those that an upload by
    # obstore itself may have left.
    return base64.b64encode(number.to_bytes(16, "big") + mark).decode()


def _call(
    method: str, address: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> bytes:
    try:
        return call(method, address, body, headers).body
    except RefusedError as error:
        if "<Code>BlobNotFound</Code>" in str(error):
            raise FileNotFoundError(str(error)) from None
        raise
