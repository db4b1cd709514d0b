"""The extension of Jupyter Server: which handlers answer at which addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp

from artnb.repository import open_repository
from artnb.server import handlers
from artnb.settings import Settings

__all__ = ["ArtnbApp"]


class ArtnbApp(ExtensionApp):  # type: ignore[misc]
    """Pages under ``/artnb/``, and what they fetch under ``/artnb-api/``."""

    name = "artnb"
    app_name = "artnb"
    description = "Runs and artifacts of the working directory's repository."
    extension_url = "/artnb/"
    open_browser = True
    load_other_extensions = False

    @classmethod
    def get_extension_package(cls) -> str:
        """Return where `_jupyter_server_extension_points` is: not in ``artnb`` itself."""
        return "artnb.server"

    def initialize_settings(self) -> None:
        """Name the folder whose repository is shown; it is opened at the first page."""
        folder = Path(self.serverapp.root_dir).expanduser()

        def opened() -> Any:
            return open_repository(Settings.resolve(folder))

        self.settings["artnb_repository"] = opened

    def initialize_handlers(self) -> None:
        """Add the addresses."""
        part = "([^/]+)"
        self.handlers.extend(
            [
                (r"/artnb/?", handlers.Index),
                (rf"/artnb/{part}/?", handlers.ProjectPage),
                (rf"/artnb/{part}/runs/{part}/?", handlers.RunPage),
                (rf"/artnb/{part}/artifacts/(?:{part}/)?{part}/{part}/?", handlers.VersionPage),
                (r"/artnb-api/widget\.js", handlers.Bundle),
                (r"/artnb-api/blobs/([0-9a-f]{64})", handlers.Blob),
                (rf"/artnb-api/{part}/graph", handlers.Graph),
                (rf"/artnb-api/{part}/nodes/{part}", handlers.Node),
                (rf"/artnb-api/{part}/nodes/{part}/files", handlers.Files),
                (rf"/artnb-api/{part}/nodes/{part}/preview", handlers.Preview),
                (rf"/artnb-api/{part}/nodes/{part}/file", handlers.Download),
                (rf"/artnb-api/{part}/nodes/{part}/compare", handlers.Comparison),
            ]
        )
