"""Clusters are added and removed as people want: reached first, through Git where a Secret can stand there."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pyrage
import pytest
import pytest_asyncio

from api.installation.runtime import RuntimeInstallation, runtime_objects
from gitsync.access.secret import Credential, PersonSecret, RepositorySecret
from gitsync.changes.cluster import cluster_secret
from gitsync.installation.account import Account, make_account
from gitsync.kube.access import access_from_secret
from gitsync.manifest.object import JsonObject
from gitsync.runtime.rollouts_alone import DeliveryRuntime
from gitsync.sandbox.githost import Access
from gitsync.settings import RuntimeSettings
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.link_change import Author, ChangeAnswer, ManageRuntime
from model.link_cluster import AddCluster, ClusterAnswer, InstallRollouts, RemoveCluster
from model.report import ROLLOUTS_MISSING, SyncState
from tests.gitsync.changes.test_clusters_as_secrets import certificate
from tests.support.dark_host import git_host_down, say_that_git_is_away
from tests.support.runtime import AUTHOR, NAMESPACE, Rig, running_rig
from tests.support.sandbox import running_sandbox
from tests.support.sandbox_rig import World, running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

Found = TypeVar("Found")
DANA = Author("dana", "dana@example.com")
SEALED = GroupVersionKind("bitnami.com", "v1alpha1", "SealedSecret")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    folder = tmp_path_factory.mktemp("clusters")
    async with running_world(folder) as world:
        host = world.host
        host.add_user("robot", "robot-password")
        host.add_user("victor", "victor-password")
        await host.create_repository("config")
        for user, access in (("robot", Access.WRITE), ("dana", Access.WRITE), ("victor", Access.READ)):
            host.set_access("config", user, access)
        await host.commit_files("config", "main", {"README.md": b"-\n"}, message="First", author=AUTHOR)
        config = host.clone_url("config")
        async with running_rig(world.access, host, folder / "runtime", name="demo", config_repo=config) as rig:
            root = config.rpartition("/")[0]
            own = RepositorySecret(root, template=True, credential=Credential("robot", "robot-password"))
            rig.runtime.credentials.put_repository("host", own)
            for person in ("dana", "victor"):
                secret = PersonSecret(person, root, Credential(person, f"{person}-password"))
                rig.runtime.credentials.put_person(person, secret)
            yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def target() -> AsyncIterator[Account]:
    """Another cluster, and the account that was made in it."""
    async with running_sandbox() as sandbox:
        made: list[str] = []
        account = await make_account(sandbox.kubeconfig, "", "kube-system", made.append)
        assert [one.split()[0] for one in made] == ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Secret"]
        again = await make_account(sandbox.kubeconfig, "", "kube-system", made.append)
        assert again == account
        yield account


def wanted(account: Account, **changes: Any) -> AddCluster:
    body = AddCluster(
        name="target",
        server=account.server,
        token=account.token,
        author=DANA,
        operation_id="op-add",
        ca_data=account.ca_data,
        server_name=account.server_name,
    )
    return msgspec.structs.replace(body, **changes)


async def until(read: Callable[[], Awaitable[Found]]) -> Found:
    """What is read, as soon as there is something."""
    async with asyncio.timeout(15):
        while not (found := await read()):  # noqa: ASYNC110 - of a cluster, without an event
            await asyncio.sleep(0.05)
    return found


async def ask(rig: Rig, body: AddCluster | RemoveCluster | InstallRollouts) -> ClusterAnswer:
    answer = await rig.runtime.requests.answer(body)
    assert isinstance(answer, ClusterAnswer)
    return answer


async def refusal(rig: Rig, body: AddCluster | RemoveCluster | InstallRollouts) -> tuple[str, str, str]:
    (problem,) = (await ask(rig, body)).problems
    return problem.code, problem.field, f"{problem.message} {problem.suggestion}"


async def joined(rig: Rig, server: str, *, there: bool) -> None:
    async def look() -> bool:
        member = rig.runtime.fleet.get(server)
        return (member is not None and member.ready) if there else member is None

    await until(look)


async def test_a_cluster_is_added_directly_where_git_can_keep_no_secrets(rig: Rig, target: Account) -> None:
    answer = await ask(rig, wanted(target, labels={"env": "prod"}))
    assert answer.problems == ()
    assert answer.commit is None
    assert "no Sealed Secrets controller" in answer.notice
    assert answer.server_version
    await joined(rig, target.server, there=True)
    member = rig.runtime.fleet.get(target.server)
    assert member is not None
    assert ("env", "prod") in member.labels
    code, field, told = await refusal(rig, wanted(target, operation_id="op-again", name="other"))
    assert (code, field) == ("VALIDATION_ERROR", "server")
    assert "there already, as cluster target" in told
    _, field, told = await refusal(rig, wanted(target, server="https://127.0.0.1:1", operation_id="op-name"))
    assert (field, "there is a cluster target already" in told) == ("name", True)
    removed = await ask(rig, RemoveCluster(target.server, DANA, "op-remove"))
    assert removed.problems == ()
    await joined(rig, target.server, there=False)


async def test_what_the_runtime_cannot_use_is_not_added(rig: Rig, target: Account) -> None:
    _, field, told = await refusal(rig, wanted(target, token="another"))
    assert (field, "does not accept the token" in told) == ("token", True)
    _, field, told = await refusal(rig, wanted(replace(target, server="https://127.0.0.1:1"), name="gone"))
    assert (field, "--server-url" in told) == ("server", True)
    code, _, told = await refusal(rig, wanted(target, author=Author("victor")))
    assert (code, "may not change clusters" in told) == ("FORBIDDEN_ERROR", True)
    code, _, told = await refusal(rig, RemoveCluster("https://kubernetes.default.svc", DANA, "op"))
    assert (code, "the runtime lives in" in told) == ("VALIDATION_ERROR", True)
    code, _, _ = await refusal(rig, RemoveCluster("https://nowhere.example.test", DANA, "op"))
    assert code == "NOT_FOUND_ERROR"


ROLLOUT = """apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: cart}
spec:
  replicas: 1
  selector: {matchLabels: {app: cart}}
  strategy: {canary: {}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: web, image: "web:1"}]}
