"""YAML of tests, read with libyaml where it is there: thousands of cases are read before the first test begins."""

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    return yaml.load(text, Loader=_LOADER)


def read_all_yaml(text: str) -> list[Any]:
    return list(yaml.load_all(text, Loader=_LOADER))
