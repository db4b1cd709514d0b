"""What stands on a picture: boxes, masks, and the classes that both name, in W&B's forms."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from artnb.errors import InvalidValueError
from artnb.serializers import for_numpy, to_plain

__all__ = ["Classes", "checked_boxes", "checked_masks", "class_names", "mask_ids", "numbered"]

_CORNERS = ("minX", "maxX", "minY", "maxY")
# Okabe and Ito (2008), told apart by colour-blind eyes; half lets the picture through.
_COLOURS = bytes.fromhex("0072b2 e69f00 009e73 cc79a7 56b4e9 d55e00 f0e442")
_HALF = 140


class Classes:
    """Names of classes by their ids, for the boxes and masks of `Image`.

    Parameters
    ----------
    class_set : sequence of mapping
        Each with ``id`` and ``name``.

    Attributes
    ----------
    names : dict
        Name by id.

    Raises
    ------
    InvalidValueError
        One has no id or no name.

    Examples
    --------
    >>> Classes([{"id": 0, "name": "road"}, {"id": 1, "name": "car"}]).names
    {0: 'road', 1: 'car'}
    """

    def __init__(self, class_set: Iterable[Mapping[str, Any]]) -> None:
        self.names: dict[Any, str] = {}
        for each in class_set:
            if not isinstance(each, Mapping) or not {"id", "name"} <= set(each):
                raise InvalidValueError(
                    f"Classes: {each!r} is no class; write {{'id': 0, 'name': 'road'}}."
                )
            self.names[to_plain(each["id"])] = str(each["name"])

    def to_list(self) -> list[dict[str, Any]]:
        """Return them as they were given."""
        return [{"id": id, "name": name} for id, name in self.names.items()]

    def __eq__(self, other: object) -> bool:
        return self.names == other.names if isinstance(other, Classes) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Classes {self.names}>"


def class_names(given: Any) -> dict[Any, str]:
    """Return names by id from `Classes`, or from the list of which they are made."""
    if given is None:
        return {}
    return dict((given if isinstance(given, Classes) else Classes(given)).names)


def numbered(names: Mapping[Any, str]) -> dict[Any, str]:
    """Return names by id as JSON gave them back: its keys are text, ids mostly numbers."""
    return {int(key) if str(key).lstrip("-").isdigit() else key: n for key, n in names.items()}


def checked_boxes(given: Any, names: Mapping[Any, str]) -> dict[str, dict[str, Any]]:
    """Return boxes as they are kept: for each set its ``box_data`` and ``class_labels``.

    Parameters
    ----------
    given : mapping or None
        Name of a set -> ``box_data`` and perhaps ``class_labels``, as W&B has them.
    names : mapping
        Of classes that a set does not name itself.
    """
    return {
        key: {
            "box_data": (boxes := [_box(key, each) for each in _list_of(key, one)]),
            "class_labels": _labels(key, one, names, (box.get("class_id") for box in boxes)),
        }
        for key, one in _sets("boxes", given)
    }


def checked_masks(given: Any, names: Mapping[Any, str]) -> dict[str, tuple[bytes, dict[Any, str]]]:
    """Return for each mask a PNG of its class ids, and the names of these.

    The PNG has the ids as its palette's places, and colours there, so that it is the data and
    the picture of them at once. Class 0 shows nothing unless it has a name.
    """
    import numpy as np

    found = {}
    for key, one in _sets("masks", given):
        ids = _mask(key, one)
        named = {**names, **numbered(one.get("class_labels") or {})}
        present = np.unique(ids[ids > 0]).tolist()
        found[key] = (_png(ids, 0 in named), _labels(key, one, names, present))
    return found


def mask_ids(data: bytes) -> Any:
    """Return the class ids, (H, W), of a mask's PNG."""
    import numpy as np
    from PIL import Image as pil

    return np.array(pil.open(io.BytesIO(data)))


def _sets(what: str, given: Any) -> list[tuple[str, Mapping[str, Any]]]:
    if given is None:
        return []
    if not isinstance(given, Mapping) or not all(isinstance(v, Mapping) for v in given.values()):
        inner = "box_data" if what == "boxes" else "mask_data"
        raise InvalidValueError(
            f"Image: {what} are a dict of dicts: {what}={{'predictions': {{'{inner}': ...}}}}."
        )
    return [(str(key), one) for key, one in given.items()]


