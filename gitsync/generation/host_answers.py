"""Answers of Git hosts, plugins and duck-typed resources to the generators of ApplicationSets.

An answer is good for as long as the generator says (`requeueAfterSeconds`, else 30 minutes), or until somebody hints
that something happened. Secrets are read when they are needed and kept nowhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gitsync.access.secret import PERSON_LABEL, SECRET_TYPE_LABEL, secret_data
from gitsync.application.record import sentence
from gitsync.appset.decisions import decided_clusters
from gitsync.appset.errors import ProviderFailed
from gitsync.appset.inputs import ClusterInput, HostAnswer, HostQuestion, Unanswered
from gitsync.appset.providers.api import Connections
from gitsync.appset.providers.ask import Asking, ask_host
from gitsync.errors import GitsyncError
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.settings import GeneratorSettings
from model.identity import ApplicationKey, GroupVersionKind

_HOSTS = ("scmProvider", "pullRequest")
_GOOD_SECONDS = 1800.0
_GOOD_DECISION_SECONDS = 180.0
_SCM_SECRET = "scm-creds"  # noqa: S105 - the value of a label
_SECRET = GroupVersionKind("", "v1", "Secret")
_CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")


class HomeVault:
    """`gitsync.appset.providers.ask.Vault` for the sets of one namespace. `strict`: only Secrets that are labelled as
    tokens of Git hosts."""

    def __init__(self, home: Cluster, namespace: str, *, strict: Callable[[], bool]) -> None:
        self._home = home
        self._namespace = namespace
        self._strict = strict

    def of(self, namespace: str) -> "HomeVault":
        """What sets of that namespace may use is in it."""
        return HomeVault(self._home, namespace, strict=self._strict)

    async def secret(self, name: str, key: str) -> str:
        body = await self._home.get(_SECRET, self._namespace, name) if name else None
        if body is None:
            raise ProviderFailed(f"there is no Secret {name!r:.100}", suggestion="Create it, or correct tokenRef.")
        labels = body["metadata"].get("labels") or {}
        kind = labels.get(SECRET_TYPE_LABEL, "")
        if PERSON_LABEL in labels or kind == "cluster" or (self._strict() and kind != _SCM_SECRET):
            raise ProviderFailed(
                f"Secret {name} is not for generators", suggestion=f"Label a Secret {SECRET_TYPE_LABEL}: {_SCM_SECRET}."
            )
        data = secret_data(body)
        if key not in data:
            raise ProviderFailed(f"Secret {name} has no key {key!r:.100}", suggestion="Correct tokenRef.")
        return data[key]

    async def config_map(self, name: str) -> Mapping[str, str]:
        body = await self._home.get(_CONFIG_MAP, self._namespace, name) if name else None
        if body is None:
            raise ProviderFailed(f"there is no ConfigMap {name!r:.100}", suggestion="Create it, or correct the name.")
        return {key: str(value) for key, value in (body.get("data") or {}).items()}


@dataclass(frozen=True, slots=True)
class _Known:
    answer: HostAnswer
    at_seconds: float


class HostAnswers:
    """`gitsync.generation.set_generation.Hosts`. `clock` is wall-clock seconds."""

    def __init__(
        self,
        connections: Connections,
        vault: HomeVault,
        home: Cluster,
        namespace: str,
        *,
        clusters: Callable[[], tuple[ClusterInput, ...]],
        settings: Callable[[], GeneratorSettings],
        clock: Callable[[], float],
    ) -> None:
        self._connections = connections
        self._vault = vault
        self._home = home
        self._namespace = namespace
        self._clusters = clusters
        self._settings = settings
        self._clock = clock
        self._known: dict[tuple[ApplicationKey, HostQuestion], _Known] = {}

    async def answer(self, question: HostQuestion, asker: ApplicationKey, *, fresh: bool) -> HostAnswer | Unanswered:
        generator: JsonObject = msgspec.json.decode(question.generator)
        known = self._known.get((asker, question))
        good_seconds = self._settings().hint_seconds if fresh else _good_seconds(question.kind, generator)
        if known is not None and self._clock() - known.at_seconds < good_seconds:
            return known.answer
        try:
            answer = HostAnswer(tuple(await self._ask(question.kind, generator, asker)))
        except GitsyncError as failure:
            return Unanswered(sentence(failure))
        if known is not None and known.answer == answer:
            answer = known.answer  # the same value, so that nothing is generated again
        self._known[asker, question] = _Known(answer, self._clock())
        return answer

    def known(self, question: HostQuestion, namespace: str) -> HostAnswer | None:
        """What a set of this namespace, with the same Secrets, was answered to the very same question."""
        for (asker, asked), one in self._known.items():
            if asked == question and asker.namespace == namespace:
                return one.answer
        return None

    def keep(self, asker: ApplicationKey, questions: frozenset[HostQuestion]) -> None:
        """The set asks these and no others any more."""
        for key in [key for key in self._known if key[0] == asker and key[1] not in questions]:
            del self._known[key]

    async def _ask(self, kind: str, generator: JsonObject, asker: ApplicationKey) -> list[dict[str, Any]]:
        if kind == "clusterDecisionResource":
            return await self._decide(generator)
        settings = self._settings()
        if kind in _HOSTS and not settings.scm_providers:
            raise ProviderFailed(
                "no Git host may be asked",
                suggestion="Remove applicationsetcontroller.enable.scm.providers, or use other generators.",
            )
        if kind in _HOSTS and asker.namespace != self._namespace and not settings.scm_allow:
            raise ProviderFailed(
                f"sets outside of {self._namespace} may ask no Git host, since no list says which of them",
                suggestion="Name the hosts in --scm-allow, or in applicationsetcontroller.allowed.scm.providers.",
            )
        # what a plugin is, and with which token it is asked, is for the operator to say: it stays in the home namespace
        vault = self._vault if kind == "plugin" else self._vault.of(asker.namespace)
        asking = Asking(self._connections, vault, settings.scm_allow, self._clock())
        return await ask_host(asking, kind, generator, asker.name)

    async def _decide(self, generator: JsonObject) -> list[dict[str, Any]]:
        rules = await self._vault.config_map(str(generator.get("configMapRef") or ""))
        gvk = GroupVersionKind.parse(rules.get("apiVersion", ""), rules.get("kind", ""))
        if generator.get("name"):
            body = await self._home.get(await self._kind(gvk), self._namespace, str(generator["name"]))
            resources = [body] if body is not None else []
        else:
            selector = _selector(generator.get("labelSelector") or {})
            resources = await self._home.list(await self._kind(gvk), namespace=self._namespace, label_selector=selector)
        return decided_clusters(resources, rules, self._clusters())

    async def _kind(self, gvk: GroupVersionKind) -> GroupVersionKind:
        """The kind as the cluster spells it: the ConfigMap may name it in the plural and in lower case."""
        await self._home.discovery.refresh()
        for resource in self._home.discovery.resources():
            same = (resource.gvk.group, resource.gvk.version) == (gvk.group, gvk.version)
            if same and gvk.kind.lower() in (resource.gvk.kind.lower(), resource.plural.lower()):
                return resource.gvk
        raise ProviderFailed(f"the cluster has no kind {gvk.kind} of {gvk.group}", suggestion="Correct the ConfigMap.")


def _good_seconds(kind: str, generator: JsonObject) -> float:
    asked = generator.get("requeueAfterSeconds")
    if isinstance(asked, int) and asked > 0:
        return float(asked)
    return _GOOD_DECISION_SECONDS if kind == "clusterDecisionResource" else _GOOD_SECONDS


def _selector(selector: JsonObject) -> str:
    """A label selector as the API takes it."""
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for one in selector.get("matchExpressions") or ():
        key, values = one.get("key", ""), ",".join(one.get("values") or ())
        match one.get("operator"):
            case "In":
                terms.append(f"{key} in ({values})")
            case "NotIn":
                terms.append(f"{key} notin ({values})")
            case "Exists":
                terms.append(key)
            case "DoesNotExist":
                terms.append(f"!{key}")
            case other:
                raise ProviderFailed(f"unknown operator {other!r:.50} in labelSelector", suggestion="Correct it.")
    return ",".join(terms)
