import asyncio

import pytest

from gitsync.git.credentials import GitCredential
from gitsync.git.errors import (
    AuthenticationRefused,
    RepositoryError,
    RepositoryNotFound,
    RepositoryUnreachable,
)
from tests.support.git_origin import Fault
from tests.support.git_rig import GitRig

CANARY = "canary-password-1f9c"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(status=401), AuthenticationRefused),
        (Fault(status=403), AuthenticationRefused),
        (Fault(status=404), RepositoryNotFound),
        (Fault(status=429), RepositoryUnreachable),
        (Fault(status=500), RepositoryUnreachable),
        (Fault(status=503), RepositoryUnreachable),
        (Fault(cut_after=0), RepositoryUnreachable),
        (Fault(cut_after=60), RepositoryUnreachable),
    ],
    ids=str,
)
async def test_every_failure_has_its_name_and_next_step(
    rig: GitRig, fault: Fault, expected: type[RepositoryError]
) -> None:
    rig.origin.create("apps", {"a": "1"})
    rig.origin.fault = fault
    await fails(rig, expected)


async def test_silence_has_its_name_and_next_step_too(impatient_rig: GitRig) -> None:
    impatient_rig.origin.create("apps", {"a": "1"})
    impatient_rig.origin.fault = Fault(half_open=True)
    await fails(impatient_rig, RepositoryUnreachable)


async def fails(rig: GitRig, expected: type[RepositoryError]) -> None:
    rig.keyring.credential = GitCredential("robot", CANARY)
    with pytest.raises(expected) as caught:
        await rig.repositories.resolve(rig.origin.url("apps", user=f"robot:{CANARY}"), "main")
    assert "apps.git" in str(caught.value)
    assert caught.value.suggestion.endswith(".")
    [state] = rig.repositories.states()
    assert state.error == str(caught.value)
    assert_no_secret(caught.value, state)


def assert_no_secret(error: BaseException | None, *values: object) -> None:
    for value in values:
        assert CANARY not in repr(value)
    while error is not None:
        assert CANARY not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__


async def test_a_refused_connection_is_unreachable(rig: GitRig) -> None:
    with pytest.raises(RepositoryUnreachable) as caught:
        await rig.repositories.resolve(f"http://robot:{CANARY}@127.0.0.1:1/x.git", "main")
    assert_no_secret(caught.value)


async def test_wrong_credentials_are_tried_once(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    rig.origin.users = {"robot": "right"}
    rig.keyring.credential = GitCredential("robot", CANARY)
    with pytest.raises(AuthenticationRefused) as caught:
        await rig.repositories.resolve(rig.origin.url("apps"), "main")
    assert rig.origin.requests.total() == 2
    assert_no_secret(caught.value, rig.keyring.credential)


async def test_right_credentials_open_the_repository(rig: GitRig) -> None:
    commit = rig.origin.create("apps", {"a": "1"})
    rig.origin.users = {"robot": "right"}
    with pytest.raises(AuthenticationRefused):
        await rig.repositories.resolve(rig.origin.url("apps"), "main")
    rig.keyring.credential = GitCredential("robot", "right")
    assert (await rig.repositories.resolve(rig.origin.url("apps"), "main")).commit == commit


async def test_a_host_that_is_down_leaves_what_is_known(rig: GitRig) -> None:
    commit = rig.origin.create("apps", {"a": "1"})
    url = rig.origin.url("apps")
    before = await rig.repositories.resolve(url, "main")
    rig.origin.fault = Fault(status=500)
    rig.clock.advance(3 * 3600)
    after = await rig.repositories.resolve(url, "main", fresh=True)
    assert after.commit == commit
    assert after.head_checked_at == before.head_checked_at  # its age is visible
    state = rig.repositories.state(url)
    assert state is not None
    assert "500" in state.error
    reader = await rig.repositories.tree(url, commit)
    assert [entry.name for entry in await reader.run(lambda files: files.children(files.root().id))] == ["a"]


async def test_a_restart_while_the_host_is_down_knows_what_was_followed(rig: GitRig) -> None:
    commit = rig.origin.create("apps", {"a": "1"})
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "main")
    await rig.repositories.resolve(url, "HEAD")
    await rig.repositories.close()
    rig.origin.fault = Fault(status=500)
    rig.repositories = rig.restarted()
    for revision in ("main", "HEAD"):
        assert (await rig.repositories.resolve(url, revision)).commit == commit


async def test_refused_credentials_end_what_could_be_read_before(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "main")
    rig.origin.fault = Fault(status=403)
    with pytest.raises(AuthenticationRefused):
        await rig.repositories.resolve(url, "main", fresh=True)


async def test_a_host_that_hangs_does_not_hold_up_others_nor_what_is_here(rig: GitRig) -> None:
    commit = rig.origin.create("apps", {"a": "1"})
    other = rig.origin.create("other", {"a": "1"})
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "main")
    rig.origin.asked = asyncio.Queue()
    silence = asyncio.Event()
    rig.origin.fault = Fault(hold=silence, only="info/refs")
    hanging = asyncio.create_task(rig.repositories.resolve(url, "main", fresh=True))
    await rig.origin.asked.get()
    reader = await rig.repositories.tree(url, commit)
    await reader.run(lambda files: files.root())
    rig.origin.fault = None
    assert (await rig.repositories.resolve(rig.origin.url("other"), "main")).commit == other
    assert not hanging.done()
    silence.set()
    assert (await hanging).commit == commit


async def test_a_wait_that_is_cancelled_harms_nobody(rig: GitRig) -> None:
    commit = rig.origin.create("apps", {"a": "1"})
    url = rig.origin.url("apps")
    gate = asyncio.Event()
    rig.origin.fault = Fault(hold=gate)
    first = asyncio.create_task(rig.repositories.resolve(url, "main"))
    second = asyncio.create_task(rig.repositories.resolve(url, "main"))
    await rig.origin.asked.get()
    first.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).commit == commit
    for _ in range(5):
        cancelled = asyncio.create_task(rig.repositories.tree(url, commit))
        await asyncio.sleep(0)
        cancelled.cancel()
    reader = await rig.repositories.tree(url, commit)
    assert await reader.run(lambda files: files.read(files.children(files.root().id)[0].id)) == b"1"
