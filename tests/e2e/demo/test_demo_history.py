"""A demo as it starts by itself has a past to look at."""

import asyncio

import pytest

from tests.support.demo import Demo

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
RELEASES = "{ version { demoHistory } gitopsReleases(pagination: {first: 1}) { totalCount } }"


async def test_the_demo_has_releases_of_the_past_and_says_that_they_are_made_up(demo: Demo) -> None:
    async with demo.signed_in("victor") as victor, asyncio.timeout(120):
        while (await victor.ask(RELEASES))["gitopsReleases"]["totalCount"] < 30:  # noqa: ASYNC110 - told soon
            await asyncio.sleep(0.5)
        assert (await victor.ask(RELEASES))["version"]["demoHistory"]