"""
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


@asynccontextmanager
async def rollouts_pod(target: Account, folder: Path) -> AsyncIterator[None]:
    """What the pod does, since a sandbox runs no image: the same arguments in this process."""
    settings = RuntimeSettings(
        namespace="argosy-rollouts", data_dir=folder, controllers=frozenset({"rollouts"}), name="argosy-rollouts"
    )
    pod = DeliveryRuntime(settings, access_from_secret(cluster_secret(wanted(target), NAMESPACE)))
    await pod.start()
    try:
        yield
    finally:
        await pod.close()


async def test_one_commit_installs_rollouts_and_the_warning_goes_when_the_kind_is_served(
    both: tuple[World, Rig], target: Account, tmp_path: Path
) -> None:
    world, rig = both
    await ask(rig, wanted(target, operation_id="op-for-rollouts"))
    await joined(rig, target.server, there=True)
    await rig.push({"rolled/rollout.yaml": ROLLOUT})
    place = {"name": "target", "namespace": "default"}
    await rig.create_application("rolled", destination=place, syncPolicy={"automated": {}})

    async def warned() -> bool:
        record = rig.runtime.records.get(ApplicationKey(NAMESPACE, "rolled"))
        return record is not None and any(
            one.type == ROLLOUTS_MISSING for one in rig.runtime.reporter.summary(record).conditions
        )

    await until(warned)
    code, _, told = await refusal(rig, InstallRollouts("in-cluster", DANA, "op-home"))
    assert (code, "the runtime runs Rollouts there itself" in told) == ("VALIDATION_ERROR", True)
    code, _, _ = await refusal(rig, InstallRollouts("target", Author("victor"), "op-victor"))
    assert code == "FORBIDDEN_ERROR"
    away = [
        InstallRollouts("target", DANA, "op-dark-3"),
        wanted(target, name="other", server="https://127.0.0.1:1", operation_id="op-dark-1"),
        RemoveCluster(target.server, DANA, "op-dark-2"),
    ]
    with git_host_down(world, rig):
        await say_that_git_is_away(world, rig, away)

    answer = await ask(rig, InstallRollouts("target", DANA, "op-rollouts", image="registry.local/argosy:1"))
    assert answer.problems == ()
    assert answer.commit is not None
    assert answer.commit.author_name == "dana"
    assert "resources/clusters/demo/target/rollouts.yaml" in await newest_commit(world)
    _, _, told = await refusal(rig, InstallRollouts("target", DANA, "op-twice"))
    assert "is there already" in told
    member = rig.runtime.fleet.get(target.server)
    assert member is not None

    async def controller() -> JsonObject | None:
        return await member.cluster.get(DEPLOYMENT, "argosy-rollouts", "argosy-rollouts")

    deployment = await until(controller)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.local/argosy:1"
    assert rig.runtime.fleet.summary(member, 1).rollouts is False

    async def quiet() -> bool:
        return not await warned()

    async with rollouts_pod(target, tmp_path):
        await until(quiet)
        assert rig.runtime.fleet.summary(member, 1).rollouts is True
        _, _, told = await refusal(rig, InstallRollouts("target", DANA, "op-served"))
        assert "knows Rollouts already" in told
    await ask(rig, RemoveCluster(target.server, DANA, "op-without-rollouts"))
    await joined(rig, target.server, there=False)


async def test_a_cluster_is_added_and_removed_by_commits_where_sops_is_configured(
    both: tuple[World, Rig], target: Account
) -> None:
    world, rig = both
    identity = pyrage.x25519.Identity.generate()
    rules = f"creation_rules:\n- path_regex: /clusters/\n  age: {identity.to_public()}\n"
    await world.host.commit_files("config", "main", {".sops.yaml": rules.encode()}, message="Encrypt", author=AUTHOR)
    keyless = await ask(rig, wanted(target, operation_id="op-keyless"))
    assert (keyless.commit, keyless.problems) == (None, ())
    assert "Secret sops-age in argosy has no age key of the recipients in .sops.yaml" in keyless.notice
    await joined(rig, target.server, there=True)
    await ask(rig, RemoveCluster(target.server, DANA, "op-remove-keyless"))
    await joined(rig, target.server, there=False)

    keys = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sops-age", "namespace": NAMESPACE}}
    await rig.cluster.create({**keys, "stringData": {"own.agekey": f"# ours\n{identity}\n"}})
    answer = await ask(rig, wanted(target, operation_id="op-sops", labels={"env": "prod"}))
    assert answer.problems == ()
    assert answer.commit is not None
    assert (answer.commit.author_name, answer.notice) == ("dana", "")
    committed = await newest_commit(world)
    assert target.token not in committed
    assert "ENC[AES256_GCM,data:" in committed
    await joined(rig, target.server, there=True)
    member = rig.runtime.fleet.get(target.server)
    assert member is not None
    assert ("env", "prod") in member.labels
    removed = await ask(rig, RemoveCluster(target.server, DANA, "op-unsops"))
    assert removed.problems == ()
    assert removed.commit is not None
    assert f"delete mode 100644 resources/runtimes/demo/clusters/{member.secret}.yaml" in await newest_commit(world)
    await joined(rig, target.server, there=False)
    await world.host.commit_files("config", "main", {".sops.yaml": b""}, message="Not any more", author=AUTHOR)


async def test_a_cluster_is_added_and_removed_by_commits_where_secrets_can_be_sealed(
    both: tuple[World, Rig], target: Account
) -> None:
    world, rig = both
    await _give_sealed_secrets(rig)
    answer = await ask(rig, wanted(target, operation_id="op-sealed"))
    assert answer.problems == ()
    assert answer.commit is not None
    assert (answer.commit.author_name, answer.notice) == ("dana", "")
    assert target.token not in await newest_commit(world)

    async def there() -> list[JsonObject]:
        return await rig.cluster.list(SEALED, namespace=NAMESPACE)

    (made,) = await until(there)
    # This is what the controller makes of it:
    name, uid = made["metadata"]["name"], made["metadata"]["uid"]
    secret = cluster_secret(wanted(target), NAMESPACE)
    owner = {"apiVersion": SEALED.api_version, "kind": SEALED.kind, "name": name, "uid": uid}
    secret["metadata"]["ownerReferences"] = [owner]
    await rig.cluster.create(secret)
    await joined(rig, target.server, there=True)
    removed = await ask(rig, RemoveCluster(target.server, DANA, "op-unsealed"))
    assert removed.problems == ()
    assert f"delete mode 100644 resources/runtimes/demo/clusters/{name}.yaml" in await newest_commit(world)
    await joined(rig, target.server, there=False)


async def manage(rig: Rig, operation_id: str) -> ChangeAnswer:
    answer = await rig.runtime.requests.answer(ManageRuntime(DANA, operation_id))
    assert isinstance(answer, ChangeAnswer)
    return answer


async def test_a_runtime_takes_its_own_installation_into_git_and_keeps_it_so(both: tuple[World, Rig]) -> None:
    world, rig = both
    (problem,) = (await manage(rig, "op-nothing")).problems
    assert "there is no Deployment argosy/argosy-runtime" in problem.message
    assert rig.runtime.reporter.runtime().installation_sync is None

    token = "argr_not-for-git"
    installed = RuntimeInstallation("demo", "wss://argosy.test/link", "argosy:1", "1", NAMESPACE, token=token)
    for body in runtime_objects(installed):
        await rig.cluster.create(body, manager="kubectl")
    before = await rig.cluster.get(DEPLOYMENT, NAMESPACE, "argosy-runtime")
    assert before is not None

    with git_host_down(world, rig):
        await say_that_git_is_away(world, rig, [ManageRuntime(DANA, "op-dark-4")])
    answer = await manage(rig, "op-manage")
    assert answer.problems == ()
    assert answer.commit is not None
    assert answer.commit.author_name == "dana"
    committed = await newest_commit(world)
    assert "installations/demo/runtime.yaml" in committed
    assert "kind: ClusterRoleBinding" in committed
    assert token not in committed
    assert "kind: Secret" not in committed

    async def synced() -> bool:
        return rig.runtime.reporter.runtime().installation_sync is SyncState.SYNCED

    await until(synced)
    after = await rig.cluster.get(DEPLOYMENT, NAMESPACE, "argosy-runtime")
    assert after is not None
    assert after["metadata"]["generation"] == before["metadata"]["generation"]  # taking it into Git restarts nothing

    containers = [{"name": "runtime", "image": "argosy:2"}]
    key = ResourceKey("apps", "Deployment", NAMESPACE, "argosy-runtime")
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    await rig.cluster.patch(key, "v1", patch, kind="strategic", manager="kubectl")

    async def healed() -> bool:
        found = await rig.cluster.get(DEPLOYMENT, NAMESPACE, "argosy-runtime")
        assert found is not None
        (container,) = found["spec"]["template"]["spec"]["containers"]
        return bool(container["image"] == "argosy:1")

    await until(healed)
    (problem,) = (await manage(rig, "op-manage-again")).problems
    assert "is there already" in problem.message


async def newest_commit(world: World) -> str:
    process = await asyncio.create_subprocess_exec(
        *("git", "-C", str(world.host.repositories.path("config")), "show", "--summary", "-p", "main"),
        stdout=asyncio.subprocess.PIPE,
    )
    return (await process.communicate())[0].decode()


async def _give_sealed_secrets(rig: Rig) -> None:
    """What the controller brings: its kind, and its key."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": schema}
    names = {"kind": "SealedSecret", "plural": "sealedsecrets", "singular": "sealedsecret"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "sealedsecrets.bitnami.com"},
        "spec": {"group": "bitnami.com", "names": names, "scope": "Namespaced", "versions": [version]},
    }
    await rig.cluster.create(definition)

    async def served() -> bool:
        for cluster in (rig.cluster, rig.runtime.home_cluster):
            await cluster.discovery.refresh()
        return rig.runtime.home_cluster.discovery.resource(SEALED) is not None

    await until(served)
    labels = {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}
    metadata = {"name": "sealed-secrets-key", "namespace": "kube-system", "labels": labels}
    data = {"tls.crt": base64.b64encode(certificate()).decode(), "tls.key": base64.b64encode(b"-").decode()}
    await rig.cluster.create(
        {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data}
    )
