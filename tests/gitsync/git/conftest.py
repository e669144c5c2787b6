from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.git_rig import IMPATIENT, GitRig, git_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[GitRig]:
    async with git_rig(tmp_path, **IMPATIENT) as made:
        yield made
