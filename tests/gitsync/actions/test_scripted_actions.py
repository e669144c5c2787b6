"""Actions that argocd-cm defines in Lua."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.actions.rules import ActionRules, load_action_rules
from gitsync.actions.values import ActionImpossible, AvailableAction, Operation
from gitsync.lua.errors import ScriptError

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "cm", "namespace": "prod", "labels": {"a": "b"}, "finalizers": [], "generation": 2**60 + 1},
    "data": {"x": "1", "y": "2"},
}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}, "spec": {"replicas": 2}}
ACTIONS = """
discovery.lua: |
  actions = {}
  actions["relabel"] = {["iconClass"] = "fa fa-tag", ["displayName"] = "Relabel it"}
  actions["copy"] = {}
  actions["never"] = {["disabled"] = true}
  actions["grow"] = {["params"] = {{["name"] = "size", ["default"] = "3"}}}
  return actions
definitions:
- name: relabel
  action.lua: |
    obj.metadata.labels["when"] = os.date("!%Y-%m-%dT%XZ")
    obj.data.y = nil
    return obj
- name: copy
  action.lua: |
    local copy = {apiVersion = "v1", kind = "ConfigMap", metadata = {name = obj.metadata.name .. "-copy"}}
    obj.data.copied = "yes"
    return {{operation = "create", resource = copy}, {operation = "patch", resource = obj}}
- name: grow
  action.lua: |
    obj.data.size = actionParams["size"]
    return obj
- {name: never, action.lua: return obj}
- {name: other, action.lua: 'obj.metadata.name = "x" return obj'}
- {name: wrong, action.lua: return 1}
- {name: strange, action.lua: 'return {{operation = "delete", resource = obj}}'}
"""


def rules(group_kind: str = "ConfigMap", text: str = ACTIONS) -> ActionRules:
    return load_action_rules({f"resource.customizations.actions.{group_kind}": text})


def test_discovery_tells_which_actions_there_are() -> None:
    found = {action.name: action for action in rules().available(MAP, now=NOW)}
    assert sorted(found) == ["copy", "grow", "never", "relabel"]
    assert found["relabel"] == AvailableAction("relabel", "Relabel it", icon="fa fa-tag")
    assert found["never"].disabled
    assert found["grow"].parameters == {"type": "object", "properties": {"size": {"type": "string", "default": "3"}}}


def test_a_script_that_returns_the_object_patches_it() -> None:
    (impact,) = rules().run(MAP, "relabel", {}, now=NOW)
    assert impact.operation is Operation.PATCH
    assert impact.patch == {"metadata": {"labels": {"when": "2026-03-01T12:30:00Z"}}, "data": {"y": None}}
    assert impact.body["metadata"]["finalizers"] == []
    assert impact.body["metadata"]["generation"] == 2**60 + 1


def test_a_script_may_create_objects_beside_its_patch() -> None:
    created, patched = rules().run(MAP, "copy", {}, now=NOW)
    assert (created.operation, created.body["metadata"]["name"]) == (Operation.CREATE, "cm-copy")
    assert patched.patch == {"data": {"copied": "yes"}}


def test_parameters_reach_the_script_as_text() -> None:
    (impact,) = rules().run(MAP, "grow", {"size": 5}, now=NOW)
    assert impact.patch == {"data": {"size": "5"}}


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("never", ActionImpossible, "disables it"),
        ("fly", ActionImpossible, "no action"),
        ("other", ScriptError, "only the object"),
        ("wrong", ScriptError, "should return"),
        ("strange", ScriptError, "create or patch"),
    ],
)
def test_what_a_script_must_not_do_is_refused(name: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        rules().run(MAP, name, {}, now=NOW)


@pytest.mark.parametrize(
    ("merged", "names"), [("true", ["flip", "restart", "scale", "pause", "resume"]), ("false", ["flip"])]
)
def test_our_own_actions_stay_only_when_asked(merged: str, names: list[str]) -> None:
    text = f"mergeBuiltinActions: {merged}\ndiscovery.lua: return {{flip = {{}}}}\ndefinitions: []"
    scripted = rules("apps_Deployment", text)
    assert [action.name for action in scripted.available(DEPLOYMENT, now=NOW)] == names
    if merged == "true":
        assert scripted.run(DEPLOYMENT, "pause", {}, now=NOW)[0].patch == {"spec": {"paused": True}}
    else:
        with pytest.raises(ActionImpossible, match="no action"):
            scripted.run(DEPLOYMENT, "pause", {}, now=NOW)


def test_a_script_goes_before_our_action_of_the_same_name() -> None:
    text = """
mergeBuiltinActions: true
discovery.lua: 'return {pause = {displayName = "Stop"}}'
definitions: [{name: pause, action.lua: 'obj.spec.replicas = 0 return obj'}]
"""
    scripted = rules("apps_Deployment", text)
    assert scripted.available(DEPLOYMENT, now=NOW)[0].display_name == "Stop"
    assert scripted.run(DEPLOYMENT, "pause", {}, now=NOW)[0].patch == {"spec": {"replicas": 0}}


def test_the_older_notation_works_as_well() -> None:
    indented = "".join(f"    {line}\n" for line in ACTIONS.strip().splitlines())
    config = {"resource.customizations": f"ConfigMap:\n  actions: |\n{indented}"}
    assert len(load_action_rules(config).available(MAP, now=NOW)) == 4


@pytest.mark.parametrize("text", ["a: [b", "[1]", "definitions: 3"])
def test_broken_definitions_are_named(text: str) -> None:
    with pytest.raises(ScriptError, match=r"resource\.customizations\.actions\.ConfigMap"):
        rules(text=text)


def test_objects_without_scripts_have_our_actions() -> None:
    plain: dict[str, Any] = {**DEPLOYMENT}
    assert [action.name for action in rules().available(plain, now=NOW)] == ["restart", "scale", "pause", "resume"]
    assert rules().has_actions("apps", "Deployment")
    assert rules().has_actions("", "ConfigMap")
    assert not rules().has_actions("", "Secret")
