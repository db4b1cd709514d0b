"""Which filesystem a path lies on, as the system's table of mounts has it."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["TABLE", "network_filesystem"]

TABLE = Path("/proc/self/mountinfo")

_NETWORK = frozenset(
    (
        "9p", "afs", "beegfs", "blobfuse", "blobfuse2", "ceph", "cifs", "coda", "davfs", "davfs2",
        "gcsfuse", "gfs2", "glusterfs", "goofys", "gpfs", "juicefs", "lustre", "mount_s3",
        "mountpoint-s3", "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2", "pvfs2", "rclone", "s3fs",
        "smb2", "smb3", "smbfs", "sshfs",
    )
)  # fmt: skip


def network_filesystem(folder: Path) -> str | None:
    """Return the kind of network filesystem that a folder lies on; None: a disk of this machine.

    A folder that is not there yet counts as its nearest parent that is. Where the system has
    no such table (macOS, Windows), None.
    """
    try:
        lines = TABLE.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    folder = folder.resolve()
    mounts = [found for line in lines if (found := _mount(line))]
    holding = [(where, kind) for where, kind in mounts if folder.is_relative_to(where)]
    if not holding:
        return None
    # The longest holds, and of two at one place the later, which covers the earlier.
    kind = sorted(holding, key=lambda mount: len(mount[0].parts))[-1][1]
    return kind if kind.removeprefix("fuse.").lower() in _NETWORK else None


def _mount(line: str) -> tuple[Path, str] | None:
    # 36 35 98:0 /root /where options [more] - kind source options
    fields, mark, rest = line.partition(" - ")
    parts = fields.split(" ")
    if not mark or len(parts) < 5:
        return None
    where = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), parts[4])
    return Path(where), rest.split(" ")[0]
