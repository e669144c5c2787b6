"""Arguments and templates: where values come from, and that values of Secrets stay where they belong."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gitsync.rollout.analysis.arguments import SecretKey, field_of, with_references
from gitsync.rollout.analysis.runs import make_run
from gitsync.rollout.analysis.step import needed_secrets
from gitsync.rollout.analysis.values import Answer, Phase, Question
from gitsync.rollout.values import InvalidSpec, RunRequest
from model.kinds.rollout import RolloutAnalysis
from tests.gitsync.rollout.analysis.run_player import Player, metric

CANARY = "s3cr3t-canary"  # what must never be seen again
ROLLOUT: dict[str, Any] = {
    "metadata": {"name": "shop", "namespace": "team", "labels": {"env/tier": "prod", "app": "shop"}},
    "spec": {"template": {"spec": {"containers": [{"image": "shop:2"}]}}, "paused": True},
}


def request(analysis: dict[str, Any]) -> RunRequest:
    return RunRequest(
        rollout=ROLLOUT,
        analysis=msgspec.convert(analysis, RolloutAnalysis),
        name="shop-abc-2-1",
        labels={"rollout-type": "Step"},
        annotations={},
        owner={"kind": "Rollout", "name": "shop"},
        stable_hash="old",
        latest_hash="new",
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


def template(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "t"}, "spec": spec}


def refs(*names: str) -> list[dict[str, Any]]:
    return [{"templateName": name.removesuffix("!"), "clusterScope": name.endswith("!")} for name in names]


def test_a_run_has_the_metrics_of_all_of_its_templates_each_once() -> None:
    templates = {
        "a": template(metrics=[metric("a")], templates=refs("b", "c!"), dryRun=[{"metricName": "a"}]),
        "b": template(metrics=[metric("b")], templates=refs("a")),
    }
    run = make_run(request({"templates": refs("c!", "a", "b")}), templates, {"c": template(metrics=[metric("c")])})
    assert [one["name"] for one in run["spec"]["metrics"]] == ["a", "b", "c"]
    assert run["spec"]["dryRun"] == [{"metricName": "a"}]
    assert run["metadata"] == {
        "name": "shop-abc-2-1",
        "namespace": "team",
        "labels": {"rollout-type": "Step"},
        "ownerReferences": [{"kind": "Rollout", "name": "shop"}],
    }


def test_arguments_of_the_rollout_override_defaults_and_unknown_ones_are_dropped() -> None:
    declared = [{"name": "a", "value": "1"}, {"name": "b"}, {"name": "c"}, {"name": "d", "value": "4"}]
    secret = {"secretKeyRef": {"name": "s", "key": "k"}}
    given = [
        {"name": "b", "valueFrom": {"podTemplateHashValue": "Latest"}},
        {"name": "c", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['env/tier']"}}},
        {"name": "d", "valueFrom": secret},
        {"name": "unknown", "value": "x"},
    ]
    run = make_run(
        request({"templates": refs("a"), "args": given}), {"a": template(metrics=[metric()], args=declared)}, {}
    )
    assert run["spec"]["args"] == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": "new"},
        {"name": "c", "value": "prod"},
        {"name": "d", "valueFrom": secret},
    ]


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ({}, "AnalysisTemplate 'a' not found"),
        ({"a": template(metrics=[metric()]), "b": template(metrics=[metric()])}, "two metrics have the same name 'm'"),
        ({"a": template(metrics=[metric()], args=[{"name": "x"}]), "b": template()}, "args.x was not resolved"),
        (
            {
                "a": template(metrics=[metric()], args=[{"name": "x", "value": "1"}]),
                "b": template(args=[{"name": "x", "value": "2"}]),
            },
            "Argument `x` specified multiple times with different values: '1', '2'",
        ),
    ],
)
def test_templates_that_do_not_go_together_say_why(templates: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        make_run(request({"templates": refs("a", "b")}), templates, {})
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "shop"),
        ("metadata.labels['env/tier']", "prod"),
        ("spec.template.spec.containers[0].image", "shop:2"),
        ("spec.paused", "true"),
    ],
)
def test_fields_of_the_rollout_are_read_by_path(path: str, value: str) -> None:
    assert field_of(ROLLOUT, path) == value


@pytest.mark.parametrize(
    "path", ["metadata.labels", "metadata.nothing", "spec.template.spec.containers[7].image", "a b"]
)
def test_paths_that_lead_nowhere_are_refused(path: str) -> None:
    with pytest.raises(InvalidSpec):
        field_of(ROLLOUT, path)


def test_references_of_experiments_name_their_templates() -> None:
    assert with_references("{{ templates.x.podTemplateHash }}-y", {"templates.x.podTemplateHash": "abc"}) == "abc-y"
    with pytest.raises(InvalidSpec):
        with_references("{{templates.z.podTemplateHash}}", {})


def test_references_are_replaced_in_every_text_of_a_metric() -> None:
    measured = metric(
        interval="{{args.every}}",
        count="{{ args.times }}",
        successCondition="result < {{args.limit}}",
        failureLimit="0",
    )
    arguments = [
        {"name": "every", "value": "3s"},
        {"name": "times", "value": "2"},
        {"name": "limit", "value": "{{args.base}}0"},
    ]
    run = Player({"metrics": [measured], "args": [*arguments, {"name": "base", "value": "1"}]}, {"m": [9]}).play()
    assert [moment for moment, _, _ in run.asked] == [0, 3]
    assert run.status["phase"] == "Successful"


def test_values_of_secrets_reach_the_provider_and_nothing_else() -> None:
    arguments = [{"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    measured = metric(
        provider={"web": {"headers": [{"key": "A", "value": "Bearer {{args.token}}"}]}}, count=5, interval="1s"
    )

    def reply(question: Question, now: object) -> Answer:
        if question.number == 1:
            return Answer("m", run.now, value=CANARY, shown=f"[{CANARY}]", about_metric={"query": f"a {CANARY} b"})
        if question.number == 2:
            return Answer("m", run.now, phase=Phase.ERROR, message=f"got {CANARY}", about_measurement={"x": CANARY})
        return Answer("m", run.now, value={"a": 1}, shown="x")

    run = Player({"metrics": [measured], "args": arguments}, secrets={SecretKey("s", "k"): CANARY}, reply=reply)
    assert needed_secrets(run.run) == (SecretKey("s", "k"),)
    run.play()
    assert run.questions[0].body["provider"]["web"]["headers"][0]["value"] == f"Bearer {CANARY}"
    assert CANARY not in repr(run.status) + repr(run.events)
    assert CANARY not in repr(run.questions)
    assert [one.get("value", one.get("message")) for one in run.results["m"]["measurements"][:2]] == [
        "[*****]",
        "got *****",
    ]
    assert run.results["m"]["metadata"] == {"query": "a ***** b"}


def test_a_condition_that_holds_a_secret_does_not_tell_it_when_it_breaks() -> None:
    arguments = [{"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    measured = metric(successCondition="result == {{args.token}} !", consecutiveErrorLimit=0)
    run = Player({"metrics": [measured], "args": arguments}, secrets={SecretKey("s", "k"): CANARY}).play()
    assert run.status["phase"] == "Error"
    assert CANARY not in repr(run.status) + repr(run.events)
