"""Groups of applications through the API: only what the viewer may see is in them."""

import msgspec

from model.link import ApplicationChanged
from tests.support.control_plane import Running
from tests.support.fake_fleet import summary
from tests.support.fake_runtime import FakeRuntime

GROUPS = """query Groups($filters: AppGroupFilterArgs, $sort: AppGroupSortArg) {
  appGroups(filters: $filters, sort: $sort) { totalCount nodes { id name favorite applicationsNum } }
}"""
ONE = """{ appGroup(name: "checkout flow") {
  id name updatedAt healthStatuses { value count }
  applications { nodes { metadata { name } groups product } }
  releases { totalCount nodes { applicationMetadata { name } } }
} }"""
FACETS = "{ applicationFacets { groups { value count } products { value count } } }"
FILTERED = '{ applications(filters: {groups: ["night shift"], products: ["webshop"]}) { nodes { metadata { name } } } }'


async def groups(running: Running, who: str, **variables: object) -> list[str]:
    return [one["name"] for one in (await running.query(who, GROUPS, **variables))["appGroups"]["nodes"]]


async def test_a_group_has_the_applications_and_releases_that_the_viewer_sees(
    running: Running, runtime: FakeRuntime
) -> None:
    found = (await running.query("reader", ONE))["appGroup"]
    members = {one["metadata"]["name"]: (one["groups"], one["product"]) for one in found["applications"]["nodes"]}
    assert members["checkout"] == (["checkout flow", "night shift"], "webshop")
    assert "hidden" not in members
    assert "catalog" not in members
    assert sum(one["count"] for one in found["healthStatuses"]) == len(members)
    released = {one["applicationMetadata"]["name"] for one in found["releases"]["nodes"]}
    assert released == members.keys()
    everybody = (await running.query("admin", ONE))["appGroup"]["applications"]["nodes"]
    assert {one["metadata"]["name"] for one in everybody} == members.keys() | {"hidden", "orphan"}
    assert await running.query("stranger", ONE) == {"appGroup": None}


async def test_a_group_of_hidden_applications_is_not_there(running: Running, runtime: FakeRuntime) -> None:
    secret = msgspec.structs.replace(
        summary(0),
        annotations={"codefresh.io/app-group": "merger"},
        access_repo_url="https://git.example.test/secret.git",
    )
    await runtime.report(ApplicationChanged(secret))
    assert "merger" in await groups(running, "admin")
    assert "merger" not in await groups(running, "reader")
    facets = (await running.query("reader", FACETS))["applicationFacets"]
    assert "merger" not in {one["value"] for one in facets["groups"]}


async def test_groups_and_products_filter_and_count_applications(running: Running, runtime: FakeRuntime) -> None:
    facets = (await running.query("reader", FACETS))["applicationFacets"]
    assert {one["value"] for one in facets["groups"]} == {"checkout flow", "night shift"}
    assert {one["value"] for one in facets["products"]} == {"webshop"}
    found = (await running.query("reader", FILTERED))["applications"]["nodes"]
    assert "checkout" in {one["metadata"]["name"] for one in found}
    assert "cart" not in {one["metadata"]["name"] for one in found}


async def test_a_group_is_starred_by_whoever_sees_it(running: Running, runtime: FakeRuntime) -> None:
    (node,) = (await running.query("reader", GROUPS, filters={"search": "NIGHT"}))["appGroups"]["nodes"]
    star = "mutation Star($id: ID!) { setFavorite(id: $id, favorite: true) }"
    assert (await running.query("reader", star, id=node["id"])) == {"setFavorite": True}
    assert await groups(running, "reader", filters={"favorite": True}) == ["night shift"]
    assert await groups(running, "admin", filters={"favorite": True}) == []
    again = await running.query(
        "reader", "query One($id: ID!) { node(id: $id) { ... on AppGroup { favorite } } }", id=node["id"]
    )
    assert again == {"node": {"favorite": True}}
    assert await groups(running, "reader", sort={"field": "name", "order": "desc"}) == ["night shift", "checkout flow"]
    assert await groups(running, "reader", filters={"applications": ["cart"]}) == ["checkout flow"]
