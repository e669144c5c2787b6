"""An ApplicationSet to its Applications."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gitsync.appset.combining import merged
from gitsync.appset.errors import GeneratorInvalid, ProviderFailed, TemplateInvalid
from gitsync.appset.generators import ParameterSet, parameter_sets
from gitsync.appset.inputs import AnswerMissing, GeneratorInputs, Question
from gitsync.appset.rendering import Renderer
from gitsync.appset.template_patch import patched
from gitsync.diff.whole import without_nulls
from gitsync.manifest.object import JsonObject
from model.kinds import application


@dataclass(frozen=True, slots=True)
class GenerationError:
    """`reason` is one of Argo CD's for conditions of ApplicationSets."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Generation:
    """With errors or questions the list is not complete: nothing may be deleted for it.

    `rejected`: Applications that are generated but may not be written, by name, and why.
    """

    applications: tuple[JsonObject, ...]
    errors: tuple[GenerationError, ...] = ()
    warnings: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    rejected: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return not self.errors and not self.questions


def generate(application_set: JsonObject, inputs: GeneratorInputs, *, now: datetime) -> Generation:
    """Every Application that can be generated, and why others cannot. Raises nothing."""
    spec = application_set.get("spec") or {}
    try:
        options = tuple(spec.get("goTemplateOptions") or ())
        renderer = Renderer(go_template=bool(spec.get("goTemplate")), options=options, now=now)
    except TemplateInvalid as error:
        return Generation((), (_error("RenderTemplateParamsError", error.message),))
    errors: list[GenerationError] = []
    questions: list[Question] = []
    sets: list[ParameterSet] = []
    for generator in spec.get("generators") or ():
        try:
            sets += parameter_sets(generator, renderer, inputs)
        except AnswerMissing as missing:
            questions += missing.questions
        except (GeneratorInvalid, ProviderFailed, TemplateInvalid) as error:
            errors.append(_error("ApplicationGenerationFromParamsError", error.message))
    applications: list[JsonObject] = []
    for one in sets:
        try:
            applications.append(_application(application_set, one, renderer))
        except (GeneratorInvalid, TemplateInvalid) as error:
            errors.append(_error("RenderTemplateParamsError", error.message))
    unique, rejected = _without_repeated(applications)
    questions = list(dict.fromkeys(questions))
    return Generation(unique, tuple(errors), _warnings(spec), tuple(questions), rejected)


def _error(reason: str, message: str) -> GenerationError:
    return GenerationError(reason, message)


def _without_repeated(applications: list[JsonObject]) -> tuple[tuple[JsonObject, ...], dict[str, str]]:
    """Those with a name of their own, and why the others may not be written: nobody knows which of them is meant."""
    times = Counter(one["metadata"]["name"] for one in applications)
    unique = tuple(one for one in applications if times[one["metadata"]["name"]] == 1)
    return unique, {name: "more than one Application has this name" for name, count in times.items() if count > 1}


def _warnings(spec: JsonObject) -> tuple[str, ...]:
    project = str(((spec.get("template") or {}).get("spec") or {}).get("project") or "")
    if "{{" in project:
        return ("spec.template.spec.project is templated: whoever writes the generator's source chooses the project",)
    return ()


def _patch(written: str, one: ParameterSet, renderer: Renderer) -> str:
    try:
        return renderer.text(written, one.parameters)
    except TemplateInvalid as error:
        raise TemplateInvalid(f"templatePatch: {error.message}", suggestion=error.suggestion) from error


def _application(application_set: JsonObject, one: ParameterSet, renderer: Renderer) -> JsonObject:
    spec = application_set["spec"]
    template = merged(spec.get("template") or {}, one.template)
    filled: JsonObject = renderer.value(template, one.parameters)
    finalizers: list[str] = (filled.get("metadata") or {}).get("finalizers") or []
    if not finalizers and not (spec.get("syncPolicy") or {}).get("preserveResourcesOnDeletion"):
        finalizers = [application.FINALIZER]
    if spec.get("templatePatch"):
        whole = {**filled, "metadata": {**(filled.get("metadata") or {}), "finalizers": finalizers}}
        filled = patched(whole, _patch(spec["templatePatch"], one, renderer))
        finalizers = (filled.get("metadata") or {}).get("finalizers") or []
    metadata: dict[str, Any] = filled.get("metadata") or {}
    if not metadata.get("name"):
        raise TemplateInvalid("the template gives an empty name", suggestion="Correct template.metadata.name.")
    namespace = (application_set.get("metadata") or {}).get("namespace")
    kept = {
        "name": metadata["name"],
        # never the template's: whoever may write sets in one namespace must not make Applications in another
        "namespace": namespace or metadata.get("namespace"),
        "labels": metadata.get("labels"),
        "annotations": metadata.get("annotations"),
        "finalizers": finalizers,
    }
    return {
        "apiVersion": f"{application.GROUP}/{application.VERSION}",
        "kind": application.KIND,
        "metadata": {key: value for key, value in kept.items() if value},
        "spec": without_nulls(filled.get("spec") or {}),
    }
