"""The operations ledger: written down before it runs, outcomes after, and what happens while the Git host is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitsync.git.change import trailers_of
from gitsync.git.credentials import GitCredential
from gitsync.git.repositories import Repositories
from gitsync.ledger.entry import Entry, Outcome, change_of, file_text
from gitsync.ledger.errors import LedgerUnavailable
from gitsync.ledger.journal import NOTES_REF, Journal
from gitsync.sandbox.githost import Access, Fault, FaultKind, GitHost
from gitsync.sandbox.githost.fault import Operation
from model.identity import ApplicationKey
from tests.support.git_host import AUTHOR, NOW
from tests.support.git_rig import QUIET, Clock, Keyring
from tests.support.yaml_text import read_yaml


@dataclass
class Ledger:
    host: GitHost
    folder: Path
    repositories: Repositories
    journal: Journal
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def git(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "git", "-C", str(self.host.repositories.path("config")), *arguments, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        return output.decode()

    async def subjects(self) -> list[str]:
        return (await self.git("log", "--format=%s", "main")).splitlines()

    async def settled(self) -> None:
        """Until nothing is being written any more."""
        while pending := [task for task in self.tasks if not task.done()]:
            await asyncio.gather(*pending)

    async def note(self, commit: str) -> str:
        return await self.git("notes", f"--ref={NOTES_REF}", "show", commit)

    def restarted(self) -> Journal:
        return journal_of(self.host, self.folder, self.repositories, self.tasks)


def journal_of(
    host: GitHost,
    folder: Path,
    repositories: Repositories,
    tasks: list[asyncio.Task[None]],
    patience: float = 1.0,
    slow: float = 5.0,
) -> Journal:
    def spawn(name: str, work: Awaitable[None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[assignment]
        tasks.append(task)
        return task

    return Journal(
        host.clone_url("config"),
        repositories=repositories,
        credentials=Keyring(GitCredential("robot", "robot-password")),
        folder=folder / "late",
        spawn=spawn,
        now=lambda: NOW,
        patience_seconds=patience,
        slow_seconds=slow,
        collect_seconds=0.01,
        retry_seconds=0.02,
    )


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    host = GitHost(tmp_path / "host", clock=lambda: NOW)
    await host.create_repository("config")
    host.add_user("robot", "robot-password")
    host.set_access("config", "robot", Access.WRITE)
    await host.start()
    await host.commit_files("config", "main", {"README.md": b"config\n"}, message="First", author=AUTHOR)
    repositories = Repositories(
        tmp_path / "data",
        credentials=Keyring(GitCredential("robot", "robot-password")),
        settings=replace(QUIET, silence_timeout_seconds=5, list_timeout_seconds=5),
        clock=Clock(),
    )
    tasks: list[asyncio.Task[None]] = []
    made = Ledger(host, tmp_path, repositories, journal_of(host, tmp_path, repositories, tasks), tasks)
    await made.journal.start()
    yield made
    for task in tasks:
        task.cancel()
    await repositories.close()
    await host.stop()


def entry(number: int = 1, action: str = "SYNC", **changes: object) -> Entry:
    values: dict[str, object] = {
        "operation_id": f"op-{number}",
        "action": action,
        "runtime": "demo",
        "application": ApplicationKey("argosy", f"app-{number}"),
        "actor": "dana",
        "actor_email": "dana@example.com",
        "requested_at": datetime(2026, 1, 1, tzinfo=UTC),
        **changes,
    }
    return Entry(**values)  # type: ignore[arg-type]


async def test_an_operation_is_a_commit_that_rewrites_the_applications_file(ledger: Ledger) -> None:
    landed = await ledger.journal.record(entry(reason="a customer waits", parameters={"prune": True}))
    assert landed is not None
    assert landed.commit.author_name == "dana"
    told = read_yaml(await ledger.git("show", "main:operations/demo/argosy/app-1.yaml"))
    assert told["operation"]["action"] == "SYNC"
    assert told["operation"]["reason"] == "a customer waits"
    assert told["parameters"] == {"prune": True}
    trailers = trailers_of(await ledger.git("log", "-1", "--format=%B", "main"))
    assert trailers == {
        "Argosy-Action": "SYNC",
        "Argosy-Entity": "Application demo/argosy/app-1",
        "Argosy-Operation-Id": "op-1",
        "Argosy-Actor": "dana",
        "Argosy-Reason": "a customer waits",
    }
    await ledger.journal.record(entry(2, application=ApplicationKey("argosy", "app-1")))
    assert "op-2" in await ledger.git("show", "main:operations/demo/argosy/app-1.yaml")


async def test_operations_at_once_travel_in_few_pushes(ledger: Ledger) -> None:
    pushes: list[object] = []
    ledger.host.listen(pushes.append)
    await asyncio.gather(*(ledger.journal.record(entry(number)) for number in range(20)))
    assert len(await ledger.subjects()) == 21
    assert len(pushes) <= 3


async def test_outcomes_are_notes_in_one_push(ledger: Ledger) -> None:
    landed = [await ledger.journal.record(entry(number)) for number in range(3)]
    commits = [one.commit for one in landed if one is not None]
    assert len(commits) == 3
    for commit in commits:
        ledger.journal.ended(commit.sha, Outcome("Succeeded", "all well", NOW))
    await ledger.settled()
    assert (await ledger.git("log", "--format=%s", NOTES_REF)).splitlines() == ["Outcomes of 3 operations"]
    for commit in commits:
        assert '"outcome":"Succeeded"' in await ledger.note(commit.sha)
        assert await ledger.journal.outcome_of(commit.sha) == Outcome("Succeeded", "all well", NOW)


async def test_the_same_operation_is_written_down_once(ledger: Ledger) -> None:
    first = await ledger.journal.record(entry())
    again = await ledger.journal.record(entry())
    assert first is not None
    assert again is not None
    assert (again.commit, again.repeated, first.repeated) == (first.commit, True, False)
    assert await ledger.journal.find("op-1") is not None
    assert await ledger.journal.find("op-of-nobody") is None
    assert await ledger.journal.outcome_of(first.commit.sha) is None
    assert len(await ledger.subjects()) == 2


@pytest.mark.parametrize(
    "fault", [Fault(FaultKind.REFUSE, status=503), Fault(FaultKind.HANG), Fault(FaultKind.REFUSE, status=401)]
)
async def test_without_the_host_only_what_stops_something_goes_ahead(ledger: Ledger, fault: Fault) -> None:
    journal = journal_of(ledger.host, ledger.folder, ledger.repositories, ledger.tasks, patience=0.3)
    await journal.record(entry(0))
    ledger.host.faults.inject(fault)
    with pytest.raises(LedgerUnavailable, match="cannot be written down"):
        await journal.record(entry(1))
    assert await journal.record(entry(2, "TERMINATE"), stops=True) is None
    assert journal.waiting == 1
    assert await ledger.subjects() == ["Sync argosy/app-0", "First"]


async def test_late_operations_are_written_down_when_the_host_is_back(ledger: Ledger) -> None:
    ledger.host.faults.inject(Fault(FaultKind.REFUSE, status=503))
    assert await ledger.journal.record(entry(1, "TERMINATE"), stops=True) is None
    ledger.journal.ended_late("op-1", Outcome("Failed", "Operation terminated", NOW))
    ledger.host.faults.clear()
    await ledger.settled()
    assert ledger.journal.waiting == 0
    message = await ledger.git("log", "-1", "--format=%B", "main")
    assert trailers_of(message)["Argosy-Late"] == "true"
    sha = (await ledger.git("rev-parse", "main")).strip()
    assert "Operation terminated" in await ledger.note(sha)


async def test_late_operations_outlive_the_process(ledger: Ledger) -> None:
    ledger.host.faults.inject(Fault(FaultKind.REFUSE, status=503))
    await ledger.journal.record(entry(1, "TERMINATE"), stops=True)
    for task in ledger.tasks:
        task.cancel()
    ledger.tasks.clear()
    ledger.host.faults.clear()
    await ledger.restarted().start()
    await ledger.settled()
    assert (await ledger.subjects())[0] == "Terminate argosy/app-1"


async def test_a_refused_operation_whose_commit_arrives_says_that_it_did_not_run(ledger: Ledger) -> None:
    journal = journal_of(ledger.host, ledger.folder, ledger.repositories, ledger.tasks, patience=0.2, slow=0.1)
    ledger.host.faults.inject(Fault(FaultKind.SLOW, operation=Operation.PUSH, seconds=0.6, times=1))
    arrived: asyncio.Event = asyncio.Event()
    ledger.host.listen(lambda push: arrived.set())
    with pytest.raises(LedgerUnavailable):
        await journal.record(entry(1))
    await arrived.wait()
    sha = (await ledger.git("rev-parse", "main")).strip()
    async with asyncio.timeout(1.5):
        while "Refused" not in await ledger.note(sha):  # noqa: ASYNC110 - the host tells of refs, not of notes read
            await asyncio.sleep(0.02)


async def test_a_host_that_is_only_slow_gets_longer(ledger: Ledger) -> None:
    journal = journal_of(ledger.host, ledger.folder, ledger.repositories, ledger.tasks, patience=0.3)
    ledger.host.faults.inject(Fault(FaultKind.SLOW, operation=Operation.PUSH, seconds=0.6, times=1))
    assert await journal.record(entry(1)) is not None


def test_names_that_leave_the_ledger_are_refused() -> None:
    bad: Callable[[], object] = lambda: change_of(entry(runtime="../../x", application=ApplicationKey("..", "..")))  # noqa: E731
    with pytest.raises(Exception, match="repository"):
        bad()


def test_the_file_says_late_when_it_was() -> None:
    assert "late: true" in file_text(entry(), late=True)
    assert "late" not in file_text(entry(), late=False)
