"""Sound, video and pages that are kept as files, for `Run.log` and `Artifact.add`.

What is given as a file is kept as it is. Arrays become WAV and GIF, which need no encoder.
"""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from typing import Any

from artnb.errors import InvalidValueError
from artnb.mediafile import MediaFile, bytes_of, check_format, read_file
from artnb.serializers import for_numpy
from artnb.warning import warn

__all__ = ["Audio", "Html", "Video"]

_VIDEOS = ("gif", "mp4", "webm", "ogg")


class Audio(MediaFile):
    """Sound.

    Parameters
    ----------
    data_or_path : path or array
        A sound file, or samples: (n,) or (n, channels), floats in [-1, 1] or int16.
    sample_rate : int, optional
        Samples a second; arrays need it.
    caption : str, optional

    Raises
    ------
    InvalidValueError
    """

    kind = "audio"

    def __init__(
        self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        if isinstance(data_or_path, (str, os.PathLike)):
            data, suffix = read_file(data_or_path, "Audio")
            super().__init__(data, suffix, caption)
            return
        if not sample_rate:
            raise InvalidValueError("Audio: an array needs its sample_rate, such as 44_100.")
        data, count = _wave(data_or_path, int(sample_rate))
        super().__init__(data, "wav", caption, seconds=count / int(sample_rate))


class Video(MediaFile):
    """Moving pictures.

    Parameters
    ----------
    data_or_path : path, bytes, file or array
        A GIF, MP4, WebM or Ogg file; bytes of one, with `format`; or frames (n, C, H, W), or
        those of several videos (b, n, C, H, W), side by side, which become a GIF.
    caption : str, optional
    fps : int, optional
        Frames a second of an array; default 4.
    format : {'gif', 'mp4', 'webm', 'ogg'}, optional
        What bytes are. Arrays become ``gif``, and another is said to be none; for that, write the
        file and give its path.

    Raises
    ------
    InvalidValueError
    """

    kind = "video"

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: int | None = None,
        format: str | None = None,
    ) -> None:
        if isinstance(data_or_path, (str, os.PathLike)):
            data, format = read_file(data_or_path, "Video")
        elif isinstance(data_or_path, bytes) or hasattr(data_or_path, "read"):
            data = bytes_of(data_or_path)
        else:
            check_format("Video", format or "gif", _VIDEOS)
            data = _gif(data_or_path, fps or 4)
            if format not in (None, "gif"):
                warn(
                    f"Video: frames of an array are kept as GIF, not as {format}. For that, write "
                    "the file with an encoder such as imageio, and give its path."
                )
            format = "gif"
        check_format("Video", format, _VIDEOS)
        super().__init__(data, str(format), caption, **_gif_size(data, format))


class Html(MediaFile):
    """A page or a piece of one.

    Parameters
    ----------
    data : str, path or file
        HTML, or the path of an ``.html`` file.
    inject : bool
        Accepted for W&B's sake: nothing is added to it.
    data_is_not_path : bool
        Take text as HTML even if a file is called so.
    """

    kind = "html"

    def __init__(self, data: Any, inject: bool = True, data_is_not_path: bool = False) -> None:
        if not data_is_not_path and _is_page(data):
            super().__init__(Path(data).read_bytes(), "html")
        elif isinstance(data, str):
            super().__init__(data.encode("utf-8", "surrogatepass"), "html")
        elif hasattr(data, "read"):
            super().__init__(bytes_of(data), "html")
        else:
            raise InvalidValueError(f"Html: give text, a path or a file, not {data!r}.")


def _is_page(data: Any) -> bool:
    if not isinstance(data, (str, os.PathLike)) or len(os.fspath(data)) > 1_000:
        return False
    path = Path(data)
    try:
        return path.suffix == ".html" and path.is_file()
    except (OSError, ValueError):
        return False


def _wave(samples: Any, sample_rate: int) -> tuple[bytes, int]:
    import wave

    import numpy as np

    array = np.asarray(for_numpy(samples))
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.dtype.kind not in "fi":
        raise InvalidValueError(
            f"Audio: samples of the shape {array.shape} and type {array.dtype}; use (n,) or "
            "(n, channels) of floats in [-1, 1] or int16."
        )
    if array.dtype.kind == "f":
        array = np.round(np.clip(np.nan_to_num(array), -1, 1) * 32_767)
    elif array.size and (array.min() < -32_768 or array.max() > 32_767):
        raise InvalidValueError("Audio: whole numbers are taken as 16 bits, -32768 to 32767.")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(array.shape[1])
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(array.astype("<i2").tobytes())
    return file.getvalue(), len(array)


def _gif(frames: Any, fps: int) -> bytes:
    import numpy as np
    from PIL import Image as pil

    array = np.asarray(for_numpy(frames))
    if array.ndim not in (4, 5) or array.shape[-3] not in (1, 3) or 0 in array.shape:
        raise InvalidValueError(
            f"Video: frames of the shape {array.shape}; use (n, C, H, W) with 1 or 3 channels, or "
            "(b, n, C, H, W)."
        )
    if array.ndim == 5:
        array = _side_by_side(array)
    if array.dtype.kind == "f" and array.max() <= 1:
        array = array * 255
    pixels = np.clip(np.nan_to_num(array), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    pictures = [pil.fromarray(each[:, :, 0] if each.shape[2] == 1 else each) for each in pixels]
    file = io.BytesIO()
    pictures[0].save(
        file, "GIF", save_all=True, append_images=pictures[1:], duration=round(1000 / fps), loop=0
    )
    return file.getvalue()


def _side_by_side(videos: Any) -> Any:
    """Return videos (b, n, C, H, W) as one, (n, C, rows * H, columns * W)."""
    import numpy as np

    count, frames, channels, height, width = videos.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    grid = np.zeros((rows * columns, *videos.shape[1:]), videos.dtype)
    grid[:count] = videos
    grid = grid.reshape(rows, columns, frames, channels, height, width)
    return grid.transpose(2, 3, 0, 4, 1, 5).reshape(
        frames, channels, rows * height, columns * width
    )


def _gif_size(data: bytes, format: str | None) -> dict[str, int]:
    if format != "gif" or len(data) < 10:
        return {}
    return {
        "width": int.from_bytes(data[6:8], "little"),
        "height": int.from_bytes(data[8:10], "little"),
    }
