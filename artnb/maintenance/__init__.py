"""Looking after a repository: prove it, repair it, say what takes the room.

`doctor` is not among these: every `init` would load what only it needs.
"""

from __future__ import annotations

from artnb.maintenance.collect import Collected
from artnb.maintenance.compaction import compact_journal, write_whole
from artnb.maintenance.expiry import Expired
from artnb.maintenance.findings import fail
from artnb.maintenance.maintenance import DAY, Maintenance
from artnb.maintenance.rebuild import Rebuilt, blob_places, journal_names, rebuild
from artnb.maintenance.report import Damage, Hit, VerifyReport
from artnb.maintenance.usage import ArtifactUsage, Usage

__all__ = [
    "DAY",
    "ArtifactUsage",
    "Collected",
    "Damage",
    "Expired",
    "Hit",
    "Maintenance",
    "Rebuilt",
    "Usage",
    "VerifyReport",
    "blob_places",
    "compact_journal",
    "fail",
    "journal_names",
    "rebuild",
    "write_whole",
]
