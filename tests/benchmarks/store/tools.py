"""What is compared: each keeps a path, keeps it again, and gives it back.

Every tool is used as its own documentation shows. One instance lives in one process, in
the tool's own folder.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

sys.path.insert(0, str(Path(__file__).parents[1]))
import peers


class Tool:
    """A tool without a library of its own in this process."""

    title: ClassVar[str]
    environ: ClassVar[dict[str, str]] = {}
    keeps: ClassVar[bool] = True  # whether what was kept is there when the file changes

    def open(self) -> None:
        """Do once what is not timed: imports, a new repository."""

    def keep(self, path: Path) -> None:
        raise NotImplementedError

    def give(self, path: Path, target: Path) -> None:
        """Put the newest of what was kept of `path` at `target`."""
        raise NotImplementedError

    def close(self) -> None:
        """End what `open` began."""


class Artnb(Tool):
    title = "artnb"

    def open(self) -> None:
        import artnb

        self.run: Any = artnb.init(project="benchmark")

    def keep(self, path: Path) -> None:
        import artnb

        artifact = artnb.Artifact("data", type="dataset")
        (artifact.add_dir if path.is_dir() else artifact.add_file)(str(path))
        self.run.log_artifact(artifact)

    def give(self, path: Path, target: Path) -> None:
        self.run.use_artifact("data:latest").download(target)

    def close(self) -> None:
        self.run.finish()


class Library(Tool):
    """One of the peers of ``make bench``: keeps, and finishes so that all is written."""

    peer: ClassVar[type]

    def open(self) -> None:
        __import__(self.peer.module)
        self.it = self.peer()
        self.it.start()

    def keep(self, path: Path) -> None:
        self.it.log_path(path)
        self.it.finish()


class Wandb(Library):
    title, peer, environ = "wandb (offline)", peers.Wandb, peers.Wandb.environ


class MLflow(Library):
    title, peer, environ = "MLflow", peers.MLflow, peers.MLflow.environ

    def give(self, path: Path, target: Path) -> None:
        import mlflow

        (run,) = mlflow.search_runs(output_format="list", max_results=1)
        mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=str(target))


class Trackio(Library):
    title, peer, environ = "trackio", peers.Trackio, peers.Trackio.environ


class DVC(Tool):
    """By its command line, for that is how it is used; without git."""

    title = "DVC"
    environ: ClassVar[dict[str, str]] = {"DVC_NO_ANALYTICS": "1"}

    def open(self) -> None:
        self.dvc = str(Path(sys.executable).with_name("dvc"))
        if not Path(".dvc").is_dir():
            self._call("init", "--no-scm", "--quiet")
            self._call("config", "core.check_update", "false")

    def keep(self, path: Path) -> None:
        # It tracks what lies inside its folder.
        self._call("add", "--quiet", str(path))

    def give(self, path: Path, target: Path) -> None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._call("checkout", "--quiet", "--force", str(path))

    def _call(self, *arguments: str) -> None:
        subprocess.run([self.dvc, *arguments], check=True, capture_output=True)


class Copy(Tool):
    """`cp -a` and a sync: what it takes to have a second copy, and no more."""

    title = "cp -a, sync"
    flags = "-a"

    def keep(self, path: Path) -> None:
        kept = Path("kept").absolute() / f"{len(list(Path('.').glob('kept/*')))}"
        kept.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", self.flags, str(path), str(kept)], check=True)
        subprocess.run(["sync", "-f", str(kept)], check=True)

    def give(self, path: Path, target: Path) -> None:
        newest = max(Path("kept").iterdir(), key=lambda kept: int(kept.name))
        subprocess.run(["cp", self.flags, str(newest), str(target)], check=True)


class Link(Copy):
    """`cp -al`: names only; it keeps nothing when a file is written in place."""

    title = "cp -al, sync"
    flags = "-al"
    keeps = False


TOOLS: dict[str, type[Tool]] = {
    "artnb": Artnb, "wandb": Wandb, "mlflow": MLflow, "trackio": Trackio, "dvc": DVC,
    "cp": Copy, "link": Link,
}  # fmt: skip