def _labels(
    key: str, one: Mapping[str, Any], names: Mapping[Any, str], present: Iterable[Any]
) -> dict[Any, str]:
    """Return the names of a set's classes: its own, else the picture's, else W&B's default."""
    own = one.get("class_labels") or {}
    if not isinstance(own, Mapping):
        raise InvalidValueError(f"Image: {key!r} has class_labels that are no dict: {own!r}.")
    known = {**names, **numbered({to_plain(k): str(name) for k, name in own.items()})}
    for each in present:
        if each is not None:
            known.setdefault(each, f"class_{each}")
    return known


def _list_of(key: str, one: Mapping[str, Any]) -> Sequence[Any]:
    boxes = one.get("box_data")
    if not isinstance(boxes, (list, tuple)):
        raise InvalidValueError(f"Image: the boxes {key!r} need box_data, a list of dicts.")
    return boxes


def _box(key: str, given: Any) -> dict[str, Any]:
    box: dict[str, Any] = to_plain(given) if isinstance(given, Mapping) else {}
    at = box.get("position") or {}
    if not (_numbers(at, _CORNERS) or _is_middle(at)):
        raise InvalidValueError(
            f"Image: a box of {key!r} has no position: {given!r}. Give minX, maxX, minY and maxY, "
            "or middle, width and height."
        )
    if box.get("domain") not in (None, "pixel"):
        raise InvalidValueError(
            f"Image: a box of {key!r} has the domain {box['domain']!r}: leave it out for fractions "
            "of the picture, or use 'pixel'."
        )
    scores = box.get("scores") or {}
    if not isinstance(scores, dict) or not _numbers(scores, scores):
        raise InvalidValueError(f"Image: the scores of a box of {key!r} are no numbers: {scores!r}")
    return box


def _is_middle(at: Mapping[str, Any]) -> bool:
    middle = at.get("middle")
    return (
        isinstance(middle, list)
        and len(middle) == 2
        and all(isinstance(each, (int, float)) for each in middle)
        and _numbers(at, ("width", "height"))
    )


def _numbers(at: Mapping[str, Any], names: Iterable[str]) -> bool:
    return all(isinstance(at.get(name), (int, float)) for name in names)


def _mask(key: str, one: Mapping[str, Any]) -> Any:
    import numpy as np

    if "path" in one:
        return _mask_file(key, Path(os.fspath(one["path"])))
    if "mask_data" not in one:
        raise InvalidValueError(f"Image: the mask {key!r} needs mask_data, or the path of a file.")
    ids = np.asarray(for_numpy(one["mask_data"]))
    if ids.ndim == 3 and 1 in (ids.shape[0], ids.shape[-1]):
        ids = ids.squeeze(0 if ids.shape[0] == 1 else -1)
    whole = ids.dtype.kind in "biu" or (ids.dtype.kind == "f" and bool(np.all(ids == ids.round())))
    if ids.ndim != 2 or not ids.size or not whole or ids.min() < 0 or ids.max() > 255:
        raise InvalidValueError(
            f"Image: the mask {key!r} of the shape {ids.shape} and type {ids.dtype} is none; give "
            "(H, W) with a class id from 0 to 255 for each pixel."
        )
    return ids.astype(np.uint8)


def _mask_file(key: str, path: Path) -> Any:
    import numpy as np
    from PIL import Image as pil

    if not path.is_file():
        raise InvalidValueError(f"Image: the mask {key!r}: there is no file {str(path)!r}.")
    try:
        with pil.open(path) as opened:
            # Of a palette the places are the ids, not its colours.
            return np.array(opened if opened.mode in ("L", "P") else opened.convert("L"))
    except OSError as error:
        raise InvalidValueError(
            f"Image: the mask {key!r}: {str(path)!r} cannot be read as a picture."
        ) from error


def _png(ids: Any, shows_zero: bool) -> bytes:
    from PIL import Image as pil

    picture = pil.fromarray(ids).convert("L")
    # The pixels' values stay: only what they stand for becomes a palette.
    picture = pil.frombytes("P", picture.size, picture.tobytes())
    picture.putpalette((_COLOURS * 37)[: 256 * 3])
    stream = io.BytesIO()
    clear = bytes([_HALF if shows_zero else 0]) + bytes([_HALF] * 255)
    picture.save(stream, format="PNG", transparency=clear)
    return stream.getvalue()
