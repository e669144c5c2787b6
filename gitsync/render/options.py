"""Options of Helm, Kustomize and Jsonnet in a source, typed. Fields and meaning are those of Argo CD."""

from typing import Any, TypeVar

import msgspec

from gitsync.render.errors import SourceInvalid

_T = TypeVar("_T")


class _Options(msgspec.Struct, frozen=True, rename="camel"):
    """Unknown fields are passed over: they may be of a newer version."""


class Parameter(_Options, frozen=True):
    name: str = ""
    value: str | int | float | bool = ""
    force_string: bool = False


class FileParameter(_Options, frozen=True):
    name: str = ""
    path: str = ""


class HelmOptions(_Options, frozen=True):
    """`values_object` replaces `values`."""

    value_files: tuple[str, ...] = ()
    ignore_missing_value_files: bool = False
    values: str = ""
    values_object: dict[str, Any] | None = None
    parameters: tuple[Parameter, ...] = ()
    file_parameters: tuple[FileParameter, ...] = ()
    release_name: str = ""
    namespace: str = ""
    skip_crds: bool = False
    skip_tests: bool = False
    skip_schema_validation: bool = False
    pass_credentials: bool = False
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


class Replica(_Options, frozen=True):
    name: str
    count: int | str = 0


class KustomizeOptions(_Options, frozen=True):
    """`build_options` is ours: flags of this application, as far as its project allows them."""

    name_prefix: str = ""
    name_suffix: str = ""
    images: tuple[str, ...] = ()
    replicas: tuple[Replica, ...] = ()
    common_labels: dict[str, str] = {}
    label_without_selector: bool = False
    label_include_templates: bool = False
    force_common_labels: bool = False
    common_annotations: dict[str, str] = {}
    common_annotations_envsubst: bool = False
    force_common_annotations: bool = False
    namespace: str = ""
    patches: tuple[dict[str, Any], ...] = ()
    components: tuple[str, ...] = ()
    ignore_missing_components: bool = False
    version: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    build_options: str | tuple[str, ...] = ()


class JsonnetVariable(_Options, frozen=True):
    name: str
    value: str = ""
    code: bool = False


class JsonnetOptions(_Options, frozen=True):
    ext_vars: tuple[JsonnetVariable, ...] = ()
    tlas: tuple[JsonnetVariable, ...] = ()
    libs: tuple[str, ...] = ()


def read_options(raw: dict[str, Any] | None, type_: type[_T], field: str) -> _T:
    """Raises SourceInvalid and names the field."""
    try:
        return msgspec.convert({key: value for key, value in (raw or {}).items() if value is not None}, type_)
    except msgspec.ValidationError as error:
        raise SourceInvalid(f"spec.source.{field}: {error}", suggestion=f"Correct spec.source.{field}.") from error
