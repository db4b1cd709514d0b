"""Ceph's gateway: one monitor, one OSD in memory, cephx on. S3 as a real store speaks it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from ports import free_port

from services.process import Processes, installed
from services.s3 import S3

KEY, SECRET = "ARTNBCEPHKEY", "artnb-ceph-secret-0123456789"

# tcp_nodelay: without it each put takes 43 ms. The store takes memory as it fills, not at once.
# A monitor ends where no more than "avail crit" percent of the disk is free: 0 is 2 GB of 250.
CONF = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
run dir = {folder}
admin socket = {folder}/$name.asok
pid file = {folder}/$name.pid
log file = {folder}/$name.ceph.log
keyring = {folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon data = {folder}/mon
mon data avail crit = -1
mon data avail warn = 0
osd objectstore = memstore
memstore device bytes = 5368709120
osd data = {folder}/osd
osd crush chooseleaf type = 0
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw run sync thread = false
"""
CAPS = {
    "mon.": ("mon", "allow *"),
    "client.admin": ("mon", "allow *", "osd", "allow *"),
    "osd.0": ("mon", "allow profile osd", "osd", "allow *"),
    "client.rgw": ("mon", "allow rw", "osd", "allow rwx"),
}


def start(processes: Processes) -> S3:
    """Start it; takes about 12 s."""
    for program in ("ceph-mon", "ceph-osd", "radosgw", "ceph"):
        installed(program)
    folder = processes.folder
    conf = folder / "ceph.conf"
    mon_port, port, fsid = free_port(), free_port(), uuid.uuid4()
    conf.write_text(CONF.format(fsid=fsid, folder=folder, mon_port=mon_port, port=port))
    (folder / "mon").mkdir()
    (folder / "osd").mkdir()
    _make_keys(processes, folder)
    run = processes.run
    run("monmaptool", "--create", "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", "--fsid", fsid,
        folder / "monmap")  # fmt: skip
    run("ceph-mon", "-c", conf, "--mkfs", "-i", "a", "--monmap", folder / "monmap",
        "--keyring", folder / "keyring")  # fmt: skip
    processes.start("mon", "ceph-mon", "-c", conf, "-i", "a", "-f")
    run("ceph", "-c", conf, "osd", "new", uuid.uuid4())
    osd = json.loads(run("ceph", "-c", conf, "osd", "dump", "--format", "json"))["osds"][0]["uuid"]
    run("ceph-osd", "-c", conf, "-i", "0", "--mkfs", "--osd-uuid", osd)
    processes.start("osd", "ceph-osd", "-c", conf, "-i", "0", "-f")
    run("radosgw-admin", "-c", conf, "-n", "client.rgw", "user", "create", "--uid", "artnb",
        "--display-name", "artnb", "--access-key", KEY, "--secret-key", SECRET)  # fmt: skip
    processes.start("rgw", "radosgw", "-c", conf, "-n", "client.rgw", "-f")
    endpoint = f"http://127.0.0.1:{port}"
    processes.wait_for(endpoint)
    return S3(endpoint, KEY, SECRET)


def _make_keys(processes: Processes, folder: Path) -> None:
    processes.run("ceph-authtool", "--create-keyring", folder / "keyring")
    for name, caps in CAPS.items():
        given = [word for kind, cap in zip(caps[::2], caps[1::2], strict=True)
                 for word in ("--cap", kind, cap)]  # fmt: skip
        processes.run("ceph-authtool", folder / "keyring", "--gen-key", "-n", name, *given)
