"""Artifact: what a person builds, and afterwards the handle on a version."""

from artnb.artifact._artifact import Artifact, set_run_giver, set_run_reader
from artnb.artifact.origin import set_collection_reader

__all__ = ["Artifact", "set_collection_reader", "set_run_giver", "set_run_reader"]
