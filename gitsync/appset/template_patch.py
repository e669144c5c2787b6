"""`templatePatch` of an ApplicationSet: a strategic merge patch on what the template gave.

Of an Application only `metadata.finalizers` is merged as a list; every other list is replaced whole. Directives:
`$patch: replace` and `$patch: delete` in a map, `$retainKeys` beside the keys that stay, and
`$deleteFromPrimitiveList/finalizers`. The project stays the template's, whatever the patch says.
"""

from typing import Any

from gitsync.appset.errors import TemplateInvalid
from gitsync.appset.yaml_values import load_yaml
from gitsync.manifest.object import JsonObject

_PATCH, _RETAIN = "$patch", "$retainKeys"
_REMOVE, _ORDER = "$deleteFromPrimitiveList/", "$setElementOrder/"
_MERGED_LIST = "finalizers"


def patched(application: JsonObject, patch: str) -> JsonObject:
    """The Application with the patch, a YAML text. Raises TemplateInvalid and GeneratorInvalid."""
    value = load_yaml(patch, file="templatePatch")
    if value is None:
        return application
    if not isinstance(value, dict):
        raise TemplateInvalid("templatePatch is no map", suggestion="Write it like a part of an Application.")
    return _in_project_of(application, _merged(application, _whole_numbers(value)))


def _merged(target: JsonObject, patch: JsonObject, *, metadata: bool = False) -> JsonObject:
    """`metadata`: the one map that has a list which is merged."""
    if _PATCH in patch:
        return _whole(patch)
    result = _retained(target, patch)
    for key, value in patch.items():
        if key == _RETAIN or key.startswith(_ORDER):
            continue
        if key.startswith(_REMOVE):
            name = key.removeprefix(_REMOVE)
            result[name] = [one for one in result.get(name) or () if one not in (value or ())]
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value, metadata=key == "metadata")
        elif metadata and key == _MERGED_LIST and isinstance(value, list):
            result[key] = list(dict.fromkeys([*(result.get(key) or ()), *value]))
        else:
            result[key] = _without_directives(value)
    return result


def _whole(patch: JsonObject) -> JsonObject:
    """A map that says itself what becomes of it."""
    match patch[_PATCH]:
        case "replace":
            return {key: _without_directives(value) for key, value in patch.items() if key != _PATCH}
        case "delete":
            return {}
        case other:
            raise TemplateInvalid(
                f"templatePatch has $patch: {other!r:.40}, which is no directive", suggestion="Use replace or delete."
            )


def _retained(target: JsonObject, patch: JsonObject) -> JsonObject:
    """What is there, or of it the keys that `$retainKeys` names."""
    if _RETAIN not in patch:
        return dict(target)
    kept = patch[_RETAIN]
    if not isinstance(kept, list):
        raise TemplateInvalid("templatePatch has a $retainKeys that is no list", suggestion="List the keys that stay.")
    others = [key for key in patch if key != _RETAIN and not key.startswith("$") and key not in kept]
    if others:
        raise TemplateInvalid(
            f"templatePatch sets {others[0]}, which its $retainKeys does not name", suggestion="Add it to the list."
        )
    return {key: value for key, value in target.items() if key in kept}


def _without_directives(value: Any) -> Any:
    """What is put where nothing was, or in place of all that was. An item that is only a directive says nothing."""
    if isinstance(value, dict):
        return {key: _without_directives(item) for key, item in value.items() if not key.startswith("$")}
    if isinstance(value, list):
        return [_without_directives(item) for item in value if not (isinstance(item, dict) and set(item) == {_PATCH})]
    return value


def _in_project_of(template: JsonObject, result: JsonObject) -> JsonObject:
    """Who may write what a patch is made of is not who chooses projects."""
    spec = {name: value for name, value in (result.get("spec") or {}).items() if name != "project"}
    if (project := (template.get("spec") or {}).get("project")) is not None:
        spec["project"] = project
    return {**result, "spec": spec}


def _whole_numbers(value: Any) -> Any:
    """Numbers that have no fraction are integers in Kubernetes."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
