"""Where an object leads traffic: to pods by their labels, or to Services by name. Pure.

What it says is of the object alone; who looks at a tree joins it, so one event costs one object.
"""

from collections.abc import Callable, Iterator

from gitsync.health.fields import items, section, text
from gitsync.manifest.object import JsonObject, Traffic


def traffic_of(body: JsonObject, group: str, kind: str) -> Traffic | None:
    """None: it leads nowhere that this knows of. Raises MalformedField."""
    if (group, kind) == ("", "Service"):
        selector = section(section(body, "spec"), "selector")
        return Traffic(selector=tuple((name, str(value)) for name, value in selector.items())) if selector else None
    services = _SERVICES.get((group, kind))
    names = tuple(dict.fromkeys(name for name in services(section(body, "spec")) if name)) if services else ()
    return Traffic(services=names) if names else None


def _of_ingress(spec: JsonObject) -> Iterator[str]:
    backends = [section(spec, "defaultBackend")]
    for rule in items(spec, "rules"):
        backends += [section(path, "backend") for path in items(section(rule, "http"), "paths")]
    return (text(section(backend, "service"), "name") for backend in backends)


def _of_route(spec: JsonObject) -> Iterator[str]:
    for rule in items(spec, "rules"):
        for reference in items(rule, "backendRefs"):
            if (text(reference, "kind") or "Service") == "Service":
                yield text(reference, "name")


def _of_virtual_service(spec: JsonObject) -> Iterator[str]:
    for protocol in ("http", "tls", "tcp"):
        for rule in items(spec, protocol):
            for route in items(rule, "route"):
                yield text(section(route, "destination"), "host").partition(".")[0]


_SERVICES: dict[tuple[str, str], Callable[[JsonObject], Iterator[str]]] = {
    ("networking.k8s.io", "Ingress"): _of_ingress,
    ("gateway.networking.k8s.io", "HTTPRoute"): _of_route,
    ("gateway.networking.k8s.io", "GRPCRoute"): _of_route,
    ("gateway.networking.k8s.io", "TCPRoute"): _of_route,
    ("gateway.networking.k8s.io", "TLSRoute"): _of_route,
    ("networking.istio.io", "VirtualService"): _of_virtual_service,
}

#: Kinds whose objects may lead somewhere.
LEADING = frozenset({("", "Service"), *_SERVICES})
