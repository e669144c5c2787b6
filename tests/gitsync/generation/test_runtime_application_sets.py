"""The ApplicationSet controller in the runtime, against the sandbox: what people apply and push, and what follows."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.reporting.link import Refused
from gitsync.settings import GeneratorSettings
from model.identity import GroupVersionKind, ResourceKey
from model.link_appset import PreviewApplicationSet
from model.link_change import Author
from tests.support.application_sets import (
    APPLICATION_SET,
    AUTOMATED,
    CONFIG,
    change,
    condition,
    create_set,
    elements,
    template,
    told,
    until_gone,
    until_set,
)
from tests.support.http_host import serving
from tests.support.runtime import NAMESPACE, Rig, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("sets"), generators=GeneratorSettings(hint_seconds=0.0)) as (
        world,
        rig,
    ):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def test_a_set_creates_its_applications_and_tells_how_they_do(rig: Rig) -> None:
    await rig.push({"made/a.yaml": CONFIG.replace("NAME", "made")})
    await create_set(
        rig,
        "made",
        generators=[elements("made-one")],
        template=template(rig, "{{name}}", "made", spec={"syncPolicy": AUTOMATED}),
    )
    body = await rig.until("made-one", synced_and_healthy)
    (owner,) = body["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("ApplicationSet", "made", True)
    assert body["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    one = await until_set(rig, "made", lambda body: "Healthy" in str((body.get("status") or {}).get("resources")))
    assert one["status"]["resources"][0]["name"] == "made-one"
    assert one["status"]["resources"][0]["status"] == "Synced"
    assert condition(one, "ErrorOccurred")[0] == "False"
    assert condition(one, "ParametersGenerated")[0] == "True"


async def test_a_push_regenerates_at_once_and_only_the_sets_whose_answers_changed(rig: Rig) -> None:
    await rig.push({"dirs/one/a.yaml": CONFIG.replace("NAME", "one"), "files/x.json": '{"name": "file-x"}'})
    url = rig.host.clone_url("apps")
    git = {"repoURL": url, "revision": "main"}
    await create_set(
        rig,
        "dirs",
        generators=[{"git": {**git, "directories": [{"path": "dirs/*"}]}}],
        template=template(rig, "dir-{{path.basename}}", "{{path}}"),
    )
    await create_set(
        rig,
        "files",
        generators=[{"git": {**git, "files": [{"path": "files/*.json"}]}}],
        template=template(rig, "{{name}}", "dirs/one"),
    )
    await rig.until("dir-one", lambda _: True)
    await rig.until("file-x", lambda _: True)
    generated = rig.runtime.application_sets.generations_total
    await rig.push({"dirs/two/a.yaml": CONFIG.replace("NAME", "two")})
    await rig.until("dir-two", lambda _: True)
    await rig.push({"dirs/two/b.yaml": CONFIG.replace("NAME", "more"), "else/readme.md": "no answer changes"})
    await rig.push({"files/y.json": '{"name": "file-y"}'})
    await rig.until("file-y", lambda _: True)
    assert rig.runtime.application_sets.generations_total == generated + 2
    await rig.push({"dirs/two/a.yaml": None, "dirs/two/b.yaml": None})
    await until_gone(rig, "dir-two")
    assert await rig.application("dir-one") is not None


async def test_what_was_changed_by_hand_is_put_right_unless_the_policy_forbids(rig: Rig) -> None:
    spec = template(rig, "{{name}}", "made", labels={"team": "a"})
    await create_set(rig, "strict", generators=[elements("strict-one")], template=spec)
    policy = {"applicationsSync": "create-only"}
    await create_set(rig, "loose", generators=[elements("loose-one")], template=spec, syncPolicy=policy)
    for name in ("strict-one", "loose-one"):
        await rig.until(name, lambda _: True)
        await rig.patch(name, {"metadata": {"labels": {"team": "b"}}, "spec": {"source": {"path": "other"}}})
    await rig.until("strict-one", lambda body: body["spec"]["source"]["path"] == "made")
    assert (await rig.until("strict-one", lambda _: True))["metadata"]["labels"] == {"team": "a"}
    await change(rig, "loose", {"metadata": {"annotations": {"argocd.argoproj.io/application-set-refresh": "true"}}})
    await until_set(rig, "loose", lambda body: not body["metadata"].get("annotations"))
    assert (await rig.until("loose-one", lambda _: True))["spec"]["source"]["path"] == "other"


async def test_an_incomplete_generation_deletes_nothing(rig: Rig) -> None:
    await create_set(rig, "torn", generators=[elements("torn-one")], template=template(rig, "{{name}}", "made"))
    await rig.until("torn-one", lambda _: True)
    nowhere = {"git": {"repoURL": "http://127.0.0.1:1/x.git", "revision": "main", "directories": [{"path": "*"}]}}
    await change(rig, "torn", {"spec": {"generators": [nowhere]}})
    body = await until_set(rig, "torn", told("True", "ErrorOccurred"))
    assert "127.0.0.1" in condition(body, "ErrorOccurred")[1]
    assert await rig.application("torn-one") is not None


async def test_resources_stay_when_an_application_is_no_longer_generated_and_the_set_preserves_them(rig: Rig) -> None:
    await rig.push({"kept/a.yaml": CONFIG.replace("NAME", "kept")})
    await create_set(
        rig,
        "kept",
        generators=[elements("kept-one")],
        template=template(rig, "{{name}}", "kept", spec={"syncPolicy": AUTOMATED}),
        syncPolicy={"preserveResourcesOnDeletion": True},
    )
    await rig.until("kept-one", synced_and_healthy)
    await change(rig, "kept", {"spec": {"generators": [elements()]}})
    await until_gone(rig, "kept-one")
    assert await rig.get("v1", "ConfigMap", "default", "kept") is not None


async def test_a_generated_application_that_its_project_forbids_is_not_written_and_the_others_are(rig: Rig) -> None:
    await rig.cluster.create(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": "narrow", "namespace": NAMESPACE},
            "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "elsewhere"}]},
        }
    )
    both_projects = {"list": {"elements": [{"name": "allowed", "p": "default"}, {"name": "forbidden", "p": "narrow"}]}}
    await create_set(
        rig, "mixed", generators=[both_projects], template=template(rig, "{{name}}", "made", project="{{p}}")
    )
    await rig.until("allowed", lambda _: True)
    body = await until_set(rig, "mixed", told("True", "ErrorOccurred"))
    assert "forbidden: application destination" in condition(body, "ErrorOccurred")[1]
    assert await rig.application("forbidden") is None


def cluster_secret(name: str) -> JsonObject:
    labels = {"argocd.argoproj.io/secret-type": "cluster", "env": name}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": f"cluster-{name}", "namespace": NAMESPACE, "labels": labels},
        "stringData": {"name": name, "server": "https://127.0.0.1:1", "config": "{}"},
    }


async def test_cluster_secrets_make_applications_that_come_and_go_with_them(rig: Rig) -> None:
    spec = template(rig, "on-{{name}}", "made", spec={"destination": {"server": "{{server}}", "namespace": "default"}})
    await create_set(
        rig,
        "clusters",
        generators=[{"clusters": {"selector": {"matchLabels": {"env": "far"}}}}],
        template=spec,
        syncPolicy={"preserveResourcesOnDeletion": True},
    )
    await rig.cluster.create(cluster_secret("far"))
    body = await rig.until("on-far", lambda _: True)
    assert body["spec"]["destination"]["server"] == "https://127.0.0.1:1"
    await rig.cluster.delete(GroupVersionKind("", "v1", "Secret"), NAMESPACE, "cluster-far")
    await until_gone(rig, "on-far")


async def test_pull_requests_are_asked_with_the_token_of_a_secret_and_again_at_a_hint(rig: Rig) -> None:
    pulls = [pull_request(1)]
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization", ""))
        return web.json_response(pulls)

    async with serving(every_path(answer)) as api:
        secret = {"metadata": {"name": "scm", "namespace": NAMESPACE}, "stringData": {"token": "canary"}}
        await rig.cluster.create({"apiVersion": "v1", "kind": "Secret", **secret})
        github = {"owner": "o", "repo": "r", "api": api, "tokenRef": {"secretName": "scm", "key": "token"}}
        spec = template(rig, "pr-{{number}}", "made", labels={"branch": "{{branch_slug}}"})
        await create_set(rig, "pulls", generators=[{"pullRequest": {"github": github}}], template=spec)
        body = await rig.until("pr-1", lambda _: True)
        assert body["metadata"]["labels"] == {"branch": "feature-1"}
        assert asked == ["Bearer canary"]
        pulls.append(pull_request(2))
        rig.runtime.application_sets.hint()
        await rig.until("pr-2", lambda _: True)
        set_ = await until_set(rig, "pulls", told("True"))
        assert "canary" not in str(set_)


async def test_a_resource_of_any_kind_decides_on_clusters(rig: Rig) -> None:
    await rig.cluster.create(cluster_secret("chosen"))
    rules = {"apiVersion": "v1", "kind": "replicationcontrollers", "statusListKey": "conditions", "matchKey": "type"}
    meta = {"name": "rules", "namespace": NAMESPACE}
    await rig.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": rules})
    spec = {"replicas": 0, "selector": {"a": "b"}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD}}
    meta = {"name": "decider", "namespace": NAMESPACE, "labels": {"decides": "yes"}}
    await rig.cluster.create({"apiVersion": "v1", "kind": "ReplicationController", "metadata": meta, "spec": spec})
    decision = {"status": {"replicas": 0, "conditions": [{"type": "chosen", "status": "True"}]}}
    key = ResourceKey("", "ReplicationController", NAMESPACE, "decider")
    await rig.cluster.patch(key, "v1", decision, subresource="status")
    generator = {"configMapRef": "rules", "labelSelector": {"matchLabels": {"decides": "yes"}}}
    await create_set(
        rig,
        "decided",
        generators=[{"clusterDecisionResource": generator}],
        template=template(rig, "on-{{name}}", "made", spec={"destination": {"name": "{{name}}"}}),
        syncPolicy={"preserveResourcesOnDeletion": True},
    )
    await rig.until("on-chosen", lambda _: True)


def preview_of(rig: Rig, body: JsonObject | str, *, source: str = "sets", person: str = "") -> PreviewApplicationSet:
    if isinstance(body, str):
        return PreviewApplicationSet(source, Author(person), name=body)
    return PreviewApplicationSet(source, Author(person), manifest=json.dumps(body))


async def test_a_preview_tells_what_would_be_done_and_does_none_of_it(rig: Rig) -> None:
    await git_source(rig)
    await create_set(rig, "seen", generators=[elements("seen-a", "seen-b")], template=template(rig, "{{name}}", "made"))
    await rig.until("seen-b", lambda _: True)
    live = await until_set(rig, "seen", told("True"))
    git = {"repoURL": rig.host.clone_url("apps"), "revision": "main", "directories": [{"path": "dirs/one"}]}
    generators = [elements("seen-b"), {"git": {**git, "template": {"metadata": {"name": "of-{{path.basename}}"}}}}]
    spec = {"generators": generators, "template": template(rig, "{{name}}", "x")}
    body = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": {"name": "seen"}, "spec": spec}
    answer = await rig.runtime.previews.preview(preview_of(rig, body))
    found = [("update", "seen-b"), ("create", "of-one"), ("delete", "seen-a")]
    assert [(one.action, one.name) for one in answer.changes] == found
    assert answer.complete
    change = answer.changes[0]
    assert (change.live or {})["spec"]["source"]["path"] == "made"
    assert (change.manifest or {})["spec"]["source"]["path"] == "x"
    assert (await rig.application("seen-b") or {})["spec"]["source"]["path"] == "made"
    again = await rig.runtime.previews.preview(preview_of(rig, "seen"))
    assert again.changes == ()
    assert set(again.names) == {"seen-a", "seen-b"}


async def test_a_preview_is_for_those_who_may_commit_and_sends_no_token_anywhere(rig: Rig) -> None:
    await git_source(rig)
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": "peek"}}
    github = {"owner": "o", "repo": "r", "api": "http://127.0.0.1:1", "tokenRef": {"secretName": "scm", "key": "token"}}
    body["spec"] = {"generators": [{"pullRequest": {"github": github}}], "template": {}}
    with pytest.raises(Refused, match="may not change Git Source"):
        await rig.runtime.previews.preview(preview_of(rig, body, person="victor"))
    with pytest.raises(Refused, match="no Git Source"):
        await rig.runtime.previews.preview(preview_of(rig, body, source="nowhere"))
    answer = await rig.runtime.previews.preview(preview_of(rig, body))
    assert not answer.complete
    assert "a preview asks with a token only what" in answer.errors[0]
    other = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "x"}}
    with pytest.raises(Refused, match="not one ApplicationSet"):
        await rig.runtime.previews.preview(preview_of(rig, other))


async def test_a_preview_reads_only_repositories_that_the_person_may_read(rig: Rig) -> None:
    await git_source(rig)
    await rig.host.create_repository("closed", public=False)
    labels = {"argosy.io/git-credential": "true"}
    url = rig.host.clone_url("apps").removesuffix("/apps.git")
    data = {"person": "dana", "username": "dana", "password": "dana-password", "url": url}
    meta = {"name": "dana", "namespace": NAMESPACE, "labels": labels}
    await rig.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data})
    async with asyncio.timeout(60):
        apps = rig.host.clone_url("apps")
        while not (await rig.runtime.probe.verdict("dana", apps, max_age_seconds=0.0)).write:  # noqa: ASYNC110 - a watch
            await asyncio.sleep(0.05)
    git = {"repoURL": rig.host.clone_url("closed"), "revision": "main", "directories": [{"path": "*"}]}
    body: JsonObject = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": "peek"}}
    body["spec"] = {"generators": [{"git": git}], "template": {}}
    answer = await rig.runtime.previews.preview(preview_of(rig, body, person="dana"))
    assert "cannot be read with your permissions" in answer.errors[0]
    await create_set(rig, "theirs", generators=[elements("theirs-a")], template=template(rig, "{{name}}", "made"))
    await rig.until("theirs-a", lambda _: True)
    with pytest.raises(Refused, match="no ApplicationSet"):
        await rig.runtime.previews.preview(preview_of(rig, "theirs", person="dana"))


async def git_source(rig: Rig) -> None:
    if await rig.application("sets") is None:
        labels = {"codefresh.io/entity": "git-source"}
        await rig.create_application(
            "sets", source={"repoURL": rig.host.clone_url("apps"), "path": "sets"}, metadata={"labels": labels}
        )
        await rig.until("sets", lambda body: bool(body.get("status")))


POD = {"containers": [{"name": "a", "image": "a:1"}]}


def pull_request(number: int) -> JsonObject:
    head = {"ref": f"feature/{number}", "sha": "0" * 40}
    return {"number": number, "title": "t", "head": head, "base": {"ref": "main"}, "labels": []}


def every_path(answer: Callable[[web.Request], Awaitable[web.Response]]) -> web.Application:
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", answer)
    return application


async def test_a_set_that_is_deleted_takes_its_applications_with_it_unless_its_policy_forbids(rig: Rig) -> None:
    finalizers = {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}
    spec = template(rig, "{{name}}", "made")
    await create_set(rig, "ends", generators=[elements("ends-one")], template=spec)
    policy = {"applicationsSync": "create-update"}
    await create_set(
        rig, "spares", generators=[elements("spared")], template=spec, syncPolicy=policy, metadata=finalizers
    )
    for name in ("ends-one", "spared"):
        await rig.until(name, lambda _: True)
    for name in ("ends", "spares"):
        await rig.cluster.delete(APPLICATION_SET, NAMESPACE, name)
    await until_gone(rig, "ends-one")
    body = await rig.until("spared", lambda body: not body["metadata"].get("ownerReferences"))
    assert not body["metadata"].get("deletionTimestamp")
    assert await rig.cluster.get(APPLICATION_SET, NAMESPACE, "spares") is None


def deployment(*, ready: bool) -> str:
    probe = "" if ready else ", readinessProbe: {exec: {command: ['false']}}"
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: slow}}
spec:
  selector: {{matchLabels: {{app: slow}}}}
  template:
    metadata: {{labels: {{app: slow}}}}
    spec: {{containers: [{{name: app, image: "shop/web:1"{probe}}}]}}
"""


