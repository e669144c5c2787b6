"""The real kubectl against a sandbox with controllers: what a person does in the demo."""

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.sandbox import running_sandbox

_KUBECTL = shutil.which("kubectl")
_SPEED = 10.0
_DEFINITION = Path(__file__).parents[2] / "contract" / "kubernetes" / "widget-definition.yaml"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(_KUBECTL is None, reason="kubectl is not installed"),
]


class Kubectl:
    """Runs kubectl and gives back what it printed."""

    def __init__(self, kubeconfig: Path, cache: Path) -> None:
        self._start = (str(_KUBECTL), "--kubeconfig", str(kubeconfig), "--cache-dir", str(cache))

    async def __call__(self, *arguments: str, stdin: str = "", fails: bool = False) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._start,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate(stdin.encode())
        text = output.decode()
        assert bool(process.returncode) is fails, f"kubectl {' '.join(arguments)}: {text}"
        return text


@pytest.fixture
async def kubectl(tmp_path: Path) -> AsyncIterator[Kubectl]:
    async with running_sandbox(controllers=True, speed=_SPEED) as sandbox:
        yield Kubectl(sandbox.kubeconfig, tmp_path / "cache")


_MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""


async def test_a_workload_from_apply_to_delete(kubectl: Kubectl) -> None:
    assert "deployment.apps/web created" in await kubectl("apply", "-f", "-", stdin=_MANIFEST)
    assert "unchanged" in await kubectl("apply", "-f", "-", stdin=_MANIFEST)
    assert "successfully rolled out" in await kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    await kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=10s")
    table = await kubectl("get", "deployments", "-o", "wide")
    shown = " ".join(table.splitlines()[0].split())
    assert shown == "NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR"
    assert "2/2" in table
    assert (await kubectl("get", "pods", "-l", "app=web")).count("Running") == 2
    described = await kubectl("describe", "deployment", "web")
    assert "ScalingReplicaSet" in described
    assert "2 available" in described
    assert "serverside-applied" in await kubectl("apply", "--server-side", "-f", "-", stdin=_MANIFEST)
    env = '{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"A","value":"1"}]}]}}}}'
    assert "patched" in await kubectl("patch", "deployment", "web", "-p", env)  # strategic: the image stays
    assert "patched" in await kubectl("patch", "deployment", "web", "--type=merge", "-p", '{"spec":{"replicas":3}}')
    there = '{"op":"test","path":"/spec/replicas","value":3}'
    paused = '{"op":"add","path":"/spec/paused","value":true}'
    assert "patched" in await kubectl("patch", "deployment", "web", "--type=json", "-p", f"[{there},{paused}]")
    shown = await kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas} {.spec.paused} {.spec.template}")
    assert shown.startswith("3 true ")
    assert "nginx:1.27" in shown
    assert '"A"' in shown
    assert "resumed" in await kubectl("rollout", "resume", "deployment/web")
    assert "scaled" in await kubectl("scale", "deployment", "web", "--replicas=1")
    assert len((await kubectl("logs", "deployment/web", "--tail=2")).splitlines()) == 2
    assert "restarted" in await kubectl("rollout", "restart", "deployment/web")
    assert "deleted" in await kubectl("delete", "deployment", "web", "--cascade=foreground", "--timeout=30s")
    assert "No resources found" in await kubectl("get", "pods")


async def test_what_a_deletion_takes_along_is_chosen(kubectl: Kubectl) -> None:
    await kubectl("create", "deployment", "web", "--image=nginx:1.27")
    await kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    assert "deleted" in await kubectl("delete", "deployment", "web", "--cascade=orphan")
    pods = await kubectl("get", "pods,replicasets", "-l", "app=web", "-o", "name")
    await kubectl("create", "deployment", "web", "--image=nginx:1.27")  # adopts what was left
    await kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    assert await kubectl("get", "pods,replicasets", "-l", "app=web", "-o", "name") == pods
    assert "deleted" in await kubectl("delete", "deployment", "web", "--cascade=background")
    await kubectl("wait", "pods,replicasets", "-l", "app=web", "--for=delete", "--timeout=30s")
    assert "No resources found" in await kubectl("get", "pods,replicasets", "-l", "app=web")


