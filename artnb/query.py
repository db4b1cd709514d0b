"""Api: reading what was recorded, by W&B's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from artnb.absent import Advising
from artnb.artifact import Artifact
from artnb.environment import person
from artnb.errors import CommError, nearest
from artnb.filters import ordered_runs, run_filter
from artnb.public_run import PublicRun
from artnb.public_runs import Runs
from artnb.public_types import ArtifactCollection, ArtifactType, Project, Viewer
from artnb.refs import check_project, parse_ref
from artnb.repository import Repository, reading_repository

__all__ = ["Api", "PublicRun"]

_REGISTRY = "wandb-registry-"


class Api(Advising, owner="Api"):
    """The read side: projects, runs, artifacts.

    Parameters
    ----------
    repository : Repository, optional
        Default: that of the process's last run, which `init(dir=...)` may have put elsewhere,
        else the working directory's.
    overrides : mapping, optional
        ``project``: of paths that name none. May be given in place of the repository.
    timeout, api_key
        Accepted for W&B's sake.

    Examples
    --------
    >>> Api().artifact("artifacts-example/mnist-raw:latest").version    # doctest: +SKIP
    'v0'
    """

    def __init__(
        self,
        repository: Repository | Mapping[str, Any] | None = None,
        timeout: int | None = None,
        api_key: str | None = None,
        *,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        given = overrides or (repository if isinstance(repository, Mapping) else {})
        self._project: str | None = given.get("project")
        opened = None if isinstance(repository, Mapping) else repository
        self._opened = opened or reading_repository()

    @property
    def _repository(self) -> Repository:
        self._opened.settle()  # a cell's save that goes on in the background is found, too
        return self._opened

    @property
    def default_entity(self) -> str:
        """Empty: there are no accounts; ``/project`` is a path as ``project`` is."""
        return ""

    def __repr__(self) -> str:
        project = f" project={self._project!r}" if self._project else ""
        return f"<Api of {str(self._opened.root)!r}{project}>"

    @property
    def settings(self) -> dict[str, Any]:
        """W&B's few: ``project`` is the one that is set; the others are empty."""
        project = self._project or self._opened.settings.project
        return {"entity": "", "project": project, "run": None, "base_url": ""}

    @property
    def viewer(self) -> Viewer:
        """Who works here."""
        return Viewer(person())

    def flush(self) -> None:
        """Do nothing: each call reads anew."""

    def projects(self, entity: str | None = None, per_page: int | None = None) -> list[Project]:
        """Return the projects, oldest first; both are accepted for W&B's sake.

        Each is its name, as text, with ``name`` and ``artifacts_types()`` besides.
        """
        return [Project._of(name, self._repository) for name in self._repository.projects()]

    def project(self, name: str, entity: str | None = None) -> Project:
        """Return one project; CommError, with the nearest, if there is none."""
        return Project._of(self._known(name), self._repository)

    def create_project(self, name: str, entity: str | None = None) -> None:
        """Do nothing but check the name: a project is there once a run is in it."""
        check_project(name)

    def registries(self, organization: str | None = None) -> list[Project]:
        """Return the projects that are registries, oldest first.

        That are those whose name begins with ``wandb-registry-``, and ``model-registry``.
        """
        return [each for each in self.projects() if _is_registry(each)]

    def registry(self, name: str, organization: str | None = None) -> Project:
        """Return a registry, which is a project; CommError, with the nearest, if there is none.

        Parameters
        ----------
        name : str
            With or without ``wandb-registry-`` before it.
        """
        known = {str(each).removeprefix(_REGISTRY): each for each in self.registries()}
        short = name.removeprefix(_REGISTRY)
        if short not in known:
            raise CommError(f"There is no registry {name!r}; {nearest(short, known)}")
        return known[short]

    def artifact_types(self, project: str | None = None) -> list[ArtifactType]:
        """Return the types that a project's collections have, oldest first.

        Parameters
        ----------
        project : str, optional
            ``project`` or ``entity/project``; default: the only one.
        """
        return self.project(_last(project) or self._only_project()).artifacts_types()

    def artifact_type(self, type_name: str, project: str | None = None) -> ArtifactType:
        """Return one of a project's types; CommError, with the nearest, if it has none such."""
        types = {each.name: each for each in self.artifact_types(project)}
        if type_name not in types:
            raise CommError(f"No artifact has the type {type_name!r}; {nearest(type_name, types)}")
        return types[type_name]

    def artifact_collections(
        self,
        project_name: str,
        type_name: str,
        order: str | None = None,
        per_page: int | None = None,
    ) -> list[ArtifactCollection]:
        """Return the collections of one type, oldest first; the rest is for W&B's sake."""
        return self.artifact_type(type_name, project_name).collections()

    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """Return the collection of ``project/name``."""
        ref = parse_ref(name)
        project = ref.project or self._project_with(ref.name)
        return self.artifact_type(type_name, project).collection(ref.name)

    def artifact_collection_exists(self, name: str, type: str) -> bool:
        """Return whether there is such a collection."""
        try:
            self.artifact_collection(type, name)
        except CommError:
            return False
        return True

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """Return the version that ``project/name:alias`` names; without an edge.

        A name without a project is looked for in ``ARTNB_PROJECT``, else in the only
        project that has it.
        """
        ref = parse_ref(name)
        project = ref.project or self._project_with(ref.name)
        return Artifact._of(self._repository.resolve(ref, project, type=type), self._repository)

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Return whether that version is there."""
        try:
            self.artifact(name, type)
        except CommError:
            return False
        return True

    def artifacts(
        self,
        type_name: str | None = None,
        name: str | None = None,
        project: str | None = None,
        *,
        per_page: int | None = None,
        tags: Iterable[str] | str | None = None,
    ) -> list[Artifact]:
        """Return all versions of a collection, newest first.

        Parameters
        ----------
        type_name : str, optional
            Only if it has this type.
        name : str, optional
            ``name`` or ``project/name``; default: all collections of the project.
        per_page
            Accepted for W&B's sake.
        tags : str or iterable of str, optional
            Only versions that have all of these.

        Raises
        ------
        CommError
            There is no such project or artifact; the message names the nearest.
        """
        wanted = {tags} if isinstance(tags, str) else set(tags or ())
        if name is None:
            found = self._repository.versions(self._known(project or self._only_project()))
        else:
            ref = parse_ref(name)
            chosen = ref.project or project or self._project_with(ref.name)
            found = self._repository.versions(chosen, ref.name)
            if not found:
                self._repository.resolve(ref, chosen)  # says what is missing
        return [
            Artifact._of(version, self._repository)
            for version in found
            if type_name in (None, version.type) and wanted <= set(version.tags)
        ]

    def artifact_versions(
        self, type_name: str, name: str, per_page: int | None = None
    ) -> list[Artifact]:
        """Do as `artifacts`, by the name that W&B had for it."""
        return self.artifacts(type_name, name)

    def run(self, path: str) -> PublicRun:
        """Return the run of ``id``, ``[entity/]project/id`` or ``[entity/]project/runs/id``."""
        *places, run_id = path.strip("/").split("/")
        if len(places) > 1 and places[-1] == "runs":  # as in the address of W&B's page
            places.pop()
        record = self._repository.run(run_id)
        if places and record.project != places[-1]:
            raise CommError(
                f"The run {run_id!r} is in project {record.project!r}, not {places[-1]!r}."
            )
        return PublicRun(record, self._repository)

    def from_path(self, path: str) -> Project | PublicRun:
        """Return the project of ``project`` or ``entity/project``, else what `run` returns."""
        parts = path.strip("/ ").split("/")
        return self.project(parts[-1]) if len(parts) < 3 else self.run(path.strip("/ "))

    def runs(
        self,
        path: str | None = None,
        filters: Mapping[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = False,
        lazy: bool = True,
    ) -> Runs:
        """Return a project's runs.

        Parameters
        ----------
        path : str, optional
            ``project`` or ``entity/project``; default: the only one.
        filters : dict, optional
            Field -> value, or -> ``{operator: value}``; a run has to pass all. Fields are
            ``state``, ``display_name``, ``name`` (the id, as in W&B), ``job_type``, ``group``,
            ``tags``, ``notes``, ``host``, ``commit``, ``number``, ``duration``, ``created_at``,
            ``finished_at``, ``heartbeat_at`` (ISO text or datetime), ``config.KEY`` and
            ``summary_metrics.KEY`` (with dots into what they hold). Operators are ``$eq $ne
            $gt $gte $lt $lte $in $nin $exists $regex $not``; ``$and``, ``$or`` and ``$nor`` take
            lists of filters. A list has a value if one of its elements is it.
        order : str
            A field, with ``-`` before it from great to small: ``+created_at`` (oldest first, as
            in W&B), ``-created_at``, ``-summary_metrics.acc``. Runs that do not have it come last.
        per_page, include_sweeps, lazy
            Accepted for W&B's sake: they are all in the list, and whole.

        Raises
        ------
        InvalidValueError
            A field or operator does not exist; the message names the nearest.

        Examples
        --------
        >>> Api().runs("demo", {"config.lr": {"$gt": 0.1}, "state": "finished"})  # doctest: +SKIP
        """
        passes = run_filter(filters)
        project = self._known(_last(path) or self._only_project())
        found = [record for record in self._repository.runs(project) if passes(record)]
        return Runs(PublicRun(run, self._repository) for run in ordered_runs(found, order))

    def _known(self, project: str) -> str:
        projects = self._repository.projects()
        if project not in projects:
            raise CommError(f"There is no project {project!r}; {nearest(project, projects)}")
        return project

    def _project_with(self, name: str) -> str:
        if set_project := self._project or self._repository.settings.project:
            return set_project
        names = {
            project: [collection.name for collection in self._repository.collections(project)]
            for project in self._repository.projects()
        }
        having = [project for project, known in names.items() if name in known]
        if not having:
            known = [name for each in names.values() for name in each]
            raise CommError(f"No project has an artifact {name!r}; {nearest(name, known)}")
        if len(having) > 1:
            raise CommError(
                f"{len(having)} projects have an artifact {name!r}; write 'project/{name}:alias'. "
                f"Projects: {', '.join(having)}."
            )
        return having[0]

    def _only_project(self) -> str:
        projects = self._repository.projects()
        if set_project := self._project or self._repository.settings.project:
            return set_project
        if len(projects) != 1:
            raise CommError(
                f"Say which project: there are {len(projects)} "
                f"({', '.join(projects) or 'none yet'})."
            )
        return projects[0]


def _is_registry(project: str) -> bool:
    return project.startswith(_REGISTRY) or project == "model-registry"


def _last(path: str | None) -> str | None:
    return path.strip("/").split("/")[-1] if path else None
