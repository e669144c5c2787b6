"""Generators to sets of parameters, the ones inside of others included."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gitsync.appset.combining import joined, product
from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.inputs import AnswerMissing, GeneratorInputs, Question
from gitsync.appset.leaves import (
    Parameters,
    asked_parameters,
    cluster_parameters,
    git_generator,
    list_parameters,
)
from gitsync.appset.rendering import Renderer
from gitsync.appset.selector import flat_texts, selects
from gitsync.manifest.object import JsonObject

_ASKED = ("scmProvider", "pullRequest", "plugin", "clusterDecisionResource")
_LEAVES: dict[str, Callable[[JsonObject, Renderer, GeneratorInputs], list[Parameters]]] = {
    "list": list_parameters,
    "clusters": cluster_parameters,
    "git": git_generator,
}
_KNOWN = (*_LEAVES, *_ASKED, "matrix", "merge")
_DEEPEST = 2
_MOST_SETS = 20_000


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """`template` is what the generator says instead of the ApplicationSet's own."""

    parameters: Parameters
    template: JsonObject


def parameter_sets(generator: JsonObject, renderer: Renderer, inputs: GeneratorInputs) -> list[ParameterSet]:
    """An entry of the set may name several generators, one after the other; inside of others it names one. Raises
    GeneratorInvalid, TemplateInvalid and AnswerMissing."""
    names = _names(generator)
    if len(names) < 2:
        return _sets(generator, renderer, inputs)
    others = {key: value for key, value in generator.items() if key not in names}
    return [one for name in names for one in _sets({**others, name: generator[name]}, renderer, inputs)]


def _sets(generator: JsonObject, renderer: Renderer, inputs: GeneratorInputs) -> list[ParameterSet]:
    _, settings = _named(generator)
    template = settings.get("template") or {}
    return [ParameterSet(parameters, template) for parameters in _parameters(generator, renderer, inputs, 0)]


def generator_kinds(application_set: JsonObject) -> frozenset[str]:
    """Which generators the set has, those inside of others included. Never raises."""
    found: set[str] = set()
    todo: list[Any] = list((application_set.get("spec") or {}).get("generators") or ())
    while todo:
        generator = todo.pop()
        for name in _KNOWN:
            settings = generator.get(name) if isinstance(generator, dict) else None
            if settings is not None:
                found.add(name)
                todo += (settings.get("generators") or ()) if isinstance(settings, dict) else ()
    return frozenset(found)


def requeue_seconds(application_set: JsonObject) -> float | None:
    """The shortest time after which a generator wants to be asked again; None: no generator says."""
    found: list[float] = []
    todo: list[Any] = list((application_set.get("spec") or {}).get("generators") or ())
    while todo:
        generator = todo.pop()
        for settings in generator.values() if isinstance(generator, dict) else ():
            if isinstance(settings, dict):
                todo += settings.get("generators") or ()
                asked = settings.get("requeueAfterSeconds")
                found += [float(asked)] if isinstance(asked, int) and asked > 0 else []
    return min(found, default=None)


def _parameters(generator: JsonObject, renderer: Renderer, inputs: GeneratorInputs, depth: int) -> list[Parameters]:
    name, settings = _named(generator)
    if name in ("matrix", "merge"):
        if depth >= _DEEPEST:
            raise GeneratorInvalid(
                "matrix and merge generators may be nested once", suggestion="Use fewer levels of generators."
            )
        combine = _matrix if name == "matrix" else _merge
        found = combine(settings, renderer, inputs, depth + 1)
    elif name in _LEAVES:
        found = _LEAVES[name](settings, renderer, inputs)
    else:
        found = asked_parameters(name, settings, renderer, inputs)
    if len(found) > _MOST_SETS:
        raise GeneratorInvalid(f"the {name} generator gives more than {_MOST_SETS} sets", suggestion="Narrow it.")
    selector = generator.get("selector")
    return [one for one in found if selects(selector, flat_texts(one))] if selector else found


def _named(generator: JsonObject) -> tuple[str, JsonObject]:
    names = _names(generator)
    if len(names) != 1:
        raise GeneratorInvalid(
            f"a generator must be exactly one of {', '.join(_KNOWN)}", suggestion="Split it, or name a known one."
        )
    return names[0], generator[names[0]]


def _names(generator: JsonObject) -> list[str]:
    return [name for name in _KNOWN if generator.get(name) is not None]


def _matrix(settings: JsonObject, renderer: Renderer, inputs: GeneratorInputs, depth: int) -> list[Parameters]:
    children = settings.get("generators") or []
    if len(children) != 2:
        raise GeneratorInvalid(
            f"a matrix has exactly two generators, this one has {len(children)}", suggestion="Nest another matrix."
        )
    found: list[Parameters] = []
    missing: list[Question] = []
    for first in _parameters(children[0], renderer, inputs, depth):
        second = _filled(children[1], renderer, first)
        try:
            others = _parameters(second, renderer, inputs, depth)
        except AnswerMissing as error:  # go on: all that is missing is asked for in one round
            missing += error.questions
            continue
        found += [product(first, parameters, go_template=renderer.go_template) for parameters in others]
    if missing:
        raise AnswerMissing(missing)
    return found


def _filled(generator: JsonObject, renderer: Renderer, parameters: Parameters) -> JsonObject:
    """The second generator with the first one's parameters, in its `values` and its selector, too."""
    name, settings = _named(generator)
    asked = {**generator, name: {key: value for key, value in settings.items() if key != "template"}}
    filled: JsonObject = renderer.value(asked, parameters)
    return filled


def _merge(settings: JsonObject, renderer: Renderer, inputs: GeneratorInputs, depth: int) -> list[Parameters]:
    children, keys = settings.get("generators") or [], settings.get("mergeKeys") or []
    if len(children) < 2:
        raise GeneratorInvalid("a merge needs at least two generators", suggestion="Add one.")
    if not keys:
        raise GeneratorInvalid("a merge needs mergeKeys", suggestion="Name the parameters that tell sets apart.")
    base, *others = (_parameters(child, renderer, inputs, depth) for child in children)
    return joined(base, others, keys, go_template=renderer.go_template)
