"""Names of runtimes: they become labels of Kubernetes objects and folders of repositories."""

import re

from api.errors import Invalid

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,36}[a-z0-9])?")


def require_runtime_name(name: str) -> None:
    """Raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name!r:.60} cannot be the name of a runtime",
            field="name",
            suggestion="use at most 38 lower case letters, digits and '-'; begin with a letter",
        )
