"""A real API server judges an application by the rights of its project's ServiceAccount, and by no others."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitsync.kube.access import access_from_kubeconfig
from gitsync.manifest.object import JsonObject
from gitsync.sandbox.githost import Access, GitHost
from tests.support.real_apiserver import require_assets, running_real_cluster
from tests.support.runtime import NAMESPACE, Rig, phase_of, running_rig, synced_and_healthy

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

ONCE: dict[str, Any] = {"automated": {"prune": True}, "retry": {"limit": 0}}
USER = "system:serviceaccount:default:deployer"


def manifest(kind: str, name: str) -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"


async def permit(rig: Rig) -> None:
    """The ServiceAccount may do everything with ConfigMaps of one namespace."""
    rbac = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}
    metadata = {"name": "deployer", "namespace": "default"}
    subject = {"kind": "ServiceAccount", "name": "deployer", "namespace": "default"}
    for body in (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "deployer"},
            "subjects": [subject],
        },
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": "team", "namespace": NAMESPACE},
            "spec": {
                "sourceRepos": ["*"],
                "destinations": [{"server": "*", "namespace": "*"}],
                "destinationServiceAccounts": [
                    {"server": "*", "namespace": "*", "defaultServiceAccount": "default:deployer"}
                ],
            },
        },
    ):
        await rig.cluster.create(body)


async def test_rights_are_those_of_the_account(tmp_path: Path) -> None:
    host = GitHost(tmp_path / "host", clock=lambda: datetime.now(UTC))
    await host.create_repository("apps", public=True)
    host.add_user("dana", "dana-password")
    host.set_access("apps", "dana", Access.WRITE)
    async with running_real_cluster(require_assets("etcd", "kube-apiserver"), tmp_path / "real") as real:
        await host.start()
        try:
            async with running_rig(access_from_kubeconfig(real.kubeconfig), host, tmp_path / "runtime") as rig:
                await permit(rig)
                await rig.push(
                    {"may/a.yaml": manifest("ConfigMap", "may"), "may-not/a.yaml": manifest("Service", "may-not")}
                )
                await rig.create_application("may", project="team", syncPolicy=ONCE)
                await rig.until("may", synced_and_healthy)
                await rig.create_application("may-not", project="team", syncPolicy=ONCE)
                body = await rig.until("may-not", lambda body: phase_of(body) == "Failed")
                assert USER in message_of(body)
                assert await rig.get("v1", "Service", "default", "may-not") is None
        finally:
            await host.stop()


def message_of(body: JsonObject) -> str:
    return str(body["status"]["operationState"].get("message", ""))
