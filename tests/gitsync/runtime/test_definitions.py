"""Definitions of our kinds are made where they are missing, and those of somebody else stay as they are."""

from copy import deepcopy

import pytest

from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.runtime.install import install_definitions, install_rollout_definitions
from model.identity import GroupVersionKind
from model.kinds.definitions import custom_resource_definitions, rollout_definitions
from tests.support.sandbox import running_sandbox

pytestmark = [pytest.mark.e2e]

DEFINITION = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")


async def test_what_is_missing_is_made_and_what_is_there_is_neither_downgraded_nor_touched() -> None:
    ours = {one["metadata"]["name"]: one for one in (*custom_resource_definitions(), *rollout_definitions())}
    newer = deepcopy(ours["rollouts.argoproj.io"])
    newer["metadata"]["annotations"] = {"version": "of a newer release"}
    schema = newer["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema.setdefault("properties", {})["added"] = {"type": "string"}
    async with running_sandbox() as sandbox:
        cluster = await Cluster.connect(access_from_kubeconfig(sandbox.kubeconfig))
        try:
            await cluster.create(newer)
            before = await cluster.get(DEFINITION, "", "rollouts.argoproj.io")
            await cluster.discovery.refresh()
            for _ in range(2):  # a restart finds all of them
                await install_definitions(cluster, "argosy")
                await install_rollout_definitions(cluster)
            found = {one["metadata"]["name"] for one in await cluster.list(DEFINITION)}
            assert set(ours) <= found
            assert await cluster.get(DEFINITION, "", "rollouts.argoproj.io") == before
        finally:
            await cluster.close()
