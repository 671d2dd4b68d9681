"""What the process tests share: one running demo."""

from collections.abc import Iterator

import pytest

from tests.support.demo_server import DemoServer


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoServer]:
    """A running demo: do not stop it."""
    with DemoServer() as server:
        yield server
