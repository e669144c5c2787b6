"""Kustomize sources: options are written into the private copy of the kustomization, as `kustomize edit` would."""

import re
import shlex
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gitsync.render.context import (
    ALLOWED_FLAGS,
    API_VERSIONS,
    BUILD_OPTIONS,
    KUBE_VERSION,
    KustomizeVersion,
    RenderContext,
    Surroundings,
    plain_version,
)
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering
from gitsync.render.job import Found, Job
from gitsync.render.kustomize_inputs import KustomizeInputs, read_kustomization
from gitsync.render.options import KustomizeOptions, read_options
from gitsync.render.program import Command
from gitsync.render.tools import Tools, registered_program, version_key
from model.kinds.application import ApplicationSource

_IMAGE = re.compile(r"(?P<name>.*?)(?::(?P<tag>[a-zA-Z0-9._-]*|\*))?(?:@(?P<digest>[^@]*))?")
_KEEP = "*"


def read_kustomize(
    gathering: Gathering, path: str, source: ApplicationSource, context: RenderContext, surroundings: Surroundings
) -> Job:
    """What to run on what. Raises SourceInvalid, SourceTooLarge and PathRefused."""
    options = read_options(source.kustomize, KustomizeOptions, "kustomize")
    inputs = KustomizeInputs(gathering, context.why_not_base)
    found = read_kustomization(gathering, path)
    if found is None:
        raise SourceInvalid(
            f"there is no kustomization.yaml in {path!r:.200}",
            suggestion="Add one, or remove spec.source.kustomize.",
        )
    place, body = found
    components = [name for name in options.components if _wanted(gathering, path, name, options)]
    if components or not _is_plain(options):
        edited = with_options(body, options, components, surroundings.substitute)
        gathering.tree[place] = msgspec.json.format(msgspec.json.encode(edited), indent=1)
    for patch in options.patches:
        if isinstance(patch.get("path"), str):
            inputs.reference(path, patch["path"], is_file=True)
    for name in components:
        for directory in inputs.reference(path, name):
            inputs.gather(directory)
    inputs.gather(path)
    version = _version(options, context)
    flags = _flags(options, context, version, inputs, surroundings)
    surroundings.consult(version_key(version.name) if version else "kustomize")
    if "--enable-helm" in flags:
        surroundings.consult("helm")
    command = _command(path, flags, version)
    charts = tuple(inputs.charts) if "--enable-helm" in flags else ()  # else kustomize says that it needs leave
    bases, files = tuple(inputs.bases), tuple(inputs.files)
    return Job("kustomize", dict(gathering.tree), command, charts=charts, bases=bases, files=files)


def with_options(
    body: dict[str, Any], options: KustomizeOptions, components: list[str], substitute: Callable[[str], str]
) -> dict[str, Any]:
    """The kustomization with the options of the source in it. Pure."""
    edited = dict(body)
    for field, value in (
        ("namePrefix", options.name_prefix),
        ("nameSuffix", options.name_suffix),
        ("namespace", options.namespace),
    ):
        if value:
            edited[field] = value
    if options.images:
        edited["images"] = _merged_images(_list(body, "images"), [substitute(one) for one in options.images])
    if options.replicas:
        replicas = [{"name": one.name, "count": _count(one.name, one.count)} for one in options.replicas]
        edited["replicas"] = _replaced(_list(body, "replicas"), replicas)
    if options.common_labels:
        labels = {name: substitute(value) for name, value in options.common_labels.items()}
        _add_labels(edited, labels, options)
    if options.common_annotations:
        annotations = dict(options.common_annotations)
        if options.common_annotations_envsubst:
            annotations = {name: substitute(value) for name, value in annotations.items()}
        _add(edited, "commonAnnotations", annotations, force=options.force_common_annotations)
    if options.patches:
        edited["patches"] = _list(body, "patches") + [dict(patch) for patch in options.patches]
    if components:
        known = _list(body, "components")
        edited["components"] = known + [name for name in components if name not in known]
    return edited


def _is_plain(options: KustomizeOptions) -> bool:
    changing = msgspec.structs.replace(
        options, version="", kube_version="", api_versions=(), build_options=(), components=()
    )
    return not options.images and with_options({}, changing, [], lambda text: text) == {}


def _wanted(gathering: Gathering, path: str, name: str, options: KustomizeOptions) -> bool:
    return not options.ignore_missing_components or gathering.find(f"{path}/{name}").entry is not None


def _merged_images(existing: list[Any], wanted: Sequence[str]) -> list[Any]:
    new = {image["name"]: image for image in map(_image, wanted)}
    old = {image["name"]: image for image in existing if isinstance(image, dict) and "name" in image}
    for name, image in new.items():
        for field, value in list(image.items()):
            if value == _KEEP:
                image.pop(field)
                if old.get(name, {}).get(field):
                    image[field] = old[name][field]
    return [image for image in existing if not isinstance(image, dict) or image.get("name") not in new] + list(
        new.values()
    )


def _image(text: str) -> dict[str, str]:
    """`name=new:tag`, `name:tag`, `name@digest`; `*` keeps what the kustomization says."""
    name, equals, new = text.partition("=")
    match = _IMAGE.fullmatch(new if equals else text)
    if match is None or not (equals or match["digest"] or match["tag"]):
        raise SourceInvalid(
            f"spec.source.kustomize.images: {text!r:.200} is no image",
            suggestion="Write name=new-name:tag, name:tag or name@digest.",
        )
    image = {"name": name if equals else match["name"]}
    if equals and match["name"]:
        image["newName"] = match["name"]
    if match["digest"]:
        image["digest"] = match["digest"]
    if match["tag"]:
        image["newTag"] = match["tag"]
    return image


