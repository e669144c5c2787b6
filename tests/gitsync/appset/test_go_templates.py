"""Templates, held to what Go's own engine makes of them."""

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.appset.errors import TemplateInvalid
from gitsync.appset.gotemplate.evaluation import TemplateLimits, evaluate
from gitsync.appset.gotemplate.parsing import parse_template
from gitsync.appset.sprig.table import functions
from gitsync.appset.yaml_values import as_go_json
from tests.support.yaml_text import read_yaml

TABLE = read_yaml(Path(__file__).with_name("cases").joinpath("templates.yaml").read_text())
FUNCTIONS = functions(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))


def rendered(template: str, data: Any = None, **options: Any) -> str:
    return evaluate(parse_template(template, FUNCTIONS), data, FUNCTIONS, **options)


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["template"][:60])
def test_a_template_means_what_go_makes_of_it(case: dict[str, Any]) -> None:
    data = as_go_json(copy.deepcopy(TABLE["data"]))
    missing_key = case.get("missingKey", "default")
    if case.get("fails"):
        with pytest.raises(TemplateInvalid):
            rendered(case["template"], data, missing_key=missing_key)
    else:
        assert rendered(case["template"], data, missing_key=missing_key) == case["text"]


@pytest.mark.parametrize("name", ["env", "expandenv", "getHostByName"])
def test_the_environment_is_out_of_reach(name: str) -> None:
    with pytest.raises(TemplateInvalid, match="not defined"):
        rendered(f'{{{{ {name} "HOME" }}}}')


@pytest.mark.parametrize(
    "template",
    [
        "{{range until 100000}}{{range until 100000}}x{{end}}{{end}}",
        '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}',
        '{{repeat 100000000 "x"}}',
        "{{until 1000000000}}",
        '{{printf "%1000000000d" 1}}' * 2000,
        "{{" + "(" * 2000 + "1" + ")" * 2000 + "}}",
        "{{if true}}" * 2000,
        "{{range 1000000000}}{{end}}",
        '{{$s := "x"}}{{range until 60}}{{$s = printf "%s%s" $s $s}}{{end}}',
        '{{$d := dict}}{{set $d "a" $d}}',
    ],
)
def test_a_template_that_wants_too_much_fails(template: str) -> None:
    with pytest.raises(TemplateInvalid):
        rendered(template, limits=TemplateLimits(steps=20_000, output_characters=100_000))


def test_a_regular_expression_costs_linear_time() -> None:
    assert rendered('{{regexMatch "(a+)+$" .}}', "a" * 5000 + "b") == "false"


@given(st.text(alphabet='{}-"`| .$abx()1=:,\n/*', max_size=40))
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    try:
        rendered(text, {"a": 1.0})
    except TemplateInvalid:
        return


@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_stays_as_it_is(text: str) -> None:
    assert rendered(text) == text


@pytest.mark.parametrize("template", ["{{range $i, $x := -1}}{{end}}", "{{range $i, $x := 3}}{{end}}"])
def test_a_number_is_ranged_over_with_one_variable(template: str) -> None:
    with pytest.raises(TemplateInvalid, match="more than one variable"):
        rendered(template)


def test_a_nil_map_reads_like_an_empty_one() -> None:
    assert rendered('{{hasKey nil "a"}}') == "false"
