"""A picture that is logged: of an array, a tensor, a figure or a file, with boxes and masks."""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artnb.annotations import checked_boxes, checked_masks, class_names, mask_ids, numbered
from artnb.errors import InvalidValueError, nearest
from artnb.mediafile import Put
from artnb.serializers import for_numpy, to_plain
from artnb.serializers.png import figure_png, pil_png

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["PYPLOT", "Image", "is_drawn"]

Bytes = bytes | Callable[[], bytes]

_FILE_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_FILE_TYPES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "bmp": "bmp"}
PYPLOT = "matplotlib.pyplot"
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def is_drawn(value: Any) -> bool:
    """Return whether a value is a figure of matplotlib's, part of one, or a grid of seaborn's."""
    module = type(value).__module__
    if module == "seaborn.axisgrid":
        return True
    return module.startswith("matplotlib.") and (
        hasattr(value, "savefig") or getattr(value, "figure", None) is not None
    )


class Image:
    """A picture for `Run.log`, with a caption.

    Parameters
    ----------
    data_or_path : array, tensor, PIL image, matplotlib figure, pyplot or path
        Arrays are (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); tensors (C, H, W) or (H, W);
        a batch of one is taken as the one. Booleans are black and white; floats in [0, 1]
        are scaled by 255, floats in [-1, 1] shifted and scaled to 0 to 255, all else is
        clipped to 0 to 255. A PNG, JPEG, GIF or WebP file is kept as it is.
    mode : str, optional
        PIL's mode to convert to, such as ``L`` or ``RGB``.
    caption : str, optional
        Shown below the picture.
    grouping
        Accepted for W&B's sake.
    file_type : {'png', 'jpg', 'jpeg', 'bmp'}, optional
        What it is kept as, if it is no file already: ``jpg`` is smaller and loses some.
    classes : Classes or list of dict, optional
        Names of the classes of boxes and masks that do not say them.
    boxes : dict, optional
        ``{"predictions": {"box_data": [...], "class_labels": {1: "car"}}}``; a box has a
        ``position`` (``minX``, ``maxX``, ``minY``, ``maxY``, or ``middle``, ``width``,
        ``height``; as parts of the picture, or with ``domain="pixel"``) and perhaps
        ``class_id``, ``box_caption`` and ``scores``.
    masks : dict, optional
        ``{"truth": {"mask_data": array, "class_labels": {...}}}`` with a class id from 0 to
        255 for each pixel, or with the ``path`` of such a picture.

    Attributes
    ----------
    boxes, masks : dict
        As they were given, with the names of all classes.

    Examples
    --------
    >>> import numpy as np
    >>> Image(np.zeros((28, 28)), caption="nothing").width
    28
    """

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Any = None,
        boxes: Any = None,
        masks: Any = None,
        file_type: str | None = None,
    ) -> None:
        self.caption = None if caption is None else str(caption)
        try:
            self._data, self.format, size = _read(data_or_path, mode)
        except (TypeError, ValueError) as error:  # numpy's, torch's and PIL's own words
            if isinstance(error, InvalidValueError):
                raise
            wanted = f" in the mode {mode!r}" if mode else ""
            raise InvalidValueError(
                f"Image: cannot draw this {type(data_or_path).__name__}{wanted}: {error}"
            ) from error
        self._size: tuple[int, int] | None = size
        if isinstance(data_or_path, Image):
            self.caption = self.caption or data_or_path.caption
        if file_type is not None and not isinstance(data_or_path, (str, os.PathLike)):
            self._data, self.format = _as_type(_bytes_of(self._data), file_type)
        names = class_names(classes)
        self.boxes = checked_boxes(boxes, names)
        self._masks: dict[str, tuple[Bytes, dict[Any, str]]] = {**checked_masks(masks, names)}

    @classmethod
    def _kept(cls, row: Mapping[str, Any], read: Callable[[Mapping[str, Any]], bytes]) -> Image:
        """Return the picture that `to_row` told of; its bytes are read when they are asked for.

        Parameters
        ----------
        read : callable
            Takes what `Put` returned.
        """
        self = cls.__new__(cls)
        self.caption, self.format = row.get("caption"), row.get("format") or "png"
        self._data = functools.partial(read, row)
        self._size = (row["width"], row["height"]) if row.get("width") else None
        self.boxes = {
            key: {**one, "class_labels": numbered(one["class_labels"])}
            for key, one in (row.get("boxes") or {}).items()
        }
        self._masks = {
            key: (functools.partial(read, one), numbered(one["class_labels"]))
            for key, one in (row.get("masks") or {}).items()
        }
        return self

    def to_row(self, put: Put) -> dict[str, Any]:
        """Return the JSON that stands for it; its bytes, and those of its masks, go to `put`."""
        row = {
            "_type": "image-file",
            **put(f".{self.format}", self.to_png()),
            "width": self.width,
            "height": self.height,
            "format": self.format,
            "caption": self.caption,
        }
        if self.boxes:
            row["boxes"] = to_plain(self.boxes)
        if self._masks:
            row["masks"] = {
                key: {
                    "_type": "mask-file",
                    **put(".mask.png", _bytes_of(data)),
                    "format": "png",
                    "class_labels": to_plain(names),
                }
                for key, (data, names) in self._masks.items()
            }
        return row

    @property
    def width(self) -> int:
        """In pixels."""
        return self._measured()[0]

    @property
    def height(self) -> int:
        """In pixels."""
        return self._measured()[1]

    def _measured(self) -> tuple[int, int]:
        if self._size is None:
            self._size = self.to_pil().size
        return self._size

    @property
    def masks(self) -> dict[str, dict[str, Any]]:
        """For each mask ``mask_data``, (H, W) of class ids, and ``class_labels``."""
        return {
            key: {"mask_data": mask_ids(_bytes_of(data)), "class_labels": names}
            for key, (data, names) in self._masks.items()
        }

    @property
    def image(self) -> PILImage:
        """The picture as a PIL image, as W&B has it."""
        return self.to_pil()

    def to_png(self) -> bytes:
        """Return the file's bytes: PNG, or the format that the file had."""
        return _bytes_of(self._data)

    def to_pil(self) -> PILImage:
        """Return the picture as a PIL image."""
        from PIL import Image as pil

        return pil.open(io.BytesIO(self.to_png()))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, bytes | str]:
        bundle: dict[str, bytes | str] = {"text/plain": repr(self)}
        if self.format in ("png", "jpeg", "gif"):
            bundle[f"image/{self.format}"] = self.to_png()
        return bundle

    def __repr__(self) -> str:
        caption = f" {self.caption!r}" if self.caption else ""
        return f"<Image {self.width}x{self.height} {self.format}{caption}>"


