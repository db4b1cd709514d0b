"""A manifest's text is the canonical JSON of what it says, whatever is in it."""

from hypothesis import given
from hypothesis import strategies as st

from artnb.digest import canonical_json
from artnb.model import Entry, Manifest, PlainManifest

TEXT = st.text(max_size=8) | st.sampled_from(['"', "\\", "\x00", "é", "\ud800", "\u2028"])
ENTRIES = st.builds(
    Entry,
    path=TEXT,
    digest=TEXT,
    size=st.integers(0, 1 << 60),
    format=st.sampled_from(["file", "npy"]),
    variable=st.none() | TEXT,
    ref=st.none() | TEXT,
    meta=st.dictionaries(TEXT, st.integers() | TEXT, max_size=2),
)


@given(st.lists(ENTRIES, max_size=6))
def test_the_text_is_the_canonical_one_and_is_read_again(entries):
    manifest = Manifest.of(entries)
    body = {path: entry.to_json() for path, entry in manifest.entries.items()}
    assert manifest.to_bytes() == canonical_json({"artnb": 1, "entries": body})
    assert Manifest.from_bytes(manifest.to_bytes()).entries == manifest.entries


@given(st.dictionaries(TEXT, st.integers(0, 1 << 60), max_size=6))
def test_a_manifest_of_plain_files_is_the_same_manifest(sizes):
    digests = {path: f"{n:064x}" for n, path in enumerate(sizes)}
    plain = PlainManifest.of(list(sizes), list(digests.values()), list(sizes.values()))
    manifest = Manifest.of(Entry(path, digests[path], size) for path, size in sizes.items())
    assert plain.to_bytes() == manifest.to_bytes()
    assert (len(plain), plain.size) == (len(manifest), manifest.size)
    assert list(plain) == [entry[:2] for entry in manifest]
