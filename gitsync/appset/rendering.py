"""Fills a template with parameters: in every text of it, keys included."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gitsync.appset.errors import TemplateInvalid
from gitsync.appset.fast_template import replace_tags
from gitsync.appset.gotemplate.evaluation import evaluate
from gitsync.appset.gotemplate.nodes import Template
from gitsync.appset.gotemplate.parsing import parse_template
from gitsync.appset.sprig.table import functions

_MISSING_KEY = {"missingkey=default": "default", "missingkey=invalid": "invalid", "missingkey=zero": "zero"}
_MISSING_KEY["missingkey=error"] = "error"


class Renderer:
    """One ApplicationSet's way to fill templates. Remembers what it has parsed."""

    def __init__(self, *, go_template: bool, options: tuple[str, ...] = (), now: datetime) -> None:
        self.go_template = go_template
        self._functions = functions(now)
        self._parsed: dict[str, Template] = {}
        self._missing_key = "default"
        for option in options:
            if option not in _MISSING_KEY:
                raise TemplateInvalid(f"unknown goTemplateOptions {option!r}", suggestion="Use missingkey=error.")
            self._missing_key = _MISSING_KEY[option]

    def text(self, text: str, parameters: Mapping[str, Any]) -> str:
        """Raises TemplateInvalid."""
        if "{{" not in text:
            return text
        if not self.go_template:
            return replace_tags(text, parameters)
        template = self._parsed.get(text)
        if template is None:
            template = self._parsed[text] = parse_template(text, self._functions)
        return evaluate(template, dict(parameters), self._functions, missing_key=self._missing_key)

    def value(self, value: Any, parameters: Mapping[str, Any]) -> Any:
        """The same in every text below `value`; a key that becomes empty goes."""
        if isinstance(value, str):
            return self.text(value, parameters)
        if isinstance(value, list):
            return [self.value(item, parameters) for item in value]
        if isinstance(value, dict):
            filled = {self.text(key, parameters): self.value(item, parameters) for key, item in value.items()}
            return {key: item for key, item in filled.items() if key or "" in value}
        return value
