"""Links to other systems that argocd-cm configures, and what they are for one application or object. Pure.

`application.links`, `resource.links` and `project.links` are lists of entries with url, title, description, icon.class
and `if`. Addresses and titles are Go templates, conditions are expressions. What is wrong with an entry as it is
written is found when it is read; what is wrong with it for one object, when that is looked at. No entry hides another.
Before it: argocd-cm as text. After it: `gitsync.serving.deep_links`, which brings what the templates may name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from gitsync.appset.errors import TemplateInvalid
from gitsync.appset.gotemplate.evaluation import TemplateLimits, evaluate
from gitsync.appset.gotemplate.nodes import Template
from gitsync.appset.gotemplate.parsing import parse_template
from gitsync.appset.sprig.table import functions
from gitsync.errors import GitsyncError
from gitsync.manifest.object import JsonObject
from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.expression.evaluate import check_expression
from gitsync.rollout.analysis.expression.evaluate import evaluate as evaluate_expression
from gitsync.rollout.analysis.expression.operators import kind_of
from model.link_deep_link import DeepLink

# What the entries of each key may name, as Argo CD documents it; its example names the project of applications too.
_OF_APPLICATION = ("application", "app", "cluster", "project")
_NAMES = {
    "application.links": _OF_APPLICATION,
    "resource.links": ("resource", *_OF_APPLICATION),
    "project.links": ("project",),
}
LINK_KEYS = tuple(_NAMES)

_MOST_ENTRIES = 100
_MOST_CHARACTERS = 8_000
_LIMITS = TemplateLimits(steps=20_000, output_characters=_MOST_CHARACTERS, depth=20)
_FUNCTIONS = frozenset(functions(datetime.min.replace(tzinfo=UTC)))  # their names do not depend on the time
_NO_VALUE = "<no value>"


@dataclass(frozen=True, slots=True)
class LinkTemplate:
    """One entry. `place` says which one it is, for people who have to find it."""

    place: str
    title: Template
    url: Template
    description: str = ""
    icon: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class ConfiguredLinks:
    """The entries that can be used, in their order."""

    application: tuple[LinkTemplate, ...] = ()
    resource: tuple[LinkTemplate, ...] = ()
    project: tuple[LinkTemplate, ...] = ()


NO_LINKS = ConfiguredLinks()


class LinkUnusable(GitsyncError):
    """An entry cannot be used, or not for what is looked at."""


def read_links(key: str, listed: Any, problem: Callable[[str, str], None]) -> tuple[LinkTemplate, ...]:
    """The entries of one key, already read as YAML. `problem` hears the key and what is wrong."""
    if listed is None:
        return ()
    if not isinstance(listed, list):
        problem(key, "should be a list of entries with url and title")
        return ()
    if len(listed) > _MOST_ENTRIES:
        problem(key, f"has {len(listed)} entries; the first {_MOST_ENTRIES} are used")
    found = []
    for number, entry in enumerate(listed[:_MOST_ENTRIES], start=1):
        try:
            found.append(_read_entry(key, number, entry))
        except GitsyncError as failure:
            problem(key, f"{_place(number, entry)}: {failure.message}")
    return tuple(found)


def links_for(
    templates: Sequence[LinkTemplate], data: JsonObject, *, now: datetime
) -> tuple[list[DeepLink], list[str]]:
    """The links that hold for `data`, and why others are not shown. Never raises."""
    found: list[DeepLink] = []
    problems: list[str] = []
    for template in templates:
        try:
            if _holds(template.condition, data):
                found.append(_filled(template, data, now))
        except GitsyncError as failure:
            problems.append(f"{template.place} is not shown: {failure.message}")
    return found, problems


def _read_entry(key: str, number: int, entry: Any) -> LinkTemplate:
    if not isinstance(entry, dict):
        raise LinkUnusable("is no map with url and title")
    title, url, condition = (_text(entry, name) for name in ("title", "url", "if"))
    for name, text in (("url", url), ("title", title)):
        if not text:
            raise LinkUnusable(f"{name} is missing")
    if condition:
        check_expression(condition, _NAMES[key])
    return LinkTemplate(
        place=f"{key} of argocd-cm, {_place(number, entry)}",
        title=_template("title", title),
        url=_template("url", url),
        description=_text(entry, "description"),
        icon=_text(entry, "icon.class"),
        condition=condition,
    )


def _place(number: int, entry: Any) -> str:
    title = entry.get("title") if isinstance(entry, dict) else None
    return f"entry {number} ({title:.60})" if isinstance(title, str) and title else f"entry {number}"


def _text(entry: JsonObject, name: str) -> str:
    """A bare `true` of YAML is a condition too."""
    value = entry.get(name)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise LinkUnusable(f"{name} is no text")
    return "" if value is None else str(value).strip()


def _template(name: str, text: str) -> Template:
    try:
        return parse_template(text, _FUNCTIONS)
    except TemplateInvalid as failure:
        raise LinkUnusable(f"{name} is no template: {failure.message}") from failure


def _holds(condition: str, data: JsonObject) -> bool:
    """As in Argo CD's own example, a text that is there counts as yes, and one that is not as no."""
    if not condition:
        return True
    try:
        answer = evaluate_expression(condition, data)
    except ExpressionInvalid as failure:
        raise LinkUnusable(f"its condition has no answer: {failure.message}") from failure
    if answer is None or isinstance(answer, bool | str):
        return bool(answer)
    raise LinkUnusable(f"its condition is {kind_of(answer)}, and should be true or false")


def _filled(template: LinkTemplate, data: JsonObject, now: datetime) -> DeepLink:
    title, url = (
        _evaluated(name, text, data, now) for name, text in (("title", template.title), ("url", template.url))
    )
    return DeepLink(title=title, url=_address(url), description=template.description, icon=template.icon)


def _evaluated(name: str, template: Template, data: JsonObject, now: datetime) -> str:
    try:
        text = evaluate(template, data, functions(now), limits=_LIMITS).strip()
    except TemplateInvalid as failure:
        raise LinkUnusable(f"its {name} cannot be filled in: {failure.message}") from failure
    if _NO_VALUE in text:
        raise LinkUnusable(f"its {name} names something that is not there")
    if not text:
        raise LinkUnusable(f"its {name} is empty")
    return text


def _address(url: str) -> str:
    """Blanks are written as an address needs them. Raises LinkUnusable for what a browser might run."""
    url = url.replace(" ", "%20")
    try:
        parts = urlsplit(url)
        safe = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        safe = False
    if not safe or any(character.isspace() or not character.isprintable() for character in url):
        raise LinkUnusable(f"{url[:100]!r} is no http or https address")
    return url
