"""ApplicationSets outside of the home namespace: where they may be, what they make, and what they may ask."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gitsync.appset.inputs import HostQuestion, Unanswered
from gitsync.appset.providers.api import Connections
from gitsync.generation.host_answers import HomeVault, HostAnswers
from gitsync.kube.access import access_from_kubeconfig
from gitsync.manifest.object import JsonObject
from gitsync.sandbox.githost import GitHost
from gitsync.settings import ControllerFlags, GeneratorSettings
from model.identity import ApplicationKey
from tests.support.application_sets import (
    APPLICATION_SET,
    AUTOMATED,
    CONFIG,
    HERE,
    condition,
    elements,
    told,
    until_set,
)
from tests.support.real_apiserver import require_assets, running_real_cluster
from tests.support.runtime import APPLICATION, NAMESPACE, Rig, running_rig, synced_and_healthy
from tests.support.sandbox_rig import running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

FLAGS = ControllerFlags(application_namespaces=("team-*",), application_set_namespaces=("team-*", "only-sets"))
PERMITTED = "https://permitted.example.test"


@pytest_asyncio.fixture(
    loop_scope="module",
    scope="module",
    params=["sandbox", pytest.param("real", marks=pytest.mark.controlplane)],
)
async def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    folder = tmp_path_factory.mktemp("elsewhere")
    generators = GeneratorSettings(scm_allow=(PERMITTED,), token_ref_strict=True)
    async with AsyncExitStack() as stack:
        if request.param == "real":
            real = await stack.enter_async_context(_real(folder))
            host = GitHost(folder / "host", clock=lambda: datetime.now(UTC))
            await host.create_repository("apps", public=True)
            await host.start()
            stack.push_async_callback(host.stop)
            access = access_from_kubeconfig(real.kubeconfig)
        else:
            world = await stack.enter_async_context(running_world(folder))
            host, access = world.host, world.access
        rig = await stack.enter_async_context(
            running_rig(access, host, folder / "runtime", flags=FLAGS, generators=generators)
        )
        for name in ("team-a", "team-b", "only-sets", "others"):
            await rig.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        anywhere = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
        spec, meta = {**anywhere, "sourceNamespaces": ["team-a"]}, {"name": "teams", "namespace": NAMESPACE}
        project = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": meta, "spec": spec}
        await rig.cluster.create(project)
        yield rig


def _real(folder: Path) -> Any:
    assets = require_assets("etcd", "kube-apiserver", "kube-controller-manager")
    return running_real_cluster(assets, folder / "real", controllers=True)


async def create(rig: Rig, namespace: str, name: str, *, project: str = "teams", **spec: Any) -> None:
    path = f"{namespace}-{name}"
    await rig.push({f"{path}/a.yaml": CONFIG.replace("NAME", path)})
    template = {
        "metadata": {"name": "{{name}}"},
        "spec": {
            "project": project,
            "source": {"repoURL": rig.host.clone_url("apps"), "path": path},
            "destination": {"server": HERE, "namespace": "default"},
            "syncPolicy": AUTOMATED,
        },
    }
    body: JsonObject = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"generators": [elements(f"{name}-one")], "template": template, **spec},
    }
    await rig.cluster.create(body)


async def until_told(rig: Rig, namespace: str, name: str, type_: str, status: str) -> tuple[JsonObject, str]:
    """The set, and what its condition says, once that has this status."""
    body = await until_set(rig, name, told(status, type_), namespace=namespace)
    return body, condition(body, type_)[1]


async def until_application(rig: Rig, namespace: str, name: str) -> JsonObject:
    async with asyncio.timeout(60):
        while True:
            body = await rig.cluster.get(APPLICATION, namespace, name)
            if body is not None and synced_and_healthy(body):
                return body
            await asyncio.sleep(0.05)


async def test_a_set_makes_applications_in_its_own_namespace_whatever_its_template_says(rig: Rig) -> None:
    await create(rig, "team-a", "own")
    body = await until_application(rig, "team-a", "own-one")
    (owner,) = body["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("ApplicationSet", "own")
    found, _ = await until_told(rig, "team-a", "own", "ResourcesUpToDate", "True")
    assert [(one["namespace"], one["name"]) for one in found["status"]["resources"]] == [("team-a", "own-one")]
    meta = {"metadata": {"name": "stray-{{name}}", "namespace": NAMESPACE}}
    generator = {"list": {"elements": [{"name": "one"}], "template": {**meta, "spec": {}}}}
    await create(rig, "team-a", "stray", generators=[generator])
    await until_application(rig, "team-a", "stray-one")
    assert await rig.application("stray-one") is None


async def test_a_set_may_use_only_projects_that_name_its_namespace(rig: Rig) -> None:
    await create(rig, "team-b", "refused")
    _, message = await until_told(rig, "team-b", "refused", "ErrorOccurred", "True")
    assert 'applications in namespace "team-b" may not use project "teams"' in message
    assert await rig.cluster.get(APPLICATION, "team-b", "refused-one") is None


async def test_a_set_of_a_namespace_that_nobody_named_is_left_alone(rig: Rig) -> None:
    await create(rig, "others", "alone")
    await create(rig, "team-a", "after")
    await until_application(rig, "team-a", "after-one")
    body = await rig.cluster.get(APPLICATION_SET, "others", "alone")
    assert body is not None
    assert not body.get("status")
    assert rig.runtime.application_sets.get(ApplicationKey("others", "alone", is_set=True)) is None


async def test_a_set_where_no_applications_may_be_says_what_to_do(rig: Rig) -> None:
    await create(rig, "only-sets", "lonely")
    _, message = await until_told(rig, "only-sets", "lonely", "ErrorOccurred", "True")
    assert "name it in application.namespaces, too" in message
    assert await rig.cluster.get(APPLICATION, "only-sets", "lonely-one") is None


async def test_sets_of_one_name_in_two_namespaces_have_applications_of_their_own(rig: Rig) -> None:
    await create(rig, "team-a", "twin")
    await create(rig, NAMESPACE, "twin", project="default")
    await until_application(rig, "team-a", "twin-one")
    await until_application(rig, NAMESPACE, "twin-one")
    await rig.cluster.delete(APPLICATION_SET, "team-a", "twin")
    async with asyncio.timeout(60):
        while await rig.cluster.get(APPLICATION, "team-a", "twin-one") is not None:  # noqa: ASYNC110 - others delete it
            await asyncio.sleep(0.05)
    assert (await rig.application("twin-one") or {})["metadata"].get("deletionTimestamp") is None


async def test_a_set_takes_tokens_from_secrets_of_its_own_namespace_that_are_meant_for_it(rig: Rig) -> None:
    labels = {"argocd.argoproj.io/secret-type": "scm-creds"}
    for namespace, name, marked in ((NAMESPACE, "home", labels), ("team-a", "plain", {})):
        meta = {"name": f"token-{name}", "namespace": namespace, "labels": marked}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"token": "canary"}}
        await rig.cluster.create(secret)
    refusals = {"home": "there is no Secret 'token-home'", "plain": "Secret token-plain is not for generators"}
    for name, why in refusals.items():
        github = {"organization": "o", "api": PERMITTED, "tokenRef": {"secretName": f"token-{name}", "key": "token"}}
        await create(rig, "team-a", f"asks-{name}", generators=[{"scmProvider": {"github": github}}])
        _, message = await until_told(rig, "team-a", f"asks-{name}", "ErrorOccurred", "True")
        assert why in message
        assert "canary" not in message


async def test_a_set_elsewhere_asks_only_hosts_that_are_named(rig: Rig) -> None:
    github = {"organization": "o", "api": "https://elsewhere.example.test"}
    await create(rig, "team-a", "asks", generators=[{"scmProvider": {"github": github}}])
    _, message = await until_told(rig, "team-a", "asks", "ErrorOccurred", "True")
    assert "https://elsewhere.example.test is no host that generators may ask" in message


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (GeneratorSettings(), "may ask no Git host, since no list says which"),
        (GeneratorSettings(scm_allow=(PERMITTED,), scm_providers=False), "no Git host may be asked"),
    ],
)
async def test_without_a_list_no_set_elsewhere_asks_a_host(rig: Rig, settings: GeneratorSettings, why: str) -> None:
    vault = HomeVault(rig.cluster, NAMESPACE, strict=lambda: False)
    answers = HostAnswers(
        Connections(), vault, rig.cluster, NAMESPACE, clusters=tuple, settings=lambda: settings, clock=lambda: 0.0
    )
    question = HostQuestion("scmProvider", '{"github": {"organization": "o"}}')
    answer = await answers.answer(question, ApplicationKey("team-a", "asks", is_set=True), fresh=True)
    assert isinstance(answer, Unanswered)
    assert why in answer.message
