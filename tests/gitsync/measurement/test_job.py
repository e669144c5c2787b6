"""Jobs as measurements."""

from typing import Any

import pytest

from gitsync.rollout.analysis.values import Action, Phase
from tests.gitsync.measurement.rig import Rig

SPEC = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}
NAME = "run-uid.m.1"
ABOUT = {"job-name": NAME, "job-namespace": "team"}
RUNNING = {"metadata": {"job-name": NAME}}


async def test_a_job_is_made_that_belongs_to_the_run(rig: Rig) -> None:
    answer = await rig.ask("job", {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}, "spec": SPEC})
    assert (answer.phase, answer.about_measurement, answer.finished_at) == (Phase.RUNNING, ABOUT, None)
    job = rig.jobs.found[NAME]
    marked = {"metadata": {"labels": {"analysisrun.argoproj.io/uid": "run-uid"}}}
    assert job["spec"] == {"template": {**SPEC["template"], **marked}}
    assert job["metadata"] == {
        "name": NAME,
        "namespace": "team",
        "labels": {"a": "b", "analysisrun.argoproj.io/uid": "run-uid"},
        "annotations": {"c": "d", "analysisrun.argoproj.io/name": "run", "analysisrun.argoproj.io/metric-name": "m"},
        "ownerReferences": [
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "AnalysisRun",
                "name": "run",
                "uid": "run-uid",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }


async def test_a_job_of_an_interrupted_look_is_taken_over_and_a_foreign_one_is_not(rig: Rig) -> None:
    await rig.ask("job", {"spec": SPEC})
    assert (await rig.ask("job", {"spec": SPEC})).phase is Phase.RUNNING
    rig.jobs.found[NAME]["metadata"]["ownerReferences"] = [{"uid": "other"}]
    answer = await rig.ask("job", {"spec": SPEC})
    assert (answer.phase, answer.message) == (Phase.ERROR, f'jobs "{NAME}" already exists')


@pytest.mark.parametrize(
    ("conditions", "phase"),
    [
        ([], Phase.RUNNING),
        ([{"type": "Complete", "status": "True"}], Phase.SUCCESSFUL),
        ([{"type": "Failed", "status": "True", "message": "gave up"}], Phase.FAILED),
        ([{"type": "Failed", "status": "False"}], Phase.RUNNING),
    ],
)
async def test_the_conditions_of_the_job_are_the_measurement(
    rig: Rig, conditions: list[dict[str, Any]], phase: Phase
) -> None:
    rig.jobs.found[NAME] = {"status": {"conditions": conditions}}
    answer = await rig.ask("job", {}, action=Action.RESUME, measurement=RUNNING)
    assert (answer.phase, answer.message, answer.about_measurement) == (phase, "", ABOUT)


async def test_an_image_that_cannot_be_pulled_tells_nothing_about_the_metric(rig: Rig) -> None:
    rig.jobs.found[NAME] = {}
    waiting = {"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    rig.jobs.pod_list = [{"metadata": {"name": "p"}, "status": {"containerStatuses": [waiting]}}]
    answer = await rig.ask("job", {}, action=Action.RESUME, measurement=RUNNING)
    told = "Pod p, container c has terminal error (ImagePullBackOff): no such image"
    assert (answer.phase, answer.message) == (Phase.INCONCLUSIVE, told)


async def test_a_job_that_is_gone_is_an_error(rig: Rig) -> None:
    answer = await rig.ask("job", {}, action=Action.RESUME, measurement=RUNNING)
    assert (answer.phase, answer.message) == (Phase.ERROR, f'job.batch "{NAME}" not found')


async def test_a_terminated_job_is_deleted_and_inconclusive(rig: Rig) -> None:
    rig.jobs.found[NAME] = {}
    answer = await rig.ask("job", {}, action=Action.TERMINATE, measurement=RUNNING)
    assert (answer.phase, answer.message, rig.jobs.found) == (Phase.INCONCLUSIVE, "Metric Terminated", {})


async def test_the_name_of_a_metric_is_cut_where_the_job_could_not_be_called_so(rig: Rig) -> None:
    await rig.ask("job", {"spec": SPEC}, metric="m" * 70)
    (name,) = rig.jobs.found
    assert (len(name), name[:11], name[-2:]) == (63, "run-uid.mmm", ".1")
