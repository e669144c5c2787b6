"""A provider at the socket for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.gitsync.measurement.rig import Jobs, Rig, Server


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    server = await Server().start()
    yield Rig(server, Jobs())
    await server.stop()
