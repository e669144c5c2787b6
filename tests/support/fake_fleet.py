"""A small live fleet behind a fake runtime: for tests of the console, and to look at it.

    python -m tests.support.fake_runtime --port 8000 --apps 60

serves a control plane with users admin, dana (may write), victor (may read) and eve (may nothing), password "argosy", a
connected runtime `demo`, and applications of every status. One application changes every few seconds; syncing one runs
an operation; trees, diffs, events and logs have something to show.
"""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec

from api.access.secret_token import RUNTIME, hash_token, new_token
from api.cli.serve import run_server
from api.settings import InitialUser, Settings
from model.database import Database
from model.errors import Conflict
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import (
    ApplicationCondition,
    ApplicationSource,
    AutomatedSync,
    Destination,
    Initiator,
    Operation,
    OperationState,
    ResourceResult,
    RevisionHistory,
    SyncOperation,
    SyncOperationResult,
)
from model.link import (
    AnswerBody,
    ApplicationChanged,
    ClusterChanged,
    ClusterRemoved,
    DeleteObject,
    EventInfo,
    ExecutionFinished,
    GetManagedResources,
    GetResource,
    GetTree,
    HostSummary,
    LogLines,
    ManagedAnswer,
    ManagedResourceAnswer,
    ObjectRef,
    OperationAnswer,
    ReadLogs,
    RefreshApplication,
    Refusal,
    RepositoryChanged,
    RequestBody,
    ResourceAnswer,
    RollbackApplication,
    RunAction,
    RuntimeChanged,
    StartSync,
    TerminateOperation,
    TreeAnswer,
    TreeChange,
    WatchEvents,
    WatchTree,
)
from model.link_cluster import AddCluster, RemoveCluster
from model.operation import Phase
from model.report import (
    LONG_SYNC,
    ROLLOUTS_MISSING,
    ApplicationKind,
    ApplicationSummary,
    ClusterSummary,
    CommitInfo,
    ComponentSummary,
    EnvironmentPlace,
    EnvironmentSummary,
    HealthState,
    ManifestLocation,
    RepositorySummary,
    RuntimeSummary,
    SyncState,
    WorkloadState,
    WrongResource,
)
from model.store import runtime as runtime_store
from tests.support.fake_audit import tell_commits
from tests.support.fake_changes import cluster_changed
from tests.support.fake_git_tokens import GitTokens
from tests.support.fake_resource import diff, event, resource
from tests.support.fake_rollouts import ANSWERS, STREAMS
from tests.support.fake_runtime import FakeRuntime
from tests.support.fake_tree import tree
from tests.support.workflows import executions

PASSWORD = "argosy"
PLATFORM = "http://127.0.0.1/git/platform.git"
CONFIGURATION = "http://127.0.0.1/git/config.git"
COMPONENTS = ("applications", "git")
APPS = "http://127.0.0.1/git/apps.git"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
NAMES = ("checkout", "cart", "catalog", "payment", "search", "shipping", "email", "ads", "frontend", "ledger")
HEALTHS = (
    *(HealthState.HEALTHY,) * 6,
    HealthState.PROGRESSING,
    HealthState.DEGRADED,
    HealthState.SUSPENDED,
    HealthState.MISSING,
    HealthState.UNKNOWN,
)
SYNCS = (*(SyncState.SYNCED,) * 5, SyncState.OUT_OF_SYNC, SyncState.SYNCING, SyncState.UNKNOWN)
MEMBERSHIPS = {
    0: {"codefresh.io/app-group": "checkout flow, night shift", "codefresh.io/product": "webshop"},
    1: {"codefresh.io/app-group": "checkout flow", "codefresh.io/product": "webshop"},
    3: {"codefresh.io/app-group": " night shift ,, night shift"},
}  # by number: checkout, cart and payment
ENVIRONMENTS = (
    EnvironmentSummary("production", production=True, places=(EnvironmentPlace("sandbox", ("shop",)),)),
    EnvironmentSummary("staging", places=(EnvironmentPlace("sandbox", ("platform",)), EnvironmentPlace("eu-*"))),
    EnvironmentSummary(
        "testing", problem="ConfigMap testing: data.kind is 'test', and should be production or non-production"
    ),
)
HANGING = 14  # search-1, of which a sync is under way
USERS = (
    InitialUser("admin", PASSWORD, "admin@example.test", is_admin=True),
    InitialUser("dana", PASSWORD, "dana@example.test"),
    InitialUser("victor", PASSWORD, "victor@example.test"),
    InitialUser("eve", PASSWORD, "eve@example.test"),
)
RIGHTS = {"admin": {"*": (True, True)}, "dana": {"*": (True, True)}, "victor": {"*": (True, False)}}