def _count(name: str, count: int | str) -> int:
    try:
        return int(count)
    except ValueError as error:
        raise SourceInvalid(
            f"spec.source.kustomize.replicas: {count!r:.50} of {name} is no number", suggestion="Write a whole number."
        ) from error


def _replaced(existing: list[Any], new: list[dict[str, Any]]) -> list[Any]:
    names = {item["name"] for item in new}
    return [item for item in existing if not isinstance(item, dict) or item.get("name") not in names] + new


def _add_labels(edited: dict[str, Any], labels: dict[str, str], options: KustomizeOptions) -> None:
    if not options.label_without_selector:
        if options.label_include_templates:
            raise SourceInvalid(
                "spec.source.kustomize.labelIncludeTemplates counts only beside labelWithoutSelector",
                suggestion="Set labelWithoutSelector too, or remove labelIncludeTemplates.",
            )
        _add(edited, "commonLabels", labels, force=options.force_common_labels)
        return
    entries = _list(edited, "labels")
    position = next((index for index, entry in enumerate(entries) if _is_same_kind(entry, options)), len(entries))
    if position == len(entries):
        entries.append({"pairs": {}, "includeTemplates": options.label_include_templates})
    known = entries[position].get("pairs") or {}
    if not options.force_common_labels:
        _refuse_known("labels", known, labels)
    entries[position] = {**entries[position], "pairs": {**known, **labels}}
    edited["labels"] = entries


def _is_same_kind(entry: Any, options: KustomizeOptions) -> bool:
    """Whether `kustomize edit add label` would add to this entry: one without selectors, alike in its templates."""
    return (
        isinstance(entry, dict)
        and not entry.get("includeSelectors")
        and bool(entry.get("includeTemplates")) is options.label_include_templates
    )


def _add(edited: dict[str, Any], field: str, pairs: dict[str, str], *, force: bool) -> None:
    known = edited.get(field) or {}
    if not force:
        _refuse_known(field, known, pairs)
    edited[field] = {**known, **pairs}


def _refuse_known(field: str, known: dict[str, Any], pairs: dict[str, str]) -> None:
    twice = sorted(known.keys() & pairs.keys())
    if twice:
        raise SourceInvalid(
            f"{field} of the kustomization has {twice[0]!r:.200} already",
            suggestion="Remove it from the options of the source, or set forceCommonLabels or forceCommonAnnotations.",
        )


def _list(body: dict[str, Any], field: str) -> list[Any]:
    value = body.get(field)
    return list(value) if isinstance(value, list) else []


def _version(options: KustomizeOptions, context: RenderContext) -> KustomizeVersion | None:
    """The registered program that the source names; None for the usual one."""
    if not options.version:
        return None
    found = next((one for one in context.kustomize_versions if one.name == options.version), None)
    if found is None:
        raise SourceInvalid(
            f"spec.source.kustomize.version: {options.version!r:.100} is not registered",
            suggestion=f"Register it as kustomize.path.{options.version:.100} in argocd-cm, or name no version.",
        )
    return found


def _flags(
    options: KustomizeOptions,
    context: RenderContext,
    version: KustomizeVersion | None,
    inputs: KustomizeInputs,
    surroundings: Surroundings,
) -> list[str]:
    if not version:
        surroundings.consult(BUILD_OPTIONS)
    common = version.build_options if version and version.build_options else context.build_options
    flags = [*common, *_own_flags(options, context, surroundings)]
    if inputs.widened and any("LoadRestrictionsNone" in flag for flag in flags):
        raise SourceInvalid(
            "generators and transformers in files do not go with --load-restrictor LoadRestrictionsNone",
            suggestion="Write them into the kustomization, or do without the flag.",
        )
    if "--enable-helm" in flags:
        flags += ["--helm-kube-version", plain_version(options.kube_version) or surroundings.consult(KUBE_VERSION)]
        versions = options.api_versions or tuple(filter(None, surroundings.consult(API_VERSIONS).split(",")))
        flags += [part for version in versions for part in ("--helm-api-versions", version)]
    return flags


def _own_flags(options: KustomizeOptions, context: RenderContext, surroundings: Surroundings) -> list[str]:
    """Flags that the application adds, as far as its project allows them."""
    own = options.build_options
    flags = _joined(shlex.split(own) if isinstance(own, str) else list(own))
    if flags:
        surroundings.consult(ALLOWED_FLAGS)
    refused = [flag for flag in flags if flag not in context.allowed_flags]
    if refused:
        raise SourceInvalid(
            f"spec.source.kustomize.buildOptions: {refused[0]!r:.100} is not allowed to this application",
            suggestion="Remove the flag, or ask an administrator to allow it to the project.",
        )
    return flags


def _joined(words: list[str]) -> list[str]:
    """`--flag value` as `--flag=value`, which is how it is allowed."""
    flags: list[str] = []
    for word in words:
        if not word.startswith("-") and flags and "=" not in flags[-1]:
            flags[-1] += f"={word}"
        else:
            flags.append(word)
    return flags


def _command(path: str, flags: list[str], version: KustomizeVersion | None) -> Callable[[Tools, Found], Command]:
    def command(tools: Tools, found: Found) -> Command:
        helm = ["--helm-command", str(tools.path("helm"))] if "--enable-helm" in flags else []
        return Command(
            "kustomize build",
            registered_program(version) if version else tools.path("kustomize"),
            lambda tree, _: ["build", str(tree / path), *flags, *helm],
            path,
        )

    return command
