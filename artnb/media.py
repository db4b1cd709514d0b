"""Pictures and the like in values that are logged, and the JSON that stands for them in rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Number
from typing import Any

from artnb.figures import Altair, Bokeh, Plotly, chart_of
from artnb.histogram import Histogram
from artnb.image import PYPLOT, Image, is_drawn
from artnb.mediafile import MediaFile, Put
from artnb.plot import CustomChart
from artnb.recordings import Audio, Html, Video
from artnb.serializers import for_numpy, to_plain, to_settings
from artnb.solids import Molecule, Object3D
from artnb.table import Table
from artnb.warning import warn

__all__ = ["encode", "revived"]

_MOST_IMAGES = 10_000
"""Of one `log` call and name: the row that names them is read whole, and is the summary's, too."""

_MOST_NUMBERS = 32
"""Of an array that are kept one by one; of more, how often which come, as W&B has it."""

_KINDS = {
    each.kind: each for each in (Altair, Audio, Bokeh, Html, Molecule, Object3D, Plotly, Video)
}


def revived(row: Any, read: Callable[[Mapping[str, Any]], bytes]) -> Any:
    """Return the picture or the like for which a mapping stands; any other value as it is.

    Parameters
    ----------
    read : callable
        Takes the mapping, or that of a mask in it, and returns the bytes that it names.
    """
    kind = row.get("_type") if isinstance(row, Mapping) else None
    if kind == "image-file":
        return Image._kept(row, read)
    known = _KINDS.get(str(kind).removesuffix("-file")) if str(kind).endswith("-file") else None
    return known._kept(row, read) if known else row


def encode(
    value: Any, put_blob: Callable[[bytes], str], *, where: str = "log", counts: bool = True
) -> Any:
    """Return what a row holds for a logged value; pictures' bytes go to `put_blob`.

    Parameters
    ----------
    value
        Number, text, `Image`, `Table`, `Histogram`, `MediaFile`, chart of `artnb.plot`, Plotly,
        Altair or Bokeh, DataFrame, PIL image or figure, list of pictures, of histograms or of
        such files, mapping of such, or whatever `to_plain` takes. nan and inf stay.
    put_blob : callable
        Keeps bytes and returns their digest.
    where : str
        Begins the message of an error.
    counts : bool
        Whether an array of many numbers becomes a histogram.

    Raises
    ------
    TypeError
        The value has no such form.
    """
    if not _can_be_asked(value):  # `to_plain` says so
        return _plain(value, where)
    if type(value).__name__ == "DataFrame":  # as W&B takes it: of any kind that Table knows
        value = Table(dataframe=value)
    if isinstance(value, Table):
        return _table_row(value, put_blob, where)
    if isinstance(value, CustomChart):
        drawn = {"kind": value.kind, "title": value.title, **value.fields}
        return {**_table_row(value.table, put_blob, where), "plot": drawn}
    if file := _file(value):
        return file.to_row(_putting(put_blob))
    if isinstance(value, Histogram):
        return value.to_json()
    if isinstance(value, Mapping):
        return {
            str(key): encode(each, put_blob, where=f"{where}: {key!r}", counts=counts)
            for key, each in value.items()
        }
    if picture := _picture(value):
        return picture.to_row(_putting(put_blob))
    several = isinstance(value, (list, tuple)) and value and _can_be_asked(value[0])
    if several and (first := _picture(value[0])):
        return _image_rows([first, *value[1:]], put_blob, where)
    if several and (file := _file(value[0])):
        files = [encode(each, put_blob, where=where) for each in value]
        return {"_type": file.kind, "count": len(files), file.kind: files}
    if several and isinstance(value[0], Histogram):
        return [encode(each, put_blob, where=where) for each in value]
    if counts and _is_many(value):
        return Histogram(value, num_bins=_MOST_NUMBERS).to_json()
    plain = _plain(value, where)
    # One element is a number, however it was wrapped: a loss of shape (1,) is a loss.
    while isinstance(plain, list) and len(plain) == 1 and hasattr(value, "ndim"):
        plain = plain[0]
    return plain


def _file(value: Any) -> MediaFile | None:
    return value if isinstance(value, MediaFile) else chart_of(value)


def _is_many(value: Any) -> bool:
    """Return whether it is an array or a tensor of more numbers than a row is to hold."""
    if not (hasattr(value, "dtype") and hasattr(value, "shape")):
        return False
    array = for_numpy(value)
    kind = getattr(getattr(array, "dtype", None), "kind", None)  # None: one of torch's
    return math.prod(array.shape) > _MOST_NUMBERS and kind in ("f", "i", "u", None)


def _can_be_asked(value: Any) -> bool:
    """Return whether a value says what it is: code of its own class may raise anything."""
    try:
        isinstance(value, Image), getattr(value, "__name__", None)
    except Exception:
        return False
    return True


def _plain(value: Any, where: str) -> Any:
    try:
        return to_plain(value)
    except TypeError as error:
        if _can_be_asked(value) and (callable(value) or isinstance(value, Number)):
            return to_settings(value)  # a model, a partial, a Decimal: its text, as W&B has it
        raise TypeError(f"{where}: {error}") from error


def _picture(value: Any) -> Image | None:
    if isinstance(value, Image):
        return value
    if getattr(value, "__name__", None) == PYPLOT:
        return Image(value)
    if type(value).__module__.startswith("PIL.") or is_drawn(value):
        return Image(value)
    return None


def _table_row(table: Table, put_blob: Callable[[bytes], str], where: str) -> dict[str, Any]:
    pictures: set[str] = set()
    others: set[str] = set()

    def cell(value: Any, place: str) -> Any:
        found = encode(value, put_blob, where=f"{where}: {place}", counts=False)
        if isinstance(found, dict) and "sha256" in found:
            shown = found.get("_type") == "image-file"
            (pictures if shown else others).add(found["sha256"])
            pictures.update(mask["sha256"] for mask in found.get("masks", {}).values())
        return found

    data = table.to_bytes(cell)
    return {
        "_type": "table-file",
        "sha256": put_blob(data),
        "size": len(data),
        "ncols": len(table.columns),
        "nrows": len(table),
        "media": sorted(pictures),
        **({"kept": sorted(others)} if others else {}),
    }


def _putting(put_blob: Callable[[bytes], str]) -> Put:
    return lambda _, data: {"sha256": put_blob(data), "size": len(data)}


def _image_rows(values: list[Any], put_blob: Callable[[bytes], str], where: str) -> dict[str, Any]:
    rows = []
    for value in values[:_MOST_IMAGES]:
        picture = _picture(value) if _can_be_asked(value) else None
        if picture is None:
            raise TypeError(f"{where}: a list of images also holds a {type(value).__name__}.")
        rows.append(picture.to_row(_putting(put_blob)))
    found = {"_type": "images/separated", "count": len(rows), "images": rows}
    if len(values) > len(rows):
        warn(
            f"{where}: of {len(values):,} images the first {len(rows):,} are kept. Log the others "
            "in another call or under another name, or keep them as files of an artifact."
        )
        found["given"] = len(values)
    return found
