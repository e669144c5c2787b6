"""ApplicationSets against a runtime: making them, and waiting for what follows."""

import asyncio
from collections.abc import Callable
from typing import Any

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind, ResourceKey
from tests.support.runtime import NAMESPACE, Rig

APPLICATION_SET = GroupVersionKind("argoproj.io", "v1alpha1", "ApplicationSet")
HERE = "https://kubernetes.default.svc"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"
AUTOMATED: JsonObject = {"automated": {"prune": True}}


def template(rig: Rig, name: str, path: str, **more: Any) -> JsonObject:
    spec = {
        "project": more.pop("project", "default"),
        "source": {"repoURL": rig.host.clone_url("apps"), "path": path, "targetRevision": "main"},
        "destination": {"server": HERE, "namespace": "default"},
        **more.pop("spec", {}),
    }
    return {"metadata": {"name": name, **more}, "spec": spec}


def elements(*names: str, **more: str) -> JsonObject:
    return {"list": {"elements": [{"name": name, **more} for name in names]}}


async def create_set(rig: Rig, name: str, **spec: Any) -> JsonObject:
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": name, "namespace": NAMESPACE, **spec.pop("metadata", {})},
        "spec": spec,
    }
    return (await rig.cluster.create(body)).body


def address(name: str) -> ResourceKey:
    return ResourceKey("argoproj.io", "ApplicationSet", NAMESPACE, name)


async def change(rig: Rig, name: str, patch: JsonObject) -> None:
    await rig.cluster.patch(address(name), "v1alpha1", patch)


async def until_set(
    rig: Rig, name: str, holds: Callable[[JsonObject], bool], *, namespace: str = NAMESPACE
) -> JsonObject:
    body: JsonObject | None = None
    try:
        async with asyncio.timeout(60):
            while True:
                body = await rig.cluster.get(APPLICATION_SET, namespace, name)
                if body is not None and holds(body):
                    return body
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{name} did not get there: {body and body.get('status')}") from None


async def until_gone(rig: Rig, *names: str) -> None:
    async with asyncio.timeout(60):
        for name in names:
            while await rig.application(name) is not None:  # noqa: ASYNC110 - another process deletes it
                await asyncio.sleep(0.05)


def condition(body: JsonObject, type_: str) -> tuple[str, str]:
    found = [one for one in (body.get("status") or {}).get("conditions") or () if one["type"] == type_]
    return (found[0]["status"], found[0]["message"]) if found else ("", "")


def told(status: str, type_: str = "ResourcesUpToDate") -> Callable[[JsonObject], bool]:
    return lambda body: condition(body, type_)[0] == status
