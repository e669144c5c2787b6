"""Reading the YAML nodes of a rule file; whatever is not as it should be is a RuleError that names file and line."""

import re

import yaml

from gitsync.errors import Failed


class RuleError(Failed):
    """A rule file is not what the schema of rules allows."""


def fail(node: yaml.Node, message: str) -> RuleError:
    mark = node.start_mark
    return RuleError(f"{mark.name}:{mark.line + 1}: {message}", suggestion="Correct the rule file.")


def mapping(node: yaml.Node, what: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise fail(node, f"{what} should be a mapping")
    entries: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = scalar(key)
        if name in entries:
            raise fail(key, f"{name} is given twice")
        entries[name] = value
    return entries


def sequence(node: yaml.Node, what: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise fail(node, f"{what} should be a list")
    return list(node.value)


def scalar(node: yaml.Node) -> str:
    """As written: True, "True" and 'True' are one and the same here."""
    if not isinstance(node, yaml.ScalarNode):
        raise fail(node, "should be a single value")
    return str(node.value)


def scalars(node: yaml.Node) -> tuple[str, ...]:
    """One value or a list of them."""
    if isinstance(node, yaml.SequenceNode):
        return tuple(scalar(entry) for entry in node.value)
    return (scalar(node),)


def pattern(node: yaml.Node) -> re.Pattern[str]:
    try:
        return re.compile(scalar(node))
    except re.error as error:
        raise fail(node, f"not a regular expression: {error}") from error


def only_keys(entries: dict[str, yaml.Node], node: yaml.Node, *allowed: str) -> None:
    if unknown := [name for name in entries if name not in allowed]:
        raise fail(entries[unknown[0]], f"unknown key {unknown[0]}; allowed here: {', '.join(allowed)}")
