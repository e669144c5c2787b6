"""Cluster addresses and node ports of services: given out once, never twice."""

from collections.abc import Iterable
from typing import Any, Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import Cause, InvalidError, Subject
from gitsync.sandbox.objects import EventType, StoreEvent

_FIRST_PORT: Final = 30000
_PORT_COUNT: Final = 2768
_HEADLESS: Final = "None"


class Addresses:
    """10.96.0.0/16 and ports 30000 to 32767."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}  # address -> uid of its service
        self._ports: dict[tuple[str, int], str] = {}
        self._next_address = 10
        self._next_port = 0

    def note(self, event: StoreEvent) -> None:
        """Keeps count of what services hold."""
        body = event.object
        if body["kind"] != "Service" or body["apiVersion"] != "v1":
            return
        uid = body["metadata"]["uid"]
        if event.old is not None:
            for address in _addresses(event.old["spec"]):
                self._taken.pop(address, None)
            for port in _node_ports(event.old["spec"]):
                self._ports.pop(port, None)
        if event.type is not EventType.DELETED:
            self._taken |= dict.fromkeys(_addresses(body["spec"]), uid)
            self._ports |= dict.fromkeys(_node_ports(body["spec"]), uid)

    def assign(self, body: JsonObject, live: JsonObject | None, *, keep: bool) -> None:
        """Completes the service's spec. An update keeps what the live service has."""
        spec = body["spec"]
        before: JsonObject = live["spec"] if live else {}
        if spec.get("type") == "ExternalName":
            for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
                spec.pop(name, None)
            return
        if before.get("type") != "ExternalName":
            for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"):
                if name in before:
                    spec.setdefault(name, before[name])
        if not spec.get("clusterIP"):
            spec["clusterIP"] = self._address()
        elif live is None and spec["clusterIP"] != _HEADLESS:
            self._refuse_taken(body)
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        dual = spec["clusterIP"] == _HEADLESS and not spec.get("selector")
        spec.setdefault("ipFamilies", ["IPv4", "IPv6"] if dual else ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "RequireDualStack" if dual else "SingleStack")
        if spec.get("type") in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts", True):
            self._assign_ports(spec, before)

    def _assign_ports(self, spec: JsonObject, before: JsonObject) -> None:
        known = {(port.get("protocol"), port["port"]): port.get("nodePort") for port in before.get("ports", ())}
        used = {port["nodePort"] for port in spec.get("ports", ()) if port.get("nodePort")}
        for port in spec.get("ports", ()):
            if not port.get("nodePort"):
                port["nodePort"] = known.get((port.get("protocol"), port["port"])) or self._port(port["protocol"], used)
                used.add(port["nodePort"])

    def _address(self) -> str:
        while True:
            self._next_address += 1
            address = f"10.96.{self._next_address // 250 % 256}.{self._next_address % 250 + 1}"
            if address not in self._taken:
                return address

    def _port(self, protocol: str, used: set[int]) -> int:
        while True:
            self._next_port += 1
            port = _FIRST_PORT + self._next_port * 7 % _PORT_COUNT
            if (protocol, port) not in self._ports and port not in used:
                return port

    def _refuse_taken(self, body: JsonObject) -> None:
        address = body["spec"]["clusterIP"]
        if address in self._taken:
            why = f'Invalid value: "{address}": failed to allocate IP {address}: provided IP is already allocated'
            name = body["metadata"]["name"]
            cause = Cause("FieldValueInvalid", why, "spec.clusterIPs")
            message = f'Service "{name}" is invalid: spec.clusterIPs: {why}'
            raise InvalidError(message, subject=Subject("", "Service", name), causes=(cause,))


def _addresses(spec: JsonObject) -> Iterable[str]:
    return (address for address in spec.get("clusterIPs", ()) if address != _HEADLESS)


def _node_ports(spec: JsonObject) -> list[tuple[str, int]]:
    ports: list[Any] = spec.get("ports", [])
    return [(port.get("protocol", "TCP"), port["nodePort"]) for port in ports if port.get("nodePort")]
