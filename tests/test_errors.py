"""The tree of errors: one root, the builtins that people catch, readable messages."""

import pytest

from artnb import errors


def test_every_error_has_the_one_root():
    found = [getattr(errors, name) for name in errors.__all__]
    raised = [kind for kind in found if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(issubclass(kind, (errors.ArtnbError, Warning)) for kind in raised)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.InvalidNameError, ValueError),
        (errors.InvalidMetadataError, TypeError),
        (errors.CommError, KeyError),
        (errors.StoreFullError, OSError),
        (errors.MissingExtraError, ImportError),
        (errors.ArtifactNotLoggedError, AttributeError),
    ],
)
def test_an_error_is_also_the_builtin_that_people_catch(kind, builtin):
    assert issubclass(kind, builtin)


def test_a_message_is_shown_as_it_was_written():
    assert str(errors.CommError("there is no 'x'")) == "there is no 'x'"
    assert str(errors.CorruptObjectError("damaged", "abc")) == "damaged"


@pytest.mark.parametrize(
    ("wanted", "known", "expected"),
    [
        ("lates", ["latest", "best"], "did you mean 'latest'?"),
        ("zzz", [], "there is none yet."),
        ("zzz", ["a", "b"], "there is: a, b."),
        ("zzz", [f"n{n}" for n in range(10)], "and 2 more"),
    ],
)
def test_the_nearest_name_is_offered(wanted, known, expected):
    assert expected in errors.nearest(wanted, known)


def test_a_missing_extra_says_how_to_get_it():
    error = errors.MissingExtraError("Reading parquet", "pyarrow", "frames")
    assert "pip install 'artnb[frames]'" in str(error)
