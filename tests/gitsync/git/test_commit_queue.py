"""Changes as commits on a Git host: landed once, in the person's name, whatever others do at the same time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gitsync.git.change import Change, Contents, Landed, Person, trailers_of
from gitsync.git.credentials import GitCredential
from gitsync.git.errors import (
    AuthenticationRefused,
    EditConflict,
    NothingChanged,
    PathRefused,
    PushRefused,
    RepositoryUnreachable,
)
from gitsync.git.repositories import Repositories
from gitsync.git.tree import Files, find
from gitsync.sandbox.githost import Access, Fault, FaultKind, GitHost, GitHostLimits, Push
from gitsync.sandbox.githost.fault import Operation
from tests.support.git_host import NOW, seed
from tests.support.git_origin import Fault as OriginFault
from tests.support.git_rig import QUIET, Clock, GitRig, Keyring

MAIN = "refs/heads/main"
DANA = GitCredential("dana", "dana-password")


@dataclass
class Desk:
    """The embedded host with a repository `apps`, and a runtime's repositories beside it."""

    host: GitHost
    repositories: Repositories

    @property
    def url(self) -> str:
        return self.host.clone_url("apps")

    async def commit(self, change: Change, credential: GitCredential = DANA) -> Landed:
        return await self.repositories.commit(self.url, MAIN, change, credential)

    async def commit_of(self, number: int, person: str, *, vouched: bool) -> Landed:
        """A change by this person; the host says whether it may travel in the push of somebody else."""

        async def may_share() -> bool:
            return vouched

        credential = GitCredential(person, f"{person}-password")
        made = change(number, actor=person)
        return await self.repositories.commit(self.url, MAIN, made, credential, may_share=may_share)

    def add_writers(self, *people: str) -> None:
        for person in people:
            self.host.add_user(person, f"{person}-password")
            self.host.set_access("apps", person, Access.WRITE)

    async def pushes_of(self, *clicks: Awaitable[Landed]) -> int:
        """How many pushes brought these changes. The host tells of a push only after it has answered it."""
        told: asyncio.Queue[Push] = asyncio.Queue()
        at, moved, pushes = await self.tip(), dict[str, str](), 0
        self.host.listen(told.put_nowait)
        await asyncio.gather(*clicks)
        newest = await self.tip()
        while at != newest:
            (move,) = (await told.get()).moves
            moved[move.before] = move.after
            while at != newest and at in moved:
                at, pushes = moved.pop(at), pushes + 1
        return pushes

    async def tip(self) -> str:
        return (await self.git("rev-parse", "main")).strip()

    async def git(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "git", "-C", str(self.host.repositories.path("apps")), *arguments, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        return output.decode()

    async def subjects(self) -> list[str]:
        """First lines of the commits on main, newest first."""
        return (await self.git("log", "--format=%s", "main")).splitlines()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    host = GitHost(tmp_path / "host", clock=lambda: NOW, limits=GitHostLimits())
    await host.create_repository("apps")
    for user in ("dana", "victor", "robot"):
        host.add_user(user, f"{user}-password")
    for user, access in (("dana", Access.WRITE), ("robot", Access.WRITE), ("victor", Access.READ)):
        host.set_access("apps", user, access)
    await host.start()
    await seed(host, one=b"1\n", deploy__app=b"image: 1\n")
    keyring = Keyring(GitCredential("robot", "robot-password"))
    clock = Clock()
    settings = replace(QUIET, silence_timeout_seconds=5, connect_timeout_seconds=2, list_timeout_seconds=5)
    repositories = Repositories(tmp_path / "data", credentials=keyring, settings=settings, clock=clock)
    yield Desk(host, repositories)
    await repositories.close()
    await host.stop()


def writes(files: Contents) -> Callable[[Files], Contents]:
    return lambda _: files


def change(number: int = 1, *, files: Contents | None = None, actor: str = "dana") -> Change:
    return Change(
        operation_id=f"op-{number}",
        action="EDIT",
        entity="Application demo/argosy/app",
        actor=Person(actor, f"{actor}@example.com"),
        message=f"Change {number}",
        edit=writes(files if files is not None else {f"files/{number}": b"content\n"}),
    )


async def test_commit_is_in_the_name_of_the_person_with_trailers(desk: Desk) -> None:
    landed = await desk.commit(change())
    told = await desk.git("log", "-1", "--format=%an %ae %cn%n%B", "main")
    assert told.startswith("dana dana@example.com Argosy\nChange 1\n")
    assert trailers_of(told) == {
        "Argosy-Action": "EDIT",
        "Argosy-Entity": "Application demo/argosy/app",
        "Argosy-Operation-Id": "op-1",
        "Argosy-Actor": "dana",
    }
    assert landed.commit.sha == (await desk.git("rev-parse", "main")).strip()
    assert "+content" in landed.diff


async def test_untouched_files_stay_the_same_objects(desk: Desk) -> None:
    before = await desk.git("rev-parse", "main:deploy", "main:one")
    await desk.commit(change())
    assert await desk.git("rev-parse", "main:deploy", "main:one") == before


async def test_removing_the_last_file_of_a_directory_removes_the_directory(desk: Desk) -> None:
    await desk.commit(change(files={"deploy/app": None}))
    assert (await desk.git("ls-tree", "--name-only", "main")).split() == ["one"]


async def test_the_same_operation_is_one_commit(desk: Desk) -> None:
    first = await desk.commit(change())
    again = await desk.commit(change())
    assert (again.commit.sha, again.repeated) == (first.commit.sha, True)
    assert (await desk.subjects()).count("Change 1") == 1


async def test_the_same_operation_asked_twice_at_once_is_one_commit(desk: Desk) -> None:
    first, second = await asyncio.gather(desk.commit(change()), desk.commit(change()))
    assert first.commit.sha == second.commit.sha
    assert (await desk.subjects()).count("Change 1") == 1


async def test_operations_of_an_earlier_process_are_recognised(desk: Desk, tmp_path: Path) -> None:
    first = await desk.commit(change())
    await desk.commit(change(2))
    later = Repositories(
        tmp_path / "elsewhere",
        credentials=Keyring(DANA),
        settings=replace(QUIET, list_timeout_seconds=5),
        clock=Clock(),
    )
    again = await later.commit(desk.url, MAIN, change(), DANA)
    await later.close()
    assert (again.commit.sha, again.repeated) == (first.commit.sha, True)


async def test_a_lost_race_is_run_again_on_the_rivals_commit(desk: Desk) -> None:
    await desk.commit(change(1))
    desk.host.faults.inject(Fault(FaultKind.OVERTAKEN, operation=Operation.PUSH, times=2))
    await desk.commit(change(2))
    subjects = await desk.subjects()
    assert subjects[0] == "Change 2"
    assert subjects.count("A rival was faster") == 2


async def test_commits_of_others_are_built_upon(desk: Desk) -> None:
    await desk.commit(change(1))
    await seed(desk.host, theirs=b"theirs\n")
    await desk.commit(change(2))
    assert (await desk.subjects())[:3] == ["Change 2", "Seed", "Change 1"]


async def test_a_branch_that_was_set_back_is_not_filled_up_again(desk: Desk) -> None:
    root = (await desk.git("rev-parse", "main")).strip()
    await desk.commit(change(1))
    await desk.git("update-ref", MAIN, root)
    await desk.commit(change(2))
    assert await desk.subjects() == ["Change 2", "Seed"]


async def test_changes_of_one_person_travel_in_one_push(desk: Desk) -> None:
    pushes = await desk.pushes_of(*(desk.commit(change(number)) for number in range(20)))
    assert len(await desk.subjects()) == 21
    assert pushes <= 2


@pytest.mark.cpu_seconds(20)
async def test_fifty_people_on_one_branch_all_land(desk: Desk) -> None:
    people = [f"person{number}" for number in range(50)]
    for person in people:
        desk.host.add_user(person, "secret")
        desk.host.set_access("apps", person, Access.WRITE)
    landed = await asyncio.gather(
        *(
            desk.commit(change(number, actor=person), GitCredential(person, "secret"))
            for number, person in enumerate(people)
        )
    )
    assert len({one.commit.sha for one in landed}) == 50
    assert {f"Change {number}" for number in range(50)} <= set(await desk.subjects())
    authors = (await desk.git("log", "--format=%an", "main")).split()
    assert set(people) <= set(authors)


async def test_people_for_whom_the_host_vouches_share_one_push_and_each_stays_the_author(desk: Desk) -> None:
    people = [f"person{number}" for number in range(50)]
    desk.add_writers(*people)
    clicks = (desk.commit_of(number, person, vouched=True) for number, person in enumerate(people))
    assert await desk.pushes_of(*clicks) == 1
    assert sorted((await desk.git("log", "--format=%an", "-50", "main")).split()) == sorted(people)
    assert len(await desk.subjects()) == 51


async def test_for_whom_the_host_does_not_vouch_pushes_alone(desk: Desk) -> None:
    desk.add_writers("ann", "bob", "cid")
    pushes = await desk.pushes_of(
        desk.commit_of(1, "ann", vouched=True),
        desk.commit_of(2, "bob", vouched=False),
        desk.commit_of(3, "cid", vouched=True),
    )
    assert sorted((await desk.subjects())[:3]) == ["Change 1", "Change 2", "Change 3"]
    assert pushes == 2


@pytest.mark.parametrize("order", [("victor", "ann", "bob"), ("ann", "victor", "bob")])
async def test_a_shared_push_that_is_refused_refuses_only_whom_the_host_means(
    desk: Desk, order: tuple[str, ...]
) -> None:
    desk.add_writers("ann", "bob")
    # Victor's right goes between the host's word and the push.
    clicks = (desk.commit_of(number, person, vouched=True) for number, person in enumerate(order))
    outcomes = await asyncio.gather(*clicks, return_exceptions=True)
    refused = [person for person, one in zip(order, outcomes, strict=True) if isinstance(one, AuthenticationRefused)]
    if order[0] == "victor":
        assert refused == ["victor"]
        assert len(await desk.subjects()) == 3
        # The host's word is not taken for a push of others again.
        both = (desk.commit_of(7, "ann", vouched=True), desk.commit_of(8, "bob", vouched=True))
        assert await desk.pushes_of(*both) == 2
    else:
        assert refused == []  # the host was asked a moment ago, and each answer of it counts for a minute anyway


async def test_whoever_cannot_be_asked_about_pushes_alone(desk: Desk) -> None:
    desk.add_writers("ann")

    async def fails() -> bool:
        raise TimeoutError

    both = (
        desk.repositories.commit(desk.url, MAIN, change(1), DANA, may_share=fails),
        desk.commit_of(2, "ann", vouched=True),
    )
    await asyncio.gather(*both)
    assert sorted((await desk.subjects())[:2]) == ["Change 1", "Change 2"]


async def test_a_conflict_comes_back_with_all_versions_and_stops_nobody_else(desk: Desk) -> None:
    def conflicting(files: Files) -> Contents:
        found = find(files, "one")
        assert found.entry is not None
        theirs = files.read(found.entry.id).decode()
        raise EditConflict("one was changed", base="0\n", theirs=theirs, mine="2\n")

    bad = replace(change(1), edit=conflicting)
    results = await asyncio.gather(desk.commit(bad), desk.commit(change(2)), return_exceptions=True)
    assert isinstance(results[0], EditConflict)
    assert (results[0].base, results[0].theirs, results[0].mine) == ("0\n", "1\n", "2\n")
    assert isinstance(results[1], Landed)


async def test_a_change_that_changes_nothing_is_no_commit(desk: Desk) -> None:
    with pytest.raises(NothingChanged):
        await desk.commit(change(files={"one": b"1\n"}))
    assert await desk.subjects() == ["Seed"]


@pytest.mark.parametrize("path", ["../out", "a/../../out", ".git/config", "a/.GIT/x", ""])
async def test_paths_outside_the_tree_are_refused(desk: Desk, path: str) -> None:
    with pytest.raises(PathRefused):
        await desk.commit(change(files={path: b"x"}))


async def test_who_may_only_read_is_refused_by_the_host(desk: Desk) -> None:
    with pytest.raises(AuthenticationRefused):
        await desk.commit(change(), GitCredential("victor", "victor-password"))
    assert await desk.subjects() == ["Seed"]


async def test_a_protected_branch_says_so_and_a_new_branch_is_taken(rig: GitRig) -> None:
    rig.origin.create("apps", {"one": "1"})
    hook = rig.origin.path("apps") / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "main is protected" >&2; exit 1; }\n')
    hook.chmod(0o755)
    url = rig.origin.url("apps")
    with pytest.raises(PushRefused, match=r"does not take a push to main: .*main is protected") as refused:
        await rig.repositories.commit(url, MAIN, change(), None)
    assert "pull request" in refused.value.suggestion
    landed = await rig.repositories.commit(url, "refs/heads/argosy/op-1", change(), None, base_ref=MAIN)
    again = await rig.repositories.commit(url, "refs/heads/argosy/op-1", change(), None, base_ref=MAIN)
    assert landed.commit.branch == "argosy/op-1"
    assert again.repeated
    assert rig.origin.git("apps", "log", "--format=%s", "argosy/op-1").splitlines()[0] == "Change 1"
    assert rig.origin.git("apps", "log", "--format=%s", "main").splitlines() == ["change 1"]


