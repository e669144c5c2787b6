"""The clusters that applications deploy to: the runtime's own, and one per cluster Secret.

Each has its own connection, cache and supervisor part: one that cannot be reached costs its own applications a
condition and nobody else anything.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from gitsync.access.secret import secret_data
from gitsync.configuration.engine_config import EngineConfig
from gitsync.configuration.rules import judged_anew
from gitsync.errors import Stalled, Waiting
from gitsync.fleet.shards import Division, Shares
from gitsync.kube.access import IN_CLUSTER_SERVER, ClusterAccess, access_from_secret
from gitsync.kube.cache import LiveCache
from gitsync.kube.client import Cluster
from gitsync.kube.connection import Reach
from gitsync.kube.errors import AccessUnusable, ClusterUnreachable
from gitsync.kube.index import LiveEvent
from gitsync.kube.transport import TimeLimits
from gitsync.manifest.object import Facts, JsonObject
from gitsync.supervisor import Supervisor
from model.identity import GroupVersionKind
from model.kinds.application import SKIP_RECONCILE_ANNOTATION, Destination
from model.report import ClusterSummary

log = structlog.get_logger("gitsync.fleet")

IN_CLUSTER_NAME = "in-cluster"
ROLLOUT = GroupVersionKind("argoproj.io", "v1alpha1", "Rollout")
WORKFLOW = GroupVersionKind("argoproj.io", "v1alpha1", "Workflow")


class UnknownDestination(Stalled):
    """The destination names no cluster that the runtime knows."""


class HomeShutOut(UnknownDestination):
    """argocd-cm says that the runtime's own cluster is no destination."""


class ClusterStarting(Waiting):
    """The cluster's objects are being listed for the first time; its applications are looked at when that is done."""


@dataclass(slots=True)
class Member:
    """One destination cluster. `server` is how Applications call it; `frozen`: its applications are left alone."""

    server: str
    name: str
    cluster: Cluster
    cache: LiveCache
    secret: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    synced_at: datetime | None = None
    frozen: bool = False

    @property
    def ready(self) -> bool:
        return self.cache.synced.is_set()

    def serves(self, kind: GroupVersionKind) -> bool:
        return self.cluster.discovery.resource(kind) is not None

    def require(self) -> None:
        """Raises ClusterUnreachable, or ClusterStarting, unless its objects are known and it answers."""
        state = self.cache.connection.state
        meanwhile = "Nothing is changed there meanwhile; it is tried again by itself."
        if state.reach is Reach.FAILED:
            message = f"cluster {self.name} ({self.server}) cannot be reached: {state.message.rstrip('.')}"
            raise ClusterUnreachable(message, suggestion=meanwhile)
        if not self.ready and self.cache.held_up:
            message = f"cluster {self.name} ({self.server}) asks for patience: {self.cache.held_up.rstrip('.')}"
            raise ClusterUnreachable(message, suggestion=meanwhile)
        if not self.ready:
            raise ClusterStarting(f"the objects of cluster {self.name} are being listed", retry_after_seconds=5.0)


@dataclass(frozen=True, slots=True)
class FleetEvents:
    """Whom to tell: a cluster became ready or was lost, an object changed, what a Workflow of a server says."""

    reach_changed: Callable[[Member], None]
    live: Callable[[Member, LiveEvent], None]
    gone: Callable[[str], None]
    workflow: Callable[[str, bytes], None] | None = None


