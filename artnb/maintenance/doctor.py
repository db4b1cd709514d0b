"""Whether everything that a repository needs is there and works: settings, disk, store, catalogue.

Each check looks at the thing itself, and one that breaks is a finding, too. Nothing is
changed but a probe that is written to the store and removed again.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from artnb.errors import ArtnbError, ObjectMissingError
from artnb.maintenance.catalog_health import examine_catalogue, examine_leftovers
from artnb.maintenance.findings import Finding, fail, ok, warn
from artnb.maintenance.installation import examine_installation
from artnb.secrets import hidden, secrets_of, without_secrets
from artnb.settings import Settings
from artnb.signing import read_key, read_trusted
from artnb.store import Backend, Cache, StatCache, open_backend

__all__ = ["examine"]

_LITTLE_ROOM = 1 << 30
_NO_ROOM = 50 << 20
_NETWORK = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "afs", "ceph",
            "glusterfs", "lustre", "beegfs", "davfs", "fuse.gcsfuse", "vboxsf",
            "drvfs")  # fmt: skip
_SKEW_WARN, _SKEW_FAIL = 60.0, 300.0


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what each check finds, in the order in which one depends on the other."""
    secrets = secrets_of(settings.store, os.environ)
    checks: tuple[tuple[str, Callable[[Settings], Iterable[Finding]]], ...] = (
        ("settings", _settings),
        ("folder", _folder),
        ("store", _store),
        ("catalogue", examine_catalogue),
        ("left over", examine_leftovers),
        ("cache", _cache),
        ("signatures", _signatures),
        ("install", lambda _: examine_installation(settings.store)),
    )
    for name, check in checks:
        try:
            yield from check(settings)
        except ArtnbError as error:
            yield fail(name, hidden(str(error), secrets), "See above for what to do.")
        except Exception as error:  # a check must not keep the others from being seen
            text = hidden(f"{type(error).__name__}: {error}", secrets)
            yield fail(name, text, "This check broke; the others are not affected.")


def _settings(settings: Settings) -> Iterator[Finding]:
    parent = settings.root.parent
    files = [name for name in ("artnb.toml", "pyproject.toml") if (parent / name).is_file()]
    where = f" with {' and '.join(files)}" if files else ""
    yield ok("settings", f"{settings.root}{where}; mode {settings.mode}")
    for name in files:
        text = (parent / name).read_text("utf-8", "replace")
        if any(secret in text for secret in secrets_of(settings.store, {})):
            yield warn(
                "settings",
                f"{parent / name} holds a password or a token in the address of the store",
                "Move it into the environment: the file is easily shared.",
            )
    if settings.durability == "none":
        yield warn(
            "durability",
            "none: a power cut may take what was logged lately",
            'Set durability = "batch" or "full", unless that is meant.',
        )


def _folder(settings: Settings) -> Iterator[Finding]:
    root = settings.root
    place = next(path for path in (root, *root.parents) if path.exists())
    if not root.exists():
        yield ok("folder", f"{root} is not there yet; the first run makes it")
    if not os.access(place, os.W_OK):
        yield fail(
            "folder",
            f"{place} may not be written",
            "Change its permissions, or set ARTNB_DIR to a folder that you may write.",
        )
        return
    free = shutil.disk_usage(place).free
    room = f"{free / 1e9:.1f} GB free in {place}"
    if free < _NO_ROOM:
        yield fail("room", room, "Make room: `artnb gc`, `artnb cache --clear`.")
    elif free < _LITTLE_ROOM:
        yield warn("room", room, "Make room soon: `artnb gc`, `artnb cache --clear`.")
    else:
        yield ok("room", room)
    kind = _filesystem(place)
    if kind.startswith(_NETWORK):
        yield warn(
            "filesystem",
            f"{place} lies on a network filesystem ({kind})",
            "SQLite is not safe there with several machines: put the catalogue on a local disk "
            "(ARTNB_CATALOG), and share by `artnb push` and `artnb pull`.",
        )
    elif kind:
        yield ok("filesystem", kind)
    if root.exists():
        yield _clock_of_folder(root)


