"""The artifacts that a run takes and makes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from artnb._run.base import RunBase
from artnb.artifact import Artifact
from artnb.errors import InvalidValueError
from artnb.linking import is_own, link_version
from artnb.refs import check_new_aliases

__all__ = ["RunArtifacts"]

_REGISTRY = "model-registry"


class RunArtifacts(RunBase):
    """The part of a run that knows artifacts."""

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
    ) -> Artifact:
        """Log an artifact as this run's output and return it.

        Parameters
        ----------
        artifact_or_path : Artifact or path
            A draft, or a file or folder that becomes one.
        name, type : str, optional
            Of an artifact made from a path; default ``run-<id>-<name>``, ``unspecified``.
        aliases : sequence of str, optional
            ``latest`` comes by itself.

        Notes
        -----
        Content that the name has already makes no new version; the aliases move to the
        version that has it.
        """
        self._require_open("log_artifact")
        aliases = check_new_aliases(aliases)
        artifact = self._as_artifact(artifact_or_path, name, type)
        if artifact._version is not None:  # an edge from this run, and its aliases
            self._repository.set_aliases(artifact._version.id, add=aliases, run_id=self.id)
            self._repository.link_output(self.id, artifact._version.id)
            artifact._show(self._repository.version(artifact._version.id))
            return artifact
        draft = artifact._drafted()
        done = self._repository.commit(
            self.project,
            draft.name,
            draft.type,
            draft.take(),
            run_id=self.id,
            aliases=aliases,
            description=artifact.description,
            metadata=artifact.metadata,
            tags=[*artifact.tags, *(tags or [])],
            ttl=artifact._ttl,
        )
        artifact._show(done.version)
        return artifact

    def use_artifact(
        self,
        artifact_or_name: Artifact | str,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Take an artifact as this run's input and return it.

        Parameters
        ----------
        artifact_or_name : str or Artifact
            ``name``, ``name:alias``, ``name:vN``, ``project/name:alias``; a draft is logged
            first.
        type : str, optional
            What its type must be.
        aliases : sequence of str, optional
            Of a draft.
        use_as
            Accepted for W&B's sake.

        Raises
        ------
        CommError
            It is not there; the message says which part, and the nearest names.
        """
        self._require_open("use_artifact")
        if isinstance(artifact_or_name, Artifact):
            artifact = artifact_or_name
            if artifact._version is None:
                self.log_artifact(artifact, aliases=aliases)
        else:
            version = self._repository.resolve(artifact_or_name, self.project, type=type)
            artifact = Artifact._of(version, self._repository)
        self._repository.use(self.id, artifact._logged("use").id)
        return artifact

    def log_model(
        self, path: str | os.PathLike[str], name: str | None = None,
        aliases: Sequence[str] | None = None,
    ) -> Artifact:  # fmt: skip
        """Log a file or folder as an artifact of the type ``model``."""
        return self.log_artifact(path, name or f"run-{self.id}-{Path(path).name}", "model", aliases)

    def use_model(self, name: str) -> str:
        """Take a model as input, download it, and return the path of its file or folder."""
        return self.use_artifact(name, type="model")._file_or_folder()

    def link_artifact(
        self, artifact: Artifact, target_path: str, aliases: Sequence[str] | None = None
    ) -> Artifact:
        """Link a version to a collection, such as one of a registry, and return the link.

        A link is a version of that collection with a number and aliases of its own; it holds
        just what its source holds, and no bytes are copied. Its `Artifact.source_artifact` is
        the source, which the run takes as an input unless it made it. A link that is linked
        to its own collection gets the aliases.

        Parameters
        ----------
        artifact : Artifact
            A draft is logged first.
        target_path : str
            ``registry/collection``, as ``wandb-registry-model/digits``: the registry is a
            project. ``collection`` alone is one of the artifact's project.
        aliases : sequence of str, optional
            Of the link; ``latest`` comes by itself.

        Raises
        ------
        UsageError
            It is the artifact's own collection, and the artifact is no link.
        InvalidNameError, TypeMismatchError
        """
        self._require_open("link_artifact")
        wanted = check_new_aliases(aliases)
        if artifact._version is None:
            self.log_artifact(artifact)
        version = artifact._logged("link")
        if artifact.is_link and is_own(version, target_path):
            self._repository.use(self.id, version.id)
            artifact._show(self._repository.set_aliases(version.id, add=wanted, run_id=self.id))
            return artifact
        made_here = version.id in {each.id for each in self._repository.logged(self.id)}
        done = link_version(self._repository, version, target_path, run_id=self.id, aliases=wanted)
        if not made_here:
            self._repository.use(self.id, version.id)
        return Artifact._of(done.version, self._repository)

    def link_model(
        self,
        path: str | os.PathLike[str],
        registered_model_name: str,
        name: str | None = None,
        aliases: Sequence[str] | None = None,
    ) -> Artifact:
        """Log a file or folder as a model, and link it in the registry ``model-registry``.

        Parameters
        ----------
        registered_model_name : str
            The collection there.
        name : str, optional
            Of the model that is logged; default ``run-<id>-<name of the file>``.
        aliases : sequence of str, optional
            Of the link.
        """
        if "/" in registered_model_name:
            raise InvalidValueError(
                f"link_model: {registered_model_name!r} is a path; write the registered model's "
                "name alone. For another registry: link_artifact."
            )
        aliases = check_new_aliases(aliases)  # before the model is logged
        model = self.log_model(path, name)
        return self.link_artifact(model, f"{_REGISTRY}/{registered_model_name}", aliases)

    def _as_artifact(
        self, given: Artifact | str | os.PathLike[str], name: str | None, type: str | None
    ) -> Artifact:
        if isinstance(given, Artifact):
            return given
        path = Path(given)
        artifact = Artifact(name or f"run-{self.id}-{path.name}", type or "unspecified")
        if path.is_dir():
            artifact.add_dir(path)
        else:
            artifact.add_file(path)
        return artifact
