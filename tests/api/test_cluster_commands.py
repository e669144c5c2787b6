"""`argosy cluster`: an account is made in the cluster of a context, and its token goes to the runtime alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from gitsync.sandbox.sandbox import Sandbox
from model.identity import ResourceKey
from model.link import ClusterChanged, RuntimeChanged
from model.link_change import Problem
from model.link_cluster import AddCluster, ClusterAnswer, InstallRollouts, RemoveCluster
from model.report import ClusterSummary, RuntimeSummary
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime
from tests.support.sandbox import running_sandbox

pytestmark = pytest.mark.cpu_seconds(30)  # loads the libraries that talk to clusters

ACCOUNT = ResourceKey("", "ServiceAccount", "kube-system", "argosy-manager")


@pytest.fixture
async def target() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as sandbox:
        yield sandbox


async def argosy(running: Running, *words: str, person: str = "admin") -> Result:
    server = ("--server", running.address, "--token", await running.token(person))
    return await asyncio.to_thread(CliRunner().invoke, main, ["cluster", *server, *words])


async def test_a_cluster_is_added_by_the_name_of_its_context(
    running: Running, runtime: FakeRuntime, target: Sandbox
) -> None:
    runtime.answers[AddCluster] = lambda body: ClusterAnswer("op", notice="Not in Git.", server_version="v1.33.0")
    place = ("--runtime", "demo", "--kubeconfig", str(target.kubeconfig))
    done = await argosy(
        running, "add", "sandbox", "--name", "target", *place, "--label", "env=prod", "--annotation", "team=web"
    )
    assert done.exit_code == 0, done.output
    assert "cluster target (v1.33.0) added to runtime demo" in done.stdout
    assert "Not in Git." in done.stderr
    (asked,) = [body for body in runtime.requests if isinstance(body, AddCluster)]
    assert (asked.name, asked.server, asked.labels, asked.annotations) == (
        "target",
        target.url,
        {"env": "prod"},
        {"team": "web"},
    )
    assert asked.token not in done.output
    identity = target.access.identify_token(asked.token)
    assert identity is not None
    assert identity.name == "system:serviceaccount:kube-system:argosy-manager"
    assert identity.may("create", "apps", "deployments", "shop")


async def test_a_dry_run_makes_nothing(running: Running, runtime: FakeRuntime, target: Sandbox) -> None:
    place = ("--runtime", "demo", "--kubeconfig", str(target.kubeconfig), "--dry-run")
    done = await argosy(running, "add", "sandbox", "--name", "target", *place)
    assert done.exit_code == 0, done.output
    assert "ClusterRoleBinding argosy-manager" in done.stdout
    assert target.objects.get(ACCOUNT) is None
    assert not [body for body in runtime.requests if isinstance(body, AddCluster)]


async def test_wrong_contexts_and_duplicates_are_told_before_anything_is_made(
    running: Running, runtime: FakeRuntime, target: Sandbox
) -> None:
    place = ("--runtime", "demo", "--kubeconfig", str(target.kubeconfig))
    done = await argosy(running, "add", "nowhere", *place)
    assert done.exit_code == 1
    assert "has no context named 'nowhere'" in done.output
    await runtime.report(ClusterChanged(ClusterSummary("eu", target.url, "Successful")))
    done = await argosy(running, "add", "sandbox", "--name", "target", *place)
    assert done.exit_code == 1
    assert f"runtime demo has a cluster eu at {target.url} already" in done.output
    assert target.objects.get(ACCOUNT) is None


async def test_what_the_runtime_says_no_to_is_told(running: Running, runtime: FakeRuntime, target: Sandbox) -> None:
    problem = Problem("VALIDATION_ERROR", "the runtime cannot reach it", "server", suggestion="Use --server-url.")
    runtime.answers[AddCluster] = lambda body: ClusterAnswer("op", problems=(problem,))
    place = ("--runtime", "demo", "--kubeconfig", str(target.kubeconfig))
    done = await argosy(running, "add", "sandbox", "--name", "target", *place)
    assert done.exit_code == 1
    assert "the runtime cannot reach it Use --server-url." in done.output


async def test_clusters_are_listed_and_removed_by_name(running: Running, runtime: FakeRuntime) -> None:
    url = "https://eu.example.test"
    await runtime.report(ClusterChanged(ClusterSummary("eu", url, "Failed", "no answer", applications_count=3)))
    listed = await argosy(running, "list", "--runtime", "demo")
    assert "eu" in listed.stdout
    assert "no answer" in listed.stdout
    done = await argosy(running, "remove", "eu", "--runtime", "demo")
    assert done.exit_code == 0, done.output
    assert "3 applications name it" in done.stderr
    (asked,) = [body for body in runtime.requests if isinstance(body, RemoveCluster)]
    assert (asked.server, asked.author.name) == (url, "admin")
    assert (await argosy(running, "remove", "us", "--runtime", "demo")).exit_code == 1


async def test_rollouts_are_installed_by_the_name_of_a_cluster(running: Running, runtime: FakeRuntime) -> None:
    done = await argosy(running, "install-rollouts", "eu", "--runtime", "demo", "--image", "registry.local/argosy:1")
    assert done.exit_code == 0, done.output
    assert "the controller of Rollouts comes to cluster eu, by commit " in done.stdout
    (asked,) = [body for body in runtime.requests if isinstance(body, InstallRollouts)]
    assert (asked.cluster, asked.image, asked.author.name) == ("eu", "registry.local/argosy:1", "admin")


async def test_without_a_shared_configuration_rollouts_cannot_be_installed_and_the_next_step_is_said(
    running: Running, runtime: FakeRuntime
) -> None:
    bare = RuntimeSummary("0.1.0", "argosy", "ARGOSY", "HELM", datetime(2026, 3, 1, tzinfo=UTC))
    await runtime.report(RuntimeChanged(bare))
    done = await argosy(running, "install-rollouts", "eu", "--runtime", "demo")
    assert done.exit_code == 1
    assert "has no shared configuration repository" in done.output
    assert "--config-repo" in done.output
    assert not [body for body in runtime.requests if isinstance(body, InstallRollouts)]


async def test_readers_may_not_change_clusters(running: Running, runtime: FakeRuntime, target: Sandbox) -> None:
    place = ("--runtime", "demo", "--kubeconfig", str(target.kubeconfig))
    done = await argosy(running, "add", "sandbox", "--name", "target", *place, person="reader")
    assert done.exit_code == 1
    assert "you may not change clusters" in done.output
