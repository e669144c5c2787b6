from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from model.database import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    found = await Database.open(f"sqlite:///{tmp_path / 'read-model.db'}")
    yield found
    await found.close()
