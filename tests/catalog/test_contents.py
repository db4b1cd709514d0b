"""Sections have the same name only where they hold the same."""

import hashlib

from artnb.catalog.contents import cut
from artnb.model import PlainManifest


def names(*entries):
    return list(cut(entries))


def test_what_stands_for_a_reference_may_be_any_text():
    files = [("p", "r"), ("q", "s")]
    reference = [("p", "q\0r\0s")]
    assert names(*files) != names(*reference)
    assert names(*reference) == names(("p", "q\0r\0s", None))


def test_a_section_is_named_by_paths_and_digests_alone():
    assert names(("p", "r", None)) == names(("p", "r", "fingerprint"))
    assert names(("p", "r"), ("q", "s")) != names(("p", "s"), ("q", "r"))
    assert names(("p\udcff", "r")) != names(("p", "r"))


def test_of_many_files_one_that_changes_changes_one_section():
    files = {f"{n:04}": hashlib.sha256(b"%d" % n).hexdigest() for n in range(2000)}
    before = cut(files.items())
    assert len(before) > 5
    assert [path for paths, _ in before.values() for path in paths] == list(files)
    assert before == cut(PlainManifest(list(files), list(files.values()), [1] * len(files)))
    assert before == cut(reversed(files.items()))
    after = cut({**files, "0700": "0" * 64}.items())
    assert len(after.keys() - before.keys()) == 1 == len(before.keys() - after.keys())
