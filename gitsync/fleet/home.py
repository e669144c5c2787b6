"""What the runtime's own namespace says: Applications, projects, Secrets, environments and argocd-cm, by watches.

Turns watch signals into calls of the loop and keeps projects, credentials and configuration in memory. Never writes.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from gitsync.access.credentials import CredentialStore
from gitsync.access.sealing import Seal
from gitsync.access.secret import (
    PERSON_LABEL,
    SECRET_TYPE_LABEL,
    SecretUnreadable,
    is_sealed,
    read_person_secret,
    read_repository_secret,
)
from gitsync.application.record import read_application
from gitsync.appset.clusters import cluster_input
from gitsync.appset.inputs import ClusterInput
from gitsync.configuration.command_parameters import CONFIG_MAP as PARAMETERS_CONFIG_MAP
from gitsync.configuration.command_parameters import is_among, read_parameters
from gitsync.configuration.engine_config import CONFIG_MAP, DEFAULT_CONFIG, EngineConfig, read_engine_config
from gitsync.configuration.environments import NO_ENVIRONMENTS, SELECTOR, Environments, read_environments
from gitsync.configuration.projects import Projects
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, ClusterUnreachable
from gitsync.kube.observed import Observed
from gitsync.kube.watch import Changed, Deleted, Interrupted, KindSignal, ListDone, watch_kind
from gitsync.manifest.object import JsonObject
from gitsync.settings import ControllerFlags, GeneratorSettings
from gitsync.supervisor import Heart, Supervisor
from model.identity import ApplicationKey, GroupVersionKind
from model.kinds.application import GROUP, VERSION, Application

log = structlog.get_logger("gitsync.home")

APPLICATION = GroupVersionKind(GROUP, VERSION, "Application")
APP_PROJECT = GroupVersionKind(GROUP, VERSION, "AppProject")
SECRET = GroupVersionKind("", "v1", "Secret")
CONFIGURATION = GroupVersionKind("", "v1", "ConfigMap")
KEYS_CONFIG_MAP = "argocd-gpg-keys-cm"
_NO_FLAGS = ControllerFlags()
_NO_SETTINGS = GeneratorSettings()


class HomeListener(Protocol):
    """What the loop wants to know."""

    def application_seen(self, raw: JsonObject, application: Application) -> None: ...

    def application_gone(self, key: ApplicationKey) -> None: ...

    def applications_listed(self, keys: frozenset[ApplicationKey]) -> None: ...

    def project_changed(self, name: str) -> None: ...

    def credentials_changed(self) -> None: ...

    def cluster_secret_changed(self, secret_name: str, body: JsonObject | None) -> None: ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one watched kind reported: `body` None when it is gone."""

    name: str
    body: JsonObject | None


