import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitsync.git.errors import RevisionNotFound
from gitsync.git.refs import RefMove, RefsMoved
from tests.support.git_rig import GitRig, git_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[GitRig]:
    async with git_rig(tmp_path) as made:
        yield made


async def test_a_range_is_the_newest_tag_in_it(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a.yaml": "1"})
    rig.origin.git("apps", "tag", "v1.2.0", first)
    rig.origin.git("apps", "tag", "-a", "-m", "annotated", "v1.10.0", first)
    second = rig.origin.commit("apps", {"a.yaml": "2"})
    rig.origin.git("apps", "tag", "v2.0.0", second)
    url = rig.origin.url("apps")
    found = {text: (await rig.repositories.resolve(url, text)).commit for text in ("^1.2", "1.x", ">=1", "2")}
    assert found == {"^1.2": first, "1.x": first, ">=1": second, "2": second}
    with pytest.raises(RevisionNotFound):
        await rig.repositories.resolve(url, "^3")


async def test_a_branch_of_that_name_wins_over_the_range(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a.yaml": "1"})
    rig.origin.git("apps", "tag", "1.2.5", first)
    second = rig.origin.commit("apps", {"a.yaml": "2"})
    rig.origin.git("apps", "branch", "1.2", second)
    assert (await rig.repositories.resolve(rig.origin.url("apps"), "1.2")).commit == second


async def test_a_new_tag_in_a_followed_range_is_told(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a.yaml": "1"})
    rig.origin.git("apps", "tag", "v1.0.0", first)
    url = rig.origin.url("apps")
    resolved = await rig.repositories.resolve(url, "^1")
    told: asyncio.Queue[RefsMoved] = asyncio.Queue()
    rig.repositories.subscribe(url, told.put_nowait)
    second = rig.origin.commit("apps", {"a.yaml": "2"})
    rig.origin.git("apps", "tag", "v1.1.0", second)
    rig.repositories.hint()
    moves = (await told.get()).moves
    assert resolved.ref is not None
    assert RefMove(resolved.ref, first, second) in moves
    assert (await rig.repositories.resolve(url, "^1")).commit == second
    assert await rig.repositories.changed_paths(url, first, second)


async def test_a_prefix_of_tags_is_stripped_before_versions_are_compared(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a.yaml": "1"})
    rig.origin.git("apps", "tag", "web-1.2.0", first)
    second = rig.origin.commit("apps", {"a.yaml": "2"})
    rig.origin.git("apps", "tag", "web-1.10.0", second)
    third = rig.origin.commit("apps", {"a.yaml": "3"})
    for tag in ("1.11.0", "api-1.12.0"):
        rig.origin.git("apps", "tag", tag, third)
    url = rig.origin.url("apps")
    web = await rig.repositories.resolve(url, "^1", tag_prefix="web-")
    assert (web.commit, (await rig.repositories.resolve(url, "^1")).commit) == (second, third)
    assert (await rig.repositories.resolve(url, "1.2.0", tag_prefix="web-")).commit == first
    assert (await rig.repositories.resolve(url, "main", tag_prefix="web-")).commit == third
    told: asyncio.Queue[RefsMoved] = asyncio.Queue()
    rig.repositories.subscribe(url, told.put_nowait)
    rig.origin.git("apps", "tag", "web-1.20.0", third)
    rig.repositories.hint()
    assert RefMove(web.ref or "", second, third) in (await told.get()).moves
