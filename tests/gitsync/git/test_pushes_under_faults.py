"""The commit queue under faults: killed at any step there is the commit or nothing, and a retry makes it once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitsync.git.change import Change, Contents, Landed, Person
from gitsync.git.credentials import GitCredential
from gitsync.git.errors import AuthenticationRefused, RepositoryUnreachable
from gitsync.git.tree import Files
from tests.support.git_origin import Fault
from tests.support.git_rig import GitRig, git_rig

MAIN = "refs/heads/main"
STEPS = {
    "asking for the branch": "info/refs?service=git-upload-pack",
    "asking to push": "info/refs?service=git-receive-pack",
    "pushing": "git-receive-pack?",
}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[GitRig]:
    async with git_rig(tmp_path, silence_timeout_seconds=5) as found:
        found.origin.create("apps", {"one": "1"})
        yield found


def change(number: int = 1) -> Change:
    def edit(files: Files) -> Contents:
        return {f"files/{number}": b"content\n"}

    entity = "Application demo/argosy/app"
    return Change(f"op-{number}", "EDIT", entity, Person("dana", "dana@example.com"), f"Change {number}", edit)


async def commit(rig: GitRig, number: int = 1, credential: GitCredential | None = None) -> Landed:
    return await rig.repositories.commit(rig.origin.url("apps"), MAIN, change(number), credential)


def subjects(rig: GitRig) -> list[str]:
    return rig.origin.git("apps", "log", "--format=%s", "main").splitlines()


async def reached(rig: GitRig, step: str) -> None:
    """Until the host was asked for this step."""
    service = "git-upload-pack" if "upload" in step else "git-receive-pack"
    wanted = 2 if step.startswith("git-receive-pack") else 1  # the question before the push counts as one, too
    while rig.origin.requests[service] < wanted:
        await rig.origin.asked.get()


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_it_is_made_once_by_the_retry(rig: GitRig, step: str) -> None:
    held = asyncio.Event()
    rig.origin.fault = Fault(hold=held, only=STEPS[step])
    click = asyncio.create_task(commit(rig))
    await reached(rig, STEPS[step])
    click.cancel()
    await rig.repositories.close()
    assert subjects(rig) == ["change 1"], "nothing has landed"
    rig.origin.fault = None
    rig.repositories = rig.restarted(silence_timeout_seconds=5)
    retry = asyncio.create_task(commit(rig))
    held.set()  # what the killed process sent may still arrive
    landed = await retry
    again = await commit(rig)
    assert again.commit.sha == landed.commit.sha
    assert subjects(rig).count("Change 1") == 1


async def test_killed_after_the_host_took_the_push_the_retry_finds_it(rig: GitRig) -> None:
    rig.origin.fault = Fault(cut_after=0, only="git-receive-pack?")
    click = asyncio.create_task(commit(rig))
    await reached(rig, "git-receive-pack?")
    while "Change 1" not in subjects(rig):  # noqa: ASYNC110 - of a repository of the host, without an event
        await asyncio.sleep(0)
    click.cancel()
    await rig.repositories.close()
    rig.origin.fault = None
    rig.repositories = rig.restarted(silence_timeout_seconds=5)
    landed = await commit(rig)
    assert landed.repeated
    assert subjects(rig) == ["Change 1", "change 1"]


async def test_a_lost_answer_is_found_out_and_told_as_landed(rig: GitRig) -> None:
    rig.origin.fault = Fault(cut_after=0, only="git-receive-pack?")
    landed = await commit(rig)
    assert landed.commit.message.startswith("Change 1")
    assert subjects(rig) == ["Change 1", "change 1"]


@pytest.mark.parametrize("step", ["asking to push", "pushing"])
async def test_a_host_that_fails_midway_leaves_nothing_and_the_retry_lands(rig: GitRig, step: str) -> None:
    rig.origin.fault = Fault(status=500, only=STEPS[step])
    with pytest.raises(RepositoryUnreachable):
        await commit(rig)
    assert subjects(rig) == ["change 1"]
    rig.origin.fault = None
    assert not (await commit(rig)).repeated


@pytest.mark.parametrize("step", ["asking to push", "pushing"])
async def test_credentials_that_end_midway_refuse_one_person_and_nobody_else(rig: GitRig, step: str) -> None:
    rig.origin.fault = Fault(status=401, only=STEPS[step])
    with pytest.raises(AuthenticationRefused):
        await commit(rig, 1, GitCredential("dana", "ended"))
    rig.origin.fault = None
    await commit(rig, 2, GitCredential("victor", "good"))
    assert subjects(rig) == ["Change 2", "change 1"]


async def test_a_force_push_during_the_push_wins_and_the_change_is_made_on_it(rig: GitRig) -> None:
    await commit(rig, 1)
    held = asyncio.Event()
    rig.origin.fault = Fault(hold=held, only="git-receive-pack?")
    before = rig.origin.requests["git-receive-pack"]
    click = asyncio.create_task(commit(rig, 2))
    while rig.origin.requests["git-receive-pack"] < before + 2:
        await rig.origin.asked.get()
    rig.origin.git("apps", "update-ref", "refs/heads/main", "main~1")
    rig.origin.commit("apps", {"one": "forced"})
    rig.origin.fault = None
    held.set()
    await click
    assert subjects(rig) == ["Change 2", "change 2", "change 1"], "Change 1 was taken back, and stays so"
