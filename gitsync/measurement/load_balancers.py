"""Elastic Load Balancing of AWS: which share of the requests each target group of an Ingress really gets.

Signed requests of its query interface; nothing is changed there. The AWS Load Balancer Controller tags each target
group with the Ingress, service and port that it is for.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from urllib.parse import urlencode
from xml.etree import ElementTree

from gitsync.manifest.object import JsonObject
from gitsync.measurement.authentication import signed
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Http, Request
from gitsync.measurement.values import AwsCredentials
from gitsync.rollout.values import LoadBalancer, TargetGroup

RESOURCE_TAG = "ingress.k8s.aws/resource"
_SERVICE, _VERSION = "elasticloadbalancing", "2015-12-01"
_MOST_PAGES = 50
_TAGGED_AT_ONCE = 20  # ARNs that DescribeTags takes


class LoadBalancers:
    """`endpoint` "": that of the region."""

    def __init__(self, http: Http, aws: AwsCredentials, *, now: Callable[[], datetime], endpoint: str = "") -> None:
        self._http = http
        self._aws = aws
        self._now = now
        self._endpoint = endpoint or f"https://{_SERVICE}.{aws.region}.amazonaws.com"

    async def of_ingresses(self, ingresses: Sequence[JsonObject]) -> tuple[LoadBalancer, ...]:
        """Those that exist. Raises MeasurementFailed."""
        wanted = {host: body["metadata"]["name"] for body in ingresses for host in _hosts(body)}
        found: list[LoadBalancer] = []
        async for one in self._pages("DescribeLoadBalancers", "LoadBalancers", {}):
            ingress = wanted.get(_plain_host(_text(one, "DNSName")))
            if ingress is not None:
                arn = _text(one, "LoadBalancerArn")
                found.append(LoadBalancer(ingress, _text(one, "LoadBalancerName"), arn, await self._groups(arn)))
        return tuple(found)

    async def registered(self, target_group: str) -> frozenset[str]:
        """Its targets, as `address:port`, healthy or not. Raises MeasurementFailed."""
        asked = {"TargetGroupArn": target_group}
        return frozenset(
            [
                f"{one.findtext('Target/Id')}:{one.findtext('Target/Port')}"
                async for one in self._pages("DescribeTargetHealth", "TargetHealthDescriptions", asked)
            ]
        )

    async def _groups(self, balancer: str) -> tuple[TargetGroup, ...]:
        asked = {"LoadBalancerArn": balancer}
        groups = [one async for one in self._pages("DescribeTargetGroups", "TargetGroups", asked)]
        weights, tags = await asyncio.gather(
            self._weights(asked), self._tags([_text(one, "TargetGroupArn") for one in groups])
        )
        return tuple(
            TargetGroup(_text(one, "TargetGroupName"), arn, tags.get(arn, ""), weights.get(arn))
            for one in groups
            if (arn := _text(one, "TargetGroupArn"))
        )

    async def _weights(self, asked: dict[str, str]) -> dict[str, int]:
        """By target group, of the rules of all listeners."""
        weights: dict[str, int] = {}
        async for listener in self._pages("DescribeListeners", "Listeners", asked):
            rules = {"ListenerArn": _text(listener, "ListenerArn")}
            async for rule in self._pages("DescribeRules", "Rules", rules):
                for group in rule.iterfind("Actions/member/ForwardConfig/TargetGroups/member"):
                    if weight := group.findtext("Weight"):
                        weights[_text(group, "TargetGroupArn")] = int(weight)
        return weights

    async def _tags(self, arns: list[str]) -> dict[str, str]:
        tags: dict[str, str] = {}
        for start in range(0, len(arns), _TAGGED_AT_ONCE):
            part = arns[start : start + _TAGGED_AT_ONCE]
            asked = {f"ResourceArns.member.{number}": arn for number, arn in enumerate(part, start=1)}
            async for one in self._pages("DescribeTags", "TagDescriptions", asked):
                for tag in one.iterfind("Tags/member"):
                    if tag.findtext("Key") == RESOURCE_TAG:
                        tags[_text(one, "ResourceArn")] = _text(tag, "Value")
        return tags

    async def _pages(self, action: str, members: str, asked: dict[str, str]) -> AsyncIterator[ElementTree.Element]:
        marker: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            result = await self._ask({"Action": action, "Version": _VERSION, **asked, **marker})
            for one in result.iterfind(f"{action}Result/{members}/member"):
                yield one
            following = result.findtext(f"{action}Result/NextMarker")
            if not following:
                return
            marker = {"Marker": following}

    async def _ask(self, form: dict[str, str]) -> ElementTree.Element:
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = Request("POST", f"{self._endpoint.rstrip('/')}/", headers, urlencode(form).encode())
        response = await self._http.send(
            signed(request, self._aws, service=_SERVICE, region=self._aws.region, now=self._now())
        )
        if not response.ok:
            raise MeasurementFailed(
                f"Elastic Load Balancing answers {response.status} to {form['Action']}",
                suggestion="check the role of the runtime: it needs elasticloadbalancing:Describe*",
            )
        try:
            root = ElementTree.fromstring(response.body)  # noqa: S314 - of AWS over TLS, bounded; expat limits entities
        except ElementTree.ParseError as failure:
            raise MeasurementFailed(
                f"Elastic Load Balancing answers {form['Action']} with no XML", suggestion="check the endpoint"
            ) from failure
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        return root


def _hosts(ingress: JsonObject) -> Iterator[str]:
    for one in ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
        if host := one.get("hostname"):
            yield _plain_host(str(host))


def _plain_host(host: str) -> str:
    return host.lower().removeprefix("dualstack.")


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(name) or ""
