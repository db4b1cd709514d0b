"""Secrets come in at many places, and are found at no other: said, recorded, exported."""

from __future__ import annotations

import base64
import contextlib
import http.server
import os
import pickle
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import fsspec
import pytest
from ports import free_port
from secret_kit import Planted
from served import ui

import artnb
from artnb._api import current_repository
from artnb.cli import main
from artnb.errors import ArtnbError, ReferenceWarning, StoreError
from artnb.repository import Repository, close_repositories
from artnb.secrets import known_secrets, scrubbed, shareable
from artnb.settings import Settings
from artnb.widgets import graph

ENVIRONMENT = (
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_TOKEN", "PGPASSWORD", "GITHUB_TOKEN", "OPENAI_API_KEY", "DB_PASSWORD",
)  # fmt: skip
COMMANDS = (
    "status", "ls", "ls demo/data", "show demo/data:latest", "log demo/data", "runs demo",
    "get demo/data:latest", "verify", "du", "gc --dry-run", "gc --grace 0", "doctor",
    "doctor --json", "cache", "delete demo/data:v0", "migrate", "rebuild", "show demo/nothing",
    "get demo/data:v9", "graph demo -o g.html", "graph demo -o g.svg", "graph demo -o g.png",
    "graph demo -o g.mmd", "graph demo -o g.dot",
)  # fmt: skip


@pytest.fixture
def planted(monkeypatch, tmp_path):
    planted = Planted(monkeypatch, tmp_path)
    for name in ENVIRONMENT:
        planted.env(name)
    return planted


def command(planted, line):
    with planted.listening(line):
        return main(line.split())


def work(planted, path):
    """Log, fail to log, use, refer; take down what objects say of themselves."""
    with planted.listening("work"):
        with artnb.init(project="demo", job_type="load", config={"lr": 0.1}) as run:
            for data in ("one", "two"):
                artifact = artnb.Artifact("data", "dataset")
                with artifact.new_file("a.txt") as stream:
                    stream.write(data * 100_000)
                run.log_artifact(artifact)
            run.log({"loss": 1.0})
            try:
                run.use_artifact("absent:latest")
            except ArtnbError as error:
                planted.hear_error("use of what is not there", error)
            sent = pickle.dumps(run)
            planted.hear("a pickled run", sent)
            repository = current_repository()
            for thing in (run, artifact, repository, repository.settings, Settings.resolve(),
                          repository.parts, run._record, repository._catalog):  # fmt: skip
                planted.hear(type(thing).__name__, repr(thing))
                planted.hear(type(thing).__name__, str(thing))
        with artnb.init(project="demo", job_type="use") as run:
            run.use_artifact("data:latest").download()
        try:
            with artnb.init(project="demo", job_type="fail"):
                raise RuntimeError("of the person's own")
        except RuntimeError:
            pass
        view = graph("demo")
        for name in ("to_html", "to_svg", "to_dot", "to_mermaid"):
            getattr(view, name)(path / f"graph.{name}")
        planted.hear("the graph", repr(view))
    close_repositories()


def stores_nothing_of(planted, place):
    """Assert that no object in a memory filesystem's folder holds a secret."""
    fs = fsspec.filesystem("memory")
    stored = {path: fs.cat_file(path) for path in fs.find(place)}
    assert len(stored) > 5
    secrets = [secret.encode() for secret in planted.secrets.values()]
    assert not any(secret in data for data in stored.values() for secret in secrets)
    fs.rm(place, recursive=True)


def test_a_store_in_a_url_with_user_password_and_token(planted, tmp_path, monkeypatch):
    user, token = planted.new("the URL's password"), planted.new("the URL's token")
    sig = planted.new("the URL's signature", "%2Bx")
    url = f"memory://someone:{user}@team/artnb?token={token}&X-Amz-Signature={sig}"
    monkeypatch.setenv("ARTNB_STORE", url)
    work(planted, tmp_path)
    for line in COMMANDS:
        command(planted, line)
    assert planted.found() == []
    stores_nothing_of(planted, f"someone:{user}@team")  # where that filesystem takes it to be


