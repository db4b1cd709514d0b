"""Looking after a repository: prove it, repair it, say what takes the room."""

from __future__ import annotations

from artnb.maintenance.maintenance import Maintenance
from artnb.maintenance.report import Damage, Hit, VerifyReport
from artnb.maintenance.usage import ArtifactUsage, Usage

__all__ = ["ArtifactUsage", "Damage", "Hit", "Maintenance", "Usage", "VerifyReport"]
