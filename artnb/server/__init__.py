"""The graph as pages of a Jupyter Server: ``artnb ui``, or ``/artnb/`` of a running JupyterLab.

An extension of Jupyter Server, so that its token, its login and its address hold here
too. The pages are the widget's own module over HTTP; nothing here writes.
"""

from __future__ import annotations

from typing import Any

__all__ = ["serve"]


def serve(arguments: list[str]) -> None:
    """Serve the working directory's repository until interrupted.

    Parameters
    ----------
    arguments : list of str
        Options of Jupyter Server, such as ``--port=8899`` or ``--no-browser``.

    Raises
    ------
    MissingExtraError
        Jupyter Server is not installed.
    """
    try:
        from artnb.server.app import ArtnbApp
    except ModuleNotFoundError as error:
        from artnb.errors import MissingExtraError

        raise MissingExtraError("artnb ui", "jupyter-server", "ui") from error
    ArtnbApp.launch_instance(argv=arguments)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell Jupyter Server what this package extends it with."""
    from artnb.server.app import ArtnbApp

    return [{"module": "artnb.server", "app": ArtnbApp}]
