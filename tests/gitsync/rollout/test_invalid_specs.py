"""Every problem of a spec in the words that people and programs know: field, value, what is wrong."""

from typing import Any

import pytest

from gitsync.manifest.object import JsonObject
from tests.support.rollouts import cluster, phase, rollout
from tests.support.yaml_text import read_yaml

SERVICES = "canaryService: canary, stableService: stable"
ISTIO = f"{SERVICES}, trafficRouting: {{istio: {{virtualService: {{name: vs}}}}, managedRoutes: [{{name: h}}]}}"
KINDS = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause"
SAME = "but two different services are required."


def _problem(strategy: str, *others: JsonObject, **spec: Any) -> str:
    world = cluster(rollout(strategy, **spec), "canary", "stable", "active")
    for other in others:
        world.add(other)
    world.settle("web", most_passes=3)
    word, message = phase(world)
    prefix = 'InvalidSpec: The Rollout "web" is invalid: '
    assert (word, message[: len(prefix)]) == ("Degraded", prefix)
    return message.removeprefix(prefix)


@pytest.mark.parametrize(
    ("strategy", "problem"),
    [
        (
            "{}",
            "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or "
            ".spec.strategy.blueGreen'",
        ),
        (
            "{canary: {}, blueGreen: {activeService: active}}",
            'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true": Multiple Strategies can not be '
            "listed",
        ),
        (
            "canary: {pingPong: {pingService: active, pongService: preview}, trafficRouting: {smi: {}}}",
            'spec.strategy.trafficRouting.alb: Invalid value: "null": Ping-pong feature works with the ALB, '
            "Istio, and plugin-based traffic routers only",
        ),
        (
            "canary: {steps: [{setMirrorRoute: {name: copy}}]}",
            'spec.strategy.steps[0].setMirrorRoute: Invalid value: {"name":"copy"}: SetMirrorRoute requires '
            "TrafficRouting, supports Istio and Plugins",
        ),
        (
            "blueGreen: {activeService: active, previewService: active}",
            'spec.strategy.activeService: Invalid value: "active": This rollout uses the same service for the active '
            f"and preview services, {SAME}",
        ),
        (
            "canary: {canaryService: stable, stableService: stable}",
            'spec.strategy.stableService: Invalid value: "stable": This rollout uses the same service for the stable '
            f"and canary services, {SAME}",
        ),
        (
            "canary: {trafficRouting: {smi: {}}}",
            'spec.strategy.stableService: Invalid value: "": Canary service and Stable service must to be set to use '
            "Traffic Routing",
        ),
        (
            "canary: {maxSurge: 0, maxUnavailable: 0}",
            "spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero",
        ),
        (
            "canary: {steps: [{setWeight: 101}]}",
            "spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100",
        ),
        (
            "canary: {steps: [{setWeight: 10, pause: {}}]}",
            'spec.strategy.steps[0]: Invalid value: "step.Experiment: false step.Pause: true step.SetWeight: true '
            f'step.Analysis: false": {KINDS}',
        ),
        (
            "canary: {steps: [{setCanaryScale: {weight: 10}}]}",
            "spec.strategy.trafficRouting: Required value: SetCanaryScale requires TrafficRouting to be set",
        ),
        (
            "canary: {steps: [{setHeaderRoute: {name: h}}]}",
            'spec.strategy.steps[0].setHeaderRoute: Invalid value: {"name":"h"}: SetHeaderRoute requires '
            "TrafficRouting, supports Istio and ALB and Apisix",
        ),
        (
            f"canary: {{{ISTIO}, steps: [{{setHeaderRoute: {{name: other}}}}]}}",
            'spec.strategy.steps[0].setHeaderRoute: Invalid value: "other": Steps define a route that does not exist '
            "in spec.strategy.canary.trafficRouting.managedRoutes",
        ),
        (
            f"canary: {{{SERVICES}, trafficRouting: {{traefik: {{weightedTraefikServiceName: t}}}}, "
            "steps: [{experiment: {templates: [{name: a, specRef: stable, weight: 5}]}}]}",
            "spec.strategy.steps[0].experiment.templates[0].weight: Invalid value: 5: Experiment template weight is "
            "only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time",
        ),
        (
            "canary: {canaryService: none}",
            'spec.strategy.canary.canaryService: Invalid value: "none": service "none" not found',
        ),
        (
            "canary: {steps: [{analysis: {templates: [{templateName: none}]}}]}",
            "spec.strategy.canary.steps[0].analysis.templates: Invalid value: \"none\": AnalysisTemplate 'none' not "
            "found",
        ),
        (
            "canary: {steps: [{plugin: {name: vendor/step}}]}",
            'spec.strategy.steps[0].plugin.name: Invalid value: "vendor/step": step plugins are executables of the '
            "upstream controller, which Argosy does not run; remove the step, or leave this Rollout to the upstream "
            "controller",
        ),
    ],
)
def test_a_problem_names_its_field_its_value_and_what_is_wrong(strategy: str, problem: str) -> None:
    assert _problem(strategy) == problem


def _template(text: str) -> JsonObject:
    spec: JsonObject = read_yaml(text)
    metadata = {"name": "t", "namespace": "default"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": metadata, "spec": spec}


def test_a_service_that_selects_other_pods_is_refused() -> None:
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other"}, "spec": {"selector": {"app": "x"}}}
    assert _problem("canary: {stableService: other}", other) == (
        'spec.strategy.canary.stableService: Invalid value: "other": Service "other" has unmatch label "app" in rollout'
    )


def test_an_argument_without_a_value_is_refused_before_anything_begins() -> None:
    template = _template("{args: [{name: host}], metrics: [{name: m, provider: {web: {url: x}}}]}")
    assert _problem("canary: {analysis: {templates: [{templateName: t}]}}", template) == (
        'spec.strategy.canary.analysis.templates: Invalid value: "templateNames: [t]": args.host was not resolved'
    )


def test_a_step_does_not_wait_for_a_measurement_without_an_end() -> None:
    template = _template("{metrics: [{name: m, interval: 5s, provider: {web: {url: x}}}]}")
    step = "canary: {steps: [{analysis: {templates: [{templateName: t}]}}]}"
    assert _problem(step, template).endswith(
        '"t": AnalysisTemplate t has metric m which runs indefinitely. Invalid value for count: <nil>'
    )


def test_labels_that_the_selector_does_not_find_are_shown() -> None:
    problem = _problem("canary: {}", selector={"matchLabels": {"app": "other"}})
    assert problem == (
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
    )
