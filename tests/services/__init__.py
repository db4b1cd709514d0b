"""Real servers for the tests: one module a service, started when a test asks for it.

Nothing is installed at test time. What is missing comes by ``make services``
(``tests/services/install.py``). A service that does not start fails its tests where ``CI``
is set; elsewhere they are skipped, with the reason.
"""

from __future__ import annotations

import os
from typing import NoReturn

__all__ = ["unavailable"]


def unavailable(service: str, reason: str) -> NoReturn:
    """Fail in CI, skip elsewhere."""
    import pytest  # not needed to install them, which waits for no environment

    text = f"{service} is not there: {reason} `make services` installs it."
    if os.environ.get("CI"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)
