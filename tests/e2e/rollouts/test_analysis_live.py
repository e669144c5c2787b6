"""Analyses, experiments and a router on living clusters: real measurements decide what becomes of an update."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind, ResourceKey
from tests.e2e.rollouts.conftest import Live
from tests.support.http_host import serving
from tests.support.rollouts import rollout

pytestmark = [pytest.mark.e2e]

GROUP, VERSION = "argoproj.io", "v1alpha1"
RUN = GroupVersionKind(GROUP, VERSION, "AnalysisRun")
TEMPLATE = GroupVersionKind(GROUP, VERSION, "AnalysisTemplate")
EXPERIMENT = GroupVersionKind(GROUP, VERSION, "Experiment")
CANARY_KEY = "s3cr3t-canary-value"


@asynccontextmanager
async def metric_server(answer: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(answer(request))

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handle)
    async with serving(application) as address:
        yield address


async def _create(live: Live, kind: str, name: str, spec: JsonObject, api_version: str = f"{GROUP}/{VERSION}") -> None:
    metadata = {"name": name, "namespace": live.namespace}
    await live.cluster.create({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})


async def _rollout(live: Live, strategy: str) -> None:
    body = rollout(strategy)
    body["metadata"]["namespace"] = live.namespace
    await live.cluster.create(body)


async def _until(live: Live, gvk: GroupVersionKind, name: str, phase: str, seconds: float = 60) -> JsonObject:
    found: JsonObject | None = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = await live.cluster.get(gvk, live.namespace, name)
                if found is not None and (found.get("status") or {}).get("phase") == phase:
                    return found
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not reached; it is {found}") from None


async def _runs(live: Live) -> list[JsonObject]:
    return await live.cluster.list(RUN, namespace=live.namespace)


async def test_measurements_promote_and_abort_an_update(live: Live) -> None:
    seen: list[str] = []
    ok = True

    def answer(request: web.Request) -> Any:
        seen.append(request.headers.get("Authorization", ""))
        return {"data": {"ok": ok, "hash": request.query["hash"]}}

    async with metric_server(answer) as address, live.controller():
        secret = {"metadata": {"name": "key", "namespace": live.namespace}, "stringData": {"token": CANARY_KEY}}
        await live.cluster.create({"apiVersion": "v1", "kind": "Secret", **secret})
        measured = {
            "name": "ok",
            "interval": "1s",
            "count": 2,
            "successCondition": "result.ok == true",
            "provider": {
                "web": {
                    "url": f"{address}/?hash={{{{args.hash}}}}",
                    "headers": [{"key": "Authorization", "value": "{{args.token}}"}],
                    "jsonPath": "{$.data}",
                }
            },
        }
        token = {"name": "token", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}}
        await _create(live, "AnalysisTemplate", "check", {"args": [{"name": "hash"}, token], "metrics": [measured]})
        step = "{templates: [{templateName: check}], args: [{name: hash, valueFrom: {podTemplateHashValue: Latest}}]}"
        await _rollout(live, f"canary: {{steps: [{{setWeight: 25}}, {{analysis: {step}}}]}}")
        await live.until_phase("web", "Healthy")

        await live.set_image("web", "web:2")
        promoted = await live.until_phase("web", "Healthy")
        (run,) = await _runs(live)
        assert (run["status"]["phase"], run["status"]["runSummary"]) == ("Successful", {"count": 1, "successful": 1})
        pod_hash = promoted["status"]["currentPodHash"]
        values = [one["value"] for one in run["status"]["metricResults"][0]["measurements"]]
        assert values == [f'{{"ok":true,"hash":"{pod_hash}"}}'] * 2
        assert set(seen) == {CANARY_KEY}

        ok = False
        await live.set_image("web", "web:3")
        aborted = await live.until_phase("web", "Degraded", "RolloutAborted")
        assert 'Metric "ok" assessed Failed due to failed (1) > failureLimit (0)' in aborted["status"]["message"]
        await live.until_sizes({"1": 0, "2": 4, "3": 0})
        everything = [*(await _runs(live)), aborted, *(await live.reasons("web"))]
        assert CANARY_KEY not in str(everything)
        await live.until_told("web", "AnalysisRunFailed")


async def test_a_job_is_a_measurement(live: Live) -> None:
    async with live.controller():
        containers = [{"name": "c", "image": "busybox", "command": ["true"]}]
        pod = {"spec": {"restartPolicy": "Never", "containers": containers}}
        job = {"metadata": {"annotations": {"x": "y"}}, "spec": {"backoffLimit": 0, "template": pod}}
        await _create(live, "AnalysisRun", "by-job", {"metrics": [{"name": "job", "provider": {"job": job}}]})
        run = await _until(live, RUN, "by-job", "Successful")
        (measurement,) = run["status"]["metricResults"][0]["measurements"]
        name = f"{run['metadata']['uid']}.job.1"
        about = {"job-name": name, "job-namespace": live.namespace}
        assert (measurement["phase"], measurement["metadata"]) == ("Successful", about)


async def test_a_run_that_nobody_ends_is_terminated(live: Live) -> None:
    async with metric_server(lambda _: 1) as address, live.controller():
        endless = {"name": "m", "interval": "1h", "provider": {"web": {"url": address}}}
        await _create(live, "AnalysisRun", "endless", {"metrics": [endless]})
        await _until(live, RUN, "endless", "Running")
        key = ResourceKey(GROUP, "AnalysisRun", live.namespace, "endless")
        await live.cluster.patch(key, VERSION, {"spec": {"terminate": True}})
        ended = await _until(live, RUN, "endless", "Successful")
        assert ended["status"]["message"] == "Run Terminated"


async def test_an_experiment_step_runs_both_versions_and_its_analysis(live: Live) -> None:
    async with metric_server(lambda _: {"ok": True}) as address, live.controller():
        measured = {"name": "m", "successCondition": "result.ok", "provider": {"web": {"url": address}}}
        await _create(live, "AnalysisTemplate", "check", {"metrics": [measured]})
        step = """{duration: 2s, templates: [{name: base, specRef: stable}, {name: new, specRef: canary}],
          analyses: [{name: check, templateName: check}]}"""
        await _rollout(live, f"canary: {{steps: [{{experiment: {step}}}, {{pause: {{}}}}]}}")
        await live.until_phase("web", "Healthy")
        await live.set_image("web", "web:2")
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        (experiment,) = await live.cluster.list(EXPERIMENT, namespace=live.namespace)
        assert experiment["status"]["phase"] == "Successful"
        assert [one["status"] for one in experiment["status"]["templateStatuses"]] == ["Successful", "Successful"]
        (run,) = await _runs(live)
        assert run["metadata"]["name"] == f"{experiment['metadata']['name']}-check"
        assert run["status"]["phase"] == "Successful"


async def test_a_router_follows_the_steps(live: Live) -> None:
    split = GroupVersionKind("split.smi-spec.io", "v1alpha1", "TrafficSplit")
    await live.cluster.create(_split_definition())
    for name in ("canary", "stable"):
        await _create(live, "Service", name, {"selector": {"app": "web"}, "ports": [{"port": 80}]}, "v1")

    async def weights() -> list[str]:
        body = await live.cluster.get(split, live.namespace, "web")
        return [one["weight"] for one in body["spec"]["backends"]] if body else []

    async with live.controller():
        await _rollout(
            live,
            "canary: {canaryService: canary, stableService: stable, trafficRouting: {smi: {}}, "
            "steps: [{setWeight: 10}, {pause: {}}]}",
        )
        await live.until_phase("web", "Healthy")
        assert await weights() == ["0", "100"]
        await live.set_image("web", "web:2")
        paused = await live.until_phase("web", "Paused", "CanaryPauseStep")
        assert await weights() == ["10", "90"]
        assert paused["status"]["canary"]["weights"]["canary"]["weight"] == 10
        assert await live.selected("canary") == paused["status"]["currentPodHash"]
        await live.patch("web", {"status": {"abort": True}})
        await live.until_phase("web", "Degraded", "RolloutAborted")
        async with asyncio.timeout(60):
            while await weights() != ["0", "100"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        reasons = await live.reasons("web")
        assert {"TrafficSplitCreated", "TrafficWeightUpdated"} <= set(reasons)


def _split_definition() -> JsonObject:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "TrafficSplit", "plural": "trafficsplits", "singular": "trafficsplit"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "trafficsplits.split.smi-spec.io"},
        "spec": {"group": "split.smi-spec.io", "names": names, "scope": "Namespaced", "versions": [version]},
    }
