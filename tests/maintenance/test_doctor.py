"""`artnb doctor` sees each thing that can be wrong, says what to do, and changes nothing."""

import json
import os
import subprocess
import sys

import pytest

from artnb.cli import main
from artnb.environment import HOST
from artnb.maintenance import doctor, installation
from artnb.maintenance.doctor import examine
from artnb.repository import Content, close_repositories
from artnb.settings import Settings


@pytest.fixture
def filled(repository):
    run = repository.start_run("demo")
    repository.commit("demo", "rows", "dataset", [Content("a", b"data")], run_id=run.id)
    repository.finish_run(run.id)
    return repository


def findings(**environ):
    return list(examine(Settings.resolve(environ={**os.environ, **environ})))


def told(found, status=None):
    return "\n".join(
        f"{each.status} {each.name}: {each.message} {each.advice}"
        for each in found
        if status in (None, each.status)
    )


def listing(folder):
    return sorted((str(p), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file())


def test_all_is_well_with_a_new_repository(filled):
    found = findings()
    assert told(found, "fail") == ""
    text = told(found, "ok")
    for part in ("written, read and deleted", "is sound", "1 projects, 1 versions", "GB free",
                 "left over: nothing", "anywidget", "the filesystem's is that"):  # fmt: skip
        assert part in text


def test_where_nothing_is_yet_nothing_is_made(tmp_path):
    found = findings()
    assert told(found, "fail") == ""
    assert "is not there yet" in told(found)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_changed(filled):
    objects = filled.root / "objects"
    before = listing(objects)
    findings()
    assert listing(objects) == before


def test_a_setting_that_does_not_exist_is_a_finding(tmp_path, capsys):
    (tmp_path / "artnb.toml").write_text('stroe = "x"')
    assert main(["doctor"]) == 1
    assert "did you mean 'store'" in capsys.readouterr().out


def test_a_damaged_catalogue_is_named(filled, capsys):
    path = filled.root / "catalog.db"
    close_repositories()
    filled.close()
    data = bytearray(path.read_bytes())
    data[4096:12288] = os.urandom(8192)
    path.write_bytes(data)
    assert main(["doctor"]) == 1
    assert "fail  catalogue" in capsys.readouterr().out


def test_a_catalogue_that_is_gone_can_be_made_again(filled):
    aside = filled.root / "aside"
    aside.mkdir()
    for path in filled.root.glob("catalog.db*"):
        path.rename(aside / path.name)
    assert "`artnb rebuild` makes it from the store" in told(findings(), "warn")
    assert not (filled.root / "catalog.db").exists()
    for path in aside.iterdir():
        path.rename(filled.root / path.name)


def test_a_store_that_is_another_is_noticed(filled, tmp_path):
    found = told(findings(ARTNB_STORE=str(tmp_path / "elsewhere")))
    assert "the store has no journal" in found
    assert "1 have no manifest in the store" in found


def test_a_damaged_version_is_named(filled):
    version = filled.resolve("rows:latest", "demo")
    filled._catalog.mark_versions(version.digest, "damaged")
    assert "1 are damaged: demo/rows:v0" in told(findings(), "warn")


def test_what_dead_processes_left_is_counted(filled):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True).stdout.strip()  # fmt: skip
    (filled.root / "tmp" / f"{gone}-abcd").mkdir(parents=True)
    with filled._catalog._db.transaction() as db:
        db.execute(
            "insert into leases (name, host, pid, expires_at, digests) values (?, ?, ?, ?, ?)",
            ("x", HOST, int(gone), 9e9, b""),
        )
    filled._catalog.change_run(filled.start_run("demo").id, {"pid": int(gone)})
    text = told(findings(), "warn")
    assert "1 temporary files of processes that are gone" in text
    assert "1 of writers that are gone" in text
    assert "1 are open whose process is gone" in text


def test_a_store_that_lies_is_not_to_be_used(filled, monkeypatch):
    monkeypatch.setattr("artnb.store.LocalBackend.delete", lambda *_: None)
    assert "what was deleted stays" in told(findings(), "fail")


def test_a_clock_that_is_off_is_said(filled, monkeypatch):
    real = doctor.time.time

    class Ahead:
        monotonic, time_ns = doctor.time.monotonic, doctor.time.time_ns

        @staticmethod
        def time():
            return real() + 1000

    monkeypatch.setattr(doctor, "time", Ahead)
    text = told(findings())
    assert "fail clock: the store's clock is -1000 s" in text
    assert "warn clock: the clock of the filesystem is -1000 s" in text


@pytest.mark.parametrize(("free", "status"), [(10 << 20, "fail"), (500 << 20, "warn")])
def test_little_room_is_said(filled, monkeypatch, free, status):
    usage = doctor.shutil.disk_usage(".")._replace(free=free)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    assert f"{status} room" in told(findings())


def test_a_network_filesystem_is_named(filled, monkeypatch):
    monkeypatch.setattr(doctor, "_filesystem", lambda _: "nfs4")
    assert "lies on a network filesystem (nfs4)" in told(findings(), "warn")


def test_the_filesystem_of_a_path_is_that_of_its_deepest_mount():
    assert doctor._filesystem(doctor.Path("/proc/self")) == "proc"


def test_a_password_in_a_file_is_warned_of_and_not_shown(tmp_path, capsys):
    (tmp_path / "artnb.toml").write_text('store = "memory://someone:hunter22@team/x"')
    main(["doctor"])
    said = capsys.readouterr().out
    assert "holds a password" in said
    assert "hunter22" not in said


def test_an_unreachable_store_does_not_hide_the_rest(filled, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEYKEYKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    found = findings(ARTNB_STORE="s3://bucket/x?endpoint=http://127.0.0.1:9")
    assert "cannot be reached" in told(found, "fail")
    assert "is sound" in told(found, "ok")
    assert "anywidget" in told(found, "ok")
    assert "very-secret" not in told(found)


def test_installations_that_cannot_show_the_graph(monkeypatch, tmp_path):
    monkeypatch.setattr(installation, "_WIDGET", tmp_path / "none.js")
    monkeypatch.setattr(installation.sys, "prefix", str(tmp_path))
    versions = {"jupyterlab": "4.2.0", "ipykernel": "6.29", "anywidget": "0.9", "ipywidgets": "8"}
    monkeypatch.setattr(installation, "_version", versions.get)
    monkeypatch.setattr(installation, "find_spec", lambda _: None)
    text = told(installation.examine_installation("s3://bucket/x"))
    assert "fail widget: its bundle" in text
    assert "warn ipykernel: 6.29: the graph waits while a cell runs" in text
    assert "without its side of anywidget, jupyterlab-manager" in text
    assert "pip install 'artnb[s3]'" in text
    versions.pop("anywidget")
    versions["jupyterlab"] = "3.6"
    text = told(installation.examine_installation("x"))
    assert "pip install anywidget" in text
    assert "The graph needs JupyterLab 4" in text


def test_signing_is_shown(filled, tmp_path, capsys):
    main(["keygen", str(tmp_path / "key"), "--name", "Ada"])
    found = findings(ARTNB_SIGN_KEY=str(tmp_path / "key"), ARTNB_SIGNATURES="require")
    assert "what you log is signed as Ada" in told(found, "ok")
    (tmp_path / "key").chmod(0o644)
    assert "chmod 600" in told(findings(ARTNB_SIGN_KEY=str(tmp_path / "key")), "fail")
    assert "trusted: nobody" in told(findings(ARTNB_SIGNATURES="require"), "warn")


def test_for_programs_it_is_json(filled, capsys):
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"status", "name", "message", "advice"} == set(found[0])
