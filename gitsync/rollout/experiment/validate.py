"""Specs of Experiments that cannot be run."""

from model.kinds.rollout import Experiment


def invalid_reason(experiment: Experiment, deadline_seconds: int) -> str:
    """ "" when the spec is fine."""
    names: set[str] = set()
    for position, template in enumerate(experiment.spec.templates):
        if template.selector is None:
            return f"Experiment has missing field '.Spec.Templates[{position}].Selector'"
        if not template.selector:
            return f"This experiment is selecting all pods at index {position}. A non-empty selector is required."
        if template.min_ready_seconds > deadline_seconds:
            return f"MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index {position}"
        if not template.name:
            return f"Experiment {experiment.metadata.name} has empty template name at index {position}"
        if template.name in names:
            return f"Experiment {experiment.metadata.name} has repeated template name '{template.name}' in templates"
        names.add(template.name)
    return ""
