"""`argosy inspect plan`: what a sync of an application would do, in order and with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitsync.configuration.engine_config import EngineConfig
from gitsync.diff.compute import compute_diff
from gitsync.diff.ignore import rules_for
from gitsync.inspect.files import (
    InspectError,
    application_among,
    as_live,
    is_application,
    key_of,
    read_documents,
    read_objects,
)
from gitsync.inspect.render import Told, render_application
from gitsync.inspect.scope import scopes
from gitsync.manifest.object import DesiredObject, JsonObject
from gitsync.manifest.parse import ParsedDocument
from gitsync.manifest.prepare import prepare
from gitsync.manifest.tracking import TrackingSettings
from gitsync.plan.build import build_plan
from gitsync.plan.options import (
    PlanOptions,
    is_applied_by_client,
    managers_taken_over,
    object_options,
    parse_options,
)
from gitsync.plan.values import Plan, Task
from model.identity import ApplicationKey
from model.kinds.application import Application


@dataclass(frozen=True, slots=True)
class PlanQuestion:
    """What is asked about each file. `live` is one file for all applications, or one for each."""

    live: tuple[str, ...]
    desired: str | None
    prune: bool | None
    repositories: Mapping[str, Path]
    configuration: EngineConfig

    def live_of(self, position: int, applications: int) -> str:
        if len(self.live) not in (1, applications):
            raise InspectError(
                f"{len(self.live)} files of live objects for {applications} applications",
                suggestion="Give --live once, or once for each application in the same order.",
            )
        return self.live[position if len(self.live) > 1 else 0]


def plan_file(file: str, live: str, question: PlanQuestion) -> list[JsonObject]:
    """The actions for the Application in one file. Raises GitsyncError."""
    documents = read_documents(file)
    application = application_among(documents, file)
    wanted = [document for document in documents if not is_application(document.body)]
    if question.desired:
        wanted = read_documents(question.desired)
    elif not wanted:
        wanted = render_application(application, question.repositories, Told(question.configuration))
    return inspect_plan(
        application, wanted, read_objects(live), prune=question.prune, configuration=question.configuration
    )


def inspect_plan(
    application: Application,
    documents: Sequence[ParsedDocument],
    live: Sequence[JsonObject],
    *,
    prune: bool | None,
    configuration: EngineConfig,
) -> list[JsonObject]:
    """The actions of the next sync. `prune` None: as the application's operation, else its automation, has it."""
    options = _options(application, prune)
    wanted = _desired(application, documents, live, configuration.tracking)
    bodies = {key_of(body): body for body in live}
    differing = {one.key for one in wanted if _differs(one, bodies.get(one.key), application, configuration)}
    found = {key: as_live(body, configuration.tracking) for key, body in bodies.items()}
    return _shown(build_plan(wanted, found, options=options, out_of_sync=differing))


def _options(application: Application, prune: bool | None) -> PlanOptions:
    """As the runtime has them, for the operation that the Application asks for, else for its automated sync."""
    policy, operation = application.spec.sync_policy, application.operation
    sync = operation.sync if operation else None
    automated = policy.automated if policy else None
    if prune is None:
        prune = sync.prune if sync else bool(automated and automated.prune)
    strategy = sync.sync_strategy if sync else None
    chosen = (strategy.apply or strategy.hook) if strategy else None
    return PlanOptions(
        application=application.metadata.name,
        namespace=application.spec.destination.namespace,
        prune=prune,
        force=bool(chosen and chosen.force),
        sync_options=(sync.sync_options if sync else ()) or (policy.sync_options if policy else ()),
        resources=sync.resources if sync else (),
        namespace_metadata=application.spec.managed_namespace_metadata or {},
        run_hooks=strategy is None or strategy.apply is None,
        revision=sync.revision if sync else "",
    )


def _desired(
    application: Application,
    documents: Sequence[ParsedDocument],
    live: Sequence[JsonObject],
    tracking: TrackingSettings,
) -> tuple[DesiredObject, ...]:
    metadata = application.metadata
    return prepare(
        documents,
        app=ApplicationKey(metadata.namespace, metadata.name),
        control_namespace=metadata.namespace,
        default_namespace=application.spec.destination.namespace,
        is_namespaced=scopes(live, [document.body for document in documents]),
        tracking=tracking,
    ).objects


def _differs(
    wanted: DesiredObject, live: JsonObject | None, application: Application, configuration: EngineConfig
) -> bool:
    policy = application.spec.sync_policy
    options = parse_options(policy.sync_options if policy else ())
    return compute_diff(
        wanted,
        live,
        ignore=rules_for(wanted.key, [*configuration.ignore, *application.spec.ignore_differences]),
        settings=configuration.settings,
        client_side=is_applied_by_client(wanted.body, object_options(wanted.annotations), options),
        takes_over=managers_taken_over(wanted.annotations, options),
    ).modified


def _shown(plan: Plan) -> list[JsonObject]:
    return [_action(task) for task in plan.tasks]


def _action(task: Task) -> JsonObject:
    """`hook` and `needsApproval` are there only where they say something."""
    key = task.key
    shown: JsonObject = {
        "action": str(task.kind),
        "phase": str(task.phase),
        "wave": task.wave,
        "group": key.group,
        "version": task.version,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "reason": task.reason,
    }
    if task.hook is not None:
        shown["hook"] = task.hook.type
    if task.needs_approval:
        shown["needsApproval"] = True
    return shown
