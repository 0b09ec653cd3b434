"""What the tests of exported networks need."""

import pytest


@pytest.fixture(autouse=True)
def own_cache(cache):
    """Keeps compiled models and runtimes out of the user's own cache."""
