"""The conformance suite against real servers, by each way that leads to them."""

import itertools
import os

import pytest

from artnb.store.cloud import CloudBackend
from artnb.store.remote import FsspecBackend
from artnb.testing.store import BackendSuite

pytestmark = pytest.mark.server
COUNT = itertools.count(1)


def fresh(prefix):
    return f"{prefix}-{os.getpid()}-{next(COUNT)}"


class TestCeph(BackendSuite):
    @pytest.fixture
    def backend(self, ceph, monkeypatch, tmp_path):
        for name, value in ceph.env.items():
            monkeypatch.setenv(name, value)
        bucket = ceph.new_bucket(fresh("bucket"))
        return CloudBackend(f"s3://{bucket}/team/one", uploads=tmp_path / "uploads")


class TestCephWithS3fs(BackendSuite):
    @pytest.fixture
    def backend(self, ceph):
        bucket = ceph.new_bucket(fresh("bucket"))
        return FsspecBackend(
            f"s3://{bucket}/team", key=ceph.key, secret=ceph.secret, endpoint_url=ceph.endpoint
        )


class TestSwift(BackendSuite):
    @pytest.fixture
    def backend(self, swift, monkeypatch, tmp_path):
        for name, value in swift.env.items():
            monkeypatch.setenv(name, value)
        bucket = swift.new_bucket(fresh("bucket"))
        return CloudBackend(f"s3://{bucket}", uploads=tmp_path / "uploads")


class TestAzurite(BackendSuite):
    @pytest.fixture
    def backend(self, azurite, monkeypatch):
        for name, value in azurite.env.items():
            monkeypatch.setenv(name, value)
        return CloudBackend(f"az://{azurite.new_container(fresh('box'))}/team")


class TestAzuriteWithAdlfs(BackendSuite):
    @pytest.fixture
    def backend(self, azurite):
        container = azurite.new_container(fresh("box"))
        return FsspecBackend(f"az://{container}/team", connection_string=azurite.connection)


class TestGoogle(BackendSuite):
    @pytest.fixture
    def backend(self, gcs, monkeypatch, tmp_path):
        for name, value in gcs.env.items():
            monkeypatch.setenv(name, value)
        bucket = gcs.new_bucket(fresh("bucket"))
        return CloudBackend(f"gs://{bucket}/team/one", uploads=tmp_path / "uploads")


class TestGoogleWithAccount(BackendSuite):
    @pytest.fixture
    def backend(self, gcs, monkeypatch):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gcs.owner))
        return CloudBackend(f"gs://{gcs.new_bucket(fresh('bucket'))}?endpoint={gcs.endpoint}")
