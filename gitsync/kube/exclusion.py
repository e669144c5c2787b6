"""Kinds that are not followed: they change all the time, are made by machines, and no application ships them.

`resource.exclusions` and `resource.inclusions` of argocd-cm replace our own list, per cluster where they say so.
"""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass

_Pattern = tuple[str, str]

# Events of any kind and what only reports numbers: nobody can ask to have them followed.
_NEVER_FOLLOWED: tuple[_Pattern, ...] = (
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("metrics.k8s.io", "*"),
    ("coordination.k8s.io", "Lease"),
)
_DEFAULT: tuple[_Pattern, ...] = (
    ("", "Endpoints"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("coordination.k8s.io", "Lease*"),
    ("authentication.k8s.io", "*"),
    ("authorization.k8s.io", "*"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("internal.apiserver.k8s.io", "*"),
    ("cert-manager.io", "CertificateRequest"),
    ("cilium.io", "CiliumIdentity"),
    ("cilium.io", "CiliumEndpoint*"),
    ("kyverno.io", "*Report"),
    ("reports.kyverno.io", "*"),
    ("wgpolicyk8s.io", "*"),
)


class Exclusions:
    """Patterns of (group, kind), where `*` stands for anything. With `only`, what matches none of those is out too."""

    def __init__(self, patterns: Iterable[_Pattern], *, only: Iterable[_Pattern] | None = None) -> None:
        self._patterns = tuple(patterns)
        self._only = None if only is None else tuple(only)
        self._known: dict[tuple[str, str], bool] = {}  # kinds are few, and asked for with every comparison

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exclusions) and (self._patterns, self._only) == (other._patterns, other._only)

    def __hash__(self) -> int:
        return hash((self._patterns, self._only))

    def matches(self, group: str, kind: str) -> bool:
        if (known := self._known.get((group, kind))) is None:
            known = self._known[group, kind] = self._match(group, kind)
        return known

    def _match(self, group: str, kind: str) -> bool:
        if any(_matches(pattern, group, kind) for pattern in self._patterns):
            return True
        return self._only is not None and not any(_matches(pattern, group, kind) for pattern in self._only)


def _matches(pattern: _Pattern, group: str, kind: str) -> bool:
    return fnmatch.fnmatchcase(group, pattern[0]) and fnmatch.fnmatchcase(kind, pattern[1])


DEFAULT_EXCLUSIONS = Exclusions((*_NEVER_FOLLOWED, *_DEFAULT))


@dataclass(frozen=True, slots=True)
class KindFilter:
    """One entry of `resource.exclusions` or `resource.inclusions`; an empty list stands for everything."""

    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()

    def patterns(self, server: str) -> list[_Pattern]:
        """The kinds that it names on one cluster."""
        if self.clusters and not any(fnmatch.fnmatchcase(server, cluster) for cluster in self.clusters):
            return []
        return [(group, kind) for group in self.groups or ("*",) for kind in self.kinds or ("*",)]


def exclusions_of(
    server: str, excluded: Iterable[KindFilter] | None, included: Iterable[KindFilter] | None
) -> Exclusions:
    """What is not followed on one cluster. None: argocd-cm does not speak of it."""
    patterns = _DEFAULT if excluded is None else [one for entry in excluded for one in entry.patterns(server)]
    only = None if included is None else [one for entry in included for one in entry.patterns(server)]
    if patterns is _DEFAULT and only is None:
        return DEFAULT_EXCLUSIONS
    return Exclusions((*_NEVER_FOLLOWED, *patterns), only=only)
