"""`argosy inspect health`: the health of each object of a file."""

from collections.abc import Iterable

from gitsync.health.overrides import HealthRules
from gitsync.inspect.files import key_of, read_objects
from gitsync.manifest.object import JsonObject


def health_of_file(file: str, rules: HealthRules) -> list[JsonObject]:
    return inspect_health(read_objects(file), rules)


def inspect_health(bodies: Iterable[JsonObject], rules: HealthRules) -> list[JsonObject]:
    """One entry per object, in their order. `status` is None where no rule says anything."""
    return [_judged(body, rules) for body in bodies]


def _judged(body: JsonObject, rules: HealthRules) -> JsonObject:
    key, report = key_of(body), rules.assess(body)
    return {
        "group": key.group,
        "kind": key.kind,
        "name": key.name,
        "status": str(report.status) if report else None,
        "message": report.message if report else "",
    }
