"""Helm sources: `helm template` on a private copy of the chart, with the values of the source."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gitsync.render.chart_dependencies import gather_dependencies
from gitsync.render.context import (
    API_VERSIONS,
    KUBE_VERSION,
    NAMESPACE,
    RELEASE,
    RenderContext,
    Surroundings,
    plain_version,
)
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering
from gitsync.render.job import Found, Job, Want
from gitsync.render.options import HelmOptions, Parameter, read_options
from gitsync.render.path_glob import is_glob
from gitsync.render.program import Command
from gitsync.render.remote_files import RemoteFile
from gitsync.render.tools import Tools
from gitsync.render.value_files import ValueFile, read_file_parameter, read_value_files
from model.kinds.application import ApplicationSource

_BARE_COMMA = re.compile(r"(?<!\\),")
_INLINE = "inline-values.yaml"
_CONSULTING = (b"Capabilities", b"kubeVersion", b"tpl")  # the last: templates within values, which may ask too


@dataclass(frozen=True, slots=True)
class _Call:
    """The options of `helm template`, as far as they are known before files of other sources are."""

    path: str
    release: str
    namespace: str
    values: tuple[ValueFile, ...]
    inline: bool
    flags: tuple[str, ...]
    file_parameters: tuple[tuple[str, ValueFile], ...]


def read_helm(
    gathering: Gathering, path: str, source: ApplicationSource, context: RenderContext, surroundings: Surroundings
) -> Job:
    """What to run on what. Raises SourceInvalid, SourceTooLarge and PathRefused."""
    options = read_options(source.helm, HelmOptions, "helm")
    if gathering.find(f"{path}/Chart.yaml").entry is None:
        raise SourceInvalid(f"there is no Chart.yaml in {path!r:.200}", suggestion="Correct the path of the source.")
    gathering.directory(path)
    charts = gather_dependencies(gathering, path)
    surroundings.consult("helm")
    values = read_value_files(gathering, path, options, surroundings.substitute, context.value_schemes)
    files = [
        (one.name, read_file_parameter(gathering, path, one.path, surroundings.substitute, context.value_schemes))
        for one in options.file_parameters
    ]
    inline = _inline_values(options)
    call = _Call(
        path=path,
        release=_release(options, surroundings),
        namespace=options.namespace or surroundings.consult(NAMESPACE),
        values=tuple(values),
        inline=bool(inline),
        flags=tuple(_flags(options, gathering, surroundings, fetched=bool(charts))),
        file_parameters=tuple(files),
    )
    named = [*values, *(file for _, file in files)]
    remote = tuple(dict.fromkeys(one.url for one in named if isinstance(one, RemoteFile)))
    wants = tuple(one for one in named if isinstance(one, Want))
    extra = {_INLINE: inline} if inline else {}
    return Job("helm", dict(gathering.tree), _command(call), extra, wants, charts=tuple(charts), remote=remote)


def _release(options: HelmOptions, surroundings: Surroundings) -> str:
    release = options.release_name or surroundings.consult(RELEASE) or "release-name"
    if release.startswith("-"):
        raise SourceInvalid(
            f"spec.source.helm.releaseName: {release!r:.100} is no name", suggestion="Use letters, digits and dashes."
        )
    return release


def _inline_values(options: HelmOptions) -> bytes:
    if options.values_object is not None:
        return msgspec.json.encode(options.values_object)
    return options.values.encode()


def _flags(options: HelmOptions, gathering: Gathering, surroundings: Surroundings, *, fetched: bool) -> list[str]:
    flags = [] if options.skip_crds else ["--include-crds"]
    flags += ["--skip-tests"] if options.skip_tests else []
    flags += ["--skip-schema-validation"] if options.skip_schema_validation else []
    if fetched or _may_ask_for_the_cluster(gathering):
        kube_version = plain_version(options.kube_version) or surroundings.consult(KUBE_VERSION)
        api_versions: Sequence[str] = options.api_versions or [
            one for one in surroundings.consult(API_VERSIONS).split(",") if one
        ]
        flags += [f"--kube-version={kube_version}"] if kube_version else []
        flags += [f"--api-versions={version}" for version in api_versions]
    for parameter in options.parameters:
        flag = "--set-string" if parameter.force_string else "--set"
        flags.append(f"{flag}={parameter.name}={_escaped(surroundings.substitute(_text(parameter)))}")
    return flags


def _may_ask_for_the_cluster(gathering: Gathering) -> bool:
    """Archives are not looked into: they may."""
    return any(
        path.endswith((".tgz", ".tar.gz")) or any(word in data for word in _CONSULTING)
        for path, data in gathering.tree.items()
    )


def _text(parameter: Parameter) -> str:
    return str(parameter.value).lower() if isinstance(parameter.value, bool) else str(parameter.value)


def _escaped(value: str) -> str:
    """A comma would begin another parameter, except in a list `{a,b}`."""
    if value.startswith("{") and value.endswith("}"):
        return value
    return _BARE_COMMA.sub(r"\\,", value)


def _command(call: _Call) -> Callable[[Tools, Found], Command]:
    def command(tools: Tools, found: Found) -> Command:
        def arguments(tree: Path, extra: Path) -> list[str]:
            files = _in_order(call.values, found, tree, extra)
            files += [str(extra / _INLINE)] if call.inline else []
            parameters = [
                f"--set-file={name}={_escaped(place)}"
                for name, one in call.file_parameters
                for place in _places(one, found, tree, extra)
            ]
            namespace = [f"--namespace={call.namespace}"] if call.namespace else []
            values = [f"--values={place}" for place in files]
            return ["template", call.release, str(tree / call.path), *namespace, *values, *call.flags, *parameters]

        return Command("helm template", tools.path("helm"), arguments, call.path)

    return command


def _in_order(values: Sequence[ValueFile], found: Found, tree: Path, extra: Path) -> list[str]:
    """A file of another source that is named by itself stands there, and not where a glob of it finds it."""
    named = {place for one in values if not _is_wide(one) for place in _places(one, found, tree, extra)}
    files: list[str] = []
    for one in values:
        places = _places(one, found, tree, extra)
        files += [place for place in places if not _is_wide(one) or (place not in named and place not in files)]
    return files


def _is_wide(one: ValueFile) -> bool:
    return isinstance(one, Want) and is_glob(one.pattern)


def _places(one: ValueFile, found: Found, tree: Path, extra: Path) -> list[str]:
    if isinstance(one, Want):
        return [str(extra / place) for place in found.get(one, ())]
    if isinstance(one, RemoteFile):
        return [str(extra / one.place)]
    return [str(tree / one)]
