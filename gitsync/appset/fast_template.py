"""The older templates of ApplicationSets: `{{ name }}` in texts is replaced by the parameter of that name."""

import re
from collections.abc import Mapping
from typing import Any

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def replace_tags(text: str, parameters: Mapping[str, Any]) -> str:
    """A tag that no parameter is named like stays as it is, so that another template may have it."""

    def value(match: re.Match[str]) -> str:
        found = parameters.get(match.group(1).strip())
        return found if isinstance(found, str) else match.group()

    return _TAG.sub(value, text)
