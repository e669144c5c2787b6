"""A file of declared rules: one API group, its kinds, and per kind an ordered list of rules of which the first decides.

    group: cert-manager.io                 # a leading * stands for any prefix
    source: cert-manager, API reference of cert-manager.io/v1
    kinds:
      Issuer, ClusterIssuer:
        - observed: true                   # Progressing while status.observedGeneration is behind (required: or absent;
                                           # exact: or different)
        - suspended: {field: spec.suspend}
        - phase: status.phase              # words by health; a word that is not listed decides nothing
          healthy: [Bound]
          degraded: [Failed]
        - healthy: {condition: Ready}      # is: True unless said otherwise; reason, reason-like, severity
        - degraded: [{condition: Ready, is: False, reason: ErrInitIssuer}]      # a list: any of them
        - otherwise: progressing           # or generic: the conventions of custom resources; or none: no health
          message: Waiting for {metadata.name}

Without `message` a rule says what the condition it found says. Nothing is guessed: an unknown word is a RuleError.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import yaml

from gitsync.health import custom_resource
from gitsync.health.fields import section
from gitsync.health.report import progressing
from gitsync.health.rule_node import RuleError, fail, mapping, only_keys, scalar, scalars, sequence
from gitsync.health.rule_question import Match, Scope, compile_test, is_stale, read_field, status_scope
from gitsync.manifest.object import JsonObject
from model.health import Health, HealthReport

Judge = Callable[[JsonObject], HealthReport | None]
# A step answers with a report, with None when it decides nothing, or leaves the object to another judge.
Step = Callable[[Scope], HealthReport | Judge | None]
Say = Callable[[Scope, Match], str]

_HEALTHS = {health.value.lower(): health for health in Health if health is not Health.MISSING}
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class RuleFile:
    """`judges` by kind; a kind may hold wildcards, and the first that matches wins after the exact ones."""

    group: str
    source: str
    judges: dict[str, Judge]

    def judge(self, kind: str) -> Judge | None:
        exact = self.judges.get(kind)
        if exact is not None:
            return exact
        return next((judge for name, judge in self.judges.items() if "*" in name and fnmatchcase(kind, name)), None)


class _Named(io.StringIO):
    """Text that marks of libyaml call by its name."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def parse_rule_file(text: str, *, file: str) -> RuleFile:
    """Raises RuleError that names file and line."""
    loader = yaml.CSafeLoader(_Named(text, file))
    try:
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise RuleError(f"{file}: {error}", suggestion="Correct the rule file.") from error
    finally:
        loader.dispose()
    if node is None:
        raise RuleError(f"{file}:1: holds no rules", suggestion="Correct the rule file.")
    entries = mapping(node, "a rule file")
    only_keys(entries, node, "group", "source", "kinds", "shared")
    for needed in ("group", "source", "kinds"):
        if needed not in entries:
            raise fail(node, f"{needed} is missing")
    if not scalar(entries["source"]).strip():
        raise fail(entries["source"], "source should name the documentation that the rules rest on")
    return RuleFile(scalar(entries["group"]), scalar(entries["source"]), _kinds(entries["kinds"]))


def _kinds(node: yaml.Node) -> dict[str, Judge]:
    judges: dict[str, Judge] = {}
    for names, rules in mapping(node, "kinds").items():
        judge = _judge(rules)
        for name in names.split(","):
            if name.strip() in judges:
                raise fail(rules, f"{name.strip()} is given twice")
            judges[name.strip()] = judge
    return judges


def _judge(node: yaml.Node) -> Judge:
    nodes = sequence(node, "the rules of a kind")
    if not nodes:
        raise fail(node, "a kind needs a rule")
    steps = [_step(entry, last=entry is nodes[-1]) for entry in nodes]

    def judge(body: JsonObject) -> HealthReport | None:
        scope = status_scope(body)
        for step in steps:
            answer = step(scope)
            if answer is not None:
                return answer if isinstance(answer, HealthReport) else answer(body)
        return None

    return judge


