"""An object that sets itself a time limit fails the sync when it is not well by then, and says what it was instead."""

from gitsync.execute.apply_plan import TIMEOUT_ANNOTATION
from gitsync.manifest.object import JsonObject
from gitsync.plan.build import build_plan
from gitsync.plan.options import PlanOptions
from model.operation import Phase
from tests.gitsync.execute.conftest import Rig
from tests.support.kube_api import POD
from tests.support.plans import APPLICATION, desired


def pod(name: str, limit: str, health: str, **notes: str) -> JsonObject:
    metadata = {"namespace": "shop", "name": name, "annotations": {TIMEOUT_ANNOTATION: limit, **notes}}
    status = {"health": health, "message": "no node fits"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}


async def test_an_object_that_is_not_well_in_time_fails_the_sync_with_the_cause(rig: Rig) -> None:
    later = pod("later", "", "Healthy", **{"argocd.argoproj.io/sync-wave": "1"})
    wanted = [desired(pod("slow", "50ms", "Progressing")), desired(later)]
    outcome = await rig.run(build_plan(wanted, {}, options=PlanOptions(APPLICATION), out_of_sync=set()))
    assert outcome.phase is Phase.FAILED
    assert outcome.results[0].message == (
        "not healthy within 0.05 s (argosy.io/timeout); it is Progressing: no node fits"
    )


async def test_a_hook_has_its_limit_too(rig: Rig) -> None:
    wanted = [desired(pod("slow", "50ms", "Progressing", **{"argocd.argoproj.io/hook": "PreSync"}))]
    outcome = await rig.run(build_plan(wanted, {}, options=PlanOptions(APPLICATION), out_of_sync=set()))
    assert (outcome.phase, outcome.results[0].hook_phase) == (Phase.FAILED, "Failed")


async def test_what_is_well_in_time_is_left_alone(rig: Rig) -> None:
    wanted = [desired(pod("quick", "1h", "Healthy", **{"argocd.argoproj.io/hook": "PreSync"}))]
    outcome = await rig.run(build_plan(wanted, {}, options=PlanOptions(APPLICATION), out_of_sync=set()))
    assert outcome.phase is Phase.SUCCEEDED


async def test_a_wave_that_takes_too_long_is_named_with_what_held_it_up_and_the_rescue_runs(rig: Rig) -> None:
    later = pod("later", "", "Healthy", **{"argocd.argoproj.io/sync-wave": "1"})
    rescue = pod("rescue", "", "Healthy", **{"argocd.argoproj.io/hook": "SyncFail"})
    wanted = [desired(pod("slow", "", "Progressing")), desired(later), desired(rescue)]
    plan = build_plan(wanted, {}, options=PlanOptions(APPLICATION), out_of_sync=set())
    outcome = await rig.run(plan, wave_seconds=1)  # the rescue has to be done within it on a busy machine, too
    assert outcome.phase is Phase.FAILED
    assert outcome.message == (
        "wave 0 of Sync timed out after 1 s (argosy.io/wave-timeout) while waiting for healthy state of Pod shop/slow"
    )
    assert [one.name for one in outcome.results] == ["slow", "rescue"]


async def test_each_wave_has_its_own_time(rig: Rig) -> None:
    later = pod("later", "", "Healthy", **{"argocd.argoproj.io/sync-wave": "1"})
    wanted = [desired(pod("first", "", "Healthy")), desired(later)]
    plan = build_plan(wanted, {}, options=PlanOptions(APPLICATION), out_of_sync=set())
    assert (await rig.run(plan, wave_seconds=5)).phase is Phase.SUCCEEDED


async def test_a_hook_that_runs_when_its_wave_is_over_goes_and_has_failed(rig: Rig) -> None:
    wanted = [desired(pod("slow", "", "Progressing", **{"argocd.argoproj.io/hook": "PreSync"}))]
    plan = build_plan(wanted, {}, options=PlanOptions(APPLICATION), out_of_sync=set())
    outcome = await rig.run(plan, wave_seconds=0.05)
    (hook,) = outcome.results
    assert (outcome.phase, hook.hook_phase) == (Phase.FAILED, "Failed")
    assert hook.message.startswith("wave 0 of PreSync timed out after 0.05 s")
    assert rig.api.get(POD, "shop", "slow") is None