async def test_killed_between_click_and_push_leaves_nothing_and_the_retry_makes_it_once(rig: GitRig) -> None:
    rig.origin.create("apps", {"one": "1"})
    url = rig.origin.url("apps")
    held = asyncio.Event()
    rig.origin.fault = OriginFault(hold=held, only="git-receive-pack")
    click = asyncio.create_task(rig.repositories.commit(url, MAIN, change(), None))
    while await rig.origin.asked.get() != "git-receive-pack":
        pass
    click.cancel()
    await rig.repositories.close()
    assert len(rig.origin.git("apps", "log", "--format=%s", "main").splitlines()) == 1
    rig.origin.fault = None
    held.set()
    rig.repositories = rig.restarted()
    await rig.repositories.commit(url, MAIN, change(), None)
    await rig.repositories.commit(url, MAIN, change(), None)
    assert rig.origin.git("apps", "log", "--format=%s", "main").splitlines().count("Change 1") == 1


async def test_an_empty_repository_gets_its_first_commit(desk: Desk) -> None:
    await desk.host.create_repository("new")
    desk.host.set_access("new", "dana", Access.WRITE)
    desk.host.set_access("new", "robot", Access.WRITE)
    landed = await desk.repositories.commit(desk.host.clone_url("new"), MAIN, change(), DANA)
    again = await desk.repositories.commit(desk.host.clone_url("new"), MAIN, change(2), DANA)
    assert landed.commit.sha != again.commit.sha


async def test_a_host_that_is_down_makes_no_commit_and_says_so(desk: Desk) -> None:
    await desk.commit(change(1))
    desk.host.faults.inject(Fault(FaultKind.REFUSE, status=503))
    with pytest.raises(RepositoryUnreachable, match="not known"):
        await desk.commit(change(2))
    desk.host.faults.clear()
    assert (await desk.subjects())[0] == "Change 1"
    landed = await desk.commit(change(2))
    assert not landed.repeated


async def test_who_stops_waiting_before_the_change_is_built_takes_it_back(desk: Desk) -> None:
    desk.host.faults.inject(Fault(FaultKind.SLOW, operation=Operation.PUSH, seconds=0.3, times=1))
    first = asyncio.create_task(desk.commit(change(1)))
    await asyncio.sleep(0)
    second = asyncio.create_task(desk.commit(change(2), GitCredential("robot", "robot-password")))
    await asyncio.sleep(0)
    second.cancel()
    await first
    await desk.commit(change(3))
    assert await desk.subjects() == ["Change 3", "Change 1", "Seed"]
