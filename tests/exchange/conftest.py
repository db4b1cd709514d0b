"""Two repositories."""

import pytest
from exchange.exchange_kit import opened


@pytest.fixture
def here(tmp_path):
    repository = opened(tmp_path / "here")
    yield repository
    repository.close()


@pytest.fixture
def there(tmp_path):
    repository = opened(tmp_path / "there")
    yield repository
    repository.close()
