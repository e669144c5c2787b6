"""The audit log in the database: pages, filters, and taking in what was read from Git."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.audit import AuditBatch, AuditEntry, AuditFilter, AuditPosition
from model.database import Database
from model.paging import PageRequest
from model.report import CommitInfo
from model.store import audit as audit_store
from model.store.audit import AuditSelection

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
REPO = "https://git.example.com/apps.git"


def entry(number: int, *, repo: str = REPO, **fields: str) -> AuditEntry:
    """Entries 2n and 2n+1 are of the same second."""
    commit = CommitInfo(
        sha=f"{number:040x}",
        message=f"Change {number}",
        author_name="dana",
        author_email="dana@example.com",
        date=BEGAN + timedelta(seconds=number // 2),
        repo_url=repo,
    )
    given = {"action": "COMMIT", "entity_kind": "Repository", "actor_name": "dana", "actor_email": "", **fields}
    return AuditEntry(commit=commit, files=(f"apps/{number}.yaml",), **given)  # type: ignore[arg-type]


async def take(database: Database, *entries: AuditEntry, runtime: str = "demo", **fields: object) -> bool:
    repo = entries[0].commit.repo_url if entries else REPO
    after = AuditPosition(repo, tuple(entry.commit.sha for entry in entries[-1:]))
    async with database.write() as session:
        return await audit_store.take_in(
            session,
            runtime,
            AuditBatch(after=after, entries=entries, **fields),  # type: ignore[arg-type]
        )


async def found(database: Database, *, size: int = 100, places: Iterable[str] = (), **wanted: object) -> list[int]:
    """Numbers of the entries, over all pages."""
    numbers: list[int] = []
    after = ""
    async with database.read() as session:
        repositories = await audit_store.repositories(session)
        known = tuple(one for one in repositories if not places or one.place in places)
        selection = AuditSelection(known, AuditFilter(**wanted))  # type: ignore[arg-type]
        while True:
            page = await audit_store.page(session, selection, PageRequest(size, after=after))
            numbers += [int(listed.entry.commit.sha, 16) for _, listed in page.rows]
            if not page.has_next:
                break
            after = page.rows[-1][0]
        assert await audit_store.count(session, selection) == len(numbers)
    return numbers


async def test_pages_are_newest_first_and_leave_nothing_out(database: Database) -> None:
    await take(database, *(entry(number) for number in range(11)))
    assert await found(database) == list(reversed(range(11)))
    assert await found(database, size=2) == list(reversed(range(11)))


async def test_a_batch_taken_in_twice_counts_once(database: Database) -> None:
    assert await take(database, entry(1))
    assert not await take(database, entry(1))
    assert await found(database) == [1]


async def test_position_and_entries_are_kept_together(database: Database) -> None:
    await take(database, entry(1), entry(2))
    async with database.read() as session:
        assert await audit_store.positions(session, "demo") == (AuditPosition(REPO, (f"{2:040x}",)),)
        assert await audit_store.positions(session, "other") == ()


async def test_anew_forgets_this_repository_of_this_runtime_only(database: Database) -> None:
    other = "https://git.example.com/other.git"
    await take(database, entry(1))
    await take(database, entry(2, repo=other))
    await take(database, entry(3), runtime="second")
    await take(database, entry(4), anew=True)
    assert await found(database) == [4, 3, 2]


async def test_removed_commits_go(database: Database) -> None:
    await take(database, entry(1), entry(2))
    await take(database, entry(3), removed=(f"{2:040x}",))
    assert await found(database) == [3, 1]


async def test_outcomes_are_written_to_what_is_there_and_nowhere_else(database: Database) -> None:
    await take(database, entry(1))
    await take(database, outcomes=((f"{1:040x}", "Succeeded"), (f"{9:040x}", "Failed")))
    async with database.read() as session:
        listed = await audit_store.get(session, "demo", REPO, f"{1:040x}")
    assert listed is not None
    assert listed.entry.outcome == "Succeeded"
    assert await found(database) == [1]


async def test_filters_narrow_together(database: Database) -> None:
    sync = {"action": "SYNC", "entity_kind": "Application", "entity_name": "cart", "runtime": "demo"}
    edit = {**sync, "action": "EDIT", "entity_name": "checkout", "actor_name": "Victor"}
    await take(database, entry(0), entry(2, **sync), entry(4, **edit))
    assert await found(database, actions=frozenset({"SYNC", "EDIT"})) == [4, 2]
    assert await found(database, actions=frozenset({"SYNC", "EDIT"}), entity_name="cart") == [2]
    assert await found(database, actors=frozenset({"Victor"})) == [4]
    assert await found(database, entity_kinds=frozenset({"Repository"})) == [0]
    assert await found(database, since=BEGAN + timedelta(seconds=1)) == [4, 2]
    assert await found(database, until=BEGAN + timedelta(seconds=1)) == [0]
    assert await found(database, search="VICTOR") == [4]
    assert await found(database, search="apps/2.yaml") == [2]
    assert await found(database, search="%") == []
    assert await found(database, repositories=frozenset({"https://elsewhere"})) == []


async def test_commits_made_outside_belong_to_the_runtime_that_read_them(database: Database) -> None:
    await take(database, entry(1), entry(2, action="SYNC", entity_kind="Application", runtime="other"))
    assert await found(database, runtimes=frozenset({"demo"})) == [1]
    assert await found(database, runtimes=frozenset({"other"})) == [2]


async def test_who_may_read_no_place_sees_nothing(database: Database) -> None:
    await take(database, entry(1))
    async with database.read() as session:
        page = await audit_store.page(session, AuditSelection(()), PageRequest(10))
    assert page.rows == ()


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.sets(st.integers(0, 40), max_size=12), st.integers(1, 5))
async def test_any_page_size_shows_the_same_log(database: Database, numbers: set[int], size: int) -> None:
    await take(database, *(entry(number) for number in sorted(numbers)), anew=True)
    assert await found(database, size=size) == sorted(numbers, reverse=True)
