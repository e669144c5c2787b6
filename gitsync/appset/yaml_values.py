"""YAML that is no Kubernetes object: files of the git generator, `elementsYaml`, `fromYaml`. Numbers are float64."""

from typing import Any

from gitsync.appset.errors import GeneratorInvalid
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.yaml_events import load_events

_LIMITS = ParseLimits()


def load_yaml(text: str, *, file: str = "YAML") -> Any:
    """The first document, as a Go program has it after YAML became JSON. Raises GeneratorInvalid."""
    try:
        values = [document.value for document in load_events(text, file=file, limits=_LIMITS)]
    except ManifestError as error:
        raise GeneratorInvalid(error.message, suggestion=error.suggestion) from error
    return as_go_json(values[0]) if values else None


def as_go_json(value: Any) -> Any:
    """Every number a float64, as package encoding/json decodes it without a schema."""
    if isinstance(value, bool) or not isinstance(value, int | dict | list):
        return value
    if isinstance(value, dict):
        return {key: as_go_json(item) for key, item in value.items()}
    return [as_go_json(item) for item in value] if isinstance(value, list) else float(value)
