"""Sections have the same name only where they hold the same."""

from artnb.catalog.contents import _digest


def test_what_stands_for_a_reference_may_be_any_text():
    files = [("p", "r"), ("q", "s")]
    reference = [("p", "q\0r\0s")]
    assert _digest(files) != _digest(reference)
    assert _digest(reference) == _digest([("p", "q\0r\0s", None)])


def test_a_section_is_named_by_paths_and_digests_alone():
    assert _digest([("p", "r", None)]) == _digest([("p", "r", "fingerprint")])
    assert _digest([("p", "r")]) != _digest([("r", "p")])
    assert _digest([("p\udcff", "r")]) != _digest([("p", "r")])
