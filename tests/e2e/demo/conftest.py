"""Two demos for all tests of this folder: one that runs, and the story of one that ended and came again."""

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.demo.lives import Lives, live_twice
from tests.support.demo import Demo, running_demo


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """As a newcomer starts it, with a past; each test has applications of its own or heals what it changes."""
    async with running_demo(tmp_path_factory.mktemp("demo") / "data", history=True) as running:
        async with running.signed_in("dana") as dana:
            await dana.until_healthy("platform", "storefront", "checkout", "catalog", "orders")
        yield running


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def lives(tmp_path_factory: pytest.TempPathFactory) -> Lives:
    """What was seen of a demo that lost processes and data; the tests say what it has to be."""
    if sys.platform != "linux":
        pytest.skip("looks into /proc")
    return await live_twice(tmp_path_factory.mktemp("lives"))
