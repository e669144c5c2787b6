"""What AWS says about target groups, against the weights that were asked for."""

from gitsync.rollout.routing.alb_verification import verify_weights
from gitsync.rollout.routing.values import RoutedRollout, Traffic
from gitsync.rollout.values import LoadBalancer, TargetGroup
from model.kinds.rollout import WeightDestination

ROLLOUT = RoutedRollout(
    name="shop",
    namespace="team",
    uid="u",
    stable_service="shop-stable",
    canary_service="shop-canary",
    routing={"alb": {"ingress": "web", "servicePort": 443}},
)
ARN = "arn:aws:elasticloadbalancing:us-east-2:1:"


def group(service: str, weight: int | None) -> TargetGroup:
    return TargetGroup(service, f"{ARN}targetgroup/{service}/1", f"team/web-{service}:443", weight)


def balancer(*groups: TargetGroup) -> LoadBalancer:
    return LoadBalancer("web", "lb", f"{ARN}loadbalancer/app/lb/2", groups)


def test_weights_are_verified_when_all_target_groups_have_theirs() -> None:
    traffic = Traffic(weight=10, additional=(WeightDestination(5, "exp"),))
    found = balancer(group("shop-canary", 10), group("exp", 5), group("shop-stable", 85))
    verification = verify_weights(ROLLOUT, traffic, [found])
    assert verification.verified
    assert [event.reason for event in verification.events] == ["TargetGroupVerified", "TargetGroupVerified"]
    assert verification.statuses == (
        {
            "ingress": "web",
            "loadBalancer": {"name": "lb", "arn": f"{ARN}loadbalancer/app/lb/2", "fullName": "lb/2"},
            "canaryTargetGroup": {
                "name": "shop-canary",
                "arn": f"{ARN}targetgroup/shop-canary/1",
                "fullName": "shop-canary/1",
            },
            "stableTargetGroup": {
                "name": "shop-stable",
                "arn": f"{ARN}targetgroup/shop-stable/1",
                "fullName": "shop-stable/1",
            },
        },
    )


def test_a_weight_that_differs_is_told_and_not_verified() -> None:
    verification = verify_weights(ROLLOUT, Traffic(weight=20), [balancer(group("shop-canary", 10))])
    assert not verification.verified
    (event,) = verification.events
    assert (event.reason, event.type) == ("TargetGroupUnverified", "Warning")
    assert event.message.endswith("not verified: canary weight 20 not yet set (current: 10)")


def test_a_group_without_a_weight_or_a_missing_balancer_is_not_verified() -> None:
    assert not verify_weights(ROLLOUT, Traffic(weight=0), [balancer(group("shop-canary", None))]).verified
    verification = verify_weights(ROLLOUT, Traffic(weight=0), [])
    assert not verification.verified
    assert [event.reason for event in verification.events] == ["LoadBalancerNotFound"]
