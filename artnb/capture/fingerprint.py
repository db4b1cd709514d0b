"""A value's fingerprint: equal for equal content, other for other content, in every process.

XXH3 of 128 bits over the buffers themselves; a list, a dict or an object is
pickled into the hasher, with arrays, tensors, frames, sets, functions and classes
replaced by fingerprints of their own. That makes the order of a set, the memory
layout of an array and the identity of equal strings irrelevant. It is a test for
change, not for trust: what is stored is addressed by SHA-256.
"""

from __future__ import annotations

import functools
import io
import pickle
import threading
import types
import typing
from collections.abc import Callable
from typing import Any

from artnb.capture._arrays import feeder, of_device
from artnb.capture._device import content_digest
from artnb.capture._feeding import Feed
from artnb.capture._remembered import NOTHING_LEFT_OUT, reduced

__all__ = ["TYPE_ALIAS", "fingerprint", "same_definition"]

_SET_OPCODES = (pickle.EMPTY_SET, pickle.FROZENSET)
_MOST_WITHOUT_MEMO = 1 << 27
_ATOMS = {str, bytes, int, float, complex, bool, type(None)}
_WORD = 1 << 64
_NOT_OF_A_CLASS = {
    "__module__", "__dict__", "__weakref__", "__firstlineno__", "__doc__",
    "__slotnames__",  # there once an instance was pickled
    "__static_attributes__",  # Python 3.13: in the order of a set
    "__annotations_cache__",  # Python 3.14: there once somebody has asked for the annotations
}  # fmt: skip
_NOT_OF_A_FUNCTION = "__classdict__"
"""What annotations of a class look names up in from Python 3.14 on: all of its members."""

_CACHED: Any = functools._lru_cache_wrapper
TYPE_ALIAS: Any = getattr(typing, "TypeAliasType", ())
"""What ``type X = ...`` makes, from Python 3.12 on."""

_NEVER = ("matplotlib",)
"""Packages whose objects pickle slowly and never twice the same."""


def fingerprint(value: object) -> str | None:
    """Return 32 hex digits that stand for the content of `value`, or None.

    None: there is no content to hash (a generator, a file, a lock) or it cannot be
    reached. Never raises, and leaves `value` as it is.

    Examples
    --------
    >>> fingerprint({"a", "b"}) == fingerprint({"b", "a"})
    True
    """
    try:
        return (_number(value) or _digest(value)).hex()
    except (Exception, RecursionError):
        # A value's own __reduce__ may raise anything; it then has no fingerprint.
        return None


def same_definition(one: Any, other: Any) -> bool:
    """Return whether two classes, or functions, of one name are defined alike."""
    _trail.waiting = False
    try:
        mark = fingerprint(one)
        return mark is not None and mark == fingerprint(other)
    finally:
        _trail.waiting = True


def _number(value: object) -> bytes | None:
    """Return what `_digest` does, in a tenth of the time: most cells read and make numbers."""
    kind = type(value)
    if kind is float or kind is bool or (kind is int and -_WORD < value < _WORD):  # type: ignore[operator]
        import xxhash

        digest = xxhash.xxh3_128_digest
        return bytes(digest(digest(pickle.dumps(value, 5))))
    return None


def _digest(value: object) -> bytes:
    own = _special(value)
    if own is not None:
        return own
    _refuse_unstable(value)
    hasher = _new()
    _compose(hasher, value)
    return bytes(hasher.digest())


def _refuse_unstable(value: object) -> None:
    if type(value).__module__.partition(".")[0] in _NEVER:
        raise pickle.PicklingError(f"{type(value).__name__} has no stable content")


def _new() -> Any:
    import xxhash

    return xxhash.xxh3_128()


