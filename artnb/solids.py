"""Molecules, solids, and points and boxes in space, for `Run.log` and `Artifact.add`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from artnb import ownjson as json
from artnb.errors import InvalidValueError
from artnb.mediafile import MediaFile, check_format, read_or_bytes
from artnb.serializers import for_numpy, to_plain

__all__ = ["Molecule", "Object3D", "box3d"]

_MOLECULES = ("pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf", "smi")
_SOLIDS = ("obj", "gltf", "glb", "babylon", "stl", "pts.json")


class Molecule(MediaFile):
    """A molecule.

    Parameters
    ----------
    data_or_path : path or file
        PDB, SDF, MOL2, SMILES (``.smi``), ...
    caption : str, optional
    file_type : str, optional
        What a file object is, such as ``pdb``.
    """

    kind = "molecule"

    def __init__(
        self, data_or_path: Any, caption: str | None = None, file_type: str | None = None, **_: Any
    ) -> None:
        data, found = read_or_bytes(data_or_path, file_type, "Molecule")
        check_format("Molecule", found, _MOLECULES)
        super().__init__(data, str(found), caption)


class Object3D(MediaFile):
    """A solid, or points in space.

    Parameters
    ----------
    data_or_path : path, file, array or dict
        OBJ, glTF, GLB, STL, ...; points (n, 3), with a category (n, 4) or a colour (n, 6); or
        a scene: ``{"type": "lidar/beta", "points": ..., "boxes": ..., "vectors": ...}``.
    caption : str, optional
    file_type : str, optional
        What a file object without a name is, such as ``obj``.
    """

    kind = "object3D"

    def __init__(
        self, data_or_path: Any, caption: str | None = None, file_type: str | None = None, **_: Any
    ) -> None:
        if isinstance(data_or_path, Mapping):
            scene = _scene(data_or_path)
            super().__init__(_json(scene), "pts.json", caption, points=len(scene["points"]))
            return
        if hasattr(data_or_path, "shape"):
            points = _points(data_or_path)
            super().__init__(_json(points), "pts.json", caption, points=len(points))
            return
        data, found = read_or_bytes(data_or_path, file_type, "Object3D")
        check_format("Object3D", found, _SOLIDS)
        super().__init__(data, str(found), caption)

    @classmethod
    def from_file(cls, data_or_path: Any, file_type: str | None = None) -> Object3D:
        """Return the solid that a file holds."""
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data: Any) -> Object3D:
        """Return points: (n, 3), (n, 4) or (n, 6)."""
        return cls(data)

    @classmethod
    def from_point_cloud(
        cls,
        points: Any,
        boxes: Sequence[Mapping[str, Any]],
        vectors: Sequence[Any] | None = None,
        point_cloud_type: str = "lidar/beta",
    ) -> Object3D:
        """Return points with boxes of `box3d`, or with boxes that have their 8 ``corners``."""
        return cls(
            {"type": point_cloud_type, "points": points, "boxes": boxes, "vectors": vectors or []}
        )


def box3d(
    *,
    center: Any,
    size: Any,
    orientation: Any,
    color: Sequence[float],
    label: str | None = None,
    score: float | None = None,
) -> dict[str, Any]:
    """Return a box for `Object3D.from_point_cloud`.

    Parameters
    ----------
    center, size : (x, y, z)
    orientation : (w, x, y, z)
        The quaternion that turns it, of any length but zero.
    color : (r, g, b)
        From 0 to 1.

    Examples
    --------
    >>> box = box3d(center=(0, 0, 0), size=(2, 2, 2), orientation=(1, 0, 0, 0), color=(1, 0, 0))
    >>> box["corners"][0]
    (-1.0, -1.0, -1.0)
    """
    import numpy as np

    middle = _vector("center", center, 3)
    turn = _vector("orientation", orientation, 4)
    if not np.linalg.norm(turn):
        raise InvalidValueError("box3d: the orientation is zero; (1, 0, 0, 0) turns nothing.")
    w, axis = turn[0] / np.linalg.norm(turn), turn[1:] / np.linalg.norm(turn)
    signs = np.array(list(itertools.product((-1, 1), repeat=3)), dtype=float)
    corners = signs * _vector("size", size, 3) / 2
    sideways = 2 * np.cross(axis, corners)
    turned = corners + w * sideways + np.cross(axis, sideways) + middle
    return {
        "corners": tuple(map(tuple, turned.tolist())),
        "color": tuple(color),
        "label": label,
        "score": score,
    }


def _vector(name: str, given: Any, length: int) -> Any:
    import numpy as np

    vector = np.asarray(for_numpy(given), dtype=float)
    if vector.shape != (length,):
        raise InvalidValueError(
            f"box3d: {name} has the shape {vector.shape}; give {length} numbers."
        )
    return vector


def _points(given: Any) -> list[Any]:
    import numpy as np

    points = np.asarray(for_numpy(given))
    if points.ndim != 2 or points.shape[1] not in (3, 4, 6):
        raise InvalidValueError(
            f"Object3D: points of the shape {points.shape}; use (n, 3), (n, 4) or (n, 6)."
        )
    return list(points.tolist())


def _scene(given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("type") != "lidar/beta":
        raise InvalidValueError(
            f"Object3D: a scene of the type {given.get('type')!r}; W&B's only one is 'lidar/beta'."
        )
    points, boxes = given.get("points"), list(for_numpy(given.get("boxes", ())))
    for box in boxes:
        if not isinstance(box, Mapping) or len(box.get("corners", ())) != 8:
            raise InvalidValueError(f"Object3D: {box!r} is no box with 8 corners; see box3d.")
    return {
        "type": given["type"],
        "points": [] if points is None else _points(points),
        "boxes": to_plain(boxes),
        "vectors": to_plain(list(for_numpy(given.get("vectors", ())))),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