def rolling(*environments: str, **more: Any) -> JsonObject:
    steps = [{"matchExpressions": [{"key": "env", "operator": "In", "values": [one]}]} for one in environments]
    return {"type": "RollingSync", "rollingSync": {"steps": steps}, **more}


async def test_a_progressive_sync_goes_step_by_step(rig: Rig) -> None:
    await rig.push({"slow/a.yaml": deployment(ready=False), "fast/a.yaml": CONFIG.replace("NAME", "fast")})
    slow, fast = {"name": "roll-slow", "e": "dev", "p": "slow"}, {"name": "roll-fast", "e": "prod", "p": "fast"}
    stages = {"list": {"elements": [fast, slow]}}
    spec = template(rig, "{{name}}", "{{p}}", labels={"env": "{{e}}"}, spec={"syncPolicy": AUTOMATED})
    await create_set(rig, "roll", generators=[stages], template=spec, strategy=rolling("dev", "prod"))
    await rig.until("roll-slow", lambda body: phase_of(body) in ("Running", "Succeeded"))
    body = await until_set(rig, "roll", told("True", "RolloutProgressing"))
    steps = {one["application"]: (one["step"], one["status"]) for one in body["status"]["applicationStatus"]}
    assert steps["roll-fast"] == ("2", "Waiting")
    assert "operationState" not in ((await rig.application("roll-fast")) or {}).get("status", {})
    await rig.push({"slow/a.yaml": deployment(ready=True)})
    await rig.until("roll-fast", synced_and_healthy)
    body = await until_set(rig, "roll", told("False", "RolloutProgressing"))
    assert {one["status"] for one in body["status"]["applicationStatus"]} == {"Healthy"}
    found = await rig.application("roll-fast")
    assert found is not None
    assert found["spec"]["syncPolicy"]["automated"] == {"prune": True, "enabled": False}
    assert found["status"]["operationState"]["operation"]["initiatedBy"]["username"] == "applicationset-controller"


async def test_applications_of_a_rolling_set_are_deleted_last_step_first(rig: Rig) -> None:
    stages = {"list": {"elements": [{"name": "back-dev", "e": "dev"}, {"name": "back-prod", "e": "prod"}]}}
    spec = template(rig, "{{name}}", "fast", labels={"env": "{{e}}"}, finalizers=["test.io/hold"])
    strategy = rolling("dev", "prod", deletionOrder="Reverse")
    await create_set(rig, "back", generators=[stages], template=spec, strategy=strategy)
    await until_set(rig, "back", lambda body: bool(body["metadata"].get("finalizers")))
    await rig.cluster.delete(APPLICATION_SET, NAMESPACE, "back")
    await rig.until("back-prod", lambda body: bool(body["metadata"].get("deletionTimestamp")))
    assert not ((await rig.application("back-dev")) or {})["metadata"].get("deletionTimestamp")
    await rig.patch("back-prod", {"metadata": {"finalizers": None}})
    await rig.until("back-dev", lambda body: bool(body["metadata"].get("deletionTimestamp")))
    await rig.patch("back-dev", {"metadata": {"finalizers": None}})
    await until_gone(rig, "back-dev")
