"""AnalysisRuns as people look at them."""

import msgspec

from gitsync.manifest.object import JsonObject
from model.kinds.rollout import AnalysisRun, Measurement, Metric, MetricResult
from model.rollout_view import AnalysisRunView, MeasurementView, MetricView

_STEP_INDEX = "step-index"


def analysis_run_view(body: JsonObject) -> AnalysisRunView:
    """A run that cannot be read is shown with its name and no metrics."""
    metadata, status = body["metadata"], body.get("status") or {}
    labels = metadata.get("labels") or {}
    index = str(labels.get(_STEP_INDEX) or "")
    try:
        run = msgspec.convert(
            {key: body[key] for key in ("metadata", "spec", "status") if key in body}, AnalysisRun, strict=False
        )
    except msgspec.ValidationError:
        return AnalysisRunView(metadata["name"], str(status.get("phase") or "Pending"), "the run cannot be read")
    results = {one.name: one for one in run.status.metric_results}
    return AnalysisRunView(
        name=metadata["name"],
        phase=run.status.phase or "Pending",
        message=run.status.message,
        started_at=run.status.started_at,
        step_index=int(index) if index.isdigit() and labels.get("rollout-type") == "Step" else None,
        metrics=tuple(_metric(one, results.get(one.name)) for one in run.spec.metrics),
    )


def _metric(metric: Metric, result: MetricResult | None) -> MetricView:
    known = result or MetricResult(name=metric.name)
    return MetricView(
        name=metric.name,
        provider=next(iter(metric.provider), ""),
        phase=known.phase or "Pending",
        message=known.message,
        successful=known.successful,
        failed=known.failed,
        inconclusive=known.inconclusive,
        error=known.error,
        success_condition=metric.success_condition,
        failure_condition=metric.failure_condition,
        measurements=tuple(_measurement(one) for one in known.measurements),
    )


def _measurement(one: Measurement) -> MeasurementView:
    return MeasurementView(one.phase, one.value, one.message, one.started_at, one.finished_at)
