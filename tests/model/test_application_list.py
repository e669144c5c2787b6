"""The list in SQL: pages in every order, and filters that mean what `ApplicationFilter.matches` says."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from model.database import Database
from model.errors import InvalidIdentity
from model.identity import ApplicationId, ApplicationKey
from model.link import ApplicationChanged, ApplicationRemoved, Report, SnapshotBegin, SnapshotEnd
from model.listing import (
    ApplicationFacet,
    ApplicationFilter,
    ApplicationSort,
    ListedApplication,
    Membership,
    Visibility,
)
from model.paging import PageRequest
from model.report import ApplicationKind, HealthState, SyncState
from model.store import application as application_store
from model.store import favorite as favorite_store
from model.store import report as report_store
from model.store.application import ApplicationSelection
from tests.support.fake_fleet import APPS, PLATFORM, START, git_source, summary
from tests.support.read_model import fresh_sqlite

FLEET = [*(summary(index) for index in range(24)), git_source()]
ALL = Visibility(frozenset({("demo", PLATFORM)}), orphans=True)
STARRED = frozenset({"demo/argosy/cart", "demo/argosy/search-1"})


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Database]:
    database = await fresh_sqlite(tmp_path / "list.db")
    items = (SnapshotBegin(), *(ApplicationChanged(one) for one in FLEET), SnapshotEnd())
    async with database.write() as session:
        await report_store.apply(session, "demo", "s", Report(1, items))
        for entity in STARRED:
            await favorite_store.put(session, "dana", "Application", entity, starred=True)
    await database.analyze()
    yield database
    await database.close()


async def rows(database: Database, wanted: ApplicationFilter, request: PageRequest, **order: object) -> list[str]:
    selection = ApplicationSelection(ALL, "dana", wanted)
    async with database.read() as session:
        page = await application_store.page(session, selection, request, **order)  # type: ignore[arg-type]
    return [str(application.id) for _, application in page.rows]


@pytest.mark.parametrize("sort", list(ApplicationSort))
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_in_either_direction_make_up_the_whole_list(
    sort: ApplicationSort, descending: bool, filled: Database
) -> None:
    selection = ApplicationSelection(ALL, "dana")
    everything = await rows(filled, ApplicationFilter(), PageRequest(100), sort=sort, descending=descending)
    assert len(everything) == len(set(everything)) == len(FLEET)
    forwards: list[str] = []
    backwards: list[str] = []
    async with filled.read() as session:
        after, more = "", True
        while more:
            page = await application_store.page(
                session, selection, PageRequest(7, after=after), sort=sort, descending=descending
            )
            assert page.has_previous is bool(after)
            forwards += [str(application.id) for _, application in page.rows]
            after, more = page.rows[-1][0], page.has_next
        before, more = "", True
        while more:
            page = await application_store.page(
                session, selection, PageRequest(7, before=before, backwards=True), sort=sort, descending=descending
            )
            backwards = [str(application.id) for _, application in page.rows] + backwards
            before, more = page.rows[0][0], page.has_previous
    assert forwards == everything
    assert backwards == everything


async def test_a_cursor_of_another_order_is_refused(filled: Database) -> None:
    async with filled.read() as session:
        page = await application_store.page(session, ApplicationSelection(ALL, "dana"), PageRequest(1))
        with pytest.raises(InvalidIdentity):
            await application_store.page(
                session,
                ApplicationSelection(ALL, "dana"),
                PageRequest(1, after=page.rows[0][0]),
                sort=ApplicationSort.HEALTH,
            )


def some(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


FILTERS = st.builds(
    ApplicationFilter,
    search=st.sampled_from(["", "c", "CH", "-1", "%", "_"]),
    runtimes=some(["demo", "other"]),
    names=some(["cart", "search-1", "none"]),
    namespaces=some(["argosy", "none"]),
    clusters=some(["sandbox", "none"]),
    destination_namespaces=some(["shop", "platform"]),
    projects=some(["default", "shop"]),
    repositories=some([APPS, PLATFORM, "none"]),
    syncs=st.frozensets(st.sampled_from(SyncState), max_size=2),
    healths=st.frozensets(st.sampled_from(HealthState), max_size=3),
    kinds=st.frozensets(st.sampled_from(ApplicationKind), max_size=2),
    policies=some(["Automated", "Manual"]),
    labels=st.sampled_from(
        [
            (),
            (("team", frozenset({"red"})),),
            (("team", frozenset({"red", "blue"})), ("tier", frozenset({"web"}))),
            (("none", frozenset({"x"})),),
        ]
    ),
    groups=some(["checkout flow", "night shift", "none"]),
    products=some(["webshop", "none"]),
    environments=some(["production", "staging", "none", ""]),
    favorite=st.sampled_from([None, True, False]),
    updated_since=st.sampled_from([None, START, FLEET[10].updated_at]),
    with_problems=st.booleans(),
)


@pytest.mark.cpu_seconds(20)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(wanted=FILTERS)
async def test_sql_and_python_filter_alike(wanted: ApplicationFilter, filled: Database) -> None:
    expected = {str(listed.id) for one in FLEET if wanted.matches(listed := ListedApplication("demo", one), STARRED)}
    assert set(await rows(filled, wanted, PageRequest(100))) == expected


async def test_facets_count_what_the_filter_leaves(filled: Database) -> None:
    wanted = ApplicationFilter(healths=frozenset({HealthState.DEGRADED}))
    selection = ApplicationSelection(ALL, "dana", wanted)
    async with filled.read() as session:
        assert await application_store.facet(session, selection, ApplicationFacet.HEALTH) == [("DEGRADED", 2)]
        assert await application_store.facet(session, selection, ApplicationFacet.RUNTIME) == [("demo", 2)]
        labels = dict(await application_store.label_facet(session, selection))
        assert await application_store.count(session, selection) == 2
        groups = await application_store.membership_facet(session, ApplicationSelection(ALL, "dana"), Membership.GROUP)
        assert dict(groups) == {
            name: sum(name in ListedApplication("demo", one).groups for one in FLEET) for name, _ in groups
        }
    assert sum(count for label, count in labels.items() if label.startswith("team=")) == 2


async def test_problems_are_paged_across_applications_and_within_them(filled: Database) -> None:
    selection = ApplicationSelection(ALL, "dana")
    expected = sum(ListedApplication("demo", one).problems for one in FLEET)
    found: list[tuple[str, int]] = []
    async with filled.read() as session:
        assert await application_store.count_problems(session, selection) == expected
        after, more = "", True
        while more:
            page = await application_store.problems_page(session, selection, PageRequest(1, after=after))
            found += [(str(application.id), number) for _, (application, number) in page.rows]
            after, more = page.rows[-1][0], page.has_next
    assert len(found) == len(set(found)) == expected


@pytest.mark.cpu_seconds(20)  # it makes a database
async def test_a_set_and_an_application_of_one_name_have_children_and_ends_of_their_own(tmp_path: Path) -> None:
    application, child = summary(0), summary(1)
    key = ApplicationKey(application.key.namespace, application.key.name, is_set=True)
    generator = msgspec.structs.replace(application, key=key, kind=ApplicationKind.APPLICATION_SET)
    fleet = [application, generator, msgspec.structs.replace(child, parent=key)]
    database = await fresh_sqlite(tmp_path / "sets.db")
    ids = [str(ApplicationId.of("demo", one)) for one in (application.key, key)]
    assert len(set(ids)) == 2
    async with database.write() as session:
        items = (SnapshotBegin(), *(ApplicationChanged(one) for one in fleet), SnapshotEnd())
        await report_store.apply(session, "demo", "s", Report(1, items))
    assert set(await rows(database, ApplicationFilter(only_roots=True), PageRequest(10))) == set(ids)
    async with database.read() as session:
        assert await application_store.count_children(session, ALL, ids) == {ids[1]: 1}
    async with database.write() as session:
        await report_store.apply(session, "demo", "s", Report(2, (ApplicationRemoved(key),)))
    assert ids[0] in await rows(database, ApplicationFilter(), PageRequest(10))
    assert ids[1] not in await rows(database, ApplicationFilter(), PageRequest(10))
    await database.close()


@pytest.mark.cpu_seconds(20)  # it makes a database
async def test_roots_are_those_that_nobody_the_viewer_sees_holds(tmp_path: Path) -> None:
    root, child, other = summary(0), summary(1), summary(2)
    hidden = msgspec.structs.replace(root, key=ApplicationKey("argosy", "secret"), uid="s", access_repo_url=APPS)
    fleet = [
        root,
        hidden,
        msgspec.structs.replace(child, parent=root.key),
        msgspec.structs.replace(other, parent=hidden.key),
    ]
    database = await fresh_sqlite(tmp_path / "tree.db")
    async with database.write() as session:
        items = (SnapshotBegin(), *(ApplicationChanged(one) for one in fleet), SnapshotEnd())
        await report_store.apply(session, "demo", "s", Report(1, items))
    assert set(await rows(database, ApplicationFilter(only_roots=True), PageRequest(10))) == {
        str(ApplicationId("demo", "argosy", root.key.name)),
        str(ApplicationId("demo", "argosy", other.key.name)),
    }
    async with database.read() as session:
        ids = [f"demo/argosy/{one.key.name}" for one in fleet]
        assert await application_store.count_children(session, ALL, ids) == {ids[0]: 1, ids[1]: 1}
    await database.close()


async def test_counting_reads_the_index_and_no_payload(filled: Database) -> None:
    selection = ApplicationSelection(ALL, "dana", ApplicationFilter(search="a", updated_since=START))
    async with filled.read() as session:
        engine = (await session.connection()).engine.sync_engine
        asked: list[tuple[str, object]] = []
        event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, values, *_: asked.append((sql, values)))
        await application_store.count(session, selection)
        for by in ApplicationFacet:
            await application_store.facet(session, selection, by)
        await application_store.label_facet(session, selection)
        connection = await session.connection()
        for sql, values in list(asked):
            plan = [str(line[3]) for line in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]  # type: ignore[arg-type]
            assert any("USING COVERING INDEX ix_application_facets" in line for line in plan), (sql, plan)