def _bytes_of(data: Bytes) -> bytes:
    return data() if callable(data) else data


def _copied(picture: Image) -> tuple[Bytes, str, tuple[int, int]]:
    return picture._data, picture.format, (picture.width, picture.height)


def _read(given: Any, mode: str | None) -> tuple[Bytes, str, tuple[int, int]]:
    if isinstance(given, (str, os.PathLike)):
        return _read_file(Path(given), mode)
    if getattr(given, "__name__", None) == PYPLOT:
        given = given.gcf()
    if is_drawn(given):
        data = figure_png(given if hasattr(given, "savefig") else given.figure)
        return _with_mode(data, mode)
    if type(given).__module__.startswith("PIL."):
        picture = given.convert(mode) if mode else given
        return pil_png(picture), "png", picture.size
    if isinstance(given, Image):
        return _with_mode(given.to_png(), mode) if mode else _copied(given)
    return _of_array(given, mode)


def _read_file(path: Path, mode: str | None) -> tuple[bytes, str, tuple[int, int]]:
    from PIL import Image as pil

    if not path.is_file():
        raise InvalidValueError(f"Image: there is no file {str(path)!r}.")
    try:
        with pil.open(path) as opened:
            kind, size = opened.format, opened.size
            if mode is None and kind in _FILE_FORMATS:
                return path.read_bytes(), str(kind).lower(), size
            picture = opened.convert(mode or ("RGBA" if "A" in opened.mode else "RGB"))
    except (pil.UnidentifiedImageError, OSError) as error:
        raise InvalidValueError(f"Image: {str(path)!r} cannot be read as a picture.") from error
    return pil_png(picture), "png", picture.size


def _with_mode(data: bytes, mode: str | None) -> tuple[bytes, str, tuple[int, int]]:
    from PIL import Image as pil

    picture = pil.open(io.BytesIO(data))
    if mode:
        picture = picture.convert(mode)
        data = pil_png(picture)
    return data, "png", picture.size


def _of_array(given: Any, mode: str | None) -> tuple[bytes, str, tuple[int, int]]:
    import numpy as np
    from PIL import Image as pil

    is_tensor = hasattr(given, "detach")
    given = for_numpy(given)
    array = np.asarray(given)
    shape = array.shape
    if array.dtype.kind not in "biuf":
        raise InvalidValueError(f"Image: cannot draw a {type(given).__name__} of {array.dtype}.")
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if is_tensor and array.ndim == 3 and array.shape[0] in _MODES:
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 3 and array.shape[0] == 1 and array.shape[2] not in _MODES:
        array = array[0]  # of arrays, a batch of one without channels
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in _MODES or 0 in array.shape:
        raise InvalidValueError(
            f"Image: an array of the shape {shape} is no picture. Give (H, W), (H, W, 1), "
            "(H, W, 3) or (H, W, 4); of tensors (H, W) or (C, H, W)."
        )
    pixels = np.ascontiguousarray(_to_bytes(array))
    kind = _MODES[pixels.shape[2]]
    picture = pil.fromarray(pixels[:, :, 0] if kind == "L" else pixels)
    if mode:
        picture = picture.convert(mode)
    return pil_png(picture), "png", picture.size


def _as_type(data: bytes, file_type: str) -> tuple[bytes, str]:
    """Return a PNG as another type, and what that is called."""
    from PIL import Image as pil

    if file_type not in _FILE_TYPES:
        raise InvalidValueError(
            f"Image: file_type {file_type!r}; {nearest(file_type, _FILE_TYPES)}"
        )
    kind = _FILE_TYPES[file_type]
    if kind == "png":
        return data, kind
    picture = pil.open(io.BytesIO(data))
    stream = io.BytesIO()
    (picture if picture.mode in ("L", "RGB") else picture.convert("RGB")).save(stream, format=kind)
    return stream.getvalue(), kind


def _to_bytes(array: Any) -> Any:
    import numpy as np

    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "f":
        array = np.nan_to_num(array.astype(np.float64))
        low, high = array.min(), array.max()
        if low >= 0 and high <= 1:
            array = array * 255
        elif low >= -1 and high <= 1:
            array = (array + 1) * 127.5
        array = np.round(array)
    return np.clip(array, 0, 255).astype(np.uint8)