class Fleet:
    """Members by server and by name."""

    def __init__(
        self,
        home: ClusterAccess,
        supervisor: Supervisor,
        events: FleetEvents,
        *,
        config: Callable[[], EngineConfig],
        facts_of: Callable[[JsonObject], Facts],
        now: Callable[[], datetime],
        times: TimeLimits | None = None,
    ) -> None:
        self._home = home
        self._times = times
        self._supervisor = supervisor
        self._events = events
        self._config = config
        self._facts_of = facts_of
        self._now = now
        self._members: dict[str, Member] = {}
        self._broken: dict[str, str] = {}
        self._secrets: dict[str, JsonObject] = {}
        self._shares = Shares(IN_CLUSTER_SERVER, IN_CLUSTER_NAME)
        self._aliases = {home.server.rstrip("/"): IN_CLUSTER_SERVER}

    def __iter__(self) -> Iterator[Member]:
        return iter(list(self._members.values()))

    async def start(self, home: Cluster) -> Member:
        """Follow the home cluster. `home` is the connection that the runtime uses anyway."""
        member = self._member(IN_CLUSTER_SERVER, IN_CLUSTER_NAME, home)
        await self._join(member)
        return member

    async def close(self) -> None:
        for member in self._members.values():
            await member.cache.stop()
            if member.server != IN_CLUSTER_SERVER:
                await member.cluster.close()

    def get(self, server: str) -> Member | None:
        return self._members.get(server)

    def secret_of(self, member: Member) -> JsonObject | None:
        """The Secret that a member was read from; the home cluster may have one too, or none."""
        if member.secret:
            return self._secrets.get(member.secret)
        own = (IN_CLUSTER_SERVER, self._home.server.rstrip("/"))
        return next((body for body in self._secrets.values() if _server_of(body) in own), None)

    def find(self, destination: Destination) -> Member:
        """The member that a destination names by server or by name. Raises UnknownDestination."""
        if destination.server:
            server = destination.server.rstrip("/")
            member = self._members.get(self._aliases.get(server, server))
            called = f"server {server}"
        elif destination.name:
            member = self._named(destination.name)
            called = f"name {destination.name!r}"
        else:
            raise UnknownDestination(
                "the application has no destination", suggestion="Set spec.destination.server or spec.destination.name."
            )
        if member is None:
            why = self._broken.get(destination.server or destination.name, "")
            raise UnknownDestination(
                f"there is no cluster with the {called}" + (f": {why}" if why else ""),
                suggestion="Correct spec.destination, or add a cluster Secret to the runtime's namespace.",
            )
        if member.server == IN_CLUSTER_SERVER and not self._config().home_is_destination:
            raise HomeShutOut(
                f'the {called} is the cluster that the runtime lives in, and argocd-cm says "false" for '
                "cluster.inClusterEnabled: nothing is deployed there, Git Sources included",
                suggestion="Deploy to another cluster, or take cluster.inClusterEnabled out of argocd-cm.",
            )
        return member

    def divide(self, division: Division) -> None:
        """Other clusters than before are this process's own."""
        self._shares.division = division
        for name, body in self._secrets.items():
            self._supervisor.spawn(f"cluster secret {name}", self._replace(name, body))

    def is_elsewhere(self, destination: Destination) -> bool:
        """Whether another process looks after what is deployed there."""
        server = destination.server.rstrip("/")
        return self._shares.is_elsewhere(self._aliases.get(server, server), destination.name)

    def put_secret(self, secret_name: str, body: JsonObject | None) -> None:
        """A cluster Secret appeared, changed (`body`) or went (None)."""
        self._shares.forget(secret_name)
        if body is None:
            self._secrets.pop(secret_name, None)
        else:
            self._secrets[secret_name] = body
            if (access := self._read(secret_name, body)) is not None:
                self._shares.note(secret_name, self._aliases.get(access.server, access.server), access.name, body)
        self._supervisor.spawn(f"cluster secret {secret_name}", self._replace(secret_name, body))

    def configuration_changed(self, before: EngineConfig, now: EngineConfig) -> None:
        """argocd-cm may want other kinds followed than before, or judge some by other rules."""
        judged = judged_anew(before, now)
        for member in self:
            if before.tracking != now.tracking:
                member.cache.track(now.tracking)
            if judged is not None:
                member.cache.judge_anew(judged)
            if before.exclusions(member.server) != now.exclusions(member.server):
                member.cache.exclude(now.exclusions(member.server))

    def summaries(self, applications_of: Callable[[str], int]) -> Iterator[ClusterSummary]:
        for member in self:
            yield self.summary(member, applications_of(member.server))

    def summary(self, member: Member, applications: int) -> ClusterSummary:
        state = member.cache.connection.state
        counts = member.cache.counts
        incomplete = "; ".join(sorted(set(member.cache.incomplete.values())))
        return ClusterSummary(
            name=member.name,
            server=member.server,
            connection=state.reach.value,
            message=state.message or incomplete,
            attempted_at=state.attempted_at,
            server_version=member.cluster.discovery.server_version,
            resources_count=counts.objects,
            apis_count=counts.apis,
            applications_count=applications,
            cache_synced_at=member.synced_at,
            labels=dict(member.labels),
            rollouts=member.serves(ROLLOUT) if member.ready else None,
            workflows=member.serves(WORKFLOW) if member.ready else None,
        )

    def names_of(self, destination: Destination, server: str) -> frozenset[str]:
        """Everything that a cluster is called: as the destination says, and as it is known. `server` "": not yet."""
        member = self.get(server)
        known = (member.name, member.server, IN_CLUSTER_NAME if server == IN_CLUSTER_SERVER else "") if member else ()
        return frozenset(filter(None, (destination.name, destination.server.rstrip("/"), *known)))

    def _named(self, name: str) -> Member | None:
        """None also when two clusters have the name: guessing would deploy to the wrong one."""
        found = [member for member in self._members.values() if member.name == name]
        if not found and name == IN_CLUSTER_NAME:
            return self._members[IN_CLUSTER_SERVER]
        return found[0] if len(found) == 1 else None

    def _member(self, server: str, name: str, cluster: Cluster, *, from_secret: str = "") -> Member:
        tell = self._events.workflow
        cache = LiveCache(
            cluster,
            readers={(WORKFLOW.group, WORKFLOW.kind): partial(tell, server)} if tell is not None else None,
            facts_of=self._facts_of,
            exclusions=self._config().exclusions(server),
            tracking=self._config().tracking,
            clock=self._now,
            spawn=self._spawn,
        )
        return Member(server=server, name=name, cluster=cluster, cache=cache, secret=from_secret)

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._supervisor.spawn(name, work)

    async def _join(self, member: Member) -> None:
        self._members[member.server] = member
        member.cache.listen(lambda event: self._events.live(member, event))
        member.cache.connection.listen(lambda _: self._events.reach_changed(member))
        self._supervisor.spawn(f"first list of {member.name}", self._first_list(member))
        await member.cache.start()

    async def _first_list(self, member: Member) -> None:
        await member.cache.synced.wait()
        member.synced_at = self._now()
        log.info("cluster ready", cluster=member.name, objects=member.cache.counts.objects)
        self._events.reach_changed(member)

    async def _replace(self, secret_name: str, body: JsonObject | None) -> None:
        access = self._read(secret_name, body)
        ours = self._shares.follows(secret_name)
        for member in [one for one in self._members.values() if one.secret == secret_name]:
            if ours and access is not None and member.cluster.access == access:
                self._freeze(member, body)
                return
            await self._leave(member)
        if access is None or not ours:
            return
        if access.server.rstrip("/") in (IN_CLUSTER_SERVER, self._home.server.rstrip("/")):
            home = self._members[IN_CLUSTER_SERVER]
            home.name, home.frozen = access.name, _asks_to_be_left_alone(body)
            self._events.reach_changed(home)
            return
        cluster = Cluster(access, times=self._times)
        member = self._member(access.server, access.name, cluster, from_secret=secret_name)
        labels = (body or {}).get("metadata", {}).get("labels") or {}
        member.labels = tuple(sorted(labels.items()))
        member.frozen = _asks_to_be_left_alone(body)
        await self._join(member)
        self._events.reach_changed(member)

    def _freeze(self, member: Member, body: JsonObject | None) -> None:
        if member.frozen != (frozen := _asks_to_be_left_alone(body)):
            member.frozen = frozen
            self._events.reach_changed(member)

    def _read(self, secret_name: str, body: JsonObject | None) -> ClusterAccess | None:
        if body is None:
            return None
        try:
            access = access_from_secret(body)
        except AccessUnusable as failure:
            log.warning("cluster secret ignored", secret=secret_name, reason=failure.message)
            self._broken[secret_name] = failure.message
            return None
        return replace(access, server=access.server.rstrip("/"))

    async def _leave(self, member: Member) -> None:
        del self._members[member.server]
        await member.cache.stop()
        if member.server != IN_CLUSTER_SERVER:
            await member.cluster.close()
        self._events.gone(member.server)


def _server_of(secret: JsonObject) -> str:
    return secret_data(secret).get("server", "").rstrip("/")


def _asks_to_be_left_alone(secret: JsonObject | None) -> bool:
    annotations = (secret or {}).get("metadata", {}).get("annotations") or {}
    return bool(annotations.get(SKIP_RECONCILE_ANNOTATION) == "true")
