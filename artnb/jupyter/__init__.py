"""The notebook extension: ``%load_ext artnb`` gives ``%%artifact`` and ``%artnb``.

Loading is idempotent, and unloading leaves no trace in the shell. All state of a
shell is in one `Extension`, which the shell itself carries.
"""

from __future__ import annotations

from typing import Any

from artnb.errors import ArtnbError, UsageError
from artnb.jupyter import completion
from artnb.jupyter.header import help_text as artifact_help
from artnb.jupyter.hooks import Hooks
from artnb.jupyter.magics import Commands
from artnb.jupyter.parsers import help_text as artnb_help
from artnb.jupyter.refusal import CellNotRun, MagicError, ShownAbove
from artnb.jupyter.session import Session
from artnb.model import VersionRecord
from artnb.repository import Repository
from artnb.texts import Message

__all__ = ["Extension", "load_ipython_extension", "unload_ipython_extension"]

_ATTRIBUTE = "_artnb_extension"


class Extension:
    """Everything that artnb adds to one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.session = Session()
        self.hooks = Hooks(shell, self.session)

    def load(self) -> None:
        """Add it."""
        self.hooks.register()
        self.shell.register_magic_function(self._artnb_magic(), "line", "artnb")
        self.shell.register_magic_function(self._artifact_magic(), "cell", "artifact")
        completion.register(self.shell, self.session)

    def unload(self) -> None:
        """Take it away."""
        completion.unregister(self.shell)
        magics = self.shell.magics_manager.magics
        magics["line"].pop("artnb", None)
        magics["cell"].pop("artifact", None)
        self.hooks.unregister()
        self.session.close()

    def load_version(
        self, repository: Repository, version: VersionRecord, *, replace: bool
    ) -> dict[str, Any]:
        """Put a version's values into the notebook for the graph's panel."""
        from artnb.jupyter.loading import load_version

        if self.hooks.is_recording:
            raise UsageError(
                Message(
                    "A cell that is a run is being executed, and what is loaded now would count "
                    "as its own. Load it when the cell has ended."
                )
            )
        return load_version(self.session, self.shell.user_ns, repository, version, replace=replace)

    def _artnb_magic(self) -> Any:
        shell, session = self.shell, self.session

        def artnb(line: str) -> Any:
            try:
                shown = Commands(session, shell.user_ns).run(line)
            except ArtnbError as error:
                raise MagicError(str(error)) from None
            return shown

        artnb.__doc__ = artnb_help()
        return artnb

    def _artifact_magic(self) -> Any:
        # The hooks see a cell before its magics do, so this serves help, completion and
        # a program that calls `run_cell_magic("artifact", ...)`.
        shell = self.shell

        def artifact(line: str, cell: str) -> None:
            result = shell.run_cell(f"%%artifact {line}\n{cell}")
            error = result.error_before_exec or result.error_in_exec
            if isinstance(error, CellNotRun):
                raise ShownAbove("the cell was not run; the reason is above.")
            if error is not None:
                raise ShownAbove(f"the cell failed with {type(error).__name__}, shown above.")

        artifact.__doc__ = artifact_help()
        return artifact


def load_ipython_extension(shell: Any) -> None:
    """Add artnb to a shell; a second time changes nothing."""
    if getattr(shell, _ATTRIBUTE, None) is None:
        extension = Extension(shell)
        extension.load()
        setattr(shell, _ATTRIBUTE, extension)


def unload_ipython_extension(shell: Any) -> None:
    """Leave the shell as it was before artnb."""
    extension = getattr(shell, _ATTRIBUTE, None)
    if extension is not None:
        extension.unload()
        delattr(shell, _ATTRIBUTE)
