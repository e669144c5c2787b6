"""AWS is asked with signed requests what its load balancers do; weights count only once it says so."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from gitsync.delivery.balancers import BalancerQuestions, awaits_weights
from gitsync.manifest.object import JsonObject
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Http
from gitsync.measurement.load_balancers import LoadBalancers
from gitsync.measurement.values import AwsCredentials
from gitsync.rollout.values import LoadBalancer, TargetGroup
from tests.support.http_host import serving

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BALANCER, LISTENER = "arn:aws:elb:x:loadbalancer/app/web/1", "arn:aws:elb:x:listener/app/web/1/2"
CANARY, STABLE = "arn:aws:elb:x:targetgroup/canary/3", "arn:aws:elb:x:targetgroup/stable/4"
INGRESS: JsonObject = {
    "kind": "Ingress",
    "metadata": {"name": "web"},
    "status": {"loadBalancer": {"ingress": [{"hostname": "web-1.x.elb.amazonaws.com"}]}},
}
ROLLOUT: JsonObject = {
    "metadata": {"name": "web", "uid": "u"},
    "spec": {"strategy": {"canary": {"trafficRouting": {"alb": {"ingress": "web"}}, "steps": [{"setWeight": 20}]}}},
    "status": {"stableRS": "old", "currentPodHash": "new", "currentStepIndex": 0},
}


def members(action: str, name: str, *items: str, marker: str = "") -> str:
    inner = "".join(f"<member>{item}</member>" for item in items)
    more = f"<NextMarker>{marker}</NextMarker>" if marker else ""
    spaces = 'xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"'
    return (
        f"<{action}Response {spaces}><{action}Result><{name}>{inner}</{name}>{more}</{action}Result></{action}Response>"
    )


def answer(form: dict[str, str]) -> str:
    action = form["Action"]
    if action == "DescribeLoadBalancers" and "Marker" not in form:
        return members(action, "LoadBalancers", "<DNSName>other.x</DNSName>", marker="more")
    if action == "DescribeLoadBalancers":
        name = "<DNSName>dualstack.web-1.x.elb.amazonaws.com</DNSName><LoadBalancerName>web</LoadBalancerName>"
        return members(action, "LoadBalancers", f"{name}<LoadBalancerArn>{BALANCER}</LoadBalancerArn>")
    if action == "DescribeTargetGroups":
        groups = ((CANARY, "canary"), (STABLE, "stable"))
        return members(
            action,
            "TargetGroups",
            *(f"<TargetGroupArn>{a}</TargetGroupArn><TargetGroupName>{n}</TargetGroupName>" for a, n in groups),
        )
    if action == "DescribeTargetHealth":
        target = "<Target><Id>10.0.0.1</Id><Port>8080</Port></Target>"
        return members(action, "TargetHealthDescriptions", target)
    if action == "DescribeListeners":
        return members(action, "Listeners", f"<ListenerArn>{LISTENER}</ListenerArn>")
    if action == "DescribeRules":
        weights = "".join(
            f"<member><TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight></member>"
            for arn, weight in ((CANARY, 20), (STABLE, 80))
        )
        forward = f"<ForwardConfig><TargetGroups>{weights}</TargetGroups></ForwardConfig>"
        return members(action, "Rules", f"<Actions><member>{forward}</member></Actions>")
    tag = "<Key>ingress.k8s.aws/resource</Key><Value>team/web-canary:80</Value>"
    described = f"<ResourceArn>{CANARY}</ResourceArn><Tags><member>{tag}</member></Tags>"
    return members(action, "TagDescriptions", described)


class Aws:
    """Elastic Load Balancing at the socket."""

    def __init__(self) -> None:
        self.authorizations: list[str] = []
        self.status = 200
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.authorizations.append(request.headers.get("Authorization", ""))
        form = {key: values[0] for key, values in parse_qs((await request.read()).decode()).items()}
        return web.Response(text=answer(form), status=self.status, content_type="text/xml")


@pytest.fixture
async def aws() -> AsyncIterator[Aws]:
    served, application = Aws(), web.Application()
    application.router.add_post("/", served.handle)
    async with serving(application) as served.url:
        yield served


@pytest.fixture
async def reader(aws: Aws) -> AsyncIterator[LoadBalancers]:
    http = Http()
    credentials = AwsCredentials("key", "secret", "", "eu-west-1")
    yield LoadBalancers(http, credentials, now=lambda: NOW, endpoint=aws.url)
    await http.close()


async def test_weights_and_tags_of_target_groups_are_read_by_signed_requests(aws: Aws, reader: LoadBalancers) -> None:
    groups = (
        TargetGroup("canary", CANARY, "team/web-canary:80", 20),
        TargetGroup("stable", STABLE, "", 80),
    )
    assert await reader.of_ingresses([INGRESS]) == (LoadBalancer("web", "web", BALANCER, groups),)
    scope = "AWS4-HMAC-SHA256 Credential=key/20260301/eu-west-1/elasticloadbalancing/aws4_request"
    assert all(one.startswith(scope) for one in aws.authorizations)


async def test_the_targets_of_a_group_are_read(reader: LoadBalancers) -> None:
    assert await reader.registered(CANARY) == {"10.0.0.1:8080"}


async def test_a_refusal_says_what_the_role_lacks_and_verifies_nothing(aws: Aws, reader: LoadBalancers) -> None:
    aws.status = 403
    with pytest.raises(MeasurementFailed, match="answers 403 to DescribeLoadBalancers"):
        await reader.of_ingresses([INGRESS])
    assert await BalancerQuestions(reader, now=lambda: NOW).about(ROLLOUT, [INGRESS]) == ()


async def test_aws_is_asked_once_in_ten_seconds_however_often_is_looked(aws: Aws, reader: LoadBalancers) -> None:
    questions = BalancerQuestions(reader, now=lambda: NOW)
    first = await questions.about(ROLLOUT, [INGRESS])
    asked = len(aws.authorizations)
    assert first
    assert await questions.about(ROLLOUT, [INGRESS]) == first
    assert len(aws.authorizations) == asked


@pytest.mark.parametrize(
    ("status", "waits"),
    [
        ({}, True),
        ({"currentStepIndex": 1}, True),
        ({"abort": True}, False),
        ({"currentPodHash": "old"}, False),
        ({"stableRS": ""}, False),
    ],
)
def test_weights_are_awaited_while_an_update_sets_them(status: dict[str, Any], waits: bool) -> None:
    assert awaits_weights({**ROLLOUT, "status": {**ROLLOUT["status"], **status}}) is waits
