"""The same manifests give the same objects: defaults, amounts, owners, everything but identity."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubernetes_client import KubernetesClient
from tests.support.yaml_text import read_all_yaml

_FILES = sorted((Path(__file__).parent / "objects").glob("*.yaml"))
_IDENTITY = frozenset({"uid", "resourceVersion", "creationTimestamp", "time", "clusterIP", "clusterIPs", "nodePort"})
_IDENTITY |= {"controller-uid", "batch.kubernetes.io/controller-uid"}
# Set by admission plugins that the bare API server runs without, or that need controllers to undo their work.
_PLUGINS = frozenset({"serviceAccountName", "serviceAccount"})


def _manifests() -> Iterator[Any]:
    for file in _FILES:
        for body in read_all_yaml(file.read_text()):
            yield pytest.param(body, id=f"{body['kind']}-{body['metadata']['name']}")


def _comparable(value: Any, *, is_pod: bool) -> Any:
    if isinstance(value, list):
        return [_comparable(item, is_pod=is_pod) for item in value]
    if not isinstance(value, dict):
        return value
    skipped = _IDENTITY | _PLUGINS if is_pod else _IDENTITY
    out = {key: _comparable(item, is_pod=is_pod) for key, item in value.items() if key not in skipped}
    if out.get("namespace", "").startswith("contract-"):
        del out["namespace"]
    if "managedFields" in out:
        out["managedFields"] = sorted(out["managedFields"], key=str)
    return out


@pytest.mark.controlplane
@pytest.mark.cpu_seconds(20)
@pytest.mark.parametrize("manifest", list(_manifests()))
@pytest.mark.parametrize("verb", ["create", "apply"])
def test_both_servers_make_the_same_object(
    sandbox_client: KubernetesClient, real_client: KubernetesClient, manifest: dict[str, Any], verb: str
) -> None:
    is_pod = manifest["kind"] == "Pod"
    found = []
    for client in (real_client, sandbox_client):
        send = client.create if verb == "create" else client.apply
        first = send(copy.deepcopy(manifest))
        again = client.apply(copy.deepcopy(manifest), force="true")
        found.append([(answer.code, _comparable(answer.body, is_pod=is_pod)) for answer in (first, again)])
    assert found[1] == found[0]


@pytest.mark.parametrize("manifest", list(_manifests()))
def test_the_sandbox_takes_every_manifest(sandbox_client: KubernetesClient, manifest: dict[str, Any]) -> None:
    created = sandbox_client.create(copy.deepcopy(manifest))
    assert created.code == 201, created.body
    live = sandbox_client.get(manifest["kind"], manifest["metadata"]["name"]).body
    assert live == created.body
    assert sandbox_client.replace(live).body == live
