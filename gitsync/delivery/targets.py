"""Which pods the target groups of AWS send to, asked while a Service has just turned to others."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from gitsync.delivery.spaced_answers import SpacedAnswers
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, UnknownKind
from gitsync.manifest.object import JsonObject
from gitsync.measurement.errors import MeasurementFailed
from gitsync.rollout.target_groups import awaited_service
from gitsync.rollout.values import Children, TargetRegistration
from model.identity import GroupVersionKind

log = structlog.get_logger("gitsync.delivery")

BINDING = GroupVersionKind("elbv2.k8s.aws", "v1beta1", "TargetGroupBinding")
_SLICE = GroupVersionKind("discovery.k8s.io", "v1", "EndpointSlice")
_OF_SERVICE = "kubernetes.io/service-name"


class TargetReader(Protocol):
    async def registered(self, target_group: str) -> frozenset[str]:
        """Its targets, as `address:port`. Raises MeasurementFailed."""
        ...


class TargetQuestions:
    def __init__(self, reader: TargetReader, cluster: Cluster, *, now: Callable[[], datetime]) -> None:
        self._reader = reader
        self._cluster = cluster
        self._answers: SpacedAnswers[tuple[TargetRegistration, ...]] = SpacedAnswers(now)

    async def about(self, rollout: JsonObject, children: Children) -> tuple[TargetRegistration, ...] | None:
        """None where nothing is waited for; nothing of a Service that feeds no target group."""
        uid, service = str(rollout["metadata"].get("uid") or ""), awaited_service(rollout, children)
        body = children.services.get(service)
        if not service or body is None:
            self._answers.forget(uid)
            return None
        return await self._answers.about(uid, partial(self._registrations, rollout["metadata"]["name"], body))

    async def _registrations(self, rollout: str, service: JsonObject) -> tuple[TargetRegistration, ...]:
        try:
            return await self._of_service(service)
        except ClusterError as failure:
            log.warning("targets not verified", rollout=rollout, reason=failure.message)
            return (TargetRegistration("", 0, 0, failure.message),)

    async def _of_service(self, service: JsonObject) -> tuple[TargetRegistration, ...]:
        """Raises ClusterError."""
        metadata = service["metadata"]
        namespace, name = metadata.get("namespace") or "", metadata["name"]
        try:
            bindings = await self._cluster.list(BINDING, namespace=namespace)
        except UnknownKind:
            return ()
        found = []
        for binding in bindings:
            spec = binding.get("spec") or {}
            reference = spec.get("serviceRef") or {}
            port = _port_name(service, reference.get("port"))
            if spec.get("targetType") == "ip" and reference.get("name") == name and port is not None:
                selector = f"{_OF_SERVICE}={name}"
                slices = await self._cluster.list(_SLICE, namespace=namespace, label_selector=selector)
                found.append(await self._registration(str(spec.get("targetGroupARN") or ""), _addresses(slices, port)))
        return tuple(found)

    async def _registration(self, arn: str, expected: frozenset[str]) -> TargetRegistration:
        try:
            there = await self._reader.registered(arn)
        except MeasurementFailed as failure:
            return TargetRegistration(arn, len(expected), 0, failure.message)
        return TargetRegistration(arn, len(expected), len(expected & there))


def _port_name(service: JsonObject, wanted: object) -> str | None:
    """How the slices of the Service call the port that a binding means; None: it has no such port."""
    for port in (service.get("spec") or {}).get("ports") or ():
        if wanted in (port.get("port"), port.get("name") or None):
            return str(port.get("name") or "")
    return None


def _addresses(slices: list[JsonObject], port_name: str) -> frozenset[str]:
    return frozenset(
        f"{address}:{port['port']}"
        for one in slices
        for port in one.get("ports") or ()
        if (port.get("name") or "") == port_name
        for endpoint in one.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint.get("addresses") or ()
    )
