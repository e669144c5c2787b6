"""Field by field: the commit that set the present value."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitsync.audit.answers import commit_changes, manifest_history
from gitsync.audit.provenance import field_origins, leaves_of
from model.report import ManifestLocation
from tests.support.git_rig import GitRig

CART = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: cart}}
spec:
  project: default
  source: {{path: cart, targetRevision: {revision}}}
"""


def origins(*versions: tuple[str, Any]) -> dict[str, str]:
    return {origin.path: origin.sha for origin in field_origins(versions)}


def test_each_field_goes_back_to_the_commit_that_set_it() -> None:
    found = origins(
        ("c1", {"spec": {"a": 1, "b": 1}}),
        ("c2", {"spec": {"a": 1, "b": 2}}),
        ("c3", {"spec": {"a": 1, "b": 2, "c": 3}}),
    )
    assert found == {"spec.a": "c1", "spec.b": "c2", "spec.c": "c3"}


def test_a_value_that_went_and_came_back_was_set_when_it_came_back() -> None:
    assert origins(("c1", {"a": 1}), ("c2", {"a": 2}), ("c3", {"a": 1})) == {"a": "c3"}
    assert origins(("c1", {"a": 1}), ("c2", None), ("c3", {"a": 1})) == {"a": "c3"}


def test_named_entries_of_lists_are_followed_by_their_name() -> None:
    one = {"containers": [{"name": "app", "image": "a:1"}]}
    two = {"containers": [{"name": "side", "image": "s:1"}, {"name": "app", "image": "a:1"}]}
    found = origins(("c1", one), ("c2", two))
    assert found["containers[name=app].image"] == "c1"
    assert found["containers[name=side].image"] == "c2"


def test_one_and_true_are_different_values() -> None:
    assert origins(("c1", {"a": 1}), ("c2", {"a": True})) == {"a": "c2"}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), _VALUES), min_size=1, max_size=5))
def test_every_leaf_has_one_origin_where_it_has_its_present_value(versions: list[dict[str, Any]]) -> None:
    found = field_origins([(str(number), body) for number, body in enumerate(versions)])
    present = dict(leaves_of(versions[-1]))
    assert {origin.path for origin in found} == set(present)
    for origin in found:
        assert dict(leaves_of(versions[int(origin.sha)]))[origin.path] == present[origin.path]


async def test_the_history_of_a_manifest_is_that_of_its_file(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"apps/cart.yaml": CART.format(revision="v1"), "README": "1"})
    rig.origin.commit("apps", {"README": "2"})
    second = rig.origin.commit("apps", {"apps/cart.yaml": CART.format(revision="v2")}, message="Go to v2")
    side = rig.origin.commit("apps", {"README": "3"}, branch="side", parent=first)
    head = rig.origin.commit("apps", {"README": "4"}, also=side)
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "main")
    location = ManifestLocation(url, head, "apps/cart.yaml")
    found = await manifest_history(rig.repositories, url, location, kind="Application", name="cart")
    assert [commit.sha for commit in found.commits] == [second, first]
    fields = {field.path: (field.value, field.sha) for field in found.fields}
    assert fields["spec.source.targetRevision"] == ("v2", second)
    assert fields["spec.project"] == ("default", first)


async def test_the_changes_of_a_commit_are_read_from_git(rig: GitRig) -> None:
    rig.origin.create("apps", {"a.yaml": "a: 1\n", "gone": "x"})
    sha = rig.origin.commit("apps", {"a.yaml": "a: 2\n", "gone": None, "new": "y"})
    found = await commit_changes(rig.repositories, rig.origin.url("apps"), sha)
    assert [(one.path, one.kind) for one in found.files] == [
        ("a.yaml", "MODIFIED"),
        ("gone", "REMOVED"),
        ("new", "ADDED"),
    ]
    assert "+a: 2" in found.files[0].patch
    assert found.files_total == 3