def commit(number: int) -> CommitInfo:
    authors = (("Mira Kovac", "mira@example.test"), ("Jonas Berg", "jonas@example.test"))
    name, email = authors[number % 2]
    sha = f"{number:08x}" * 5
    message = ("Raise limits", "Bump image to 1.9.1", "Add a second replica", "Fix the probe path")[number % 4]
    return CommitInfo(sha, message, name, email, START + timedelta(minutes=number), APPS, "main")


def summary(index: int, *, now: datetime = START) -> ApplicationSummary:
    """Application number `index` of the fleet; the same number is always the same application."""
    name = f"{NAMES[index % len(NAMES)]}{'' if index < len(NAMES) else f'-{index // len(NAMES)}'}"
    health, sync = HEALTHS[index % len(HEALTHS)], SYNCS[index % len(SYNCS)]
    deployed, image = commit(index), f"registry.example.test/{name}:1.9.{index}"
    fine = health is HealthState.HEALTHY and sync is SyncState.SYNCED
    wrong = WrongResource(
        ResourceKey("apps", "Deployment", "shop", name), "v1", health, "1 of 3 pods: ImagePullBackOff"
    )
    return ApplicationSummary(
        key=ApplicationKey("argosy", name),
        uid=f"uid-{index}",
        resource_version=str(1000 + index),
        kind=ApplicationKind.APPLICATION,
        project="default" if index % 3 else "shop",
        sources=(ApplicationSource(repo_url=APPS, path=f"apps/{name}", target_revision="main"),),
        destination=Destination(name="sandbox", namespace="shop" if index % 2 else "platform"),
        cluster="sandbox",
        sync=sync,
        health=health,
        created=START,
        updated_at=now - timedelta(minutes=7 * index),
        access_repo_url=PLATFORM,
        labels={"team": ("red", "blue", "green")[index % 3], "tier": "web" if index % 2 else "data"},
        annotations=MEMBERSHIPS.get(index % len(NAMES), {}),
        automated=AutomatedSync(prune=True, self_heal=True) if index % 4 else None,
        explanation=None if fine else f"Deployment {name}: 1 of 3 pods: ImagePullBackOff (not found)",
        revision=deployed.sha,
        commit=deployed,
        source_types=("Directory",),
        operation=operation(deployed.sha, Phase.SUCCEEDED, now),
        history=tuple(_history(index, number) for number in range(3)),
        history_commits={commit(index + number).sha: commit(index + number) for number in range(3)},
        conditions=(ApplicationCondition("ComparisonError", f"apps/{name}/app.yaml:3: bad indentation", now),)
        if sync is SyncState.UNKNOWN
        else (
            ApplicationCondition(LONG_SYNC, "the sync has been running for more than 30 minutes", now),
            ApplicationCondition(ROLLOUTS_MISSING, "the cluster does not know the kind of a Rollout", now),
        )
        if index == HANGING
        else (),
        unhealthy_resources=(wrong,) if health in (HealthState.DEGRADED, HealthState.MISSING) else (),
        images=(image,),
        workloads=(WorkloadState(ResourceKey("apps", "Deployment", "shop", name), "v1", (image,), 3),),
        resources_total=7,
        resources_out_of_sync=int(sync is SyncState.OUT_OF_SYNC),
        git_source="platform",
        parent=ApplicationKey("argosy", "platform") if index in (8, 9) else None,
        environments=(() if index % 7 == 2 else ("production",) if index % 2 else ("staging",)),
        manifest_location=ManifestLocation(PLATFORM, deployed.sha, f"applications/{name}.yaml", 1),
    )


