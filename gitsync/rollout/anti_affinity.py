"""Keeps the pods of a new version off the nodes of the stable one, while both run, where the Rollout asks for it."""

from gitsync.manifest.object import JsonObject
from gitsync.rollout.replica_set import copied
from model.kinds.rollout import HASH_LABEL, AntiAffinity, Rollout

_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _asked(rollout: Rollout) -> AntiAffinity | None:
    strategy = rollout.spec.strategy
    asked = (strategy.canary.anti_affinity if strategy.canary else None) or (
        strategy.blue_green.anti_affinity if strategy.blue_green else None
    )
    if asked is None:
        return None
    preferred = asked.preferred_during_scheduling_ignored_during_execution
    required = asked.required_during_scheduling_ignored_during_execution
    return asked if preferred is not None or required is not None else None


def affinity(rollout: Rollout, hash_: str) -> JsonObject | None:
    """Affinity of the pods with this hash: their own, and the rule against stable pods while there are some."""
    own = ((rollout.spec.template or {}).get("spec") or {}).get("affinity")
    asked, stable = _asked(rollout), rollout.status.stable_rs
    if asked is None or not stable or stable == hash_:
        return copied(own) if own else None
    term: JsonObject = {
        "labelSelector": {"matchExpressions": [{"key": HASH_LABEL, "operator": "In", "values": [stable]}]},
        "namespaces": [rollout.metadata.namespace],
        "topologyKey": "kubernetes.io/hostname",
    }
    result: JsonObject = copied(own) if own else {}
    rules = result.setdefault("podAntiAffinity", {})
    preferred = asked.preferred_during_scheduling_ignored_during_execution
    if preferred is not None:
        weighted = {"weight": preferred.get("weight", 1), "podAffinityTerm": term}
        rules[_PREFERRED] = [*(rules.get(_PREFERRED) or ()), weighted]
    else:
        rules[_REQUIRED] = [*(rules.get(_REQUIRED) or ()), term]
    return result


def _terms(template: JsonObject) -> list[tuple[str, JsonObject]]:
    rules = (((template.get("spec") or {}).get("affinity") or {}).get("podAntiAffinity")) or {}
    found = [(_PREFERRED, one.get("podAffinityTerm") or {}) for one in rules.get(_PREFERRED) or ()]
    return found + [(_REQUIRED, one) for one in rules.get(_REQUIRED) or ()]


def _values(term: JsonObject) -> list[str] | None:
    """The hashes that an injected rule names; None for a rule of somebody else."""
    for requirement in (term.get("labelSelector") or {}).get("matchExpressions") or ():
        if requirement.get("key") == HASH_LABEL:
            return list(requirement.get("values") or ())
    return None


def is_stale(rollout: Rollout, template: JsonObject, hash_: str) -> bool:
    """The injected rule names pods that are no longer the stable ones."""
    if _asked(rollout) is None or rollout.status.stable_rs == hash_:
        return False
    stable = [rollout.status.stable_rs]
    return any(values != stable for _, term in _terms(template) if (values := _values(term)))


def without_injected(template: JsonObject, rollout: Rollout) -> JsonObject:
    """The template without rules that a controller injected."""
    if _asked(rollout) is None or not any(_values(term) is not None for _, term in _terms(template)):
        return template
    result = copied(template)
    whole = result["spec"]["affinity"]
    rules = whole["podAntiAffinity"]
    rules[_PREFERRED] = [
        one for one in rules.get(_PREFERRED) or () if _values(one.get("podAffinityTerm") or {}) is None
    ]
    rules[_REQUIRED] = [one for one in rules.get(_REQUIRED) or () if _values(one) is None]
    whole["podAntiAffinity"] = {name: value for name, value in rules.items() if value}
    result["spec"]["affinity"] = {name: value for name, value in whole.items() if value}
    return result
