"""The runtime's disk is full: what is deployed stays, it is said, and with room again everything goes on by itself.

The limit on the size of files stands in for the disk: writing beyond it fails in the middle, as on a full one.
"""

import resource
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from tests.support.killable import Killable, running_killable
from tests.support.runtime import AUTHOR, conditions_of, synced_and_healthy

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets one limit another process"),
]

AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}
FULL_BYTES = 400_000
LARGE = 1_000_000


def config_map(value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{value: '{value}'}}\n"


@pytest_asyncio.fixture(loop_scope="module")
async def rig(tmp_path: Path) -> AsyncIterator[Killable]:
    async with running_killable(tmp_path) as rig:
        yield rig


def limit(rig: Killable, most_bytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.prlimit(rig.apart.runtime.pid, resource.RLIMIT_FSIZE, (most_bytes, hard))


async def push_large(rig: Killable, value: str) -> str:
    """A commit that does not fit on the disk."""
    files = {"app/a.yaml": config_map(value).encode(), "app/large.bin": secrets.token_bytes(LARGE)}
    return await rig.world.host.commit_files("apps", "main", files, message="Large", author=AUTHOR)


async def test_a_commit_that_does_not_fit_is_told_and_comes_when_there_is_room(rig: Killable) -> None:
    apart = rig.apart
    await apart.push({"app/a.yaml": config_map("1")})
    await apart.create("app", syncPolicy=AUTOMATED)
    await apart.until("app", synced_and_healthy)
    limit(rig, FULL_BYTES)
    commit = await push_large(rig, "2")
    body = await apart.until("app", lambda body: bool(conditions_of(body)))
    ((kind, told),) = conditions_of(body)
    assert kind == "ComparisonError"
    assert "cannot be written: file too large. Make room on the disk of the runtime" in told
    assert str(apart.folder) not in told
    assert value_of(await apart.get("v1", "ConfigMap", "app")) == "1"
    limit(rig, resource.RLIM_INFINITY)
    await apart.until(
        "app", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit, seconds=40
    )
    assert value_of(await apart.get("v1", "ConfigMap", "app")) == "2"
    assert rig.witness.times("DELETED", "ConfigMap", "app") == 0
    assert rig.witness.times("MODIFIED", "ConfigMap", "app") == 1


def value_of(body: JsonObject | None) -> str:
    assert body is not None
    return str(body["data"]["value"])
