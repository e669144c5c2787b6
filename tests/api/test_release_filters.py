"""What is asked for a figure, and for the releases behind it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api.actions.statistics import ActiveApplication as ActiveValue
from api.types.release import GitopsReleaseFilterArgs
from api.types.statistics import ActiveApplication, DoraFilterArgs
from model.identity import ApplicationId
from model.statistics import Counts

THEN = datetime(2026, 1, 1, tzinfo=UTC)
STARRED = frozenset({"demo/argosy/cart"})


@pytest.mark.parametrize("favorite", [None, False, True])
@pytest.mark.parametrize(("runtimes", "clusters"), [(None, None), (["a", "b"], []), ([], ["eu"])])
def test_the_releases_behind_a_figure_are_those_of_the_same_places(
    runtimes: list[str] | None, clusters: list[str] | None, favorite: bool | None
) -> None:
    places = {"runtimes": runtimes, "clusters": clusters, "favorite": favorite}
    named = {
        "applications": ["cart"],
        "labels": ["team=shop", "team=pay", "tier=web"],
        "groups": ["night"],
        "products": ["web"],
        "environments": ["eu", ""],
    }
    figure = DoraFilterArgs(from_=THEN, to=THEN, **places, **named)  # type: ignore[arg-type]
    behind = GitopsReleaseFilterArgs(**places, **named)  # type: ignore[arg-type]
    assert behind.value(STARRED) == figure.value(STARRED)
    assert figure.value(STARRED).names == {"cart"}
    assert (figure.value(STARRED).groups, figure.value(STARRED).products) == ({"night"}, {"web"})
    assert figure.value(STARRED).environments == {"eu", ""}
    assert dict(figure.value(STARRED).labels) == {"team": {"shop", "pay"}, "tier": {"web"}}


def test_one_runtime_by_name_still_counts() -> None:
    assert GitopsReleaseFilterArgs(runtime="a").value(STARRED).runtimes == {"a"}


def test_an_active_application_tells_its_change_against_the_period_before() -> None:
    now = Counts(successful=4, failed=1, releases=6)
    cart = ActiveValue(ApplicationId("demo", "argosy", "cart"), "eu", now, Counts(releases=4))
    told = ActiveApplication.of(cart)
    assert (told.deployments.value, told.deployments.previous, told.deployments.change_percent) == (6, 4, 50)
    assert ActiveApplication.of(replace(cart, before=Counts())).deployments.change_percent is None
