"""Rules of a Gateway API route: weights, and the rules that steps add for headers and mirrors."""

import re

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.values import RoutedRollout, Traffic
from gitsync.rollout.values import RoutingFailed


def is_managed(rule: JsonObject, names: tuple[str, ...]) -> bool:
    """A managed route is one rule per source rule: `name`, `name-1`, `name-2` ..."""
    name = str(rule.get("name") or "")
    return any(name == one or re.fullmatch(re.escape(one) + r"-\d+", name) for one in names)


def splits(rule: JsonObject, rollout: RoutedRollout) -> bool:
    names = {one.get("name") for one in rule.get("backendRefs") or ()}
    return rollout.stable_service in names and rollout.canary_service in names


def weighted_rule(rule: JsonObject, rollout: RoutedRollout, traffic: Traffic) -> JsonObject:
    """Services of experiments are added beside the canary, and go when their share is gone."""
    weights = {rollout.canary_service: traffic.canary_weight, rollout.stable_service: traffic.stable_weight}
    shares = {one.service_name: one.weight for one in traffic.additional}
    references: list[JsonObject] = []
    template: JsonObject = {}
    for one in rule["backendRefs"]:
        name = one.get("name")
        if name in weights:
            template = one if name == rollout.canary_service else template
            references.append(_at(one, weights[name]))
        elif name in shares:
            references.append(_at(one, shares.pop(name)))
        elif not _is_left_over(one, rollout):
            references.append(one)
    references += [{**template, "name": name, "weight": weight} for name, weight in shares.items()]
    return {**rule, "backendRefs": references}


def _is_left_over(reference: JsonObject, rollout: RoutedRollout) -> bool:
    """Services of the Rollout's experiments are named after it; nobody else's are."""
    return str(reference.get("name", "")).startswith(f"{rollout.name}-") and bool(
        re.fullmatch(re.escape(rollout.name) + r"-[a-z0-9]+-\d+-\d+-.+", str(reference.get("name", "")))
    )


def _at(reference: JsonObject, weight: int) -> JsonObject:
    return reference if reference.get("weight") == weight else {**reference, "weight": weight}


def _sources(rules: list[JsonObject], rollout: RoutedRollout, rule_name: str) -> list[JsonObject]:
    sources = [rule for rule in rules if splits(rule, rollout) and (not rule_name or rule.get("name") == rule_name)]
    if not sources:
        raise RoutingFailed(
            f"no rule splits traffic between {rollout.stable_service} and {rollout.canary_service}",
            suggestion="add both services to the backendRefs of a rule",
        )
    return sources


def _name(base: str, position: int) -> str:
    return f"{base}-{position}" if position else base


def header_rules(
    header: JsonObject, rules: list[JsonObject], rollout: RoutedRollout, rule_name: str
) -> list[JsonObject]:
    """One for each source rule: what it matches and the headers, to the canary alone, filters kept."""
    headers = [_header(one["headerName"], one.get("headerValue") or {}) for one in header["match"]]
    made: list[JsonObject] = []
    for position, source in enumerate(_sources(rules, rollout, rule_name)):
        canary = next(one for one in source["backendRefs"] if one.get("name") == rollout.canary_service)
        rule = {key: value for key, value in source.items() if key not in ("name", "matches", "backendRefs")}
        rule["name"] = _name(str(header["name"]), position)
        rule["matches"] = [
            {**match, "headers": [*(match.get("headers") or ()), *headers]} for match in source.get("matches") or [{}]
        ]
        rule["backendRefs"] = [{key: value for key, value in canary.items() if key != "weight"}]
        made.append(rule)
    return made


def _header(name: str, value: JsonObject) -> JsonObject:
    if value.get("exact"):
        return {"name": name, "type": "Exact", "value": value["exact"]}
    if value.get("prefix"):
        return {"name": name, "type": "RegularExpression", "value": f"{value['prefix']}.*"}
    return {"name": name, "type": "RegularExpression", "value": value.get("regex", "")}


def mirror_rules(
    mirror: JsonObject, rules: list[JsonObject], rollout: RoutedRollout, rule_name: str
) -> list[JsonObject]:
    """Answers come from where they came before; copies of the requests go to the canary."""
    source = _sources(rules, rollout, rule_name)[0]
    canary = next(one for one in source["backendRefs"] if one.get("name") == rollout.canary_service)
    target = {key: value for key, value in canary.items() if key not in ("weight", "filters")}
    request: JsonObject = {"backendRef": target}
    if (percentage := mirror.get("percentage")) is not None:
        request["percent"] = percentage
    filters = [*(source.get("filters") or ()), {"type": "RequestMirror", "requestMirror": request}]
    rule = {key: value for key, value in source.items() if key not in ("name", "matches", "filters")}
    rule |= {
        "name": str(mirror["name"]),
        "matches": [_mirror_match(one) for one in mirror["match"]],
        "filters": filters,
    }
    return [rule]


def _mirror_match(match: JsonObject) -> JsonObject:
    found: JsonObject = {}
    if method := (match.get("method") or {}).get("exact"):
        found["method"] = method
    path = match.get("path") or {}
    for kind, type_ in (("exact", "Exact"), ("prefix", "PathPrefix"), ("regex", "RegularExpression")):
        if path.get(kind):
            found["path"] = {"type": type_, "value": path[kind]}
    if headers := match.get("headers"):
        found["headers"] = [_header(name, value) for name, value in headers.items()]
    return found