def _special(value: object) -> bytes | None:
    """Return the digest of a value that is not left to pickle, else None."""
    feed = feeder(value)
    if feed is not None:
        if of_device(feed, value):
            return content_digest(value, lambda plain: _fed(feed, plain))
        return _fed(feed, value)
    if isinstance(value, set | frozenset):
        return _joined("set", sorted(map(_digest, value)))
    if isinstance(value, types.FunctionType):
        return _function(value)
    if isinstance(value, _CACHED) and isinstance(value.__wrapped__, types.FunctionType):
        return _joined("cached", [_function(value.__wrapped__)])
    if isinstance(value, memoryview):
        shown = repr((value.format, value.shape)).encode()
        return _joined("view", [shown, value.tobytes()])
    if isinstance(value, property):
        return _joined("property", [_digest(each) for each in (value.fget, value.fset, value.fdel)])
    if isinstance(value, functools.cached_property):
        return _joined("cached property", [_digest(value.func)])
    if isinstance(value, type):
        return _class(value)
    if isinstance(value, TYPE_ALIAS):
        return _joined("alias", [repr(each).encode() for each in (value, value.__value__)])
    if isinstance(value, types.ModuleType):
        return _joined("module", [value.__name__.encode()])
    return None


def _fed(feed: Feed, value: object) -> bytes | None:
    hasher = _new()
    return bytes(hasher.digest()) if feed(hasher, value, _feed_part) else None


def _joined(tag: str, parts: list[bytes]) -> bytes:
    hasher = _new()
    hasher.update(f"{tag} {len(parts)}\n".encode())
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little"))
        hasher.update(part)
    return bytes(hasher.digest())


def _feed_part(hasher: Any, value: object) -> None:
    hasher.update(_digest(value))


def _compose(hasher: Any, value: object) -> None:
    """Pickle `value` into `hasher`."""
    buffers: list[Any] = []
    for fast in (True, False):
        # Without a memo equal strings are equal bytes, whether or not they are one object.
        # A cycle cannot be pickled so, and what is shared over and over grows without
        # bound; these get a memo.
        sink = _Sink(_MOST_WITHOUT_MEMO if fast else None)
        pickler = _Pickler(sink, buffers)
        pickler.fast = fast
        try:
            pickler.dump(value)
        except (ValueError, RecursionError):
            if not fast:
                raise
            buffers.clear()
            continue
        break
    if sink.may_hold_sets and not _holds_only_atoms(value):
        # A set's elements come in the order of their hashes, which differ per process.
        sink = _Sink()
        buffers.clear()
        pickler = _SetPickler(sink, buffers)
        pickler.fast = fast
        pickler.dump(value)
    hasher.update(sink.digest())
    for buffer in buffers:
        view = buffer.raw()
        hasher.update(view.nbytes.to_bytes(8, "little"))
        hasher.update(view)


def _holds_only_atoms(value: object) -> bool:
    """Spare a long flat list the slow path that a byte of its numbers asks for by chance."""
    if type(value) is list or type(value) is tuple:
        return set(map(type, value)) <= _ATOMS
    if type(value) is dict:
        return set(map(type, value)) | set(map(type, value.values())) <= _ATOMS
    return isinstance(value, str | bytes | int | float)


class _Sink(io.RawIOBase):
    """Hashes what is written, and sees whether it may hold a set."""

    def __init__(self, most: int | None = None) -> None:
        self._hasher = _new()
        self._most = most
        self._written = 0
        self.may_hold_sets = False

    def write(self, data: Any, /) -> int:
        self._written += len(data)
        if self._most is not None and self._written > self._most:
            raise ValueError("too much")
        self._hasher.update(data)
        if not self.may_hold_sets:
            text = bytes(data)
            self.may_hold_sets = any(opcode in text for opcode in _SET_OPCODES)
        return len(data)

    def digest(self) -> bytes:
        return bytes(self._hasher.digest())


class _Pickler(pickle.Pickler):
    """Replaces the values that have a digest of their own by it."""

    def __init__(self, sink: _Sink, buffers: list[Any]) -> None:
        super().__init__(sink, protocol=5, buffer_callback=buffers.append)

    def reducer_override(self, value: Any) -> Any:
        if value is _stands_for:
            return NotImplemented
        if isinstance(value, type):
            # Mostly the class of an instance: its name says which, and a class that was
            # defined anew must not make the instances of the old one unreadable.
            return _stands_for, ("class", f"{value.__module__}.{value.__qualname__}")
        _refuse_unstable(value)
        digest = _special(value)
        if digest is not None:
            return _stands_for, ("value", digest)
        content = reduced(value)
        return NotImplemented if content is NOTHING_LEFT_OUT else content


