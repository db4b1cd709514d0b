"""The files that a run keeps, besides its artifacts."""

from __future__ import annotations

import glob as globbing
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Literal

from artnb._run.base import RunBase
from artnb.artifact import Artifact
from artnb.errors import ArtnbError, CommError, InvalidValueError, nearest
from artnb.refs import check_entry_path
from artnb.warning import warn

__all__ = ["RunFiles", "put_out"]

_POLICIES = ("live", "now", "end")
_CODE = (".py", ".ipynb", ".toml", ".yaml", ".yml")
_NOT_CODE = (".artnb", "artifacts", "wandb", "node_modules", "site-packages", "__pycache__")


class RunFiles(RunBase):
    """The part of a run that knows files."""

    _watched: dict[str, tuple[Path, tuple[int, int] | None]]  # name -> file, as it was kept
    _saved: set[str]

    def save(
        self,
        glob_str: str | os.PathLike[str],
        base_path: str | os.PathLike[str] | None = None,
        policy: Literal["live", "now", "end"] = "live",
        glob: bool = True,
    ) -> list[str]:
        """Keep files with the run and return their paths; none found is no error.

        Parameters
        ----------
        glob_str : path
            A file, or a pattern such as ``plots/*.png``.
        base_path : path, optional
            Folder that the kept names are relative to; default: the working directory, and for
            absolute paths each file's own folder.
        policy : {'live', 'now', 'end'}
            ``live`` keeps them now and, if they change, once more when the run finishes;
            ``now`` as they are now; ``end`` as they are then.
        glob : bool
            False takes ``*``, ``?`` and ``[`` as letters.

        Raises
        ------
        RunFinishedError, InvalidValueError
        """
        self._require_open("save")
        if policy not in _POLICIES:
            raise InvalidValueError(f"save: policy {policy!r}; {nearest(policy, _POLICIES)}")
        pattern = os.fspath(glob_str)
        if not glob:
            pattern = globbing.escape(pattern)
        found = sorted(globbing.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute
        paths = [Path(name) for name in found if Path(name).is_file()]
        named = {_kept_name(path, base_path): path for path in paths}
        self._saved |= named.keys()
        if policy != "end":
            self._keep(named)
        if policy != "now":
            for name, path in named.items():
                self._watched[name] = (path.absolute(), _stat(path) if policy == "live" else None)
        return [str(path) for path in paths]

    def restore(
        self,
        name: str,
        run_path: str | None = None,
        replace: bool = False,
        root: str | os.PathLike[str] | None = None,
    ) -> IO[str]:
        """Put out a file that a run kept, and return it, opened.

        Parameters
        ----------
        name : str
            As it was kept.
        run_path : str, optional
            ``project/id`` of another run; default: this one.
        replace : bool
            Write it anew though a file of that name is there.
        root : path, optional
            Folder; default: `dir`.

        Raises
        ------
        CommError
            There is no such run, or it kept no such file.
        """
        record = self._record
        if run_path is not None:
            record = self._repository.run(run_path.strip("/").split("/")[-1])
        else:
            record = self._repository.run(self.id)
        return put_out(
            self._repository.read_blob, record.outputs.get("files", {}), name,
            Path(root or self.dir), replace=replace, run=record.name,
        )  # fmt: skip

    def log_code(
        self,
        root: str | os.PathLike[str] = ".",
        name: str | None = None,
        include_fn: Callable[..., bool] | None = None,
        exclude_fn: Callable[..., bool] | None = None,
    ) -> Artifact | None:
        """Log the source files below a folder as an artifact of the type ``code``.

        Parameters
        ----------
        root : path
            The folder.
        name : str, optional
            Default: ``source-<project>``.
        include_fn, exclude_fn : callable, optional
            Take a path, or a path and the root, and say whether that file is taken or left
            out. Default: Python files and notebooks, requirements and Dockerfiles.

        Returns
        -------
        Artifact or None
            None where there is no such file.
        """
        self._require_open("log_code")
        top = Path(root).absolute()
        chosen = include_fn or _is_code
        paths = [
            path
            for path in _below(top)
            if _asked(chosen, path, top) and not (exclude_fn and _asked(exclude_fn, path, top))
        ]
        if not paths:
            return None
        artifact = Artifact(name or f"source-{self.project}", type="code")
        for path in paths:
            artifact.add_file(path, name=path.relative_to(top).as_posix())
        return self.log_artifact(artifact)  # type: ignore[attr-defined, no-any-return]

    def _keep(self, named: Mapping[str, Path]) -> None:
        if not named:
            return
        kept = {}
        with self._repository.putting(self.id) as put:
            for name, path in named.items():
                digest, size = put.file(path)
                kept[name] = {"sha256": digest, "size": size}
        self._record = self._repository.add_output(self.id, "files", kept)

    def _keep_files(self) -> None:
        """Keep what `save` was to look at again, and what lies in the run's own folder."""
        folder = self._folder()
        if not self._watched and not folder.is_dir():
            return
        due = {
            name: path
            for name, (path, before) in self._watched.items()
            if path.is_file() and _stat(path) != before
        }
        own = (path for path in sorted(folder.rglob("*")) if path.is_file())
        for path in own:
            name = path.relative_to(folder).as_posix()
            if name not in self._saved:  # else this is an older one, such as was restored
                due[name] = path
        try:
            self._keep(due)
        except (ArtnbError, OSError) as error:
            # The rows and the summary are worth more than these: the run still finishes.
            warn(f"Files of run {self.name} were not kept: {error}")


def put_out(
    read_blob: Callable[[str], bytes], files: Mapping[str, Any], name: str, root: Path,
    *, replace: bool, run: str,
) -> IO[str]:  # fmt: skip
    """Write a file that a run kept below `root`, unless it is there, and return it opened."""
    if name not in files:
        raise CommError(f"The run {run} kept no file {name!r}; {nearest(name, files)}")
    target = root / check_entry_path(name)
    if replace or not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(read_blob(files[name]["sha256"]))
    return target.open(encoding="utf-8", errors="surrogateescape")


def _kept_name(path: Path, base_path: str | os.PathLike[str] | None) -> str:
    if base_path is not None:
        name = Path(os.path.relpath(path, base_path)).as_posix()
    else:
        name = path.name if path.is_absolute() or ".." in path.parts else path.as_posix()
    return check_entry_path(name)


def _stat(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _below(top: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in _NOT_CODE and name[0] != ".")
        yield from (Path(folder, name) for name in sorted(names))


def _is_code(path: str) -> bool:
    name = Path(path).name
    return name.endswith(_CODE) or name.startswith(("requirements", "Dockerfile"))


def _asked(choose: Callable[..., bool], path: Path, top: Path) -> bool:
    try:
        return bool(choose(str(path), str(top)))
    except TypeError:  # it takes the path alone
        return bool(choose(str(path)))