def git_source() -> ApplicationSummary:
    return msgspec.structs.replace(
        summary(0),
        key=ApplicationKey("argosy", "platform"),
        uid="uid-platform",
        kind=ApplicationKind.GIT_SOURCE,
        sources=(ApplicationSource(repo_url=PLATFORM, path="applications", target_revision="main"),),
        health=HealthState.HEALTHY,
        sync=SyncState.SYNCED,
        explanation=None,
        git_source=None,
        manifest_location=None,
        conditions=(),
        unhealthy_resources=(),
    )


def operation(revision: str, phase: Phase, now: datetime, *, actor: str = "") -> OperationState:
    results = tuple(
        ResourceResult("apps", "v1", "Deployment", "shop", name, "Synced", f"{name} configured", sync_phase="Sync")
        for name in ("web", "worker")
    )
    return OperationState(
        operation=Operation(
            sync=SyncOperation(revision=revision), initiated_by=Initiator(username=actor, automated=not actor)
        ),
        phase=phase.value,
        message="successfully synced (all tasks run)" if phase is Phase.SUCCEEDED else "waiting for healthy state",
        sync_result=SyncOperationResult(resources=results, revision=revision),
        started_at=now - timedelta(seconds=4),
        finished_at=now if phase.completed else None,
    )


def _history(index: int, number: int) -> RevisionHistory:
    deployed = commit(index + number)
    return RevisionHistory(
        id=number,
        revision=deployed.sha,
        deployed_at=deployed.date + timedelta(minutes=1),
        deploy_started_at=deployed.date,
        initiated_by=Initiator(username="dana" if number else "", automated=not number),
    )


