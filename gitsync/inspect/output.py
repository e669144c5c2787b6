"""Answers on standard output, as JSON or YAML that Kubernetes tools read back unchanged."""

from collections.abc import Callable, Iterable
from typing import Any

import click
import msgspec
import yaml

from gitsync.errors import GitsyncError
from gitsync.manifest.object import JsonObject
from model.plain_scalar import is_text_unquoted


class _Dumper(yaml.CSafeDumper):
    """Without anchors: aliases are legal, but nobody wants to read them in a manifest."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    if not is_text_unquoted(text):
        style: str | None = '"'
    else:
        style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def write(value: Any, form: str) -> None:
    """One JSON or YAML document."""
    click.echo(as_yaml([value]) if form == "yaml" else as_json(value), nl=False)


def write_objects(bodies: Iterable[JsonObject], form: str) -> None:
    """A YAML stream, or a JSON list."""
    click.echo(as_yaml(bodies) if form == "yaml" else as_json(list(bodies)), nl=False)


def write_each(questions: Iterable[Callable[[], Any]], form: str, *, one: bool) -> bool:
    """One result for each question: of several, a line of JSON or a YAML document each.

    Of several, one that has no answer gives `{"error": ...}` and stops no other. False: there was such a one.
    """
    if one:
        for question in questions:
            write(question(), form)
        return True
    answered = True
    for question in questions:
        try:
            result = question()
        except GitsyncError as failure:
            answered, result = False, {"error": f"{failure.message}. {failure.suggestion}".rstrip(". ") + "."}
        click.echo(as_yaml([result]) if form == "yaml" else msgspec.json.encode(result).decode() + "\n", nl=False)
    return answered


def as_json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def as_yaml(values: Iterable[Any]) -> str:
    return yaml.dump_all(
        list(values), Dumper=_Dumper, sort_keys=False, explicit_start=True, allow_unicode=True, width=4096
    )
