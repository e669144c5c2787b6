"""What a Workflow object says of an execution that ended. Pure: bytes in, values out.

Where the parts come from, the first that is there:

    pipeline      the Sensor and the trigger that submitted it, as "sensor/trigger" (labels of Argo Events); the
                  CronWorkflow that made it; the WorkflowTemplate that it runs; `generateName`; its own name
    repository    annotation `argosy.io/repository`; a parameter named as in REPOSITORY below
    branch        annotation `argosy.io/branch`; a parameter; `refs/heads/` is taken off, a tag is no branch
    commit        annotation `argosy.io/commit`; a parameter that holds the id of a commit
    initiator     annotation `argosy.io/initiator`; a parameter. Where the runtime reads the repository, the author of
                  the commit in Git comes before both (`gitsync.reporting.executions`)
    event         annotation `argosy.io/event` (git or calendar); calendar, if a CronWorkflow made it; git, if it names
                  a commit or a branch

Parameters are those of the Workflow, then those of the template as it was stored with it. Their names count without
regard to case and with `-` as `_`: Argo Events has no labels for these things, a Sensor hands over what triggered it as
parameters, and these are the names that people give them.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from gitsync.git.address import redact
from model.identity import ResourceKey
from model.workflow import ExecutionPhase, TriggerEvent, WorkflowExecution

GROUP = "argoproj.io"
KIND = "Workflow"
REPOSITORY = ("REPO_URL", "GIT_REPO_URL", "REPOSITORY_URL", "GIT_URL", "CLONE_URL", "REPOSITORY", "GIT_REPO", "REPO")
BRANCH = ("BRANCH", "GIT_BRANCH", "BRANCH_NAME", "REF", "GIT_REF")
COMMIT = ("COMMIT_SHA", "GIT_COMMIT", "COMMIT", "SHA", "REVISION", "GIT_REVISION")
INITIATOR = ("COMMIT_AUTHOR", "GIT_AUTHOR", "AUTHOR")
_SENSOR, _TRIGGER = "events.argoproj.io/sensor", "events.argoproj.io/trigger"
_CRON = "workflows.argoproj.io/cron-workflow"
_TEMPLATE, _CLUSTER_TEMPLATE = (
    "workflows.argoproj.io/workflow-template",
    "workflows.argoproj.io/cluster-workflow-template",
)
_HEADS, _REFS = "refs/heads/", "refs/"
_COMMIT_ID = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)
_LONGEST = 300


class _Owner(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    uid: str = ""
    generate_name: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: tuple[_Owner, ...] = ()


class _Parameter(msgspec.Struct, frozen=True):
    name: str
    value: object = None


class _Arguments(msgspec.Struct, frozen=True):
    parameters: tuple[_Parameter, ...] | None = None


class _Reference(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    cluster_scope: bool = False


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    arguments: _Arguments | None = None
    workflow_template_ref: _Reference | None = None


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    phase: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stored_workflow_template_spec: _Spec | None = None


class _Workflow(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: _Spec = _Spec()
    status: _Status | None = None


_PHASES = {"Succeeded": ExecutionPhase.SUCCEEDED, "Failed": ExecutionPhase.FAILED, "Error": ExecutionPhase.ERROR}
_decoder = msgspec.json.Decoder(_Workflow)


class Ended(msgspec.Struct, frozen=True):
    """`sources` are the objects that it comes from, the one that decides first."""

    execution: WorkflowExecution
    sources: tuple[ResourceKey, ...]


def read_ended(raw: bytes, *, cluster: str, cluster_name: str) -> Ended | None:
    """None: it has not ended, or it is no Workflow that can be read."""
    try:
        workflow = _decoder.decode(raw)
    except msgspec.DecodeError:
        return None
    metadata, status = workflow.metadata, workflow.status or _Status()
    phase, started, finished = _PHASES.get(status.phase), status.started_at, status.finished_at
    if phase is None or started is None or finished is None or not metadata.uid:
        return None
    said = _Said(metadata.annotations or {}, dict(_parameters(workflow)))
    branch, commit, cron = (
        _branch(said.text("branch", BRANCH)),
        _commit(said.text("commit", COMMIT)),
        _cron_of(metadata),
    )
    return Ended(
        WorkflowExecution(
            uid=metadata.uid,
            cluster=cluster,
            cluster_name=cluster_name,
            namespace=metadata.namespace,
            name=metadata.name,
            pipeline=_pipeline(workflow, cron),
            phase=phase,
            started=started,
            finished=finished,
            event=_event(said.annotation("event"), cron, by_commit=bool(branch or commit)),
            repository=redact(said.text("repository", REPOSITORY)),
            branch=branch,
            commit=commit,
            initiator=said.text("initiator", INITIATOR),
        ),
        tuple(_sources(workflow, cron)),
    )


class _Said(msgspec.Struct, frozen=True):
    annotations: Mapping[str, str]
    parameters: Mapping[str, str]

    def annotation(self, name: str) -> str:
        return self.annotations.get(f"argosy.io/{name}", "").strip()[:_LONGEST]

    def text(self, annotation: str, parameters: tuple[str, ...]) -> str:
        words = (self.annotation(annotation), *(self.parameters.get(name, "") for name in parameters))
        return next((word for word in words if word), "")


def _parameters(workflow: _Workflow) -> Iterator[tuple[str, str]]:
    """The last of a name counts: those of the template come first."""
    stored = workflow.status.stored_workflow_template_spec if workflow.status else None
    for spec in (stored, workflow.spec):
        for one in (spec.arguments.parameters if spec and spec.arguments else None) or ():
            if isinstance(one.value, str) and one.value.strip() and "{{" not in one.value:
                yield one.name.upper().replace("-", "_"), one.value.strip()[:_LONGEST]


def _cron_of(metadata: _Metadata) -> str:
    labelled = (metadata.labels or {}).get(_CRON, "")
    return labelled or next((one.name for one in metadata.owner_references if one.kind == "CronWorkflow"), "")


def _template(workflow: _Workflow) -> tuple[str, bool]:
    """Name, and whether it is one of the whole cluster."""
    labels, reference = workflow.metadata.labels or {}, workflow.spec.workflow_template_ref
    if reference is not None and reference.name:
        return reference.name, reference.cluster_scope
    return (labels[_TEMPLATE], False) if labels.get(_TEMPLATE) else (labels.get(_CLUSTER_TEMPLATE, ""), True)


def _pipeline(workflow: _Workflow, cron: str) -> str:
    metadata, labels = workflow.metadata, workflow.metadata.labels or {}
    triggered = "/".join(filter(None, (labels.get(_SENSOR), labels.get(_TRIGGER))))
    generated = metadata.generate_name.rstrip("-.")
    return triggered or cron or _template(workflow)[0] or generated or metadata.name


def _sources(workflow: _Workflow, cron: str) -> Iterator[ResourceKey]:
    metadata, (template, of_cluster) = workflow.metadata, _template(workflow)
    namespace, sensor = metadata.namespace, (metadata.labels or {}).get(_SENSOR, "")
    yield ResourceKey(GROUP, KIND, namespace, metadata.name)
    if sensor:
        yield ResourceKey(GROUP, "Sensor", namespace, sensor)
    if cron:
        yield ResourceKey(GROUP, "CronWorkflow", namespace, cron)
    if template:
        kind, place = ("ClusterWorkflowTemplate", "") if of_cluster else ("WorkflowTemplate", namespace)
        yield ResourceKey(GROUP, kind, place, template)


def _event(said: str, cron: str, *, by_commit: bool) -> TriggerEvent:
    if said.upper() in (TriggerEvent.GIT, TriggerEvent.CALENDAR):
        return TriggerEvent(said.upper())
    if cron:
        return TriggerEvent.CALENDAR
    return TriggerEvent.GIT if by_commit else TriggerEvent.OTHER


def _branch(ref: str) -> str:
    return "" if ref.startswith(_REFS) and not ref.startswith(_HEADS) else ref.removeprefix(_HEADS)


def _commit(text: str) -> str:
    return text.lower() if _COMMIT_ID.fullmatch(text) else ""