def _step(node: yaml.Node, *, last: bool) -> Step:
    entries = mapping(node, "a rule")
    if ("otherwise" in entries) is not last:
        raise fail(node, "the last rule of a kind, and no other, is `otherwise`")
    if last:
        return _otherwise(entries, node)
    if "observed" in entries:
        return _observed(entries, node)
    if "phase" in entries:
        return _phase(entries, node)
    named = [name for name in _HEALTHS if name in entries]
    if len(named) != 1:
        raise fail(node, f"a rule needs exactly one of {', '.join(_HEALTHS)}, observed, phase, otherwise")
    only_keys(entries, node, named[0], "message")
    health, test, say = _HEALTHS[named[0]], compile_test(entries[named[0]]), _say(entries)
    return lambda scope: HealthReport(health, say(scope, match)) if (match := test(scope)) else None


def _otherwise(entries: dict[str, yaml.Node], node: yaml.Node) -> Step:
    only_keys(entries, node, "otherwise", "message")
    word = scalar(entries["otherwise"])
    if word == "generic":
        return lambda _: custom_resource.assess
    if word == "none":
        return lambda _: None
    if word not in _HEALTHS:
        raise fail(entries["otherwise"], f"otherwise is one of {', '.join(_HEALTHS)}, generic, none, not {word}")
    health, say = _HEALTHS[word], _say(entries)
    return lambda scope: HealthReport(health, say(scope, True))


def _observed(entries: dict[str, yaml.Node], node: yaml.Node) -> Step:
    only_keys(entries, node, "observed", "field")
    word = scalar(entries["observed"])
    if word not in ("true", "required", "exact"):
        raise fail(entries["observed"], f"observed is true, required or exact, not {word}")
    read = read_field(scalar(entries["field"]) if "field" in entries else "status.observedGeneration")
    waiting = progressing("Waiting for the controller to see the newest spec")

    def step(scope: Scope) -> HealthReport | None:
        observed, generation = read(scope), section(scope.body, "metadata").get("generation")
        if observed is None:
            return waiting if word != "true" else None
        if word == "exact":
            return waiting if str(observed) != str(generation) else None
        return waiting if is_stale(observed, generation) else None

    return step


def _phase(entries: dict[str, yaml.Node], node: yaml.Node) -> Step:
    only_keys(entries, node, "phase", "message", *_HEALTHS)
    read, table = read_field(scalar(entries["phase"])), {}
    for name, health in _HEALTHS.items():
        for word in scalars(entries[name]) if name in entries else ():
            if word in table:
                raise fail(entries[name], f"{word} is given twice")
            table[word] = health
    if not table:
        raise fail(node, "phase needs its words by health")
    say = _say(entries) if "message" in entries else _say_template("{status.message}")

    def step(scope: Scope) -> HealthReport | None:
        value = read(scope)
        health = table.get("" if value is None else str(value))
        return HealthReport(health, say(scope, True)) if health is not None else None

    return step


def _say(entries: dict[str, yaml.Node]) -> Say:
    return _say_template(scalar(entries["message"])) if "message" in entries else _say_found


def _say_found(_: Scope, match: Match) -> str:
    if not isinstance(match, dict):
        return ""
    return str(match.get("message") or match.get("reason") or "")


def _say_template(template: str) -> Say:
    """`{message}` and `{reason}` are those of the condition found; other names in braces are paths of fields."""
    parts = _PLACEHOLDER.split(template)
    readers = {name: read_field(name) for name in parts[1::2]}

    def say(scope: Scope, match: Match) -> str:
        said = list(parts)
        for position in range(1, len(parts), 2):
            name = parts[position]
            value = match.get(name) if isinstance(match, dict) and name in ("message", "reason") else None
            value = readers[name](scope) if value is None else value
            said[position] = "" if value is None else str(value)
        return "".join(said).strip(" :")

    return say
