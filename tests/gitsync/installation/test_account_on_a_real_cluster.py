"""The account that a runtime uses in another cluster, on a real API server with its token controller and RBAC."""

import base64
from pathlib import Path

import pytest

from gitsync.changes.cluster import cluster_secret
from gitsync.installation.account import make_account
from gitsync.kube.access import access_from_secret
from gitsync.kube.client import Cluster
from model.link_change import Author
from model.link_cluster import AddCluster
from tests.support.real_apiserver import require_assets, running_real_cluster

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made", "namespace": "default"}}


async def test_a_runtime_may_deploy_with_the_account(tmp_path: Path) -> None:
    folder = require_assets("etcd", "kube-apiserver", "kube-controller-manager")
    async with running_real_cluster(folder, tmp_path, controllers=True) as real:
        account = await make_account(real.kubeconfig, "", "kube-system", lambda _: None)
        assert base64.b64decode(account.ca_data) == real.ca_file.read_bytes()
        body = AddCluster("eu", account.server, account.token, Author("dana"), "op", ca_data=account.ca_data)
        cluster = await Cluster.connect(access_from_secret(cluster_secret(body, "argosy")))
        try:
            written = await cluster.create(CONFIG_MAP)
            assert written.warnings == ()
        finally:
            await cluster.close()