def test_a_store_in_a_file_of_settings(planted, tmp_path):
    password = planted.new("the file's password")
    settings = tmp_path / "artnb.toml"
    settings.write_text(f'store = "memory://someone:{password}@team2/artnb"\n')
    work(planted, tmp_path)
    command(planted, "doctor")
    assert any("The store's address holds a password" in text or "password" in text
               for what, text in planted.heard if what == "doctor")  # fmt: skip
    assert planted.found(settings) == []
    stores_nothing_of(planted, f"someone:{password}@team2")


def test_push_and_pull_by_such_a_url(planted, tmp_path, monkeypatch):
    password, token = planted.new("the URL's password"), planted.new("the URL's token")
    url = f"memory://someone:{password}@shared/artnb?token={token}"
    work(planted, tmp_path)
    with planted.listening("push"):
        assert main(["push", url]) == 0
    monkeypatch.setenv("ARTNB_DIR", str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    with planted.listening("pull"):
        assert main(["pull", url]) == 0
    assert planted.found() == []
    stores_nothing_of(planted, f"someone:{password}@shared")


@pytest.mark.parametrize(
    "store",
    [
        "s3://KEY:{0}@bucket/x?endpoint=http://127.0.0.1:{port}",
        "http://ann:{0}@127.0.0.1:{port}/x?token={1}",
        "https://{0}@127.0.0.1:{port}/x?X-Amz-Signature={1}&X-Amz-Credential={1}",
        "sftp://ann:{0}@127.0.0.1:{port}/x",
        "strange://ann:{0}@nowhere/x?sig={1}",
        "s3://KEY:{0}@bucket/x?toke={1}",
        "s3://:{0}@/x",
    ],
)
def test_a_store_that_cannot_be_reached_or_opened(planted, tmp_path, monkeypatch, store):
    url = store.format(planted.new("password"), planted.new("token"), port=free_port())
    settings = Settings.resolve(environ={"ARTNB_STORE": url})
    with planted.listening("open"):
        try:
            with contextlib.closing(Repository(settings)) as opened:
                opened.finish_run(opened.start_run("demo", code="x = 1").id)
        except ArtnbError as error:
            planted.hear_error("open", error)
    monkeypatch.setenv("ARTNB_STORE", url)
    assert command(planted, "doctor") == 1
    command(planted, "status")
    monkeypatch.delenv("ARTNB_STORE")
    with planted.listening("push"):
        assert main(["push", url]) == 1
    with planted.listening("pull"):
        assert main(["pull", url]) == 1
    assert planted.found() == []
    assert any("artnb: " in text for _, text in planted.heard)


# references ---------------------------------------------------------------------------

DATA = b"some bytes " * 1000


class Guarded(http.server.BaseHTTPRequestHandler):
    """Gives a file only to who has the password, the token or the signature."""

    allowed: dict = {}  # noqa: RUF012

    def do_GET(self):
        asked = parse_qs(urlsplit(self.path).query)
        login = self.headers.get("Authorization", "")
        if login != self.allowed["login"] and not any(
            asked.get(name) == [value] for name, value in self.allowed["query"].items()
        ):
            self.send_error(403)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.send_header("ETag", '"one"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(DATA)

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def guarded(planted):
    pytest.importorskip("aiohttp")
    password = planted.new("the reference's password")
    login = base64.b64encode(f"ann:{password}".encode()).decode()
    query = {
        "token": planted.new("the reference's token"),
        "X-Amz-Signature": planted.new("the presigned URL's signature"),
        "sig": planted.new("Azure's signature"),
    }
    Guarded.allowed = {"login": f"Basic {login}", "query": query}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", password, query
    server.shutdown()
    thread.join()
    server.server_close()


def presented(guarded, how):
    host, password, query = guarded
    if how == "password":
        return f"http://ann:{password}@{host}/data.bin?id=5"
    return f"http://{host}/data.bin?id=5&{how}={query[how]}"


@pytest.mark.parametrize("how", ["password", "token", "X-Amz-Signature", "sig"])
def test_a_reference_is_kept_without_what_lets_in(planted, guarded, tmp_path, how):
    host, *_ = guarded
    with planted.listening("refer"):
        with artnb.init(project="demo") as run:
            artifact = artnb.Artifact("data", "dataset")
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                artifact.add_reference(presented(guarded, how))
            (warning,) = [each for each in told if each.category is ReferenceWarning]
            assert Path(warning.filename).name == "test_secrets.py"
            assert "not kept" in str(warning.message)
            assert "~/.netrc" in str(warning.message)
            planted.hear("the warning", str(warning.message))
            run.log_artifact(artifact)
        (entry,) = artifact.files()
        assert entry.ref == f"http://{host}/data.bin?id=5"
        with pytest.raises(StoreError, match=r"does not let us in\..*netrc") as caught:
            artifact.download(tmp_path / "out")
        planted.hear_error("download", caught.value)
        assert not list((tmp_path / "out").rglob("*.bin"))
        graph("demo").to_html(tmp_path / "page.html")
        command(planted, "show demo/data:latest")
        command(planted, "verify")
        command(planted, "get demo/data:latest")
    assert planted.found() == []


def test_who_has_access_of_their_own_gets_it(planted, guarded, tmp_path, monkeypatch):
    _, password, _ = guarded
    with artnb.init(project="demo") as run:
        artifact = artnb.Artifact("data", "dataset")
        with pytest.warns(ReferenceWarning):
            artifact.add_reference(presented(guarded, "token"))
        run.log_artifact(artifact)
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login ann password {password}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with planted.listening("download"):
        artifact.download(tmp_path / "out")
    assert (tmp_path / "out" / "data.bin").read_bytes() == DATA
    assert planted.found(netrc) == []


def test_a_reference_that_is_not_let_in_at_all(planted, guarded):
    host, *_ = guarded
    wrong = planted.new("a wrong password"), planted.new("a wrong token")
    with artnb.init(project="demo"), planted.listening("refer"):
        for url in (
            f"http://ann:{wrong[0]}@{host}/x?token={wrong[1]}",
            f"http://ann:{wrong[0]}@127.0.0.1:{free_port()}/x?token={wrong[1]}",
            f"strange://ann:{wrong[0]}@host/x?sig={wrong[1]}",
            f"sftp://ann:{wrong[0]}@127.0.0.1:{free_port()}/x",
        ):
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                try:
                    artnb.Artifact("data", "dataset").add_reference(url)
                    pytest.fail(f"{url} was taken")
                except ArtnbError as error:
                    planted.hear_error("refer", error)
            planted.hear("warnings", "".join(str(each.message) for each in told))
    assert planted.found() == []


def test_an_address_that_is_only_noted(planted):
    token = planted.new("the token")
    artifact = artnb.Artifact("data", "dataset")
    with pytest.warns(ReferenceWarning, match="not kept"):
        artifact.add_reference(f"https://{token}@host/x?sig={token}&v=1", checksum=False)
    with artnb.init(project="demo") as run:
        run.log_artifact(artifact)
    (entry,) = artifact.files()
    assert entry.ref == entry.digest == "https://host/x?v=1"
    assert planted.found() == []


# the catalogue ------------------------------------------------------------------------


def test_the_password_of_a_catalogue_on_a_server(planted, postgres, tmp_path, monkeypatch):
    planted.secrets["the catalogue's password"] = "pa/ss@word"
    monkeypatch.setenv("ARTNB_CATALOG", postgres.new_schema())
    work(planted, tmp_path)
    for line in COMMANDS:
        command(planted, line)
    assert planted.found() == []


@pytest.mark.parametrize("how", ["wrong password", "nobody listens", "no such database",
                                 "cannot be read", "as a parameter"])  # fmt: skip
def test_a_catalogue_that_does_not_let_in(planted, postgres, monkeypatch, how):
    secret = planted.new("the password")
    urls = {
        "wrong password": postgres.url(password=secret),
        "nobody listens": f"postgresql://ann:{secret}@127.0.0.1:{free_port()}/x",
        "no such database": postgres.url(database="absent"),
        "cannot be read": f"postgresql://ann:{secret}#/x@127.0.0.1/x",
        "as a parameter": f"postgresql://ann@127.0.0.1:{postgres.port}/postgres?password={secret}",
    }
    planted.secrets["the right password"] = "pa/ss@word"
    monkeypatch.setenv("ARTNB_CATALOG", urls[how])
    for line in ("status", "doctor", "rebuild", "migrate"):
        assert command(planted, line) == 1
    with pytest.raises(ArtnbError) as caught:
        artnb.init(project="demo")
    planted.hear_error("init", caught.value)
    assert planted.found() == []


WORKER = """
import pickle, sys
run = pickle.load(open(sys.argv[1], "rb"))
try:
    run.log({"loss": 0.5})
except Exception as error:
    print(type(error).__name__, error)
else:
    print("logged")
"""


def test_a_handle_takes_no_password_along_and_says_where_it_is_looked_for(
    planted, postgres, tmp_path, monkeypatch
):
    planted.secrets["the catalogue's password"] = "pa/ss@word"
    monkeypatch.setenv("ARTNB_CATALOG", postgres.new_schema())
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    handle = tmp_path / "handle"

    def there(**env):
        """Log by the handle in a process that has these variables only."""
        with monkeypatch.context() as patch:
            for name in ("ARTNB_CATALOG", "PGPASSWORD"):
                patch.delenv(name, raising=False)
            for name, value in env.items():
                patch.setenv(name, value)
            done = subprocess.run(
                [sys.executable, "-c", WORKER, str(handle)], capture_output=True, text=True
            )
        planted.hear("the worker", done.stdout + done.stderr)
        return done.stdout

    with artnb.init(project="demo") as run:
        handle.write_bytes(pickle.dumps(run))
        said = there()
        assert said.startswith("CatalogError")
        assert "PGPASSWORD" in said
        assert "~/.pgpass" in said
        assert "ARTNB_CATALOG" in said
        assert "do not travel" in said
        assert there(PGPASSWORD="pa/ss@word") == "logged\n"
        (tmp_path / "pgpass").write_text("*:*:*:ann:pa/ss@word\n")
        (tmp_path / "pgpass").chmod(0o600)
        assert there() == "logged\n"
        (tmp_path / "pgpass").unlink()
    assert planted.found() == []
    assert len(current_repository().history(run.id)) == 2


# other places -------------------------------------------------------------------------


def test_the_address_of_a_git_remote(planted, tmp_path):
    token = planted.new("the remote's token")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    remote = f"https://{token}@example.com/a.git"
    subprocess.run([*git, "remote", "add", "origin", remote], check=True)
    work(planted, tmp_path)
    assert planted.found(tmp_path / ".git" / "config") == []
    assert all(len(run.git_commit) == 40 for run in current_repository().runs("demo"))


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
def test_keys_that_sign(planted, tmp_path, monkeypatch, kind):
    key = tmp_path / "key"
    with planted.listening("keygen"):
        assert main(["keygen", str(key), *(["--hmac"] if kind == "hmac" else [])]) == 0
    planted.secrets["the key"] = key.read_text().split()[1]
    monkeypatch.setenv("ARTNB_SIGN_KEY", str(key))
    monkeypatch.setenv("ARTNB_TRUSTED_KEYS", str(key))
    work(planted, tmp_path)
    for line in ("show demo/data:latest", "verify", "doctor", "doctor --json", "status"):
        command(planted, line)
    assert planted.found(key) == []
    key.write_text(key.read_text()[:40])  # half a key
    planted.secrets["half a key"] = key.read_text().split()[1]
    command(planted, "status")
    assert planted.found(key) == []


def test_the_pages_of_artnb_ui(planted, postgres, tmp_path, monkeypatch):
    planted.secrets["the catalogue's password"] = "pa/ss@word"
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("ARTNB_CATALOG", postgres.new_schema())
    work(planted, tmp_path)
    runs = current_repository().runs("demo")
    version = current_repository().resolve("data:latest", "demo")
    close_repositories()
    with ui(tmp_path / "work", tmp_path, os.environ) as served:
        for path in (
            "/artnb/", "/artnb/demo", "/artnb/absent", f"/artnb/demo/runs/{runs[0].id}",
            "/artnb/demo/artifacts/data/v0", "/artnb/demo/artifacts/data/v99",
            "/artnb-api/demo/graph", f"/artnb-api/demo/nodes/v:{version.id}",
            *(f"/artnb-api/demo/nodes/r:{run.id}" for run in runs),
            f"/artnb-api/demo/nodes/v:{version.id}/preview?path=a.txt",
            f"/artnb-api/blobs/{'0' * 64}",
        ):  # fmt: skip
            status, headers, body = served.get(path)
            planted.hear(path, f"{status} {headers} {body.decode('utf-8', 'replace')}")
    assert sum(text.startswith("200") for _, text in planted.heard) >= 7
    assert planted.found() == []


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://TOKEN@host/a.git", "https://host/a.git"),
        ("https://me:p/w@host/a", "https://host/a"),
        ("https://h/a?X-Amz-Credential=c&X-Amz-Signature=s&X-Amz-Expires=9&versionId=3",
         "https://h/a?versionId=3"),
        ("https://acc.blob.core.windows.net/c/f?sv=2020&sp=r&se=9&sig=a%3D",
         "https://acc.blob.core.windows.net/c/f"),
        ("https://storage.googleapis.com/upload/storage/v1/b/x/o?name=a&upload_id=ABg-1",
         "https://storage.googleapis.com/upload/storage/v1/b/x/o?name=a"),
        ("https://h/a?sv=2&se=9", "https://h/a?sv=2&se=9"),  # no signature: not Azure's
        ("zip://a.csv::https://me:pw@host/z.zip?token=t", "zip://a.csv::https://host/z.zip"),
        ("sftp://me:pw@host/a", "sftp://me@host/a"),
        ("abfss://box@acc.dfs.core.windows.net/a", "abfss://box@acc.dfs.core.windows.net/a"),
        ("hf://datasets/x@main/a", "hf://datasets/x@main/a"),
        ("https://host:80/a@b?id=1&id=2#part", "https://host:80/a@b?id=1&id=2#part"),
        ("file:///a/token=b.txt", "file:///a/token=b.txt"),
    ],
)  # fmt: skip
def test_an_address_keeps_what_it_needs(url, kept):
    assert shareable(url) == kept
    assert shareable(kept) == kept


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1  # see https://docs.org/a?b=c", "x = 1  # see https://docs.org/a?b=c"),
        ("get('https://me:pw@host/a')", "get('https://***@host/a')"),
        ("postgresql://ann:pw@db/x", "postgresql://ann:***@db/x"),
        ("ssh://git@host/a.git", "ssh://git@host/a.git"),
        ("the word postgres, and S3cret-1234.", "the word postgres, and ***."),
        ("/home/ann", "/home/ann"),
    ],
)
def test_a_text_stays_as_it_is_but_for_the_secrets(text, told):
    environ = {"DB_PASSWORD": "postgres", "API_KEY": "S3cret-1234", "PWD": "/home/ann",
               "X_TOKEN": "1"}  # fmt: skip
    assert scrubbed(text, known_secrets(environ)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("password = 'hunter2'", "password = '***'"),
        ('openai.api_key = b"sk"', 'openai.api_key = b"***"'),
        ('{"token": "tok-99887766aa", "a": 1}', '{"token": "***", "a": 1}'),
        ('class A:  password: str | None = "x\\"y"', 'class A:  password: str | None = "***"'),
        ("ValueError: dbPassword='x' is no", "ValueError: dbPassword='***' is no"),
        ("os.environ['API_KEY'] = 'k'", "os.environ['API_KEY'] = '***'"),
        ("os.environ.setdefault('API_KEY', 'k')", "os.environ.setdefault('API_KEY', '***')"),
        ("if password == 'x':", "if password == '***':"),
        ('password = """x"""', 'password = """***"""'),
        ("run(['a', '--password', 'x', '-v'])", "run(['a', '--password', '***', '-v'])"),
        ("!psql --password=x --user=ann", "!psql --password=*** --user=ann"),
        ("out = !PGPASSWORD=x psql", "out = !PGPASSWORD=*** psql"),
        ("%env API_KEY sk", "%env API_KEY ***"),
        ("export API_KEY=sk; make", "export API_KEY=***; make"),
        ("-H 'Authorization: Bearer abc-123456'", "-H 'Authorization: Bearer ***'"),
        ("!mysql -u root -phunter2 shop", "!mysql -u root -p*** shop"),
        ("!mysqldump -p'hunter 2' shop > x", "!mysqldump -p'***' shop > x"),
        ("run(['mysql', '-u', 'me', '-phunter2'])", "run(['mysql', '-u', 'me', '-p***'])"),
        ("sshpass -p hunter2 ssh me@host", "sshpass -p *** ssh me@host"),
        ("docker login -u me -p hunter2 reg", "docker login -u me -p *** reg"),
        ("run(['docker', 'login', '-p', 'pw'])", "run(['docker', 'login', '-p', '***'])"),
        ("curl -s -u me:hunter2 https://x", "curl -s -u me:*** https://x"),
        ("curl --user 'me:hunter2' https://x", "curl --user 'me:***' https://x"),
        ("redis-cli -h db -a hunter2 ping", "redis-cli -h db -a *** ping"),
        ("unzip -P hunter2 a.zip", "unzip -P *** a.zip"),
        ("!echo hunter2 | sudo -S ls", "!echo *** | sudo -S ls"),
        ("!htpasswd -cb file me hunter2", "!htpasswd -cb file me ***"),
        (f"!wandb login --relogin {'a1' * 20}", "!wandb login --relogin ***"),
        ("!ngrok config add-authtoken 2abC_x", "!ngrok config add-authtoken ***"),
        (
            "!aws configure set aws_secret_access_key x/y+1",
            "!aws configure set aws_secret_access_key ***",
        ),
        ("!dvc remote modify r password hunter2", "!dvc remote modify r password ***"),
        ("get(url, auth=('me', 'hunter2'))", "get(url, auth=('me', '***'))"),
        ('connect(http_proxy_auth=("me", "pw"))', 'connect(http_proxy_auth=("me", "***"))'),
        ("HTTPBasicAuth('me', \"hunter2\")", "HTTPBasicAuth('me', \"***\")"),
        ("server.login('me@x.org', 'hunter2')", "server.login('me@x.org', '***')"),
        (f"login('hf_{'aB3' * 11}')", "login('***')"),
        (f"client = OpenAI('sk-proj-{'aB3' * 11}')", "client = OpenAI('***')"),
        (f"!git clone ghp_{'aB3' * 12}", "!git clone ***"),
        (f"x = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{'aB3' * 11}'", "x = '***'"),
    ],
)
def test_what_is_typed_after_the_name_of_a_secret_is_hidden(text, told):
    assert scrubbed(text) == told
    assert scrubbed(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "password = getpass('Password: ')",
        "connect(password=pw, token=tokens[0])",
        "parser.add_argument('--password', help='the password')",
        "frame[['password', 'email']]",
        "pad_token='<pad>'; sep_token = 'sep'; sorted(x, key='name')",
        "'password={pw} token=$TOKEN'.format(pw=pw)",
        "--password $PW --token {token} --api-key <key>",
        "loss 0.5, tokens 12345678, the token: 12345678",
        "API_KEY=load()",
        "the basic idea, the bearer of news",
        "!docker run -p 8080:80 image; !mkdir -p data; !mysql -p shop",
        "!curl -u $USER:$PW https://x; curl -u me https://x",
        "!mysql -p$PW; !sshpass -p {pw} ssh me@host; !zip -r a.zip data",
        "plt.plot(x, '-p'); set(x) | {1}; config = modify(y)",
        "auth=(user, password); smtp.login(user, pw); auth=('me', f'{pw}')",
        "task-sk-1 hf_model sk-learn ghp_x",
        "!git config user.name 'Ann Lee'",
    ],
)
def test_code_without_one_stays_as_it_is(text):
    assert scrubbed(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "mysql -", "login('", "echo " + "a" * 400 + " ", "htpasswd -b " + "a" * 400 + " ",
        "eyJ" + "a" * 1000 + ".eyJ", "curl -u a", "password 'x", "set a password ", "login -p",
    ],
)  # fmt: skip
def test_a_long_text_takes_time_by_its_length(text):
    """Where a pattern went back and forth, these would take hours, not milliseconds."""
    long = text * (100_000 // len(text))
    assert len(scrubbed(f"wandb login {'--a ' * 20_000}\n!{long} sudo")) > 20_000
