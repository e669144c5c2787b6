"""A control plane with one connected runtime and three applications, for most tests of the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from model.identity import ApplicationKey
from model.kinds.application import ApplicationCondition
from model.link import ApplicationChanged
from model.report import ApplicationSummary
from tests.support.control_plane import Running, control_plane
from tests.support.fake_fleet import Fleet, summary
from tests.support.fake_runtime import FakeRuntime

SECRET_REPO = "https://git.example.test/secret.git"
RIGHTS = {
    "admin": {"*": (True, True)},
    "writer": {"*": (True, True), SECRET_REPO: (False, False)},
    "reader": {"*": (True, False), SECRET_REPO: (False, False)},
}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with control_plane(tmp_path, demo=True, webhook_secret="hook") as found:
        yield found


@pytest.fixture
async def runtime(running: Running) -> AsyncIterator[FakeRuntime]:
    """Connected, with Git Source `platform` and six applications; `hidden` is in a secret repository."""
    fake = await running.runtime("demo", rights=dict(RIGHTS))
    fleet = Fleet(fake, 3)
    async with fake.connected():
        await fleet.announce()
        await fake.report(*(ApplicationChanged(one) for one in (hidden(), orphan(), broken())))
        yield fake


@pytest.fixture
def fleet(runtime: FakeRuntime) -> Fleet:
    """The fleet that answers for `runtime`."""
    found = Fleet(runtime, 3)
    return found


def hidden() -> ApplicationSummary:
    return renamed("hidden", access_repo_url=SECRET_REPO)


def orphan() -> ApplicationSummary:
    return renamed("orphan", access_repo_url="", git_source=None)


def broken() -> ApplicationSummary:
    return renamed("broken", conditions=(ApplicationCondition("ComparisonError", "app.yaml:3: bad indentation"),))


def renamed(name: str, **fields: object) -> ApplicationSummary:
    return msgspec.structs.replace(summary(0), key=ApplicationKey("argosy", name), uid=f"uid-{name}", **fields)