class Fleet:
    """Answers for applications as they are now; a sync of one takes a moment and ends well."""

    def __init__(self, runtime: FakeRuntime, count: int) -> None:
        self.runtime = runtime
        self.summaries = {one.key: one for one in (summary(index, now=datetime.now(UTC)) for index in range(count))}
        platform = git_source()
        self.summaries[platform.key] = platform
        self._versions = itertools.count(100_000)
        self._tasks: set[asyncio.Task[None]] = set()
        runtime.answers |= {
            **ANSWERS,
            GetTree: self.get_tree,
            GetResource: self.get_resource,
            GetManagedResources: self.get_managed,
            StartSync: self.start_sync,
            RefreshApplication: self.refresh,
            TerminateOperation: self.terminate,
            DeleteObject: self.done_at_once,
            RunAction: self.done_at_once,
            RollbackApplication: self.done_at_once,
            AddCluster: self.add_cluster,
            RemoveCluster: self.remove_cluster,
            **GitTokens().answers(),
        }
        followed = {WatchTree: self.watch_tree, ReadLogs: self.read_logs, WatchEvents: self.watch_events, **STREAMS}
        runtime.streams |= followed

    async def announce(self) -> None:
        await self.runtime.snapshot(
            RuntimeChanged(
                RuntimeSummary(
                    *("0.1.0", "argosy", "ARGOSY", "HELM_HOSTED", START),
                    cluster="sandbox",
                    components=tuple(ComponentSummary(name, "0.1.0", HealthState.HEALTHY) for name in COMPONENTS),
                    shared_config_repo=CONFIGURATION,
                    environments=ENVIRONMENTS,
                )
            ),
            ClusterChanged(
                ClusterSummary(
                    "sandbox",
                    "https://kubernetes.default.svc",
                    "Successful",
                    server_version="v1.34",
                    resources_count=700,
                    apis_count=61,
                    applications_count=len(self.summaries),
                    cache_synced_at=START,
                    workflows=True,
                )
            ),
            *(ExecutionFinished(one) for one in executions(PLATFORM, APPS, now=datetime.now(UTC))),
            RepositoryChanged(RepositorySummary(PLATFORM, commit(1), datetime.now(UTC))),
            RepositoryChanged(RepositorySummary(APPS, commit(2), datetime.now(UTC))),
            *(ApplicationChanged(one) for one in self.summaries.values()),
        )

    async def change(self, key: ApplicationKey, **fields: object) -> ApplicationSummary:
        version = str(next(self._versions))
        changed = msgspec.structs.replace(
            self.summaries[key], resource_version=version, updated_at=datetime.now(UTC), **fields
        )
        self.summaries[key] = changed
        await self.runtime.report_unacknowledged(ApplicationChanged(changed))
        return changed

    async def live(self, every_seconds: float) -> None:
        """Something changes, again and again."""
        for key in itertools.cycle(list(self.summaries)[:5]):
            await asyncio.sleep(every_seconds)
            healthy = self.summaries[key].health is HealthState.HEALTHY
            health = HealthState.PROGRESSING if healthy else HealthState.HEALTHY
            await self.change(
                key, health=health, explanation="Deployment: 1 of 3 pods is not ready" if healthy else None
            )

    def get_tree(self, body: RequestBody) -> TreeAnswer | Refusal:
        assert isinstance(body, GetTree)
        return TreeAnswer(tree(body.application.name), (HostSummary("node-1", 3, (("cpu", "4"), ("memory", "16Gi"))),))

    def get_resource(self, body: RequestBody) -> ResourceAnswer | Refusal:
        assert isinstance(body, GetResource)
        found = [
            node for node in tree(body.application.name) if (node.ref.kind, node.ref.name) == _address(body.resource)
        ]
        if not found:
            return Refusal("NOT_FOUND_ERROR", "there is no such resource in this application")
        location = ManifestLocation(APPS, commit(1).sha, f"apps/{body.application.name}/app.yaml", 4)
        return resource(found[0], body.resource, location)

    def get_managed(self, body: RequestBody) -> ManagedAnswer:
        assert isinstance(body, GetManagedResources)
        nodes = [node for node in tree(body.application.name) if node.managed]
        return ManagedAnswer(
            tuple(
                ManagedResourceAnswer(node, diff(modified=node.sync is SyncState.OUT_OF_SYNC))
                for node in nodes
                if not body.only_changed or node.sync is SyncState.OUT_OF_SYNC
            )
        )

    async def start_sync(self, body: RequestBody) -> OperationAnswer | Refusal:
        assert isinstance(body, StartSync)
        now, revision = datetime.now(UTC), self.summaries[body.application].revision
        running = operation(revision, Phase.RUNNING, now, actor=body.actor)
        changed = await self.change(body.application, sync=SyncState.SYNCING, operation=running)
        task = asyncio.create_task(self._finish(body.application, revision, body.actor))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return OperationAnswer(body.operation_id, changed, Phase.RUNNING)

    async def _finish(self, key: ApplicationKey, revision: str, actor: str) -> None:
        await asyncio.sleep(2)
        done = operation(revision, Phase.SUCCEEDED, datetime.now(UTC), actor=actor)
        await self.change(
            key, sync=SyncState.SYNCED, health=HealthState.HEALTHY, operation=done, explanation=None, conditions=()
        )

    async def add_cluster(self, body: RequestBody) -> AnswerBody | Refusal:
        assert isinstance(body, AddCluster)
        added = ClusterSummary(body.name, body.server, "Successful", server_version="v1.33.0", rollouts=False)
        await self.runtime.report_unacknowledged(ClusterChanged(added))
        return cluster_changed(body)

    async def remove_cluster(self, body: RequestBody) -> AnswerBody | Refusal:
        assert isinstance(body, RemoveCluster)
        await self.runtime.report_unacknowledged(ClusterRemoved(body.server))
        return cluster_changed(body)

    async def refresh(self, body: RequestBody) -> OperationAnswer:
        assert isinstance(body, RefreshApplication)
        return OperationAnswer(body.operation_id, await self.change(body.application))

    async def terminate(self, body: RequestBody) -> OperationAnswer | Refusal:
        assert isinstance(body, TerminateOperation)
        current = self.summaries[body.application]
        if current.sync is not SyncState.SYNCING:
            return Refusal("CONFLICT_ERROR", "no operation is running", suggestion="nothing needs to be done")
        failed = operation(current.revision, Phase.FAILED, datetime.now(UTC), actor=body.actor)
        return OperationAnswer(
            body.operation_id,
            await self.change(body.application, sync=SyncState.OUT_OF_SYNC, operation=failed),
            Phase.FAILED,
        )

    async def done_at_once(self, body: RequestBody) -> OperationAnswer:
        assert isinstance(body, DeleteObject | RunAction | RollbackApplication)
        return OperationAnswer(body.operation_id, await self.change(body.application), message="done")

    async def watch_tree(self, body: RequestBody) -> AsyncIterator[TreeChange]:
        assert isinstance(body, WatchTree)
        yield TreeChange(0, tree(body.application.name), snapshot=True)
        for version in itertools.count(1):
            await asyncio.sleep(3)
            yield TreeChange(version, tree(body.application.name, ready=3 if version % 2 else 2))

    async def read_logs(self, body: RequestBody) -> AsyncIterator[LogLines]:
        assert isinstance(body, ReadLogs)
        for number in itertools.count():
            line = (
                datetime.now(UTC),
                f'level=info msg="handled request" path=/cart/{number} status=200 user={"x" * 90}',
            )
            yield LogLines(body.pod.name, body.container or "app", (line,), last=not body.follow and number == 50)
            if not body.follow and number == 50:
                return
            await asyncio.sleep(0.4 if number > 330 else 0)

    async def watch_events(self, body: RequestBody) -> AsyncIterator[EventInfo]:
        assert isinstance(body, WatchEvents)
        ref = body.resource or tree(body.application.name)[0].ref
        for number in itertools.count():
            yield event(ref, number)
            await asyncio.sleep(5 if number > 2 else 0)


