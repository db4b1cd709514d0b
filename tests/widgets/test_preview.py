"""The beginning of a version's files: what each format shows, and what cannot be shown says why."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from artnb.errors import ArtnbError, CommError, CorruptObjectError, UsageError
from artnb.repository import Content
from artnb.store import object_key
from artnb.widgets.preview import LARGEST_DOWNLOAD, files, preview, whole_file
from artnb.widgets.preview.base import MOST_BYTES

JS = Path(__file__).parents[2] / "js"


@pytest.fixture
def see(repository, run):
    """Commit bytes as one file and return its preview, proved to be JSON for the page."""

    def seen(name, data, format="file"):
        version = repository.commit(
            "demo", "thing", "dataset", [Content(name, data, format)], run_id=run.id
        ).version
        return json.loads(json.dumps(preview(repository, f"v:{version.id}", name), allow_nan=False))

    return seen


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def test_text_is_shown_from_its_beginning(see):
    assert see("a.txt", b"one\ntwo \xc3\xa9") == {"kind": "text", "text": "one\ntwo é", "note": ""}
    long = see("long.log", b"x" * (MOST_BYTES + 5))
    assert (len(long["text"]), long["note"]) == (MOST_BYTES, "The first 65,536 of 65,541 bytes.")
    assert see("wide.txt", "é".encode("utf-16"))["text"] == "é"
    assert see("cut.txt", b"a" * (MOST_BYTES - 1) + "é".encode())["text"].endswith("a\ufffd")
    assert see("empty", b"")["text"] == ""


FIGURE = b'{"data": [{"y": [1, 4], "name": "a"}], "layout": {"title": {"text": "T"}}}'
SPEC = (
    b'{"mark": "bar", "data": {"values": [{"a": "x", "b": 1}]}, '
    b'"encoding": {"x": {"field": "a", "type": "nominal"}, '
    b'"y": {"field": "b", "type": "quantitative"}}}'
)


@pytest.mark.parametrize(
    ("name", "data", "format", "text", "drawn"),
    [
        ("f.plotly.json", FIGURE, "plotly", 'Plotly "T": scatter "a" (2 points)', [1, 4]),
        ("f.plotly.json", FIGURE, "file", 'Plotly "T": scatter "a" (2 points)', [1, 4]),
        ("c.vl.json", SPEC, "altair", 'Vega-Lite: bar "b by a" (1 point)', [1]),
    ],
)
def test_charts_are_told_and_drawn(see, name, data, format, text, drawn):
    shown = see(name, data, format)
    assert (shown["kind"], shown["text"], shown["charts"][0]["y"]) == ("chart", text, drawn)


def test_what_is_no_chart_is_shown_as_bytes(see):
    shown = see("f.plotly.json", b"[3]", "plotly")
    assert shown["kind"] == "bytes"
    assert shown["note"].startswith("This is no chart that can be read")


def test_bytes_that_are_no_text_are_shown_as_bytes(see):
    shown = see("a.bin", bytes(range(256)) * 2)
    assert shown["kind"] == "bytes"
    assert shown["text"].splitlines()[4].endswith("@ABCDEFGHIJKLMNO")
    assert shown["note"] == "The first 256 of 512 bytes."
    assert see("latin.txt", b"\xe9\xe8\xea" * 50)["kind"] == "bytes"


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.csv", b"city,eur\nOslo,4.1\nLima,\n"), ("a.tsv", b"city\teur\nOslo\t4.1\nLima\t\n"),
     ("b.csv", b"city;eur\r\nOslo;4.1\r\nLima;\r\n"),
     ("c.csv", b'\xef\xbb\xbfcity,eur\nOslo,"4.1"\nLima,\n')],
)  # fmt: skip
def test_separated_values_are_rows(see, name, data):
    shown = see(name, data)
    assert (shown["columns"], shown["rows"]) == (["city", "eur"], [["Oslo", "4.1"], ["Lima", ""]])
    assert (shown["facts"], shown["note"]) == ("2 columns", "")


def test_of_many_rows_and_columns_the_first_are_shown(see):
    shown = see("a.csv", b"".join(b"%d,%d\n" % (n, n) for n in range(101)))
    assert (len(shown["rows"]), shown["note"]) == (100, "")
    shown = see("long.csv", b"".join(b"%d,%d\n" % (n, n) for n in range(20_000)))
    assert (len(shown["rows"]), shown["note"]) == (100, "The first 100 rows.")
    shown = see("wide.csv", b",".join(b"%d" % n for n in range(60)) + b"\n")
    assert (len(shown["columns"]), shown["note"]) == (50, "The first 0 rows and 50 columns.")


def test_a_cell_is_shown_shortened_and_hostile_csv_as_something(see):
    assert see("a.csv", b"k\n" + b"x" * 999 + b"\n")["rows"] == [["x" * 200 + "…"]]
    assert see("b.csv", b'"' * 9999)["kind"] in ("rows", "text")
    assert see("c.csv", b"a,b\n" + b'"' + b"x" * 140_000)["kind"] in ("rows", "text")
    assert see("d.csv", b"\0\1\2")["kind"] == "bytes"
    assert see("e.csv", b"")["rows"] == []


def test_json_is_a_tree_while_it_is_short(see):
    assert see("a.json", b'{"a": [1, NaN], "b": null}')["value"] == {"a": [1, "nan"], "b": None}
    assert see("big.json", json.dumps({"big": 10**400, "odd": 2**60}).encode())["value"]["odd"] == (
        str(2**60)
    )
    assert see("half.json", b'{"\\ud800": "\\udfff"}')["value"] == {"?": "?"}
    for depth in (900, 30_000):  # how deep Python reads hangs on its version
        shown = see("deep.json", b"[" * depth + b"]" * depth)
        assert shown["kind"] in ("json", "text")
        assert len(json.dumps(shown)) < 2 * depth + 200
    assert see("broken.json", b'{"a": ')["kind"] == "text"
    assert see("long.json", b"[" + b"1," * 40_000 + b"1]")["kind"] == "text"


def test_pictures_are_named_by_their_digest(see, repository):
    shown = see("a.jpg", b"\xff\xd8\xff")
    assert (shown["kind"], shown["format"]) == ("image", "jpeg")
    assert repository.read_blob(shown["digest"]) == b"\xff\xd8\xff"
    assert see("a.svg", b"<svg/>")["format"] == "svg+xml"


def test_arrays_show_shape_type_and_first_values(see):
    shown = see("a.npy", npy(np.arange(6, dtype=np.int16).reshape(2, 3)))
    assert (shown["facts"], shown["columns"]) == ("2×3 int16", ["", "0", "1", "2"])
    assert shown["rows"] == [["0", "0", "1", "2"], ["1", "3", "4", "5"]]
    shown = see("b.npy", npy(np.array([0.1, np.nan, -np.inf], dtype=np.float32)))
    assert [row[1] for row in shown["rows"]] == ["0.1", "nan", "-inf"]
    shown = see("c.npy", npy(np.ones((3, 200, 80))))
    assert (shown["facts"], len(shown["rows"]), len(shown["columns"])) == (
        "3×200×80 float64", 100, 50,
    )  # fmt: skip
    assert shown["note"] == "[0, …]: the first 100×50 values."
    assert see("d.npy", npy(np.float64(2.5)))["rows"] == [["0", "2.5"]]
    assert see("e.npy", npy(np.zeros((0, 3))))["facts"] == "0×3 float64"
    assert see("f.npy", npy(np.zeros((2, 0, 3))))["rows"] == []
    large = np.asfortranarray(np.arange(40_000.0).reshape(200, 200))
    assert see("g.npy", npy(large))["rows"][1][1:3] == ["200", "201"]
    records = np.array([(1, "a")], dtype=[("n", int), ("s", "U4")])
    assert see("h.npy", npy(records))["rows"] == [["0", "(1, 'a')"]]


def test_arrays_of_objects_are_never_unpickled(see):
    stream = io.BytesIO()
    np.save(stream, np.array([object()], dtype=object), allow_pickle=True)
    shown = see("a.npy", stream.getvalue())
    assert (shown["kind"], "no array that can be shown" in shown["note"]) == ("bytes", True)


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY", npy(np.arange(99_999.0))[:70_000], b"PK\3\4"])
@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.safetensors", "a.parquet"])
def test_what_is_not_what_its_name_says_is_shown_as_bytes(see, name, data):
    shown = see(name, data)
    assert (shown["kind"], "no " in shown["note"]) == ("bytes", True)


def test_an_archive_that_unpacks_to_far_more_is_not_unpacked(see):
    magic = b"\x93NUMPY\x02\x00" + (1 << 30).to_bytes(4, "little")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.npy", magic + b" " * (64 << 20))
        archive.writestr("fine.npy", npy(np.zeros((2, 3))))
    data = stream.getvalue()
    assert len(data) < 100_000
    tracemalloc.start()
    shown = see("a.npz", data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert shown["rows"] == [["bomb", "", "no array"], ["fine", "2×3", "float64"]]


def test_an_array_that_claims_more_than_there_is_memory_is_shown_as_bytes(see):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000000,), }"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(80)
    assert see("a.npy", data)["kind"] == "bytes"


def test_an_archive_of_arrays_is_listed(see):
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.zeros((2, 3)), b=np.array(["x"]))
    shown = see("a.npz", stream.getvalue())
    assert shown["rows"] == [["a", "2×3", "float64"], ["b", "1", "<U1"]]


def test_tensors_are_listed_from_the_header(see):
    from safetensors.numpy import save

    tensors = {f"layer.{n:03}": np.zeros((2, n), dtype=np.float32) for n in range(1, 4)}
    shown = see("a.safetensors", save(tensors, metadata={"format": "pt"}))
    assert shown["rows"][1] == ["layer.002", "2×2", "F32", "16"]
    assert shown["facts"] == "3 tensors · format: pt"


@pytest.mark.parametrize(
    "header",
    [b"[]", b"{}", b'{"a": 1}', b'{"a": {"shape": ["x"], "dtype": "F32", "data_offsets": [0, 1]}}',
     b'{"a": {"shape": [1], "dtype": "F32", "data_offsets": [0]}}', b"[" * 9000],
)  # fmt: skip
def test_a_hostile_header_is_no_harm(see, header):
    data = len(header).to_bytes(8, "little") + header + b"\0" * 8
    assert see("a.safetensors", data)["kind"] in ("rows", "bytes")


@pytest.mark.parametrize("reader", ["pyarrow", "polars"])
def test_parquet_shows_its_first_rows_by_either_reader(see, reader, monkeypatch, tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"n": list(range(300)), "s": ["x"] * 299 + [None]})
    parquet.write_table(table, tmp_path / "t")
    only(monkeypatch, reader)
    shown = see("a.parquet", (tmp_path / "t").read_bytes())
    assert [name.partition(" ")[0] for name in shown["columns"]] == ["n", "s"]
    assert (len(shown["rows"]), shown["rows"][2]) == (100, ["2", "x"])
    assert (shown["facts"], shown["note"]) == ("300 rows, 2 columns", "The first 100 rows.")


def test_without_a_reader_parquet_says_what_to_install(see, monkeypatch):
    only(monkeypatch, "none")
    shown = see("a.parquet", b"PAR1")
    assert (shown["kind"], "pip install 'artnb[frames]'" in shown["message"]) == ("nothing", True)


def only(monkeypatch, reader):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "artnb.widgets.preview.frames.find_spec", lambda name: name == reader and real(name)
    )


@pytest.mark.parametrize(
    ("name", "format"), [("a.pkl", "pickle"), ("a.pkl", "file"), ("net.pt", "file")]
)
def test_pickles_are_not_opened(see, name, format):
    assert "can run code" in see(name, b"cos\nsystem\n(S'x'\ntR.", format)["message"]


def test_a_reference_says_where_the_bytes_are(repository, run):
    content = Content("a", None, ref="s3://bucket/a", digest="a" * 64)
    version = repository.commit("demo", "far", "dataset", [content], run_id=run.id).version
    assert "s3://bucket/a" in preview(repository, f"v:{version.id}", "a")["message"]
    with pytest.raises(UsageError, match="no bytes in the store"):
        whole_file(repository, f"v:{version.id}", "a")


def test_what_is_far_and_large_is_not_fetched_for_a_look(repository, run, monkeypatch):
    version = repository.commit(
        "demo", "thing", "dataset", [Content("a.txt", b"x" * 99)], run_id=run.id
    ).version
    monkeypatch.setattr(files, "_LARGEST_FETCH", 50)
    assert preview(repository, f"v:{version.id}", "a.txt")["kind"] == "text"
    repository.location = "s3://bucket"
    assert "elsewhere" in preview(repository, f"v:{version.id}", "a.txt")["message"]


def test_a_missing_file_or_node_is_an_error_that_names_the_nearest(repository, run):
    version = repository.commit(
        "demo", "thing", "dataset", [Content("rows.csv", b"a")], run_id=run.id
    ).version
    for path in ("row.csv", "../../etc/passwd", None, 3):
        with pytest.raises(CommError, match="has no file"):
            preview(repository, f"v:{version.id}", path)
    for node in ("v:99", "r:x", f"r:{run.id}", None):
        with pytest.raises(ArtnbError):
            preview(repository, node, "rows.csv")


def test_damage_is_said_and_marks_the_version(repository, run):
    data = bytes(300_000)  # too large for a pack
    version = repository.commit(
        "demo", "thing", "dataset", [Content("a.txt", data)], run_id=run.id
    ).version
    digest = repository.manifest(version).entries["a.txt"].digest
    path = Path(repository.location) / object_key(digest)
    path.chmod(0o644)
    path.write_bytes(b"1" + data[1:])
    with pytest.raises(CorruptObjectError, match="Damaged by it: thing:v0"):
        preview(repository, f"v:{version.id}", "a.txt")
    assert repository.version(version.id).state == "damaged"


def test_a_whole_file_comes_up_to_a_size_and_beyond_it_the_code_that_gets_it(
    repository, run, monkeypatch
):
    version = repository.commit(
        "demo", "thing", "dataset", [Content("a'b.txt", b"12345")], run_id=run.id
    ).version
    node = f"v:{version.id}"
    assert whole_file(repository, node, "a'b.txt") == b"12345"
    monkeypatch.setattr(files, "LARGEST_DOWNLOAD", 4)
    with pytest.raises(UsageError) as caught:
        whole_file(repository, node, "a'b.txt")
    code = re.search(r"artnb\.Api\(\).*download\(\)", str(caught.value))[0]
    import artnb

    assert Path(eval(code, {"artnb": artnb})).read_bytes() == b"12345"


def test_the_page_has_the_same_limit():
    text = (JS / "src" / "protocol.ts").read_text("utf-8")
    found = re.search(r"LARGEST_DOWNLOAD = (\d+) << 20", text)
    assert int(found[1]) << 20 == LARGEST_DOWNLOAD
