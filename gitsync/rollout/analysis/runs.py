"""The AnalysisRun that a Rollout wants, whole and ready to be created."""

from collections.abc import Mapping

from gitsync.manifest.object import JsonObject
from gitsync.rollout.analysis.arguments import field_of
from gitsync.rollout.analysis.templates import merged_spec
from gitsync.rollout.values import InvalidSpec, RunRequest
from model.kinds.rollout import API_VERSION, Argument


def make_run(
    request: RunRequest, templates: Mapping[str, JsonObject], cluster_templates: Mapping[str, JsonObject]
) -> JsonObject:
    """`gitsync.rollout.values.RunMaker`. Raises InvalidSpec."""
    analysis = request.analysis
    own = analysis.analysis_run_metadata
    metadata: JsonObject = {
        "name": request.name,
        "namespace": request.rollout["metadata"].get("namespace", ""),
        "labels": {**own.labels, **request.labels},
        "annotations": {**own.annotations, **request.annotations},
        "ownerReferences": [request.owner],
    }
    spec = merged_spec(
        analysis.templates,
        templates,
        cluster_templates,
        arguments=[_argument(request, one) for one in analysis.args],
        dry_run=analysis.dry_run,
        retention=analysis.measurement_retention,
    )
    return {
        "apiVersion": API_VERSION,
        "kind": "AnalysisRun",
        "metadata": {key: value for key, value in metadata.items() if value},
        "spec": spec,
    }


def _argument(request: RunRequest, argument: Argument) -> JsonObject:
    """Hashes and fields of the Rollout are looked up now; Secrets stay references until they are used."""
    source = argument.value_from or {}
    if argument.value is not None:
        return {"name": argument.name, "value": argument.value}
    if which := source.get("podTemplateHashValue"):
        hashes = {"Stable": request.stable_hash, "Latest": request.latest_hash}
        if which not in hashes:
            raise InvalidSpec(
                f"arg '{argument.name}': podTemplateHashValue is Stable or Latest, not {which!r}",
                suggestion="correct it",
            )
        return {"name": argument.name, "value": hashes[which]}
    if reference := source.get("fieldRef"):
        return {"name": argument.name, "value": field_of(request.rollout, str(reference.get("fieldPath", "")))}
    return {"name": argument.name, "valueFrom": source} if source else {"name": argument.name}
