"""Groups and products: what an application's annotations put it into, and what a viewer sees of them."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import text

from model.app_group import EVERY_GROUP, GROUP_KIND, PRODUCT_KIND, AppGroup, AppGroupFilter, AppGroupSort
from model.database import Database
from model.identity import ApplicationKey
from model.link import ApplicationChanged, ApplicationRemoved, Report, SnapshotBegin, SnapshotEnd
from model.listing import MOST_GROUPS, ListedApplication, Membership, Visibility, listed_names
from model.paging import PageRequest
from model.report import ApplicationKind, ApplicationSummary, HealthState
from model.store import app_group as app_group_store
from model.store import favorite as favorite_store
from model.store import report as report_store
from model.store.app_group import AppGroupSelection
from tests.support.fake_fleet import PLATFORM, START, summary

SEES = Visibility(frozenset({("demo", PLATFORM)}))


def member(name: str, groups: str, *, age: int = 0, repo: str = PLATFORM, **fields: object) -> ApplicationSummary:
    return msgspec.structs.replace(
        summary(0),
        **{
            "key": ApplicationKey("argosy", name),
            "annotations": {"codefresh.io/app-group": groups},
            "updated_at": START - timedelta(hours=age),
            "access_repo_url": repo,
            **fields,
        },
    )


MEMBERS = (
    member("cart", "shop,night", age=1),
    member("search", "shop", age=2, health=HealthState.DEGRADED),
    member("mail", "night, Back office", age=3),
    member("vault", "secret,shop", repo="http://127.0.0.1/git/hidden.git"),
)


async def told(database: Database, *applications: ApplicationSummary, seq: int = 1) -> None:
    items = tuple(map(ApplicationChanged, applications))
    async with database.write() as session:
        whole = (SnapshotBegin(), *items, SnapshotEnd()) if seq == 1 else items
        await report_store.apply(session, "demo", "s", Report(seq, whole))


async def names(
    database: Database, wanted: AppGroupFilter = EVERY_GROUP, *, of: Membership = Membership.GROUP, **order: object
) -> list[str]:
    selection = AppGroupSelection(SEES, "dana", wanted, of)
    async with database.read() as session:
        found = await app_group_store.page(session, selection, PageRequest(10), **order)  # type: ignore[arg-type]
        assert await app_group_store.count(session, selection) == len(found.rows)
    return [group.name for _, group in found.rows]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ()),
        (" , ,", ()),
        ("shop", ("shop",)),
        (" shop ,night shift,shop", ("shop", "night shift")),
        ("a/b, ü", ("a/b", "ü")),
        ("x" * 300, ("x" * 200,)),
    ],
)
def test_groups_are_names_parted_by_commas(written: str, expected: tuple[str, ...]) -> None:
    assert listed_names(written) == expected


def test_of_very_many_groups_the_first_count() -> None:
    application = ListedApplication("demo", member("cart", ",".join(map(str, range(1000)))))
    assert application.groups == tuple(map(str, range(MOST_GROUPS)))


def test_a_set_is_in_no_group_and_no_product() -> None:
    annotations = {"codefresh.io/app-group": "shop", "codefresh.io/product": "web"}
    one = msgspec.structs.replace(summary(0), annotations=annotations, environments=())
    assert ListedApplication("demo", one).product == "web"
    generating = msgspec.structs.replace(one, kind=ApplicationKind.APPLICATION_SET)
    assert not ListedApplication("demo", generating).memberships


async def test_a_group_counts_what_the_viewer_sees_of_it(database: Database) -> None:
    await told(database, *MEMBERS)
    async with database.read() as session:
        found = await app_group_store.get(session, SEES, "shop")
        assert await app_group_store.get(session, SEES, "secret") is None
        everybody = Visibility(SEES.repositories | {("demo", "http://127.0.0.1/git/hidden.git")})
        assert (await app_group_store.get(session, everybody, "shop")).applications == 3  # type: ignore[union-attr]
    healths = {HealthState.HEALTHY: 1, HealthState.DEGRADED: 1}
    assert found == AppGroup("shop", 2, START - timedelta(hours=1), healths)
    assert await names(database) == ["Back office", "night", "shop"]


async def test_groups_are_filtered_by_name_application_and_star(database: Database) -> None:
    await told(database, *MEMBERS)
    async with database.write() as session:
        await favorite_store.put(session, "dana", GROUP_KIND, "night", starred=True)
        await favorite_store.put(session, "dana", "Application", "shop", starred=True)
    assert await names(database, AppGroupFilter(search="OFF")) == ["Back office"]
    assert await names(database, AppGroupFilter(applications=frozenset({"search"}))) == ["shop"]
    assert await names(database, AppGroupFilter(applications=frozenset({"vault"}))) == []
    assert await names(database, AppGroupFilter(favorite=True)) == ["night"]
    assert await names(database, AppGroupFilter(favorite=False)) == ["Back office", "shop"]


async def test_products_are_counted_and_starred_apart_from_groups(database: Database) -> None:
    told_of = {"codefresh.io/app-group": "shop", "codefresh.io/product": "shop"}
    others = member("mail", "", age=3, annotations={"codefresh.io/product": "back office"})
    await told(database, member("cart", "", annotations=told_of), member("search", "shop"), others)
    async with database.write() as session:
        await favorite_store.put(session, "dana", PRODUCT_KIND, "shop", starred=True)
    assert await names(database, of=Membership.PRODUCT) == ["back office", "shop"]
    assert await names(database, AppGroupFilter(favorite=True), of=Membership.PRODUCT) == ["shop"]
    assert await names(database, AppGroupFilter(favorite=True)) == []
    assert await names(database, AppGroupFilter(applications=frozenset({"search"})), of=Membership.PRODUCT) == []
    async with database.read() as session:
        product = await app_group_store.get(session, SEES, "shop", Membership.PRODUCT)
        group = await app_group_store.get(session, SEES, "shop")
    assert (product.applications, group.applications) == (1, 2)  # type: ignore[union-attr]


@pytest.mark.parametrize("sort", list(AppGroupSort))
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_of_groups_make_up_the_whole_list(database: Database, sort: AppGroupSort, descending: bool) -> None:
    await told(database, *MEMBERS)
    whole = await names(database, sort=sort, descending=descending)
    walked: list[str] = []
    after, more = "", True
    while more:
        async with database.read() as session:
            request = PageRequest(1, after=after)
            selection = AppGroupSelection(SEES, "dana")
            page = await app_group_store.page(session, selection, request, sort=sort, descending=descending)
        walked += [group.name for _, group in page.rows]
        after, more = page.rows[-1][0], page.has_next
    assert walked == whole
    assert len(whole) == 3


async def test_an_application_moves_between_environments_and_leaves_nothing_behind(database: Database) -> None:
    async def counted() -> dict[str, int]:
        async with database.read() as session:
            found = await app_group_store.healths(session, SEES, Membership.ENVIRONMENT, ["eu", "test", "none"])
        return {name: sum(healths.values()) for name, healths in found.items()}

    both, one = member("cart", "shop", environments=("eu", "test")), member("mail", "", environments=("eu",))
    await told(database, both, one, member("vault", "", environments=("eu",), repo="http://127.0.0.1/git/hidden.git"))
    assert await counted() == {"eu": 2, "test": 1}
    await told(database, msgspec.structs.replace(both, environments=("test",)), seq=2)
    assert await counted() == {"eu": 1, "test": 1}
    await told(database, msgspec.structs.replace(both, environments=()), seq=3)
    assert await counted() == {"eu": 1}
    assert await names(database) == ["shop"]


async def test_a_group_ends_with_its_last_application(database: Database) -> None:
    await told(database, *MEMBERS)
    await told(database, member("mail", "night"), seq=2)
    assert await names(database) == ["night", "shop"]
    async with database.write() as session:
        gone = tuple(ApplicationRemoved(one.key) for one in MEMBERS[:3])
        await report_store.apply(session, "demo", "s", Report(3, gone))
    assert await names(database) == []
    async with database.read() as session:
        left = await session.execute(text("SELECT DISTINCT application_id FROM application_membership"))
        assert left.scalars().all() == ["demo/argosy/vault"]