def _clock_of_folder(root: Path) -> Finding:
    probe = root / f".{os.getpid()}-doctor"
    try:
        probe.write_bytes(b"")
        ahead = probe.stat().st_mtime - time.time()
    finally:
        probe.unlink(missing_ok=True)
    if abs(ahead) > 2:
        return warn(
            "clock",
            f"the clock of the filesystem is {ahead:+.0f} s from that of this machine",
            "Set both by NTP: what changed is partly told by time.",
        )
    return ok("clock", "the filesystem's is that of this machine")


def _filesystem(path: Path) -> str:
    """Return the kind of the filesystem that holds a path, or '' where that is not told."""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        _, mount, found = line.split(" ")[:3]
        mount = mount.replace("\\040", " ")
        inside = path == Path(mount) or Path(mount) in path.resolve().parents
        if inside and len(mount) >= best:
            best, kind = len(mount), found
    return kind


def _store(settings: Settings) -> Iterator[Finding]:
    shown = without_secrets(settings.store)
    is_here = "://" not in settings.store or settings.store.startswith("file://")
    if is_here and not settings.root.exists():
        yield ok("store", f"{shown} is not there yet")
        return
    backend = open_backend(settings.store, "none")
    start = time.monotonic()
    others = [key for key, _ in backend.listing("catalog/")]
    yield ok("store", f"{shown} answers in {(time.monotonic() - start) * 1e3:.0f} ms")
    if backend.read_only:
        yield warn("store", f"{shown} can only be read", "Nothing can be logged; reading works.")
    else:
        yield from _probe(backend)
    if len(others) > 1:
        yield warn(
            "store",
            f"{len(others)} catalogues write to it",
            "`artnb gc` refuses that: give each catalogue a prefix of its own, or delete the mark "
            f"of one that is gone ({', '.join(others[:3])}).",
        )


def _probe(backend: Backend) -> Iterator[Finding]:
    """Write, read and delete an object where no reader looks."""
    key = f"tmp/{os.getpid()}-doctor-{time.time_ns()}"
    start = time.monotonic()
    backend.put_bytes(key, b"artnb doctor")
    stat = backend.stat(key)
    with backend.open(key) as stream:
        same = stream.read() == b"artnb doctor"
    backend.delete(key)
    try:
        backend.stat(key)
        gone = False
    except ObjectMissingError:
        gone = True
    took = f"{(time.monotonic() - start) * 1e3:.0f} ms"
    if not same or not gone:
        yield fail(
            "store",
            "what was written is not what is read" if not same else "what was deleted stays",
            "Do not use this store: it does not keep what it promises.",
        )
        return
    yield ok("store", f"written, read and deleted in {took}")
    if stat.modified is None:
        return
    ahead = stat.modified - time.time()
    if abs(ahead) > _SKEW_WARN:
        kind = fail if abs(ahead) > _SKEW_FAIL else warn
        yield kind(
            "clock",
            f"the store's clock is {ahead:+.0f} s from that of this machine",
            "Set the clock of this machine (`timedatectl set-ntp true`): at 15 minutes a cloud "
            "refuses requests, and `artnb gc` judges age by it.",
        )


def _cache(settings: Settings) -> Iterator[Finding]:
    folder = settings.root / "cache" / "objects"
    if not folder.is_dir():
        return
    stats = StatCache(settings.root / "cache" / "files.db")
    try:
        found = Cache(folder, settings.cache_bytes, stats).usage()
    finally:
        stats.close()
    text = f"{found.bytes / 1e9:.2f} of {found.limit / 1e9:.2f} GB in {folder}"
    if found.bytes > found.limit:
        yield warn("cache", text, "`artnb cache --evict` takes it down to the limit.")
    else:
        yield ok("cache", text)


def _signatures(settings: Settings) -> Iterator[Finding]:
    if settings.sign_key:
        key = read_key(settings.sign_key)
        yield ok("signing", f"what you log is signed as {key.name} (key {key.id})")
    trusted = read_trusted(settings.trusted_keys) if settings.trusted_keys else []
    if settings.signatures != "off":
        names = ", ".join(key.name for key in trusted) or "nobody"
        text = f"{settings.signatures}; trusted: {names}"
        if trusted or settings.sign_key:
            yield ok("signatures", text)
        else:
            yield warn("signatures", text, "Name a file of keys in trusted_keys.")
