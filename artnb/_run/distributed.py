"""One artifact of several runs: each adds a part, and one of them puts the parts together.

A part is a version of a collection of its own, ``NAME.parts-ID``, made by the run that adds
it. Whoever finishes the artifact takes all parts as inputs, logs what they hold together as
one version of ``NAME``, and deletes the parts: their bytes are those of the version.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from artnb._run.artifacts import RunArtifacts
from artnb.artifact import Artifact
from artnb.errors import UsageError
from artnb.linking import held_contents
from artnb.model import VersionRecord
from artnb.refs import check_new_aliases

__all__ = ["RunDistributed"]


class RunDistributed(RunArtifacts):
    """The part of a run that makes an artifact together with others."""

    def upsert_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Add to an artifact that several runs make, and return the part.

        Parameters
        ----------
        artifact_or_path : Artifact or path
            A draft with this run's files.
        name, type : str, optional
            Of an artifact made from a path.
        aliases : sequence of str, optional
            Accepted for W&B's sake: give them to `finish_artifact`.
        distributed_id : str, optional
            What the runs have in common; default: their group.

        Raises
        ------
        UsageError
            The run has no group, and no `distributed_id` is given.
        """
        self._require_open("upsert_artifact")
        draft = self._as_artifact(artifact_or_path, name, type)._drafted("upsert_artifact")
        done = self._repository.commit(
            self.project, self._parts_name(draft.name, distributed_id), draft.type, draft.take(),
            run_id=self.id,
        )  # fmt: skip
        return Artifact._of(done.version, self._repository)

    def finish_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Put together what runs added by `upsert_artifact`, log it, and return it.

        Parameters
        ----------
        artifact_or_path : Artifact or path
            A draft of the same name; what it holds comes to what the runs added.

        Raises
        ------
        UsageError
            The run has no group, and no `distributed_id` is given.
        EntryExistsError
            Two parts have different files of one name: give them names by rank.
        """
        self._require_open("finish_artifact")
        aliases = check_new_aliases(aliases)
        artifact = self._as_artifact(artifact_or_path, name, type)
        draft = artifact._drafted("finish_artifact")
        parts = self._parts(draft.name, distributed_id)
        for part in parts:
            for content in held_contents(self._repository, part):
                draft.add(content)
        done = self._repository.commit(
            self.project, draft.name, draft.type, draft.take(), run_id=self.id,
            aliases=aliases,
            description=artifact.description, metadata=artifact.metadata, tags=artifact.tags,
            ttl=artifact._ttl,
        )  # fmt: skip
        for part in parts:
            self._repository.use(self.id, part.id)
            self._repository.delete(part.id, delete_aliases=True, run_id=self.id)
        artifact._show(done.version)
        return artifact

    def _parts_name(self, name: str, distributed_id: str | None) -> str:
        common = distributed_id or self.group
        if not common:
            raise UsageError(
                "An artifact of several runs needs what they have in common: "
                "artnb.init(group=...), or distributed_id=... in each call."
            )
        return f"{name}.parts-{re.sub(r'[^A-Za-z0-9_.-]+', '-', common)}"[:128]

    def _parts(self, name: str, distributed_id: str | None) -> list[VersionRecord]:
        found = self._repository.versions(self.project, self._parts_name(name, distributed_id))
        return [part for part in reversed(found) if part.state != "deleted"]
