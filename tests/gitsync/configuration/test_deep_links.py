"""Links of argocd-cm: what they are for what is looked at, and what is said of entries that cannot be shown."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.configuration.deep_links import links_for
from gitsync.configuration.engine_config import (
    EngineConfig,
    configuration_conditions,
    read_engine_config,
)
from model.link_deep_link import DeepLink

NOW = datetime(2026, 1, 2, tzinfo=UTC)
APPLICATION = {"metadata": {"name": "shop", "labels": {}, "annotations": {"host": "logs.example.test"}}, "spec": {}}
DATA: dict[str, Any] = {
    "application": APPLICATION,
    "app": APPLICATION,
    "resource": {"kind": "Pod", "metadata": {"name": "web-0", "labels": {"a/b": "c d"}, "annotations": {}}},
    "project": {"metadata": {"name": "default", "labels": {"env": "prod"}, "annotations": {}}},
    "cluster": {"name": "eu", "server": "https://eu.example.test", "labels": {}, "annotations": {}},
}


def configured(entries: str, key: str = "resource.links") -> EngineConfig:
    return read_engine_config({key: entries})


def shown(entries: str) -> tuple[list[DeepLink], list[str]]:
    config = configured(entries)
    assert not config.problems
    return links_for(config.links.resource, DATA, now=NOW)


def test_address_and_title_are_templates_over_what_the_link_is_about() -> None:
    links, problems = shown("""
- url: https://logs.example.test/?pod={{.resource.metadata.name}}&env={{.project.metadata.labels.env}}&on={{.cluster.name}}
  title: Logs of {{ .resource.kind | lower }}
  description: where its lines are
  icon.class: fa-book
""")
    address = "https://logs.example.test/?pod=web-0&env=prod&on=eu"
    assert links == [DeepLink("Logs of pod", address, "where its lines are", "fa-book")]
    assert problems == []


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('resource.kind == "Pod" || resource.kind == "Deployment"', True),
        ('resource.kind == "Service"', False),
        ('resource.metadata.labels["a/b"] != nil && resource.metadata.labels["a/b"] != ""', True),
        ("app.metadata.annotations.host", True),  # a text that is there counts as yes
        ("app.metadata.annotations.other", False),
        ("true", True),
        ("false", False),
    ],
)
def test_a_condition_decides_whether_a_link_is_shown(condition: str, holds: bool) -> None:
    links, problems = shown(f"- {{url: 'https://x.example.test', title: X, if: '{condition}'}}")
    assert (len(links), problems) == (int(holds), [])


def test_blanks_in_an_address_are_written_as_it_needs_them() -> None:
    (link,), _ = shown("- {url: 'https://x.example.test/?q={{index .resource.metadata.labels \"a/b\"}}', title: X}")
    assert link.url == "https://x.example.test/?q=c%20d"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("javascript:alert({{.resource.metadata.name}})", "is no http or https address"),
        ("data:text/html,x", "is no http or https address"),
        ("https:///nowhere", "is no http or https address"),
        (
            "https://x.example.test/{{.resource.metadata.annotations.missing}}",
            "its url names something that is not there",
        ),
        ("https://x.example.test/{{.resource.metadata.name.first}}", "its url cannot be filled in"),
        ("https://x.example.test/{{range until 30000}}x{{end}}", "its url cannot be filled in"),
        ("{{if false}}x{{end}}", "its url is empty"),
    ],
)
def test_what_cannot_be_filled_in_says_which_entry_it_is_and_hides_no_other(url: str, said: str) -> None:
    links, problems = shown(f"""
- url: {url!r}
  title: Broken
- url: https://y.example.test
  title: Whole
""")
    assert [link.title for link in links] == ["Whole"]
    (problem,) = problems
    assert problem.startswith("resource.links of argocd-cm, entry 1 (Broken) is not shown: ")
    assert said in problem


@pytest.mark.parametrize("condition", ["resource.spec.replicas > 1", "1 + 1"])
def test_a_condition_without_an_answer_is_said(condition: str) -> None:
    links, problems = shown(f"- {{url: 'https://x.example.test', title: X, if: '{condition}'}}")
    assert links == []
    assert "its condition" in problems[0]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("- {url: 'https://x/{{.resource', title: Broken}", "entry 1 (Broken): url is no template"),
        ("- {url: 'https://x/{{env \"HOME\"}}', title: Broken}", "entry 1 (Broken): url is no template"),
        ("- {url: 'https://x', title: Broken, if: 'resource.kind =='}", "entry 1 (Broken): unexpected end"),
        ("- {url: 'https://x', title: Broken, if: 'pod.kind'}", "entry 1 (Broken): unknown name pod"),
        ("- {url: 'https://x', title: Broken, if: [a]}", "entry 1 (Broken): if is no text"),
        ("- {title: Broken}", "entry 1 (Broken): url is missing"),
        ("- {url: 'https://x'}", "entry 1: title is missing"),
        ("- Broken", "entry 1: is no map"),
        ("{url: 'https://x', title: Broken}", "should be a list"),
        ("- [", "while parsing"),
    ],
)
def test_an_entry_that_cannot_be_read_is_a_condition_and_leaves_the_others(entries: str, said: str) -> None:
    more = "\n- {url: 'https://y.example.test', title: Whole}" if entries.startswith("- {") else ""
    config = configured(entries + more)
    (condition,) = configuration_conditions(config)
    assert condition.type == "ConfigurationWarning"
    assert condition.message.startswith(f"resource.links of argocd-cm cannot be used: {said}")
    assert [template.place.rpartition(" ")[2] for template in config.links.resource] == (["(Whole)"] if more else [])


def test_each_key_has_its_own_links_and_names() -> None:
    config = read_engine_config(
        {
            "application.links": "- {url: 'https://a.example.test/{{.app.metadata.name}}', title: A}",
            "project.links": "- {url: 'https://p.example.test/{{.project.metadata.name}}', title: P}",
        }
    )
    links, problems = links_for((*config.links.application, *config.links.project), DATA, now=NOW)
    assert [link.url for link in links] == ["https://a.example.test/shop", "https://p.example.test/default"]
    assert problems == []
    (problem,) = configured("- {url: 'https://x', title: X, if: resource.kind}", "application.links").problems
    assert "unknown name resource" in problem.message


def test_more_entries_than_anybody_reads_are_told() -> None:
    config = configured("\n".join("- {url: 'https://x.example.test', title: X}" for _ in range(101)))
    assert len(config.links.resource) == 100
    assert "has 101 entries" in config.problems[0].message
