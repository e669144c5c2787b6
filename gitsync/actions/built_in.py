"""Our own actions, by kind. To give a kind an action, add a line here; what a line can be made of is in `parts`."""

from datetime import datetime

from gitsync.actions.created_objects import (
    backup_of_cnpg_schedule,
    backup_of_velero_schedule,
    job_of_cron_job,
    workflow_of_cron_workflow,
    workflow_of_template,
)
from gitsync.actions.parts import (
    REPLICAS,
    RESTARTED_AT,
    Run,
    annotate,
    annotate_epoch,
    annotate_time,
    annotation,
    entries,
    field,
    first_of,
    if_annotated,
    if_condition,
    if_controlled,
    if_set,
    if_word,
    mapping,
    put,
    replicas_of,
    restart_pods,
    scale,
    unless_annotated,
    unless_set,
    unless_word,
)
from gitsync.actions.rollout import ROLLOUT_ACTIONS
from gitsync.actions.values import Action, ActionImpossible, Impact, Parameters, patched, timestamp
from gitsync.manifest.object import JsonObject

_KEDA_PAUSED = "autoscaling.keda.sh/paused"
_KEDA_PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
_HIBERNATION = "cnpg.io/hibernation"
_LOOP = "cnpg.io/reconciliationLoop"
_FORCE_PROMOTE = "numaplane.numaproj.io/force-promote"


def _switched(path: str, off: str = "suspend", on: str = "resume") -> tuple[Action, Action]:
    """A field of the spec that stops the controller while it is true."""
    word = {"suspend": "suspended", "pause": "paused"}[off]
    return (
        Action(off, off.capitalize(), put(path, True), if_set(path, f"it is {word} already")),
        Action(on, on.capitalize(), put(path, False), unless_set(path, f"it is not {word}")),
    )


def _switched_by_annotation(name: str, value: str = "true") -> tuple[Action, Action]:
    return (
        Action("pause", "Pause", annotate(name, value), if_annotated(name, value, "it is paused already")),
        Action("resume", "Resume", annotate(name, None), unless_annotated(name, value, "it is not paused")),
    )


def _flux() -> tuple[Action, ...]:
    requested = annotate_time("reconcile.fluxcd.io/requestedAt")
    suspended = if_set("spec.suspend", "it is suspended; resume it first")
    return (Action("reconcile", "Reconcile", requested, suspended), *_switched("spec.suspend"))


def _keda_resume(body: JsonObject, _: Parameters, __: datetime) -> tuple[Impact, ...]:
    annotations = {name: None for name in (_KEDA_PAUSED, _KEDA_PAUSED_REPLICAS) if annotation(body, name)}
    return patched(body, {"metadata": {"annotations": annotations}})


def _keda_not_paused(body: JsonObject) -> str:
    return "" if annotation(body, _KEDA_PAUSED) or annotation(body, _KEDA_PAUSED_REPLICAS) else "it is not paused"


def _keda_pause_at(body: JsonObject, parameters: Parameters, _: datetime) -> tuple[Impact, ...]:
    return patched(body, {"metadata": {"annotations": {_KEDA_PAUSED_REPLICAS: str(replicas_of(parameters))}}})


def _toggle_automation(body: JsonObject, _: Parameters, __: datetime) -> tuple[Impact, ...]:
    automated = field(body, "spec.syncPolicy.automated")
    enabled = automated is not None and field(body, "spec.syncPolicy.automated.enabled") is not False
    return patched(body, {"spec": {"syncPolicy": {"automated": {"enabled": not enabled}}}})


def _renew(body: JsonObject, _: Parameters, now: datetime) -> tuple[Impact, ...]:
    """As cert-manager's own command does it: the condition that starts an issuance."""
    conditions = entries(body, "status.conditions")
    issuing = {
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "Certificate re-issuance manually triggered",
        "lastTransitionTime": timestamp(now),
        "observedGeneration": field(body, "metadata.generation") or 1,
    }
    return patched(body, {"status": {"conditions": [*(c for c in conditions if c.get("type") != "Issuing"), issuing]}})


