"""Environments and products through the API: who sees a runtime sees its environments, and of each only what Git lets
them see."""

from typing import Any

import msgspec

from model.link import ApplicationChanged
from tests.support.control_plane import Running
from tests.support.fake_fleet import summary
from tests.support.fake_runtime import FakeRuntime

ENVIRONMENTS = """query E($search: String, $pagination: SlicePaginationArgs) {
  environments(search: $search, pagination: $pagination) { totalCount pageInfo { endCursor hasNextPage } nodes {
    id name kind places { runtime cluster namespaces } problems { runtime message } applicationsNum
  } }
}"""
FACETS = "{ applicationFacets { environments { value count } } }"
FILTERED = """query F($names: [String!]) {
  applications(filters: {environments: $names}) { totalCount nodes { environments metadata { name } } }
}"""
PRODUCT = """{ product(name: "webshop") {
  id favorite applicationsNum healthStatuses { count } environments { value count }
  applications { nodes { product environments } }
} }"""
AGAIN = (
    """query Again($id: ID!) { node(id: $id) { __typename ... on Product { favorite } ... on Environment { kind } } }"""
)


async def environments(running: Running, who: str, **variables: object) -> dict[str, dict[str, Any]]:
    asked = {"pagination": {"first": 100}, **variables}
    found = (await running.query(who, ENVIRONMENTS, **asked))["environments"]["nodes"]
    return {one["name"]: one for one in found}


async def test_environments_are_those_of_the_runtimes_that_the_viewer_sees(
    running: Running, runtime: FakeRuntime
) -> None:
    found = await environments(running, "reader")
    assert list(found) == ["production", "staging", "testing"]
    assert found["production"]["kind"] == "PRODUCTION"
    assert found["production"]["places"] == [{"runtime": "demo", "cluster": "sandbox", "namespaces": ["shop"]}]
    assert found["staging"]["kind"] == "NON_PRODUCTION"
    assert "data.kind" in found["testing"]["problems"][0]["message"]
    assert await environments(running, "stranger") == {}
    again = await running.query("reader", AGAIN, id=found["staging"]["id"])
    assert again == {"node": {"__typename": "Environment", "kind": "NON_PRODUCTION"}}
    assert await running.query("stranger", AGAIN, id=found["staging"]["id"]) == {"node": None}


async def test_environments_are_paged_and_searched(running: Running, runtime: FakeRuntime) -> None:
    first = (await running.query("reader", ENVIRONMENTS, pagination={"first": 2}))["environments"]
    assert ([one["name"] for one in first["nodes"]], first["totalCount"]) == (["production", "staging"], 3)
    after = {"first": 2, "after": first["pageInfo"]["endCursor"]}
    assert list(await environments(running, "reader", pagination=after)) == ["testing"]
    assert list(await environments(running, "reader", search="STAG")) == ["staging"]


async def test_an_environment_counts_and_filters_what_the_viewer_sees(running: Running, runtime: FakeRuntime) -> None:
    secret = msgspec.structs.replace(summary(1), access_repo_url="https://git.example.test/secret.git")
    await runtime.report(ApplicationChanged(secret))
    for who in ("reader", "admin"):
        counts = {name: one["applicationsNum"] for name, one in (await environments(running, who)).items()}
        facets = (await running.query(who, FACETS))["applicationFacets"]["environments"]
        assert {one["value"]: one["count"] for one in facets} == {name: n for name, n in counts.items() if n}
        for name, number in counts.items():
            listed = (await running.query(who, FILTERED, names=[name]))["applications"]
            assert listed["totalCount"] == number
            assert all(name in one["environments"] for one in listed["nodes"])
            assert ("cart" in {one["metadata"]["name"] for one in listed["nodes"]}) is (
                who == "admin" and name == "production"
            )
    outside = (await running.query("reader", FILTERED, names=[""]))["applications"]["nodes"]
    assert outside
    assert not any(one["environments"] for one in outside)


async def test_a_product_has_what_the_viewer_sees_by_environment(running: Running, runtime: FakeRuntime) -> None:
    product = (await running.query("reader", PRODUCT))["product"]
    applications = product["applications"]["nodes"]
    assert len(applications) == product["applicationsNum"] == sum(one["count"] for one in product["healthStatuses"])
    assert {one["product"] for one in applications} == {"webshop"}
    for facet in product["environments"]:
        assert facet["count"] == sum(facet["value"] in one["environments"] for one in applications)
    assert (await running.query("admin", PRODUCT))["product"]["applicationsNum"] > product["applicationsNum"]
    assert await running.query("stranger", PRODUCT) == {"product": None}


async def test_a_product_is_starred_by_whoever_sees_it(running: Running, runtime: FakeRuntime) -> None:
    identity = (await running.query("reader", PRODUCT))["product"]["id"]
    star = "mutation Star($id: ID!) { setFavorite(id: $id, favorite: true) }"
    assert await running.query("reader", star, id=identity) == {"setFavorite": True}
    assert await running.query("reader", AGAIN, id=identity) == {"node": {"__typename": "Product", "favorite": True}}
    named = "{ products(filters: {favorite: true}) { totalCount nodes { name } } }"
    assert (await running.query("reader", named))["products"] == {"totalCount": 1, "nodes": [{"name": "webshop"}]}
    assert (await running.query("admin", named))["products"]["totalCount"] == 0
