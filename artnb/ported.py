"""Names of W&B that have nothing to do here, so that scripts written for it run.

There is no server, no account and no process of its own: what prepares those does nothing.
What only a server can do says so, and what to do instead.
"""

from __future__ import annotations

from typing import Any, NoReturn

from artnb._api import current_run
from artnb.errors import UsageError

__all__ = [
    "agent",
    "controller",
    "join",
    "login",
    "pin_config_keys",
    "require",
    "setup",
    "sweep",
    "teardown",
]


def login(*_: Any, **__: Any) -> bool:
    """Return True: there is no account."""
    return True


def pin_config_keys(*_: Any, **__: Any) -> None:
    """Do nothing: the panel shows all of a run's config."""


def setup(*_: Any, **__: Any) -> None:
    """Do nothing: no process has to be started before others fork."""


def teardown(exit_code: int | None = None) -> None:
    """Finish the current run, if one is open."""
    join(exit_code)


def require(*_: Any, **__: Any) -> None:
    """Do nothing: there is one way in which this works."""


def join(exit_code: int | None = None) -> None:
    """Finish the current run, as W&B's first versions called it."""
    if run := current_run():
        run.finish(exit_code)


def sweep(*_: Any, **__: Any) -> NoReturn:
    """Refuse: there are no sweeps."""
    _no_sweeps("sweep")


def agent(*_: Any, **__: Any) -> NoReturn:
    """Refuse: there are no sweeps."""
    _no_sweeps("agent")


def controller(*_: Any, **__: Any) -> NoReturn:
    """Refuse: there are no sweeps."""
    _no_sweeps("controller")


def _no_sweeps(name: str) -> NoReturn:
    raise UsageError(
        f"artnb.{name}: artnb has no sweeps, for no server hands out their parameters. Loop over "
        "them (by hand, by scikit-learn's ParameterGrid, by Optuna), each with "
        "artnb.init(group='sweep', config=parameters)."
    )
