"""Generators that stand alone: list, clusters, git, SCM provider, pull request and others that ask somebody."""

from collections.abc import Mapping
from typing import Any

from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.git_files import git_parameters
from gitsync.appset.inputs import LOCAL_NAME, LOCAL_SERVER, ClusterInput, GeneratorInputs, HostQuestion, answer
from gitsync.appset.provider_filters import keep_entries
from gitsync.appset.rendering import Renderer
from gitsync.appset.selector import flat_texts, selects
from gitsync.appset.sprig.name import normalize
from gitsync.appset.yaml_values import as_go_json, load_yaml
from gitsync.manifest.canonical import canonical_json
from gitsync.manifest.object import JsonObject

Parameters = dict[str, Any]


def list_parameters(generator: JsonObject, renderer: Renderer, inputs: GeneratorInputs) -> list[Parameters]:
    elements = list(generator.get("elements") or ())
    if generator.get("elementsYaml"):
        written = load_yaml(generator["elementsYaml"], file="elementsYaml")
        if not isinstance(written, list):
            raise GeneratorInvalid("elementsYaml is no list", suggestion="Write a YAML list of maps.")
        elements += written
    if not all(isinstance(element, dict) for element in elements):
        raise GeneratorInvalid("an element of the list generator is no map", suggestion="Write maps.")
    if renderer.go_template:
        return [as_go_json(element) for element in elements]
    return [_flat_element(element) for element in elements]


def _flat_element(element: JsonObject) -> Parameters:
    flat: Parameters = {}
    for key, value in element.items():
        entries = {f"values.{name}": item for name, item in value.items()} if _is_values(key, value) else {key: value}
        for name, item in entries.items():
            if not isinstance(item, str):
                raise GeneratorInvalid(
                    f"the value of {name!r} in a list element is no text", suggestion="Quote it, or use goTemplate."
                )
            flat[name] = item
    return flat


def _is_values(key: str, value: Any) -> bool:
    return key == "values" and isinstance(value, dict)


def cluster_parameters(generator: JsonObject, renderer: Renderer, inputs: GeneratorInputs) -> list[Parameters]:
    selector = generator.get("selector") or {}
    secrets = sorted(inputs.clusters, key=lambda cluster: cluster.name)
    found: list[Parameters] = []
    everything = not selector.get("matchLabels") and not selector.get("matchExpressions")
    if everything and all(cluster.server != LOCAL_SERVER for cluster in secrets):
        found.append({"name": LOCAL_NAME, "nameNormalized": LOCAL_NAME, "server": LOCAL_SERVER, "project": ""})
    found += [
        _of_cluster(cluster, renderer)
        for cluster in secrets
        if not cluster.shut_out and selects(selector, {**cluster.labels, "argocd.argoproj.io/secret-type": "cluster"})
    ]
    found = [_with_values(parameters, generator, renderer) for parameters in found]
    return [{"clusters": found}] if generator.get("flatList") and renderer.go_template else found


def _of_cluster(cluster: ClusterInput, renderer: Renderer) -> Parameters:
    parameters: Parameters = {
        "name": cluster.name,
        "nameNormalized": normalize(cluster.name),
        "server": cluster.server,
        "project": cluster.project,
    }
    metadata = {"labels": dict(cluster.labels), "annotations": dict(cluster.annotations)}
    if renderer.go_template:
        return {**parameters, "metadata": {name: entries for name, entries in metadata.items() if entries}}
    return {
        **parameters,
        **{key: value for key, value in flat_texts({"metadata": metadata}).items() if value != "map[]"},
    }


def _with_values(parameters: Parameters, generator: JsonObject, renderer: Renderer) -> Parameters:
    """`values` may use the parameters that stand before it."""
    values = generator.get("values") or {}
    if not values:
        return parameters
    filled = {key: renderer.text(str(value), parameters) for key, value in values.items()}
    if renderer.go_template:
        return {**parameters, "values": filled}
    return {**parameters, **{f"values.{key}": value for key, value in filled.items()}}


def git_generator(generator: JsonObject, renderer: Renderer, inputs: GeneratorInputs) -> list[Parameters]:
    found = git_parameters(generator, inputs, go_template=renderer.go_template)
    return [_with_values(parameters, generator, renderer) for parameters in found]


def asked_parameters(kind: str, generator: JsonObject, renderer: Renderer, inputs: GeneratorInputs) -> list[Parameters]:
    """What somebody else answers, filtered by what the generator says."""
    question = HostQuestion(kind, canonical_json({**generator, "template": None, "values": None}).decode())
    entries: tuple[Mapping[str, Any], ...] = answer(inputs, question).entries
    kept = keep_entries(kind, entries, generator.get("filters") or ())
    if kind == "scmProvider":
        kept = [{**entry, "labels": ",".join(entry.get("labels") or ())} for entry in kept]
    found = [dict(entry) if renderer.go_template else _texts_only(entry) for entry in kept]
    return [_with_values(parameters, generator, renderer) for parameters in found]


def _texts_only(entry: Mapping[str, Any]) -> Parameters:
    return dict(flat_texts({key: value for key, value in entry.items() if not isinstance(value, list)}))
