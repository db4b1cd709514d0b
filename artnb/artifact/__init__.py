"""Artifact: what a person builds, and afterwards the handle on a version."""

from artnb.artifact._artifact import Artifact, set_run_giver

__all__ = ["Artifact", "set_run_giver"]
