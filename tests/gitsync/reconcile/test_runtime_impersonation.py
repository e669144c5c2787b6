"""A project's ServiceAccounts: what they may not do, no application of the project can do."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.access import Rule
from model.kinds.application import FINALIZER
from tests.support.runtime import APPLICATION, NAMESPACE, Rig, conditions_of, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

ONCE: dict[str, Any] = {"automated": {"prune": True}, "retry": {"limit": 0}}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: NAME}\n"
READ = Rule(verbs=("get", "list", "watch"))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("impersonation")) as (world, rig):
        rules = (READ, Rule(resources=("configmaps",), namespaces=("default",)))
        world.sandbox.access.add("deployer-token", "system:serviceaccount:default:deployer", rules)
        await rig.cluster.create(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "AppProject",
                "metadata": {"name": "team", "namespace": NAMESPACE},
                "spec": {
                    "sourceRepos": ["*"],
                    "destinations": [{"server": "*", "namespace": "*"}],
                    "destinationServiceAccounts": [
                        {"server": "*", "namespace": "default", "defaultServiceAccount": "deployer"}
                    ],
                },
            }
        )
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


@pytest.fixture
def world(both: tuple[World, Rig]) -> World:
    return both[0]


def message_of(body: JsonObject) -> str:
    return str(body["status"]["operationState"].get("message", ""))


async def test_an_application_does_what_its_account_may_do(rig: Rig) -> None:
    await rig.push({"may/a.yaml": CONFIG.replace("NAME", "may")})
    await rig.create_application("may", project="team", syncPolicy=ONCE, metadata={"finalizers": [FINALIZER]})
    await rig.until("may", synced_and_healthy)


async def test_what_the_account_may_not_do_is_refused_by_the_cluster(rig: Rig) -> None:
    await rig.push({"may-not/a.yaml": ACCOUNT.replace("NAME", "may-not")})
    await rig.create_application("may-not", project="team", syncPolicy=ONCE)
    body = await rig.until("may-not", lambda body: phase_of(body) == "Failed")
    assert "system:serviceaccount:default:deployer" in message_of(body)
    assert await rig.get("v1", "ServiceAccount", "default", "may-not") is None


async def test_where_no_account_fits_nothing_is_applied(rig: Rig) -> None:
    await rig.push({"nobody/a.yaml": CONFIG.replace("NAME", "nobody")})
    destination = {"server": "https://kubernetes.default.svc", "namespace": "kube-public"}
    await rig.create_application("nobody", project="team", syncPolicy=ONCE, destination=destination)
    body = await rig.until("nobody", lambda body: phase_of(body) == "Error")
    assert message_of(body).startswith("no matching service account found")
    assert await rig.get("v1", "ConfigMap", "kube-public", "nobody") is None


async def test_a_deletion_is_the_accounts_too(world: World, rig: Rig) -> None:
    await rig.push({"stays/a.yaml": CONFIG.replace("NAME", "stays")})
    await rig.create_application("stays", project="team", syncPolicy=ONCE, metadata={"finalizers": [FINALIZER]})
    await rig.until("stays", synced_and_healthy)
    world.sandbox.access.add("deployer-token", "system:serviceaccount:default:deployer", (READ,))
    await rig.cluster.delete(APPLICATION, NAMESPACE, "stays")
    body = await rig.until("stays", lambda body: "DeletionError" in dict(conditions_of(body)))
    assert "ConfigMap default/stays" in dict(conditions_of(body))["DeletionError"]
    assert await rig.get("v1", "ConfigMap", "default", "stays") is not None