def _next_healthy(body: JsonObject) -> str:
    """The healthy instance that comes after the primary, round and round."""
    healthy = field(body, "status.instancesStatus.healthy")
    names = [str(name) for name in healthy] if isinstance(healthy, list) else []
    others = [name for name in names if name != field(body, "status.currentPrimary")]
    if not others:
        raise ActionImpossible("no other instance is healthy")
    return next((name for name in others if names.index(name) > _place_of_primary(body, names)), others[0])


def _place_of_primary(body: JsonObject, names: list[str]) -> int:
    primary = field(body, "status.currentPrimary")
    return names.index(primary) if primary in names else -1


def _switch_primary(body: JsonObject, parameters: Parameters, now: datetime) -> tuple[Impact, ...]:
    instance, known = str(parameters.get("instance") or "any"), field(body, "status.instanceNames") or []
    if instance == "any":
        instance = _next_healthy(body)
    elif instance not in known:
        raise ActionImpossible(f"{instance!r} is no instance of the cluster", suggestion=f"Its instances: {known}")
    status = {
        "targetPrimary": instance,
        "targetPrimaryTimestamp": timestamp(now),
        "phase": "Switchover in progress",
        "phaseReason": f"Switching over to {instance}",
    }
    return patched(body, {"status": status})


def _end_job(body: JsonObject, _: Parameters, now: datetime) -> tuple[Impact, ...]:
    """The condition at which the Job's controller stops its pods and lets it fail with this reason."""
    target = {
        "type": "FailureTarget",
        "status": "True",
        "reason": "ManuallyTerminated",
        "message": "Somebody terminated the Job",
        "lastTransitionTime": timestamp(now),
    }
    return patched(body, {"status": {"conditions": [*entries(body, "status.conditions"), target]}})


def _unpause(strategy: str) -> Run:
    return lambda body, _parameters, _now: patched(
        body,
        {
            "metadata": {"labels": {"numaflow.numaproj.io/resume-strategy": strategy}},
            "spec": {"lifecycle": {"desiredPhase": "Running"}},
        },
    )


def _no_upgrade(body: JsonObject) -> str:
    labels = mapping(body, "metadata.labels")
    if labels.get(_FORCE_PROMOTE) == "true":
        return "it is being promoted already"
    return "" if labels.get("numaplane.numaproj.io/upgrade-state") == "in-progress" else "no upgrade is in progress"


_PROMOTE_BY_FORCE = Action(
    "force-promote",
    "Force promote",
    lambda body, _parameters, _now: patched(body, {"metadata": {"labels": {_FORCE_PROMOTE: "true"}}}),
    _no_upgrade,
)
_UNPAUSED = unless_word("spec.lifecycle.desiredPhase", ("Paused",), "it is not paused")
_NUMAFLOW = (
    Action(
        "pause",
        "Pause",
        put("spec.lifecycle.desiredPhase", "Paused"),
        if_word("spec.lifecycle.desiredPhase", ("Paused",), "it is paused already"),
    ),
    Action("unpause-gradual", "Unpause (gradual)", _unpause("slow"), _UNPAUSED),
    Action("unpause-fast", "Unpause (fast)", _unpause("fast"), _UNPAUSED),
)
_ENDED = if_condition(("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"), "the job has ended")
_RUN_ENDED = if_word(
    "status.phase", ("Successful", "Failed", "Error", "Inconclusive", "Succeeded"), "it has ended already"
)
_SUSPEND, _RESUME = _switched("spec.suspend")
_RESTART = Action("restart", "Restart", restart_pods)
_SCALE = Action("scale", "Scale", scale, parameters=REPLICAS)
_PAUSE_SPEC = _switched("spec.paused", "pause")
_PAUSED = if_set("spec.paused", "it is paused; resume it first")
_FORCE_SYNC = annotate_epoch("force-sync")
_TEKTON_ENDED = if_condition(("Succeeded",), "it has ended already")
_INSTANCE: JsonObject = {"type": "object", "properties": {"instance": {"type": "string", "default": "any"}}}

