"""The real servers, each started at its first use and ended with the session."""

from __future__ import annotations

import pytest
from services import azurite as azurite_server
from services import ceph as ceph_server
from services import gcs as gcs_server
from services import swift as swift_server
from services.process import served


@pytest.fixture(scope="session")
def ceph(tmp_path_factory):
    with served(ceph_server.start, tmp_path_factory.mktemp("ceph")) as server:
        yield server


@pytest.fixture(scope="session")
def swift(tmp_path_factory):
    with served(swift_server.start, tmp_path_factory.mktemp("swift")) as server:
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    with served(azurite_server.start, tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture(scope="session")
def gcs(tmp_path_factory):
    with served(gcs_server.start, tmp_path_factory.mktemp("gcs")) as server:
        yield server