def _address(ref: ObjectRef) -> tuple[str, str]:
    return ref.kind, ref.name


async def register(database_url: str, name: str, token: str) -> None:
    """Makes the runtime known, as `argosy runtimes add` does."""
    database = await Database.open(database_url)
    try:
        async with database.write() as session:
            try:
                await runtime_store.add(session, name, token_hash=hash_token(token), hosted=True, now=datetime.now(UTC))
            except Conflict:
                await runtime_store.set_token(session, name, hash_token(token))
    finally:
        await database.close()


async def serve_fleet(settings: Settings, count: int, every_seconds: float) -> None:
    token, ready = new_token(RUNTIME), asyncio.Event()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await register(settings.database, "demo", token)
    async with AsyncExitStack() as stack:
        server = asyncio.create_task(run_server(settings, ready=ready))
        stack.push_async_callback(asyncio.wait, {server})
        await asyncio.wait({server, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        runtime = FakeRuntime("demo", token, settings.local_url, rights=dict(RIGHTS))
        tell_commits(runtime, PLATFORM)
        await stack.enter_async_context(runtime.connected())
        fleet = Fleet(runtime, count)
        await fleet.announce()
        click.echo(f"ready {settings.local_url} users {', '.join(user.name for user in USERS)} password {PASSWORD}")
        live = asyncio.create_task(fleet.live(every_seconds))
        await asyncio.wait({server, live}, return_when=asyncio.FIRST_COMPLETED)
        live.cancel()


@click.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--apps", default=60, show_default=True)
@click.option("--every", "every_seconds", default=3.0, show_default=True, help="Seconds between two changes.")
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--console/--no-console", default=True, show_default=True)
def main(port: int, apps: int, every_seconds: float, data_dir: Path | None, console: bool) -> None:
    """Serve a control plane with a fake runtime."""
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(
            port=port,
            data_dir=data_dir or Path(temporary),
            users=USERS,
            demo=True,
            console="web.app:console" if console else None,
        )
        asyncio.run(serve_fleet(settings, apps, every_seconds))
