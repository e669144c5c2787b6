"""The chart of a runtime, installed by helm itself into clusters whose pods are simulated: the sandbox, a real one."""

import asyncio
import shutil
from pathlib import Path

import pytest

from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.sandbox.sandbox import Sandbox
from model.identity import GroupVersionKind, ResourceKey
from tests.support.real_apiserver import RealCluster, require_assets, running_real_cluster
from tests.support.sandbox import running_sandbox

CHART = Path(__file__).resolve().parents[2] / "deploy" / "argosy-runtime"
HELM = shutil.which("helm")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio,
    pytest.mark.skipif(HELM is None, reason="helm is not on PATH"),
]
DEPLOYMENT = ResourceKey("apps", "Deployment", "argosy", "argosy-runtime")
ROLE = ResourceKey("rbac.authorization.k8s.io", "ClusterRole", "", "argosy-runtime-argosy")
JOB = ResourceKey("batch", "Job", "argosy", "argosy-runtime-check")
SECRETS = [ResourceKey("", "Secret", "argosy", f"argosy-runtime-{part}") for part in ("check", "token")]
LINK = "wss://argosy.test/link"
FAILING = "wss://argosy.test/link exit 1"  # a simulated container of a Job ends as its words say


async def helm(cluster: Sandbox | RealCluster, verb: str, *words: str, link: str = LINK) -> tuple[int, str]:
    values = ("--set", "name=eu-1", "--set", f"link.url={link}", "--set", "link.token=argr_secret")
    place = ("--kubeconfig", str(cluster.kubeconfig), "--namespace", "argosy", "--timeout", "120s")
    given = (str(CHART), "--create-namespace", *values) if verb == "install" else ()
    assert HELM is not None
    process = await asyncio.create_subprocess_exec(
        HELM, verb, "eu", *given, *place, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await process.communicate()
    return process.returncode or 0, told.decode()


async def test_the_check_runs_before_anything_is_made_and_leaves_nothing_behind() -> None:
    async with running_sandbox(controllers=True, speed=20) as cluster:
        code, told = await helm(cluster, "install")
        assert code == 0, told
        assert cluster.objects.get(DEPLOYMENT) is not None
        assert [cluster.objects.get(key) is not None for key in SECRETS] == [False, True]
        assert cluster.objects.get(JOB) is None
        code, told = await helm(cluster, "uninstall")
        assert code == 0, told
        assert cluster.objects.get(DEPLOYMENT) is None
        assert cluster.objects.get(ROLE) is None


async def test_nothing_is_installed_where_the_check_fails_and_it_can_be_skipped() -> None:
    async with running_sandbox(controllers=True, speed=20) as cluster:
        code, told = await helm(cluster, "install", link=FAILING)
        assert code != 0
        assert "pre-install" in told
        assert [cluster.objects.get(key) for key in (DEPLOYMENT, ROLE, SECRETS[1])] == [None, None, None]
        assert cluster.objects.get(JOB) is not None  # its log says what is wrong
        code, told = await helm(cluster, "uninstall")
        assert code == 0, told
        code, told = await helm(cluster, "install", "--set", "check.enabled=false", link=FAILING)
        assert code == 0, told
        assert cluster.objects.get(DEPLOYMENT) is not None


@pytest.mark.controlplane
async def test_a_real_control_plane_checks_runs_and_gives_it_back(
    tmp_path: Path,
) -> None:
    programs = require_assets("kube-controller-manager", "kube-scheduler", "kwok")
    async with running_real_cluster(programs, tmp_path / "real", nodes=1) as real:
        code, told = await helm(real, "install", "--wait")
        assert code == 0, told
        cluster = await Cluster.connect(access_from_kubeconfig(real.kubeconfig))
        try:
            deployment = await cluster.get(GroupVersionKind("apps", "v1", "Deployment"), "argosy", "argosy-runtime")
            assert deployment is not None
            assert deployment["status"]["availableReplicas"] == 1
            assert await cluster.get(GroupVersionKind("batch", "v1", "Job"), "argosy", JOB.name) is None
            assert await cluster.get(GroupVersionKind("", "v1", "Secret"), "argosy", SECRETS[0].name) is None
            code, told = await helm(real, "uninstall", "--wait")
            assert code == 0, told
            assert await cluster.get(GroupVersionKind("apps", "v1", "Deployment"), "argosy", "argosy-runtime") is None
            assert await cluster.list(GroupVersionKind("argoproj.io", "v1alpha1", "Application")) == []  # still served
        finally:
            await cluster.close()
