"""One server for all tests of this folder."""

from __future__ import annotations

import pytest
from served import serving


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running
