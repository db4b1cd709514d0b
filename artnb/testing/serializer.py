"""What every serializer must do, as tests to inherit.

Examples
--------
>>> class TestMySerializer(SerializerSuite):    # doctest: +SKIP
...     @pytest.fixture
...     def serializer(self):
...         return MySerializer()
...
...     @pytest.fixture
...     def values(self):
...         return [MyValue(0), MyValue(1)]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from artnb import ownjson as json
from artnb.serializers.base import CannotSave, Serializer

__all__ = ["SerializerSuite"]

Same = Callable[[Any, Any], bool]


class SerializerSuite:
    """Inherit it, and give the fixtures ``serializer`` and ``values``.

    Two more have a default: ``refused``, values that the serializer does not keep, and
    ``same``, which says whether what was read is equal to what was written.
    """

    @pytest.fixture
    def serializer(self) -> Serializer:
        """Return the serializer under test."""
        raise AttributeError("a class that inherits SerializerSuite gives `serializer`")

    @pytest.fixture
    def values(self) -> Sequence[Any]:
        """Return values that it keeps, the empty and the odd ones among them."""
        raise AttributeError("a class that inherits SerializerSuite gives `values`")

    @pytest.fixture
    def refused(self) -> Sequence[Any]:
        """Return values that it does not keep."""
        return ()

    @pytest.fixture
    def same(self) -> Same:
        """Return what compares two values: by default type and ``==``."""
        return lambda one, other: type(one) is type(other) and bool(one == other)

    def test_it_says_what_it_is(self, serializer: Serializer) -> None:
        """Name and suffix can stand in a manifest and in a file's name."""
        assert serializer.name
        assert serializer.name not in ("file", "stub")
        assert serializer.suffix.startswith(".")
        assert "/" not in serializer.name + serializer.suffix
        assert isinstance(serializer.safe, bool)

    def test_what_is_written_is_read(
        self, serializer: Serializer, values: Sequence[Any], same: Same, tmp_path: Path
    ) -> None:
        """A value comes back equal, and needs its file no longer."""
        for number, value in enumerate(values):
            path = tmp_path / f"{number}{serializer.suffix}"
            meta = serializer.write(value, path)
            back = serializer.read(path, meta, trust=True)
            path.unlink()
            assert same(value, back), f"{value!r} came back as {back!r}"

    def test_the_meta_is_json(
        self, serializer: Serializer, values: Sequence[Any], same: Same, tmp_path: Path
    ) -> None:
        """The manifest keeps the meta, and reading works with what it kept."""
        for number, value in enumerate(values):
            path = tmp_path / f"{number}{serializer.suffix}"
            meta = json.loads(json.dumps(serializer.write(value, path), allow_nan=False))
            assert same(value, serializer.read(path, meta, trust=True))

    def test_equal_values_give_equal_bytes(
        self, serializer: Serializer, values: Sequence[Any], tmp_path: Path
    ) -> None:
        """No date, no random order: what did not change is not stored again."""
        one, two = tmp_path / f"one{serializer.suffix}", tmp_path / f"two{serializer.suffix}"
        for value in values:
            assert serializer.write(value, one) == serializer.write(value, two)
            assert one.read_bytes() == two.read_bytes()
            one.unlink()
            two.unlink()

    def test_what_would_change_is_refused(
        self, serializer: Serializer, refused: Sequence[Any], tmp_path: Path
    ) -> None:
        """The error is CannotSave, so that the next serializer is asked."""
        for number, value in enumerate(refused):
            with pytest.raises(CannotSave):
                serializer.write(value, tmp_path / f"{number}{serializer.suffix}")

    def test_a_full_disk_is_not_taken_for_a_refusal(
        self, serializer: Serializer, values: Sequence[Any], tmp_path: Path
    ) -> None:
        """An error of the disk goes through: the next serializer would meet it, too."""
        missing = tmp_path / "missing" / f"value{serializer.suffix}"
        for value in values:
            with pytest.raises(OSError, match="missing"):
                serializer.write(value, missing)
