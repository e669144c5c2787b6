"""Applications of several sources in the runtime: who is concerned, which revisions are told, what operations name."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.runtime.runtime import Runtime
from gitsync.settings import RuntimeSettings
from tests.support.chart_host import running_chart_host
from tests.support.runtime import (
    APPLICATION,
    AUTHOR,
    NAMESPACE,
    QUICK,
    Rig,
    conditions_of,
    phase_of,
    synced_and_healthy,
)
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


def chart(name: str) -> dict[str, str | None]:
    return {
        f"{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n",
        f"{name}/templates/a.yaml": config_map(name, "{{ .Values.value }}"),
        f"{name}/values.yaml": "value: default\n",
    }


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("sources")) as (world, rig):
        await world.host.create_repository("values", public=True)
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


@pytest.fixture
def world(both: tuple[World, Rig]) -> World:
    return both[0]


async def push_values(rig: Rig, files: dict[str, str]) -> str:
    content: dict[str, bytes | None] = {path: text.encode() for path, text in files.items()}
    commit = await rig.host.commit_files("values", "main", content, message="Values", author=AUTHOR)
    rig.runtime.repositories.hint([rig.host.clone_url("values")])
    return commit


def source(rig: Rig, repository: str, **fields: Any) -> JsonObject:
    return {"repoURL": rig.host.clone_url(repository), "targetRevision": "main", **fields}


def revisions_are(*commits: str) -> Any:
    return lambda body: synced_and_healthy(body) and body["status"]["sync"].get("revisions") == list(commits)


async def value_of(rig: Rig, name: str) -> str | None:
    body = await rig.get("v1", "ConfigMap", "default", name)
    return body["data"]["value"] if body else None


async def test_each_source_has_its_revision_in_status_result_and_history(rig: Rig) -> None:
    first = await rig.push({"multi/a.yaml": config_map("multi-a")})
    second = await push_values(rig, {"multi/b.yaml": config_map("multi-b")})
    sources = [source(rig, "apps", path="multi"), source(rig, "values", path="multi")]
    await rig.create_application("multi", sources=sources, syncPolicy=AUTOMATED)
    status = (await rig.until("multi", revisions_are(first, second)))["status"]
    assert "revision" not in status["sync"]
    assert status["sync"]["comparedTo"]["sources"] == sources
    assert status["sourceTypes"] == ["Directory", "Directory"]
    assert "sourceType" not in status
    result = status["operationState"]["syncResult"]
    assert (result["revisions"], result["sources"], result["revision"]) == ([first, second], sources, "")
    assert status["operationState"]["operation"]["sync"]["revisions"] == [first, second]
    (entry,) = status["history"]
    assert (entry["revisions"], entry["sources"]) == ([first, second], sources)
    assert "revision" not in entry
    third = await push_values(rig, {"multi/b.yaml": config_map("multi-b", "2")})
    body = await rig.until("multi", revisions_are(first, third))
    assert await value_of(rig, "multi-b") == "2"
    assert [one["revisions"] for one in body["status"]["history"]] == [[first, second], [first, third]]


async def test_of_equal_objects_the_later_source_wins_with_a_warning(rig: Rig) -> None:
    await rig.push({"twice/a.yaml": config_map("twice", "first")})
    await push_values(rig, {"twice/a.yaml": config_map("twice", "second")})
    sources = [source(rig, "apps", path="twice"), source(rig, "values", path="twice")]
    await rig.create_application("twice", sources=sources, syncPolicy=AUTOMATED)
    body = await rig.until("twice", synced_and_healthy)
    assert await value_of(rig, "twice") == "second"
    assert [kind for kind, _ in conditions_of(body)] == ["RepeatedResourceWarning"]


@needs_helm
async def test_a_push_to_a_repository_that_is_referred_to_concerns_exactly_its_readers(rig: Rig) -> None:
    commit = await rig.push({**chart("read"), **chart("other"), "plain/a.yaml": config_map("plain")})
    await push_values(rig, {"read.yaml": "value: one\n", "other.yaml": "value: one\n"})
    for name in ("read", "other"):
        helm = {"valueFiles": [f"$values/{name}.yaml"]}
        sources = [source(rig, "apps", path=name, helm=helm), source(rig, "values", ref="values")]
        await rig.create_application(name, sources=sources, syncPolicy=AUTOMATED)
    await rig.create_application("plain", syncPolicy=AUTOMATED)
    for name in ("read", "other", "plain"):
        await rig.until(name, synced_and_healthy)
    renders, affected = rig.runtime.cache.counter.renders_total, rig.runtime.sources.followers.affected_total
    pushed = await push_values(rig, {"read.yaml": "value: two\n"})
    body = await rig.until("read", revisions_are(commit, pushed))
    assert body["status"]["sourceTypes"] == ["Helm", ""]
    assert (await value_of(rig, "read"), await value_of(rig, "other")) == ("two", "one")
    assert rig.runtime.cache.counter.renders_total == renders + 1
    assert rig.runtime.sources.followers.affected_total == affected + 1


@needs_helm
async def test_a_chart_stands_beside_git_and_its_range_is_followed(rig: Rig) -> None:
    commit = await rig.push({"beside/a.yaml": config_map("beside")})
    values = await push_values(rig, {"charted.yaml": "who: values\n"})
    async with running_chart_host("1.2.0", "2.0.0") as host:
        of_chart = {"repoURL": host.url, "chart": "web", "targetRevision": "^1"}
        sources = [
            {**of_chart, "helm": {"valueFiles": ["$values/charted.yaml"]}},
            source(rig, "apps", path="beside"),
            source(rig, "values", ref="values"),
        ]
        await rig.create_application("charted", sources=sources, syncPolicy=AUTOMATED)
        body = await rig.until("charted", revisions_are("1.2.0", commit, values))
        assert body["status"]["sourceTypes"] == ["Helm", "Directory", ""]
        made = await rig.get("v1", "ConfigMap", "default", "charted-chart")
        assert made is not None
        assert made["data"] == {"version": "1.2.0", "who": "values"}
        host.versions.add("1.3.0")
        asked = len(host.asked)
        rig.runtime.sources.hint(["oci://hub.example.test/acme/web"])  # a registry says that something was pushed
        await rig.until("charted", revisions_are("1.3.0", commit, values))
        assert {"/index.yaml", "/web-1.3.0.tgz"} <= set(host.asked[asked:])
        values = await push_values(rig, {"charted.yaml": "who: new\n"})
        await rig.until("charted", revisions_are("1.3.0", commit, values))
        await rig.cluster.delete(APPLICATION, NAMESPACE, "charted")


@needs_helm
async def test_a_value_file_on_a_server_is_read_and_looked_at_again(rig: Rig) -> None:
    async with running_chart_host() as host:
        host.files["/values.yaml"] = "value: one\n"
        await rig.push(chart("served"))
        helm = {"valueFiles": [f"{host.url}/values.yaml"]}
        await rig.create_application(
            "served", source=source(rig, "apps", path="served", helm=helm), syncPolicy=AUTOMATED
        )
        await rig.until("served", synced_and_healthy)
        assert await value_of(rig, "served") == "one"
        renders = rig.runtime.cache.counter.renders_total
        rig.runtime.charts.forget()
        await refreshed(rig, "served")
        assert rig.runtime.cache.counter.renders_total == renders
        host.files["/values.yaml"] = "value: two\n"
        rig.runtime.charts.forget()
        rig.runtime.sources.versions.look()
        while await value_of(rig, "served") != "two":
            await rig.until("served", synced_and_healthy)
        assert rig.runtime.cache.counter.renders_total == renders + 1
        await rig.cluster.delete(APPLICATION, NAMESPACE, "served")


async def refreshed(rig: Rig, name: str) -> None:
    key = "argocd.argoproj.io/refresh"
    await rig.patch(name, {"metadata": {"annotations": {key: "normal"}}})
    await rig.until(name, lambda body: key not in body["metadata"].get("annotations", {}))


async def test_what_fails_names_its_source_and_a_push_there_heals_it(rig: Rig) -> None:
    await rig.push({"half/a.yaml": config_map("half-a")})
    sources = [source(rig, "apps", path="half"), source(rig, "values", path="half")]
    await rig.create_application("half", sources=sources, syncPolicy=AUTOMATED)
    body = await rig.until("half", lambda body: bool(conditions_of(body)))
    ((kind, message),) = conditions_of(body)
    assert kind == "ComparisonError"
    assert "source 2 of 2" in message
    assert "half" in message
    await push_values(rig, {"half/b.yaml": config_map("half-b")})
    await rig.until("half", synced_and_healthy)


async def test_an_operation_may_name_a_revision_of_one_source(rig: Rig) -> None:
    first = await rig.push({"named/a.yaml": config_map("named-a")})
    old = await push_values(rig, {"named/b.yaml": config_map("named-b", "old")})
    await push_values(rig, {"named/b.yaml": config_map("named-b", "new")})
    sources = [source(rig, "apps", path="named"), source(rig, "values", path="named")]
    await rig.create_application("named", sources=sources)
    await rig.until("named", lambda body: bool(body.get("status")))
    await rig.patch("named", {"operation": {"sync": {"revisions": [old], "sourcePositions": [2]}}})
    body = await rig.until("named", lambda body: phase_of(body) == "Succeeded")
    assert await value_of(rig, "named-b") == "old"
    assert body["status"]["operationState"]["syncResult"]["revisions"] == [first, old]


async def test_an_operation_with_sources_of_its_own_applies_these(rig: Rig) -> None:
    await rig.push({"back/a.yaml": config_map("back", "now")})
    old = await push_values(rig, {"back/a.yaml": config_map("back", "then")})
    await rig.create_application("back")
    await rig.until("back", lambda body: bool(body.get("status")))
    sources = [source(rig, "values", path="back")]
    await rig.patch("back", {"operation": {"sync": {"sources": sources, "revisions": [old]}}})
    body = await rig.until("back", lambda body: phase_of(body) == "Succeeded")
    assert await value_of(rig, "back") == "then"
    result = body["status"]["operationState"]["syncResult"]
    assert (result["sources"], result["revisions"]) == (sources, [old])
    assert body["status"]["history"][0]["sources"] == sources


async def test_an_operation_cannot_bring_sources_that_the_project_does_not_permit(rig: Rig) -> None:
    await rig.push({"narrow/a.yaml": config_map("narrow", "now")})
    await push_values(rig, {"narrow/a.yaml": config_map("narrow", "then")})
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "narrow", "namespace": NAMESPACE},
        "spec": {
            "sourceRepos": [rig.host.clone_url("apps")],
            "destinations": [{"server": "*", "name": "*", "namespace": "*"}],
        },
    }
    await rig.cluster.create(project)
    await rig.create_application("narrow", project="narrow")
    await rig.until("narrow", lambda body: bool(body.get("status")))
    await rig.patch("narrow", {"operation": {"sync": {"sources": [source(rig, "values", path="narrow")]}}})
    body = await rig.until("narrow", lambda body: phase_of(body) not in ("", "Running"))
    assert phase_of(body) == "Error"
    assert "not permitted in project" in body["status"]["operationState"]["message"]
    assert await value_of(rig, "narrow") is None


async def test_another_process_renders_nothing_and_writes_nothing(world: World, rig: Rig) -> None:
    first = await rig.push({"again/a.yaml": config_map("again-a")})
    second = await push_values(rig, {"again/b.yaml": config_map("again-b")})
    sources = [source(rig, "apps", path="again"), source(rig, "values", path="again")]
    await rig.create_application("again", sources=sources, syncPolicy=AUTOMATED)
    before = await rig.until("again", revisions_are(first, second))
    settings = RuntimeSettings(namespace=NAMESPACE, data_dir=world.folder / "runtime", poll_seconds=60, loop=QUICK)
    runtime = Runtime(settings, world.access)
    await runtime.start()
    try:
        record = None
        while record is None or not record.compared:
            await rig.until("again", lambda body: True)
            record = next((one for one in runtime.records if one.name == "again"), None)
        assert record.revisions == (first, second)
        assert runtime.cache.counter.renders_total == 0
        assert runtime.syncs.started == 0
    finally:
        await runtime.close()
    after = await rig.application("again")
    assert after is not None
    assert after["status"] == before["status"]


@pytest.mark.skipif(shutil.which("kustomize") is None, reason="kustomize is not installed")
async def test_a_push_to_the_repository_of_a_base_concerns_exactly_who_reads_it(rig: Rig) -> None:
    await push_values(rig, {"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": config_map("based")})
    remote = f"{rig.host.clone_url('values')}//base?ref=main"
    await rig.push({"onbase/kustomization.yaml": f"resources: ['{remote}']\nnamePrefix: x-\n"})
    await rig.create_application("onbase", syncPolicy=AUTOMATED)
    await rig.until("onbase", synced_and_healthy)
    renders, affected = rig.runtime.cache.counter.renders_total, rig.runtime.sources.followers.affected_total
    await push_values(rig, {"base/other.yaml": "1"})
    await push_values(rig, {"base/a.yaml": config_map("based", "2")})
    while await value_of(rig, "x-based") != "2":
        await rig.until("onbase", synced_and_healthy)
    assert rig.runtime.cache.counter.renders_total == renders + 1
    assert rig.runtime.sources.followers.affected_total == affected + 1
