"""Status conditions of an ApplicationSet."""

from datetime import UTC, datetime

from gitsync.appset.conditions import conditions
from gitsync.appset.generate import Generation, GenerationError

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
FAILED = Generation((), (GenerationError("RenderTemplateParamsError", "boom"),))


def test_an_error_is_told_in_every_condition() -> None:
    told = conditions(FAILED, [], now=EARLY)
    assert {one["type"]: one["status"] for one in told} == {
        "ErrorOccurred": "True",
        "ParametersGenerated": "False",
        "ResourcesUpToDate": "False",
    }
    assert {one["message"] for one in told} == {"boom"}


def test_a_time_moves_only_with_the_status() -> None:
    fine = conditions(Generation(()), [], now=EARLY)
    assert conditions(Generation(()), fine, now=LATE) == fine
    assert {one["lastTransitionTime"] for one in conditions(FAILED, fine, now=LATE)} == {"2026-01-02T00:00:00Z"}


def test_what_was_generated_but_not_written_is_an_error() -> None:
    told = conditions(Generation(()), [], write_error="forbidden", now=EARLY)
    assert [one["status"] for one in told] == ["True", "True", "False"]
