"""Folders that hold, or should hold, the files of one version."""

from __future__ import annotations

import os
from pathlib import Path

from artnb.digest import digest_file
from artnb.errors import VerificationError
from artnb.model import Manifest, VersionRecord

__all__ = ["default_folder", "extra_files", "verify_folder"]


def default_folder(artifact_dir: Path, record: VersionRecord) -> Path:
    """Return where a version goes that is downloaded without a place: ``name:vN``."""
    mark = "-" if os.name == "nt" else ":"
    return artifact_dir / f"{record.name}{mark}{record.version}"


def extra_files(folder: Path, manifest: Manifest) -> list[Path]:
    """Return the files below `folder` that are no entries."""
    members = {folder / path for path in manifest.entries}
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in members]


def verify_folder(folder: Path, manifest: Manifest, ref: str) -> None:
    """Raise VerificationError unless `folder` holds just the entries' bytes."""
    for entry in manifest:
        path = folder / entry.path
        if entry.ref is None and (not path.is_file() or digest_file(path)[0] != entry.digest):
            problem = "has other bytes" if path.exists() else "is missing"
            raise VerificationError(
                f"{path} {problem}. Call download() to put {ref}'s bytes there."
            )
    if extra := extra_files(folder, manifest):
        raise VerificationError(
            f"{extra[0]} is not part of {ref}. Call checkout() to remove such files."
        )