class _SetPickler(_Pickler):
    """The same for sets, at the price of one call for each object."""

    def persistent_id(self, value: Any) -> Any:
        if type(value) is set or type(value) is frozenset:
            return _special(value)
        return None


def _stands_for(kind: str, digest: bytes) -> None:
    """Mark a digest inside a pickle; the pickle is never loaded."""


class _Trail(threading.local):
    """What is gone into in this thread.

    Attributes
    ----------
    met : dict
        Functions and classes met since the outermost one, and their digests.
    waiting : bool
        Whether annotations count that Python 3.14 evaluates when somebody asks: a class that
        cloudpickle has made anew has none.
    """

    def __init__(self) -> None:
        self.met: dict[int, tuple[object, bytes]] = {}
        self.waiting = True


_trail = _Trail()


def _once(digest: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Go through what holds itself once: methods that call ``super()`` hold their class."""

    @functools.wraps(digest)
    def of(value: Any) -> bytes:
        met = _trail.met
        if found := met.get(id(value)):
            return found[1]
        is_outermost = not met
        met[id(value)] = value, _joined("around", [value.__qualname__.encode()])
        try:
            done = digest(value)
            met[id(value)] = value, done
        finally:
            if is_outermost:
                met.clear()
        return done

    return of


@_once
def _function(value: types.FunctionType) -> bytes:
    if value.__module__ != "__main__" and "<locals>" not in value.__qualname__:
        return _joined("function", [value.__module__.encode(), value.__qualname__.encode()])
    if "registry" in vars(value) and "dispatch" in vars(value):
        return _dispatching(vars(value)["registry"])
    closure = []
    for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
        try:
            inner = cell.cell_contents
        except ValueError:  # not bound yet
            continue
        if name == _NOT_OF_A_FUNCTION:
            continue
        closure.append(b"itself" if inner is value else _digest(inner))
    defaults = [_digest(value.__defaults__), _digest(value.__kwdefaults__)]
    own = [
        f"{name} {fingerprint(each)}".encode()
        for name, each in sorted(vars(value).items())
        if name != "__wrapped__"  # its closure has it
    ]
    return _joined("function", [_code(value.__code__), *defaults, *closure, *own])


def _dispatching(registry: Any) -> bytes:
    """Return the digest of a function of ``functools.singledispatch``: all that it may call."""
    parts = [
        _joined(f"{kind.__module__}.{kind.__qualname__}", [_digest(each)])
        for kind, each in registry.items()
    ]
    return _joined("dispatching", sorted(parts))


def _code(code: types.CodeType) -> bytes:
    names = repr((code.co_names, code.co_varnames, code.co_freevars, code.co_argcount))
    constants = [
        _code(constant) if isinstance(constant, types.CodeType) else _digest(constant)
        for constant in code.co_consts
    ]
    return _joined("code", [code.co_code, names.encode(), *constants])


@_once
def _class(value: type) -> bytes:
    name = f"{value.__module__}.{value.__qualname__}".encode()
    if value.__module__ != "__main__":
        return _joined("class", [name])
    members = []
    # Sorted: a pickle does not keep the order, nor what the system makes of `__slots__`.
    for key, member in sorted(vars(value).items()):
        if key in _NOT_OF_A_CLASS or isinstance(member, types.MemberDescriptorType):
            continue
        if key == "__annotate_func__" and not _trail.waiting:
            continue
        if key == "__annotations__" and not member:
            continue  # there once somebody has asked for the annotations
        digest = fingerprint(getattr(member, "__func__", member))
        members.append(f"{key} {digest}".encode())
    bases = [_class(base) for base in value.__bases__]
    return _joined("class", [name, *bases, *members])
