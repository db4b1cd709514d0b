"""OpenStack Swift behind its S3 face: weaker promises than S3's, good for distrust."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from ports import free_port

from services.process import BUILD, Processes, installed
from services.s3 import S3

ENV = BUILD / "swift"
KINDS = ("object", "container", "account")

MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder
for kind, port in zip(("object", "container", "account"), map(int, sys.argv[2:])):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev(dict(region=1, zone=1, ip="127.0.0.1", port=port, device="d1", weight=1.0,
                         meta="", replication_ip="127.0.0.1", replication_port=port))
    builder.rebalance(seed=1)
    builder.get_ring().save(f"{sys.argv[1]}/{kind}.ring.gz")
"""
SERVER = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/srv
mount_check = false
disable_fallocate = true
"""
PIPELINE = (
    "catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo"
)
OPTIONS = {
    "cache": "memcache_servers = 127.0.0.1:1",  # none: it does without
    "s3api": "location = us-east-1\nmin_segment_size = 1048576",
    "tempauth": "user_test_tester = testing .admin",
}
EGGS = {"cache": "memcache"}


def start(processes: Processes) -> S3:
    """Start it; takes about 3 s."""
    folder = processes.folder
    python = installed(ENV / "bin" / "python")
    ports = [free_port() for _ in KINDS]
    (folder / "srv" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = artnb\nswift_hash_path_prefix = artnb\n"
        "[storage-policy:0]\nname = one\ndefault = yes\n"
    )
    env = {"SWIFT_CONF": str(folder / "swift.conf")}
    processes.run("env", f"SWIFT_CONF={folder}/swift.conf", python, "-c", MAKE_RINGS, folder,
                  *ports)  # fmt: skip
    for kind, port in zip(KINDS, ports, strict=True):
        text = SERVER.format(port=port, user=getpass.getuser(), folder=folder)
        text += f"[pipeline:main]\npipeline = {kind}-server\n"
        text += f"[app:{kind}-server]\nuse = egg:swift#{kind}\n"
        _serve(processes, kind, text, env)
    port = free_port()
    text = SERVER.format(port=port, user=getpass.getuser(), folder=folder)
    text += f"[pipeline:main]\npipeline = {PIPELINE} proxy-server\n"
    text += "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
    for name in PIPELINE.split():
        egg = EGGS.get(name, name)
        text += f"[filter:{name}]\nuse = egg:swift#{egg}\n{OPTIONS.get(name, '')}\n"
    _serve(processes, "proxy", text, env)
    processes.wait_for(f"http://127.0.0.1:{port}/healthcheck")
    return S3(f"http://127.0.0.1:{port}", "test:tester", "testing")


def _serve(processes: Processes, kind: str, text: str, env: dict[str, str]) -> None:
    conf = processes.folder / f"{kind}.conf"
    conf.write_text(text)
    processes.start(kind, ENV / "bin" / f"swift-{kind}-server", conf, env=env)


def install() -> None:
    """Make its environment: its requirements are old, so it has one of its own."""
    import subprocess

    if not Path(ENV / "bin" / "swift-proxy-server").exists():
        subprocess.run([sys.executable, "-m", "venv", ENV], check=True)
        pip = [ENV / "bin" / "python", "-m", "pip", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "swift>=2.34", "setuptools<81"], check=True)
