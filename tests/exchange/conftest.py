"""Two repositories."""

import pytest
from exchange.exchange_kit import opened


@pytest.fixture
def catalog(isolated, request):
    """Give each repository a catalogue of the kind that is asked for."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return lambda: None
    return request.getfixturevalue("postgres").new_schema


@pytest.fixture
def here(tmp_path, catalog):
    repository = opened(tmp_path / "here", catalog())
    yield repository
    repository.close()


@pytest.fixture
def there(tmp_path, catalog):
    repository = opened(tmp_path / "there", catalog())
    yield repository
    repository.close()
