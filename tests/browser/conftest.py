"""What the browser tests share: one running demo."""

from collections.abc import Iterator

import pytest

from tests.support.demo_server import DemoServer


@pytest.fixture(scope="session")
def demo() -> Iterator[DemoServer]:
    """A running demo all browser tests share: use patients of your own in it, and do not stop it."""
    with DemoServer() as server:
        yield server
