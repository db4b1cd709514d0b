"""A file on a network filesystem is found there by the table of mounts."""

import warnings
from pathlib import Path

import pytest

from artnb.catalog import mounts, open_catalog
from artnb.catalog.mounts import network_filesystem

TABLE = r"""
22 28 0:21 / /proc rw,nosuid shared:13 - proc proc rw
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 28 0:50 / {0}/team rw shared:20 master:3 - nfs4 server:/team rw
41 40 8:2 / {0}/team/local rw - ext4 /dev/sdb1 rw
42 28 0:51 / {0}/a\040b rw - fuse.sshfs me@host:/ rw
43 28 0:52 / {0}/twice rw - ext4 /dev/sdc1 rw
44 43 0:53 / {0}/twice rw - cifs //host/share rw
45 28 0:54 / {0}/windows rw - 9p C:\134 rw
a line that is none
"""


@pytest.fixture
def table(tmp_path, monkeypatch):
    path = tmp_path / "mountinfo"
    path.write_text(TABLE.replace("{0}", str(tmp_path)))
    monkeypatch.setattr(mounts, "TABLE", path)
    return tmp_path


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("here", None),
        ("team", "nfs4"),
        ("team/x/y", "nfs4"),
        ("teams", None),
        ("team/local/x", None),
        ("a b/x", "fuse.sshfs"),
        ("twice", "cifs"),
        ("windows/x", "9p"),
    ],
)
def test_the_nearest_mount_decides(table, place, kind):
    assert network_filesystem(table / place) == kind


def test_a_link_is_followed(table):
    (table / "team").mkdir()
    (table / "link").symlink_to(table / "team")
    assert network_filesystem(table / "link" / "x") == "nfs4"


def test_a_system_without_the_table_knows_of_none(tmp_path, monkeypatch):
    monkeypatch.setattr(mounts, "TABLE", tmp_path / "absent")
    assert network_filesystem(tmp_path) is None


@pytest.mark.skipif(not mounts.TABLE.exists(), reason="this system has no such table")
def test_this_machines_own_table_is_understood():
    found = [mounts._mount(line) for line in mounts.TABLE.read_text().splitlines()]
    assert None not in found
    assert Path("/") in [where for where, _ in found]


def test_wal_is_refused_on_a_network_filesystem(table):
    with pytest.warns(UserWarning, match=r"network filesystem \(nfs4\).*postgresql://"):
        catalog = open_catalog(f"sqlite:///{table}/team/catalog.db")
    assert catalog._db.row("pragma journal_mode")[0] == "delete"
    catalog.close()


def test_a_file_that_was_in_wal_is_taken_out_of_it(table):
    path = table / "team" / "catalog.db"
    opened = open_catalog(f"sqlite:///{path}?journal=wal")
    identity = opened.identity
    opened.close()
    with pytest.warns(UserWarning, match="network filesystem"):
        again = open_catalog(path)
    assert again._db.row("pragma journal_mode")[0] == "delete"
    assert again.identity == identity
    again.close()


def test_whoever_says_which_journal_is_not_warned(table):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_catalog(f"sqlite:///{table}/team/catalog.db?journal=delete").close()
