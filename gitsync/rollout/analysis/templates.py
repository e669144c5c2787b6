"""Several AnalysisTemplates as one spec of a run: metrics side by side, arguments merged, nested templates included."""

from collections.abc import Iterable, Mapping
from typing import Any

import re2

from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import InvalidSpec
from model.kinds.rollout import TemplateRef

_MAX_TEMPLATES = 100
Templates = Mapping[str, JsonObject]


def merged_spec(
    references: Iterable[TemplateRef],
    templates: Templates,
    cluster_templates: Templates,
    *,
    arguments: Iterable[JsonObject],
    dry_run: Iterable[JsonObject] = (),
    retention: Iterable[JsonObject] = (),
) -> JsonObject:
    """The `spec` of an AnalysisRun. Raises InvalidSpec."""
    bodies = _found(references, templates, cluster_templates)
    specs = [body.get("spec") or {} for body in bodies]
    metrics = [metric for spec in specs for metric in spec.get("metrics") or ()]
    names: set[str] = set()
    for metric in metrics:
        if metric.get("name") in names:
            raise InvalidSpec(f"two metrics have the same name '{metric['name']}'", suggestion="rename one of them")
        names.add(metric.get("name", ""))
    spec: JsonObject = {"metrics": metrics}
    for field, own in (("dryRun", dry_run), ("measurementRetention", retention)):
        rules = _unique([*own, *(rule for one in specs for rule in one.get(field) or ())], field)
        if rules:
            spec[field] = rules
            matching(rules, names, field)
    if merged := _merged_arguments(specs, list(arguments)):
        spec["args"] = merged
    return spec


def _found(references: Iterable[TemplateRef], templates: Templates, cluster: Templates) -> list[JsonObject]:
    """Those of the namespace before those of the cluster, each once, with everything that they refer to."""
    own: dict[str, JsonObject] = {}
    shared: dict[str, JsonObject] = {}
    waiting = list(references)
    while waiting:
        one = waiting.pop(0)
        found, source, kind = (
            (shared, cluster, "ClusterAnalysisTemplate") if one.cluster_scope else (own, templates, "AnalysisTemplate")
        )
        if one.template_name in found:
            continue
        if one.template_name not in source:
            raise InvalidSpec(f"{kind} '{one.template_name}' not found", suggestion=f"create that {kind}")
        body = found[one.template_name] = source[one.template_name]
        if len(own) + len(shared) > _MAX_TEMPLATES:
            raise InvalidSpec(f"more than {_MAX_TEMPLATES} templates in one analysis", suggestion="merge some")
        nested = (body.get("spec") or {}).get("templates") or ()
        waiting[:0] = [TemplateRef(str(ref.get("templateName", "")), bool(ref.get("clusterScope"))) for ref in nested]
    return [*own.values(), *shared.values()]


def _unique(rules: list[JsonObject], field: str) -> list[JsonObject]:
    seen: set[str] = set()
    for rule in rules:
        name = str(rule.get("metricName", ""))
        if name in seen:
            raise InvalidSpec(f"two {field} metric rules have the same name '{name}'", suggestion="remove one of them")
        seen.add(name)
    return rules


def matching(rules: Iterable[JsonObject], names: Iterable[str], field: str) -> dict[str, JsonObject]:
    """The rule for each metric that a rule's pattern finds; the last one wins. Raises InvalidSpec for a useless one."""
    found: dict[str, JsonObject] = {}
    known = list(names)
    for position, rule in enumerate(rules):
        pattern = _pattern(str(rule.get("metricName", "")), field)
        matched = [name for name in known if pattern.search(name)]
        if not matched:
            raise InvalidSpec(
                f"{field}[{position}]: Rule didn't match any metric name(s)", suggestion="correct its metricName"
            )
        found.update(dict.fromkeys(matched, rule))
    return found


def _pattern(text: str, field: str) -> "re2._Regexp":
    try:
        return re2.compile(text)
    except re2.error as failure:
        raise InvalidSpec(
            f"{field}: {text!r} is no regular expression", suggestion="correct its metricName"
        ) from failure


def _merged_arguments(specs: list[JsonObject], given: list[JsonObject]) -> list[JsonObject]:
    merged: dict[str, JsonObject] = {}
    for one in (argument for spec in specs for argument in spec.get("args") or ()):
        name = str(one.get("name", ""))
        before = merged.get(name)
        if before is None or (before.get("value") is None and _says_more(one)):
            merged[name] = one
        elif one.get("value") is not None and before.get("value") is not None and one["value"] != before["value"]:
            raise InvalidSpec(
                f"Argument `{name}` specified multiple times with different values: "
                f"'{before['value']}', '{one['value']}'",
                suggestion="give the argument one value, or two names",
            )
    for one in given:
        name = str(one.get("name", ""))
        if name in merged and _says_more(one):
            merged[name] = _sourced(name, one)
    for name, one in merged.items():
        if not _says_more(one):
            raise InvalidSpec(f"args.{name} was not resolved", suggestion=f"give the argument {name} a value")
    return list(merged.values())


def _says_more(argument: JsonObject) -> bool:
    return argument.get("value") is not None or argument.get("valueFrom") is not None


def _sourced(name: str, argument: JsonObject) -> JsonObject:
    sourced: dict[str, Any] = {"name": name}
    if argument.get("value") is not None:
        sourced["value"] = argument["value"]
    else:
        sourced["valueFrom"] = argument["valueFrom"]
    return sourced