class Home:
    """Watches of the home namespace."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        credentials: CredentialStore,
        seal: Callable[[], Awaitable[Seal]],
        flags: ControllerFlags = _NO_FLAGS,
        generators: GeneratorSettings = _NO_SETTINGS,
    ) -> None:
        self._seal = seal
        self._flags, self._generators = flags, generators
        self.parameters = read_parameters({}, flags, generators)
        self._cluster = cluster
        self._namespace = namespace
        self._credentials = credentials
        credentials.expect_list()
        self._project_list = Projects()
        self.projects = self._project_list.permitting
        self.config = DEFAULT_CONFIG
        self.signing_keys: dict[str, str] | None = None  # armored public keys of argocd-gpg-keys-cm, once listed
        self.clusters: dict[str, ClusterInput] = {}  # what ApplicationSets may see of cluster Secrets, by their names
        self._synced = {"applications": False, "projects": False, "secrets": False, "people": False}
        self._on_synced: list[Callable[[], None]] = []
        self.on_projects_changed: Callable[[], None] = _nobody_listens
        self.on_clusters_changed: Callable[[], None] = _nobody_listens
        self.environments = NO_ENVIRONMENTS
        self.on_environments_changed: Callable[[Environments], None] = lambda before: None

    @property
    def synced(self) -> bool:
        """Everything was listed once; before that nobody may conclude that something is missing."""
        return all(self._synced.values())

    async def read_configuration(self) -> None:
        """Once before the clusters are followed, since it says what of them. Raises ClusterUnreachable."""
        try:
            body = await self._cluster.get(CONFIGURATION, self._namespace, CONFIG_MAP)
            parameters = await self._cluster.get(CONFIGURATION, self._namespace, PARAMETERS_CONFIG_MAP)
            named = await self._cluster.list(CONFIGURATION, namespace=self._namespace, label_selector=SELECTOR)
        except ClusterUnreachable:
            raise
        except ClusterError as failure:
            log.warning("configuration cannot be read; everything is at its default", reason=failure.message)
            return
        self.config, self.environments = _read_configuration(body), read_environments(named)
        self.parameters = read_parameters(_texts(parameters or {}), self._flags, self._generators)
        for problem in self.parameters.problems:
            log.warning("parameter ignored", reason=problem)

    def is_home_of_applications(self, namespace: str) -> bool:
        return namespace == self._namespace or is_among(namespace, self.parameters.application_namespaces)

    def start(
        self,
        supervisor: Supervisor,
        listener: HomeListener,
        *,
        on_synced: Callable[[], None],
        on_configured: Callable[[EngineConfig, EngineConfig], None],
        on_keys_changed: Callable[[], None],
    ) -> None:
        """`on_configured` hears what the configuration was and is."""

        def project_changed(name: str) -> None:
            listener.project_changed(name)
            self.on_projects_changed()

        self._on_synced = [on_synced]
        self._project_list.inherit(self.config.global_projects)
        self._project_list.changed = project_changed
        supervisor.start("watch of applications", lambda heart: self._applications(listener, heart))
        supervisor.start("watch of projects", lambda heart: self._projects(listener, heart))
        supervisor.start("watch of secrets", lambda heart: self._secrets(listener, heart))
        supervisor.start("watch of people's credentials", lambda heart: self._people(heart))
        supervisor.start("watch of signing keys", lambda heart: self._signing_keys(on_keys_changed, heart))
        supervisor.start("watch of environments", self._environments)
        supervisor.start("watch of argocd-cm", lambda heart: self._configuration(on_configured, heart))

    def _listed(self, what: str) -> None:
        if not self._synced[what]:
            self._synced[what] = True
            if self._synced["secrets"] and self._synced["people"]:
                self._credentials.list_done()
            if self.synced:
                for callback in self._on_synced:
                    callback()

    async def _applications(self, listener: HomeListener, heart: Heart) -> None:
        everywhere = bool(self.parameters.application_namespaces)
        async for signal in watch_kind(self._cluster, APPLICATION, namespace="" if everywhere else self._namespace):
            _pulse(signal, heart)
            match signal:
                case ListDone(items=items):
                    ours = [item for item in items if self.is_home_of_applications(item.metadata.namespace)]
                    for item in ours:
                        _see(item, listener)
                    listener.applications_listed(
                        frozenset(ApplicationKey(item.metadata.namespace, item.metadata.name) for item in ours)
                    )
                    self._listed("applications")
                case Changed(item=item) if self.is_home_of_applications(item.metadata.namespace):
                    _see(item, listener)
                case Deleted(item=item):
                    listener.application_gone(ApplicationKey(item.metadata.namespace, item.metadata.name))

    async def _projects(self, listener: HomeListener, heart: Heart) -> None:
        async for seen in self._follow(APP_PROJECT, "", "projects", heart):
            self._project_list.put(seen.name, seen.body)

    async def _secrets(self, listener: HomeListener, heart: Heart) -> None:
        kinds: dict[str, str] = {}
        async for seen in self._follow(SECRET, SECRET_TYPE_LABEL, "secrets", heart):
            labels = seen.body["metadata"].get("labels") or {} if seen.body else {}
            kind = labels.get(SECRET_TYPE_LABEL) or kinds.get(seen.name, "")
            kinds[seen.name] = kind
            if kind == "cluster":
                self._cluster_seen(seen)
                listener.cluster_secret_changed(seen.name, seen.body)
            elif kind in ("repository", "repo-creds"):
                self._repository(seen)
                listener.credentials_changed()

    def _cluster_seen(self, seen: _Seen) -> None:
        if seen.body is None:
            self.clusters.pop(seen.name, None)
        else:
            self.clusters[seen.name] = cluster_input(seen.body)
        self._project_list.put_cluster(seen.name, seen.body)
        self.on_clusters_changed()

    def _repository(self, seen: _Seen) -> None:
        try:
            if seen.body is None:
                self._credentials.remove(seen.name)
                self._project_list.put_repository(seen.name, None)
            else:
                secret = read_repository_secret(seen.body)
                self._credentials.put_repository(seen.name, secret)
                self._project_list.put_repository(seen.name, secret)
        except SecretUnreadable as failure:
            log.warning("repository secret ignored", secret=seen.name, reason=failure.message)

    async def _people(self, heart: Heart) -> None:
        async for seen in self._follow(SECRET, f"{PERSON_LABEL}=true", "people", heart):
            try:
                if seen.body is None:
                    self._credentials.remove(seen.name)
                else:
                    unseal = (await self._seal()).open if is_sealed(seen.body) else None
                    self._credentials.put_person(seen.name, read_person_secret(seen.body, unseal))
            except SecretUnreadable as failure:
                log.warning("git credential ignored", secret=seen.name, reason=failure.message)

    async def _configuration(self, on_configured: Callable[[EngineConfig, EngineConfig], None], heart: Heart) -> None:
        """An empty list says that there is none, which `_follow` would tell only of one that it has seen."""
        selector = f"metadata.name={CONFIG_MAP}"
        watch = watch_kind(self._cluster, CONFIGURATION, namespace=self._namespace, field_selector=selector)
        async for signal in watch:
            _pulse(signal, heart)
            match signal:
                case ListDone(items=items):
                    self._configured(items[0].body() if items else None, on_configured)
                case Changed(item=item):
                    self._configured(item.body(), on_configured)
                case Deleted():
                    self._configured(None, on_configured)

    async def _signing_keys(self, on_changed: Callable[[], None], heart: Heart) -> None:
        selector = f"metadata.name={KEYS_CONFIG_MAP}"
        watch = watch_kind(self._cluster, CONFIGURATION, namespace=self._namespace, field_selector=selector)
        async for signal in watch:
            _pulse(signal, heart)
            before = self.signing_keys
            match signal:
                case ListDone(items=items):
                    self.signing_keys = _texts(items[0].body() if items else {})
                case Changed(item=item):
                    self.signing_keys = _texts(item.body())
                case Deleted():
                    self.signing_keys = {}
            if before is not None and self.signing_keys != before:
                on_changed()

    async def _environments(self, heart: Heart) -> None:
        """They were read once before, so that no application is reported without those that it is in."""
        bodies: dict[str, JsonObject] = {}
        watch = watch_kind(self._cluster, CONFIGURATION, namespace=self._namespace, label_selector=SELECTOR)
        async for signal in watch:
            _pulse(signal, heart)
            match signal:
                case ListDone(items=items):
                    bodies = {item.metadata.name: item.body() for item in items}
                case Changed(item=item):
                    bodies[item.metadata.name] = item.body()
                case Deleted(item=item):
                    bodies.pop(item.metadata.name, None)
                case _:
                    continue
            before, self.environments = self.environments, read_environments(list(bodies.values()))
            if self.environments != before:
                log.info("environments changed", environments=len(self.environments.read))
                self.on_environments_changed(before)

    def _configured(self, body: JsonObject | None, on_configured: Callable[[EngineConfig, EngineConfig], None]) -> None:
        before, self.config = self.config, _read_configuration(body)
        if self.config != before:
            log.info("configuration changed", namespace=self._namespace)
            self._project_list.inherit(self.config.global_projects)
            on_configured(before, self.config)

    async def _follow(self, gvk: GroupVersionKind, selector: str, what: str, heart: Heart) -> AsyncIterator[_Seen]:
        """One item per object that appeared, changed or went; a new list also tells what went meanwhile."""
        known: set[str] = set()
        watch = watch_kind(self._cluster, gvk, namespace=self._namespace, label_selector=selector)
        async for signal in watch:
            _pulse(signal, heart)
            match signal:
                case ListDone(items=items):
                    now = {item.metadata.name for item in items}
                    for name in known - now:
                        yield _Seen(name, None)
                    for item in items:
                        yield _Seen(item.metadata.name, item.body())
                    known = now
                    self._listed(what)
                case Changed(item=item):
                    known.add(item.metadata.name)
                    yield _Seen(item.metadata.name, item.body())
                case Deleted(item=item):
                    known.discard(item.metadata.name)
                    yield _Seen(item.metadata.name, None)


def _nobody_listens() -> None:
    """Until somebody does."""


def _see(item: Observed, listener: HomeListener) -> None:
    raw = item.body()
    listener.application_seen(raw, read_application(raw))


def _texts(body: JsonObject) -> dict[str, str]:
    data = body.get("data")
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def _read_configuration(body: JsonObject | None) -> EngineConfig:
    data = (body or {}).get("data")
    config = read_engine_config(data) if isinstance(data, dict) else DEFAULT_CONFIG
    for problem in config.problems:
        log.warning("key of argocd-cm ignored", key=problem.key, reason=problem.message)
    return config


def _pulse(signal: KindSignal, heart: Heart) -> None:
    if isinstance(signal, Interrupted):
        heart.error = signal.error.message
        log.warning("watch interrupted", part=heart.name, reason=signal.error.message)
    else:
        heart.beat()
