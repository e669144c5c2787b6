from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.git_rig import IMPATIENT, GitRig, git_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[GitRig]:
    async with git_rig(tmp_path) as made:
        yield made


@pytest.fixture
async def impatient_rig(tmp_path: Path) -> AsyncIterator[GitRig]:
    """Gives up within the two seconds of a test: only for tests in which the host stays silent for good."""
    async with git_rig(tmp_path, **IMPATIENT) as made:
        yield made
