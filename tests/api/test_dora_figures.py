"""What the DORA page says of sums: averages over all steps, ratios of sums, and nothing where there is nothing."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from api.actions.statistics import Deployments
from api.types.statistics import DoraStatistics
from model.listing import Visibility
from model.statistics import Bucket, Counts, Granularity, Window
from model.store.release import ReleaseSelection

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def figures(*days: Counts) -> DoraStatistics:
    window = Window(START, START + len(days) * DAY, ZoneInfo("UTC"), Granularity.DAILY)
    buckets = tuple(
        Bucket(START + number * DAY, START + (number + 1) * DAY, partial=False, counts=counts)
        for number, counts in enumerate(days)
    )
    everything = sum(days, Counts())
    return DoraStatistics.of(
        Deployments(window, ReleaseSelection(Visibility(frozenset())), buckets, everything, Counts())
    )


def test_the_frequency_is_of_successful_deployments_over_all_steps_empty_ones_included() -> None:
    found = figures(
        Counts(successful=2, releases=2), Counts(), Counts(failed=1, releases=1), Counts(successful=1, releases=1)
    )
    assert found.deployment_frequency.headline == 0.75
    assert [point.value for point in found.deployment_frequency.points] == [2, 0, 0, 1]
    assert found.totals.deployments == 4, "all attempts"


def test_the_failure_rate_is_the_ratio_of_sums_and_not_the_mean_of_rates() -> None:
    found = figures(Counts(failed=1, releases=1), Counts(successful=3, releases=3))
    assert found.change_failure_rate.headline == found.totals.failure_rate == 0.25
    assert [point.value for point in found.change_failure_rate.points] == [1.0, 0.0]


def test_where_nothing_was_deployed_there_is_no_figure() -> None:
    found = figures(Counts(), Counts())
    assert found.deployment_frequency.headline is None
    assert found.change_failure_rate.headline is None
    assert [point.value for point in found.deployment_frequency.points] == [None, None]
