"""What the API tells of workflows: nothing is no figure, and a trend needs something on both sides."""

from datetime import UTC, datetime

import pytest

from api.actions.pipelines import RankedNow
from api.errors import Invalid
from api.types.pipeline import PipelineFigure, PipelineFilterArgs, RankedPipeline
from model.workflow import ExecutionCounts, ExecutionPhase, PipelineKey, TriggerEvent
from model.workflow import RankedPipeline as RankedValue

THEN = datetime(2026, 1, 1, tzinfo=UTC)
BUILD = PipelineKey("demo", "https://kubernetes.default.svc", "ci", "github/build")


@pytest.mark.parametrize(
    ("value", "previous", "change"), [(3, 2, 50), (1, 2, -50), (3, None, None), (None, 2, None), (3, 0, None)]
)
def test_a_change_needs_something_on_both_sides(
    value: float | None, previous: float | None, change: float | None
) -> None:
    assert PipelineFigure.of(value, previous).change_percent == change


def test_a_ranked_pipeline_tells_its_place_and_that_of_the_period_before() -> None:
    now = RankedValue(BUILD, "sandbox", 1, ExecutionCounts(4, 3, 240_000_000, 2))
    before = RankedValue(BUILD, "sandbox", 3, ExecutionCounts(2, 2, 60_000_000, 1))
    told = RankedPipeline.of(RankedNow(now, before))
    assert (told.rank, told.previous_rank, told.name, told.cluster) == (1, 3, "github/build", "sandbox")
    assert (told.executions.value, told.executions.change_percent) == (4, 100)
    assert (told.success_rate.value, told.success_rate.change_percent) == (0.75, -25)
    assert (told.average_duration.value, told.average_duration.change_percent) == (60, 100)


def test_one_that_did_not_run_before_has_no_place_and_no_change() -> None:
    told = RankedPipeline.of(RankedNow(RankedValue(BUILD, "sandbox", 1, ExecutionCounts(1, 0, 0, 0)), None))
    assert (told.previous_rank, told.executions.previous, told.executions.change_percent) == (None, None, None)
    assert told.success_rate.value == 0


def test_filters_are_what_is_asked_for() -> None:
    wanted = PipelineFilterArgs(
        from_=THEN,
        to=THEN,
        statuses=[ExecutionPhase.FAILED],
        branches=["main"],
        events=[TriggerEvent.GIT],
        initiators=["Mira"],
        repositories=["https://git.example/a"],
    ).value()
    assert (wanted.phases, wanted.branches, wanted.events) == (
        {ExecutionPhase.FAILED},
        {"main"},
        {TriggerEvent.GIT},
    )
    assert (wanted.initiators, wanted.repositories, wanted.runtimes) == (
        {"Mira"},
        {"https://git.example/a"},
        frozenset(),
    )


def test_a_period_without_length_is_refused() -> None:
    with pytest.raises(Invalid, match="must come after"):
        PipelineFilterArgs(from_=THEN, to=THEN).window()
