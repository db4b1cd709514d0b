"""References: taken down with what proves them, fetched if they are the same, refused if not."""

import http.server
import os
import threading
import uuid

import fsspec
import pytest

import artnb
from artnb.errors import InvalidValueError, MissingExtraError, ReferenceWarning, VerificationError

DATA = b"some bytes " * 1000


class Site(http.server.BaseHTTPRequestHandler):
    """Serves `files`: path -> (bytes, etag)."""

    files: dict = {}  # noqa: RUF012

    def do_GET(self):
        if self.path not in self.files:
            self.send_error(404)
            return
        data, etag = self.files[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    pytest.importorskip("aiohttp")
    Site.files = {"/data.bin": (DATA, '"one"')}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def memory():
    place = f"/{uuid.uuid4().hex}"
    fs = fsspec.filesystem("memory")
    fs.pipe({f"{place}/a.bin": b"aaa", f"{place}/sub/b.bin": b"bbbb"})
    yield f"memory:/{place}"
    fs.rm(place, recursive=True)


@pytest.fixture
def run():
    with artnb.init(project="demo") as opened:
        yield opened


def logged(run, uri, *args, **kwargs):
    artifact = artnb.Artifact("data", type="dataset")
    artifact.add_reference(uri, *args, **kwargs)
    return run.log_artifact(artifact)


def files(folder):
    found = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def test_a_file_is_noted_and_comes_with_the_download(run, tmp_path):
    path = tmp_path / "big.bin"
    path.write_bytes(DATA)
    version = logged(run, path)
    (entry,) = version.files()
    assert (entry.path, entry.size, entry.ref) == ("big.bin", len(DATA), path.as_uri())
    assert set(entry._entry.meta) == {"sha256"}
    assert not any(DATA in data for data in files(tmp_path / ".artnb" / "objects").values())
    version.download(tmp_path / "out")
    assert files(tmp_path / "out") == {"big.bin": DATA}
    version.verify(tmp_path / "out")


def test_a_file_that_was_only_touched_is_the_same(run, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(DATA)
    version = logged(run, str(path), "in/here")
    os.utime(path, (1, 1))
    assert logged(run, str(path), "in/here").version == version.version
    version.download(tmp_path / "out")
    assert files(tmp_path / "out") == {"in/here": DATA}


@pytest.mark.parametrize("new", [DATA[:-1], DATA[:-1] + b"x"], ids=["size", "content"])
def test_a_file_that_changed_is_refused_and_the_folder_stays(run, tmp_path, new):
    path = tmp_path / "a"
    path.write_bytes(DATA)
    version = logged(run, path)
    path.write_bytes(new)
    with pytest.raises(VerificationError, match=r"it had 11000 bytes, and has|its SHA-256 was"):
        version.download(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_not_there_any_more_is_left_out_only_if_that_is_allowed(run, tmp_path):
    for name in "ab":
        (tmp_path / name).write_bytes(DATA)
    artifact = artnb.Artifact("data", type="dataset")
    artifact.add_reference(tmp_path / "a")
    artifact.add_reference(tmp_path / "b")
    version = run.log_artifact(artifact)
    (tmp_path / "a").unlink()
    with pytest.raises(VerificationError, match="not there any more"):
        version.download(tmp_path / "out")
    with pytest.warns(ReferenceWarning, match="a is not there any more"):
        version.download(tmp_path / "out", allow_missing_references=True)
    assert files(tmp_path / "out") == {"b": DATA}


def test_a_folder_is_all_its_files(run, memory, tmp_path):
    version = logged(run, memory, "top")
    assert [e.path for e in version.files()] == ["top/a.bin", "top/sub/b.bin"]
    version.download(tmp_path / "out")
    assert files(tmp_path / "out") == {"top/a.bin": b"aaa", "top/sub/b.bin": b"bbbb"}
    with pytest.raises(InvalidValueError, match="holds 2 files, more than max_objects=1"):
        logged(run, memory, max_objects=1)


def test_the_etag_of_a_web_address_decides(run, site, tmp_path):
    version = logged(run, f"{site}/data.bin")
    (entry,) = version.files()
    assert (entry.digest, entry.size) == ("one", len(DATA))
    version.download(tmp_path / "out")
    assert files(tmp_path / "out") == {"data.bin": DATA}
    Site.files["/data.bin"] = (DATA[::-1], '"two"')
    with pytest.raises(VerificationError, match="its etag was one, and is two"):
        version.download(tmp_path / "again")
    Site.files = {}
    with pytest.raises(VerificationError, match="not there any more"):
        version.download(tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_changed_reference_makes_a_new_version_and_the_same_does_not(run, site):
    first = logged(run, f"{site}/data.bin")
    assert logged(run, f"{site}/data.bin").version == first.version
    Site.files["/data.bin"] = (DATA, '"two"')
    assert logged(run, f"{site}/data.bin").version == "v1"


def test_an_address_can_be_noted_without_a_look_at_it(run):
    version = logged(run, "strange://somewhere/x", checksum=False)
    (entry,) = version.files()
    assert (entry.path, entry.ref, entry.digest) == ("x", "strange://somewhere/x", entry.ref)


def test_a_draft_of_a_version_keeps_its_references(run, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(DATA)
    draft = logged(run, path).new_draft()
    with draft.new_file("more") as file:
        file.write("x")
    version = run.log_artifact(draft)
    version.download(tmp_path / "out")
    assert files(tmp_path / "out") == {"a": DATA, "more": b"x"}


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("/nowhere/at/all", "is not there"),
        ("strange://x/y", "cannot be opened"),
        ("http://127.0.0.1:9/x", r"could not be reached \(ClientConnectorError: Cannot connect"),
        (7, "no path, no URL and no file of a version"),
    ],
)
def test_what_cannot_be_referred_to_is_refused_in_words(run, uri, said):
    refusals = (InvalidValueError, MissingExtraError, VerificationError)
    with pytest.raises(refusals, match=said) as caught:
        logged(run, uri)
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_named_and_its_files_can_be_left_out(run, tmp_path):
    artifact = artnb.Artifact("far", "dataset")
    artifact.add_reference("http://127.0.0.1:9/x", checksum=False)
    with artifact.new_file("near") as file:
        file.write("y")
    version = run.log_artifact(artifact)
    with pytest.raises(VerificationError, match=r"could not be reached .* or pass allow_missing"):
        version.download(tmp_path / "one")
    with pytest.warns(ReferenceWarning, match="could not be reached"):
        version.download(tmp_path / "two", allow_missing_references=True)
    assert files(tmp_path / "two") == {"near": b"y"}
