"""Why an application is looked at again, and what that has to renew. Pure."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from model.kinds.application import REFRESH_ANNOTATION, REFRESH_TIME_ANNOTATION


class Refresh(enum.IntEnum):
    """In ascending order of what is renewed; the highest of several wishes wins."""

    COMPARE = 1  # objects are compared with what was rendered last
    RESOLVE = 2  # the revision is resolved from what is known of the repository; rendered if its inputs changed
    NORMAL = 3  # the Git host is asked first
    HARD = 4  # and nothing that was remembered of the rendering is used


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """What the annotations of an Application ask for. Without a time, two requests may look like one."""

    refresh: Refresh
    time: str = ""


def asked_for(annotations: Mapping[str, str] | None) -> RefreshRequest | None:
    """The request that stands in the annotations. Anything but "hard" is a normal refresh, as in Argo CD."""
    written = annotations or {}
    value = written.get(REFRESH_ANNOTATION)
    if value is None:
        return None
    return RefreshRequest(Refresh.HARD if value == "hard" else Refresh.NORMAL, written.get(REFRESH_TIME_ANNOTATION, ""))
