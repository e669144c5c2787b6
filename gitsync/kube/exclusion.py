"""Kinds that are not followed: they change all the time, are made by machines, and no application ships them."""

import fnmatch
from collections.abc import Iterable


class Exclusions:
    """Patterns of (group, kind), where `*` stands for anything."""

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        self._patterns = tuple(patterns)

    def matches(self, group: str, kind: str) -> bool:
        return any(fnmatch.fnmatchcase(group, g) and fnmatch.fnmatchcase(kind, k) for g, k in self._patterns)


DEFAULT_EXCLUSIONS = Exclusions(
    (
        ("", "Endpoints"),
        ("", "Event"),
        ("events.k8s.io", "Event"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("coordination.k8s.io", "Lease*"),
        ("authentication.k8s.io", "*"),
        ("authorization.k8s.io", "*"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("metrics.k8s.io", "*"),
        ("internal.apiserver.k8s.io", "*"),
        ("cert-manager.io", "CertificateRequest"),
        ("cilium.io", "CiliumIdentity"),
        ("cilium.io", "CiliumEndpoint*"),
        ("kyverno.io", "*Report"),
        ("reports.kyverno.io", "*"),
        ("wgpolicyk8s.io", "*"),
    )
)