async def test_a_log_is_followed_to_its_end(kubectl: Kubectl) -> None:
    script = "echo begun; sleep 5 && exit 0"
    await kubectl("create", "job", "once", "--image=busybox:1", "--", "sh", "-c", script)
    said = await kubectl("logs", "--follow", "job/once", "--pod-running-timeout=30s")
    assert "begun" in said  # and it came back, so the container has ended
    await kubectl("wait", "job/once", "--for=condition=Complete", "--timeout=30s")


async def test_commands_that_send_the_binary_form(kubectl: Kubectl) -> None:
    await kubectl("create", "namespace", "team")
    await kubectl("-n", "team", "create", "deployment", "web", "--image=nginx:1.27", "--replicas=2", "--port=80")
    await kubectl("-n", "team", "create", "secret", "generic", "keys", "--from-literal=a=b")
    await kubectl("-n", "team", "create", "job", "once", "--image=busybox:1", "--", "sh", "-c", "sleep 1 && exit 0")
    await kubectl("-n", "team", "rollout", "status", "deployment/web", "--timeout=30s")
    await kubectl("-n", "team", "expose", "deployment", "web", "--port=80")
    await kubectl("-n", "team", "wait", "--for=condition=Complete", "job/once", "--timeout=30s")
    await kubectl("drain", "node-0", "--ignore-daemonsets", "--force", "--timeout=30s")
    assert "SchedulingDisabled" in await kubectl("get", "nodes")
    await kubectl("delete", "namespace", "team", "--timeout=40s")


async def test_discovery_and_documentation(kubectl: Kubectl) -> None:
    assert "FIELD: strategy <DeploymentStrategy>" in await kubectl("explain", "deployment.spec.strategy")
    names = await kubectl("api-resources", "-o", "name")
    assert {"deployments.apps", "pods", "cronjobs.batch", "storageclasses.storage.k8s.io"} <= set(names.split())
    assert "v1.36" in await kubectl("version")
    assert "yes" in await kubectl("auth", "can-i", "delete", "pods")
    assert "admin" in await kubectl("auth", "whoami")


async def test_a_kind_of_ones_own(kubectl: Kubectl) -> None:
    widget = "apiVersion: contract.example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 2}\n"
    await kubectl("apply", "-f", str(_DEFINITION))
    await kubectl("wait", "--for=condition=Established", "crd/widgets.contract.example.com", "--timeout=10s")
    assert "created" in await kubectl("apply", "-f", "-", stdin=widget)
    assert "unchanged" in await kubectl("apply", "-f", "-", stdin=widget)
    assert "configured" in await kubectl("apply", "-f", "-", stdin=widget.replace("size: 2", "size: 3"))
    assert "serverside-applied" in await kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=widget)
    assert "spec.size" in await kubectl("apply", "-f", "-", stdin=widget.replace("size: 2", "size: -1"), fails=True)
    assert "scaled" in await kubectl("scale", "widget/a", "--replicas=4")
    assert "FIELD: size <integer>" in await kubectl("explain", "widget.spec.size")
    await kubectl("delete", "crd", "widgets.contract.example.com", "--timeout=10s")
    assert "NotFound" in await kubectl("get", "widgets", fails=True)


async def test_mistakes_are_told(kubectl: Kubectl) -> None:
    typo = _MANIFEST.replace("replicas:", "replicaz:")
    assert 'unknown field "spec.replicaz"' in await kubectl("apply", "-f", "-", stdin=typo, fails=True)
    assert "NotFound" in await kubectl("get", "deployment", "none", fails=True)
    assert "doesn't have a resource type" in await kubectl("get", "nothings", fails=True)


async def test_the_process_starts_serves_and_ends_on_a_signal(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gitsync.sandbox", "--data", str(tmp_path / "data"), "--speed", "10"),
        *("--git-user", "dana:secret"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        assert line.startswith(f"ready kubeconfig={tmp_path / 'data' / 'kubeconfig'} git=http://127.0.0.1:")
        kubectl = Kubectl(tmp_path / "data" / "kubeconfig", tmp_path / "cache")
        assert "node-2" in await kubectl("get", "nodes")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert (tmp_path / "data" / "objects.json").exists()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'gitsync.sandbox', '--data', sys.argv[1]],"
        " stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(tmp_path / "data")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    assert int(await parent.stdout.readline())
    async with asyncio.timeout(60):
        assert await parent.stderr.read() == b""  # the sandbox holds the other end of the pipe until it is gone
    await parent.wait()
    assert (tmp_path / "data" / "objects.json").exists()