_FLUX_KINDS = {
    "helm.toolkit.fluxcd.io": ("HelmRelease",),
    "image.toolkit.fluxcd.io": ("ImageRepository", "ImageUpdateAutomation", "ImagePolicy"),
    "kustomize.toolkit.fluxcd.io": ("Kustomization",),
    "notification.toolkit.fluxcd.io": ("Receiver",),
    "source.toolkit.fluxcd.io": ("Bucket", "GitRepository", "HelmChart", "HelmRepository", "OCIRepository"),
}

BUILT_IN: dict[tuple[str, str], tuple[Action, ...]] = {
    ("", "Node"): (
        Action("cordon", "Cordon", put("spec.unschedulable", True), if_set("spec.unschedulable", "it is cordoned")),
        Action(
            "uncordon",
            "Uncordon",
            put("spec.unschedulable", None),
            unless_set("spec.unschedulable", "it is not cordoned"),
        ),
    ),
    ("apps", "Deployment"): (Action("restart", "Restart", restart_pods, _PAUSED), _SCALE, *_PAUSE_SPEC),
    ("apps", "StatefulSet"): (_RESTART, _SCALE),
    ("apps", "DaemonSet"): (_RESTART,),
    ("apps", "ReplicaSet"): (Action("scale", "Scale", scale, if_controlled, REPLICAS),),
    ("batch", "CronJob"): (Action("create-job", "Create Job", job_of_cron_job), _SUSPEND, _RESUME),
    ("batch", "Job"): (
        Action("suspend", "Suspend", _SUSPEND.run, first_of(_ENDED, _SUSPEND.disabled)),
        Action("resume", "Resume", _RESUME.run, first_of(_ENDED, _RESUME.disabled)),
        Action("terminate", "Terminate", _end_job, _ENDED),
    ),
    ("argoproj.io", "Rollout"): ROLLOUT_ACTIONS,
    ("argoproj.io", "AnalysisRun"): (Action("terminate", "Terminate", put("spec.terminate", True), _RUN_ENDED),),
    ("argoproj.io", "Experiment"): (Action("terminate", "Terminate", put("spec.terminate", True), _RUN_ENDED),),
    ("argoproj.io", "Application"): (Action("toggle-auto-sync", "Toggle Auto Sync", _toggle_automation),),
    ("argoproj.io", "Workflow"): (
        Action("suspend", "Suspend", _SUSPEND.run, first_of(_RUN_ENDED, _SUSPEND.disabled)),
        Action("resume", "Resume", _RESUME.run, first_of(_RUN_ENDED, _RESUME.disabled)),
        Action("stop", "Stop", put("spec.shutdown", "Stop"), _RUN_ENDED),
        Action("terminate", "Terminate", put("spec.shutdown", "Terminate"), _RUN_ENDED),
    ),
    ("argoproj.io", "CronWorkflow"): (
        Action("create-workflow", "Create Workflow", workflow_of_cron_workflow),
        _SUSPEND,
        _RESUME,
    ),
    ("argoproj.io", "WorkflowTemplate"): (Action("create-workflow", "Create Workflow", workflow_of_template),),
    ("cert-manager.io", "Certificate"): (
        Action("renew", "Renew", _renew, if_condition(("Issuing",), "it is being issued already")),
    ),
    ("cluster.x-k8s.io", "Cluster"): _PAUSE_SPEC,
    ("cluster.x-k8s.io", "MachineDeployment"): (_SCALE, *_PAUSE_SPEC),
    ("core.strimzi.io", "StrimziPodSet"): (
        Action("rolling-update", "Rolling update", annotate("strimzi.io/manual-rolling-update", "true")),
    ),
    ("external-secrets.io", "ExternalSecret"): (Action("refresh", "Refresh", _FORCE_SYNC),),
    ("external-secrets.io", "PushSecret"): (Action("push", "Push", _FORCE_SYNC),),
    ("jobset.x-k8s.io", "JobSet"): (_SUSPEND, _RESUME),
    ("k8s.mariadb.com", "MariaDB"): (_SUSPEND, _RESUME),
    ("kafka.strimzi.io", "Kafka"): _switched_by_annotation("strimzi.io/pause-reconciliation"),
    ("kafka.strimzi.io", "KafkaConnector"): (Action("restart", "Restart", annotate("strimzi.io/restart", "true")),),
    ("kafka.strimzi.io", "KafkaRebalance"): (
        Action("approve", "Approve", annotate("strimzi.io/rebalance", "approve")),
        Action("refresh", "Refresh", annotate("strimzi.io/rebalance", "refresh")),
        Action("stop", "Stop", annotate("strimzi.io/rebalance", "stop")),
    ),
    ("keda.sh", "ScaledJob"): _switched_by_annotation(_KEDA_PAUSED),
    ("keda.sh", "ScaledObject"): (
        Action(
            "pause", "Pause", annotate(_KEDA_PAUSED, "true"), if_annotated(_KEDA_PAUSED, "true", "it is paused already")
        ),
        Action("paused-replicas", "Pause at a number of replicas", _keda_pause_at, parameters=REPLICAS),
        Action("resume", "Resume", _keda_resume, _keda_not_paused),
    ),
    ("monitoring.coreos.com", "Alertmanager"): _PAUSE_SPEC,
    ("monitoring.coreos.com", "Prometheus"): _PAUSE_SPEC,
    ("numaflow.numaproj.io", "InterStepBufferService"): (_PROMOTE_BY_FORCE,),
    ("numaflow.numaproj.io", "MonoVertex"): (*_NUMAFLOW, _PROMOTE_BY_FORCE),
    ("numaflow.numaproj.io", "Pipeline"): (*_NUMAFLOW, _PROMOTE_BY_FORCE),
    ("operators.coreos.com", "InstallPlan"): (
        Action("approve", "Approve", put("spec.approved", True), if_set("spec.approved", "it is approved already")),
    ),
    ("postgresql.cnpg.io", "Cluster"): (
        Action("restart", "Restart", annotate_time(RESTARTED_AT)),
        Action("reload", "Reload", annotate_time("cnpg.io/reloadedAt")),
        Action("promote", "Promote", _switch_primary, parameters=_INSTANCE),
        Action(
            "suspend",
            "Suspend reconciliation",
            annotate(_LOOP, "disabled"),
            if_annotated(_LOOP, "disabled", "it is suspended already"),
        ),
        Action(
            "resume",
            "Resume reconciliation",
            annotate(_LOOP, None),
            unless_annotated(_LOOP, "disabled", "it is not suspended"),
        ),
        Action(
            "hibernate",
            "Hibernate",
            annotate(_HIBERNATION, "on"),
            if_annotated(_HIBERNATION, "on", "it hibernates already"),
        ),
        Action(
            "rehydrate",
            "Wake up",
            annotate(_HIBERNATION, "off"),
            unless_annotated(_HIBERNATION, "on", "it does not hibernate"),
        ),
    ),
    ("postgresql.cnpg.io", "ScheduledBackup"): (
        Action("create-backup", "Back up now", backup_of_cnpg_schedule),
        _SUSPEND,
        _RESUME,
    ),
    ("promoter.argoproj.io", "PullRequest"): (
        Action("merge", "Merge", put("spec.state", "merged"), unless_word("spec.state", ("open",), "it is not open")),
    ),
    ("ray.io", "RayJob"): (_SUSPEND, _RESUME),
    ("tekton.dev", "PipelineRun"): (Action("cancel", "Cancel", put("spec.status", "Cancelled"), _TEKTON_ENDED),),
    ("tekton.dev", "TaskRun"): (Action("cancel", "Cancel", put("spec.status", "TaskRunCancelled"), _TEKTON_ENDED),),
    ("velero.io", "Schedule"): (Action("backup", "Back up now", backup_of_velero_schedule), *_PAUSE_SPEC),
    **{(group, kind): _flux() for group, kinds in _FLUX_KINDS.items() for kind in kinds},
}
