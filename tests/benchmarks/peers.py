"""artnb and its peers behind one face: start, log a path, numbers or pictures, finish.

Each is used as its own documentation shows, with what it records by itself about the
machine switched off where it can be, so that only the asked-for work is timed.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, ClassVar

PROJECT = "benchmark"
NAME = "data"


class Artnb:
    title = "artnb"
    module = "artnb"
    environ: ClassVar[dict[str, str]] = {}

    def start(self) -> None:
        import artnb

        self.run: Any = artnb.init(project=PROJECT)

    def log_path(self, path: Path) -> None:
        import artnb

        artifact = artnb.Artifact(NAME, type="dataset")
        (artifact.add_dir if path.is_dir() else artifact.add_file)(str(path))
        self.run.log_artifact(artifact)

    def log_number(self, value: float) -> None:
        self.run.log({"loss": value})

    def log_pictures(self, arrays: Any) -> None:
        library = importlib.import_module(self.module)
        self.run.log({"examples": [library.Image(array) for array in arrays]})

    def finish(self) -> None:
        self.run.finish()


class Wandb(Artnb):
    title = "wandb (offline)"
    module = "wandb"
    environ: ClassVar[dict[str, str]] = {
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_ERROR_REPORTING": "false",
    }

    def start(self) -> None:
        import wandb

        settings = wandb.Settings(console="off", x_disable_stats=True)
        self.run = wandb.init(project=PROJECT, settings=settings)

    def log_path(self, path: Path) -> None:
        import wandb

        artifact = wandb.Artifact(NAME, type="dataset")
        (artifact.add_dir if path.is_dir() else artifact.add_file)(str(path))
        self.run.log_artifact(artifact)


class Trackio(Artnb):
    title = "trackio"
    module = "trackio"
    environ: ClassVar[dict[str, str]] = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

    def start(self) -> None:
        import trackio

        self.run = trackio.init(
            project=PROJECT, embed=False, auto_log_gpu=False, auto_log_cpu=False
        )

    def log_path(self, path: Path) -> None:
        import trackio

        artifact = trackio.Artifact(NAME, type="dataset")
        (artifact.add_dir if path.is_dir() else artifact.add_file)(str(path))
        self.run.log_artifact(artifact)

    def log_pictures(self, arrays: Any) -> None:
        import trackio

        # Of a list it keeps none.
        self.run.log({f"example{n}": trackio.Image(array) for n, array in enumerate(arrays)})

    def finish(self) -> None:
        import trackio

        trackio.finish()


class MLflow:
    title = "MLflow (SQLite)"
    module = "mlflow"
    environ: ClassVar[dict[str, str]] = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }

    def start(self) -> None:
        import mlflow

        here = Path.cwd()
        mlflow.set_tracking_uri(f"sqlite:///{here / 'mlflow.db'}")
        if mlflow.get_experiment_by_name(PROJECT) is None:
            mlflow.create_experiment(PROJECT, artifact_location=(here / "mlruns").as_uri())
        mlflow.set_experiment(PROJECT)
        mlflow.start_run()

    def log_path(self, path: Path) -> None:
        import mlflow

        (mlflow.log_artifacts if path.is_dir() else mlflow.log_artifact)(str(path))

    def log_number(self, value: float) -> None:
        import mlflow

        mlflow.log_metric("loss", value)

    def log_pictures(self, arrays: Any) -> None:
        import mlflow

        for number, array in enumerate(arrays):
            mlflow.log_image(array, f"examples/{number}.png")

    def finish(self) -> None:
        import mlflow

        mlflow.end_run()


PEERS: dict[str, type[Artnb] | type[MLflow]] = {
    peer.module: peer for peer in (Artnb, Wandb, MLflow, Trackio)
}
