"""Places where W&B keeps its classes, for hints and imports: ``sdk.wandb_run.Run`` and the like.

They are no files here: the table says which name of which place is which class of artnb's.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from artnb.absent import absent_name

__all__: list[str] = []

_RUN = {"Run": "artnb._run"}
_SETTINGS = {"Settings": "artnb._options"}
_CLASSES: dict[str, dict[str, str]] = {
    "sdk.wandb_run": _RUN,
    "sdk.wandb_config": {"Config": "artnb.bags"},
    "sdk.wandb_settings": _SETTINGS,
    "sdk.wandb_summary": {"Summary": "artnb.bags"},
    "sdk.artifacts.artifact": {"Artifact": "artnb.artifact"},
    "sdk.data_types.histogram": {"Histogram": "artnb.histogram"},
    "sdk.data_types.html": {"Html": "artnb.recordings"},
    "sdk.data_types.image": {"Image": "artnb.image"},
    "sdk.data_types.table": {"Table": "artnb.table"},
    "sdk.data_types.video": {"Video": "artnb.recordings"},
    "sdk.lib.config_util": {"ConfigError": "artnb.errors"},
    "sdk.lib.disabled": {"RunDisabled": "artnb.disabled:DisabledRun"},
    "sdk.lib.runid": {"generate_id": "artnb.util"},
    "apis.public": {
        "Api": "artnb.query",
        "Artifact": "artnb.artifact",
        "ArtifactCollection": "artnb.public_types",
        "ArtifactType": "artnb.public_types",
        "File": "artnb.kept_files:RunFile",
        "Project": "artnb.public_types",
        "Run": "artnb.public_run:PublicRun",
        "Runs": "artnb.public_runs",
    },
}


def _place(name: str) -> ModuleType:
    """Return the module of a place, made with those above it, in which its names are looked up."""
    if found := sys.modules.get(f"artnb.{name}"):
        return found
    made = ModuleType(f"artnb.{name}", f"Where W&B keeps {', '.join(_CLASSES.get(name, ()))}.")

    def look_up(wanted: str) -> Any:
        if (home := _CLASSES.get(name, {}).get(wanted)) is None:
            raise absent_name(f"artnb.{name}", wanted)
        module, _, itself = home.partition(":")
        return getattr(import_module(module), itself or wanted)

    made.__dict__["__getattr__"] = look_up
    sys.modules[made.__name__] = made
    above, _, last = name.rpartition(".")
    if above:
        setattr(_place(above), last, made)
    return made


for _name in _CLASSES:
    _place(_name)
