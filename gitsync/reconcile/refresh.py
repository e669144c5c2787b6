"""Why an application is looked at again, and what that has to renew. Pure."""

import enum
from collections.abc import Mapping

from model.kinds.application import REFRESH_ANNOTATION


class Refresh(enum.IntEnum):
    """In ascending order of what is renewed; the highest of several wishes wins."""

    COMPARE = 1  # objects are compared with what was rendered last
    RESOLVE = 2  # the revision is resolved from what is known of the repository; rendered if its inputs changed
    NORMAL = 3  # the Git host is asked first
    HARD = 4  # and nothing that was remembered of the rendering is used


def asked_for(annotations: Mapping[str, str] | None) -> Refresh | None:
    """What the refresh annotation asks for. Anything but "hard" is a normal refresh, as in Argo CD."""
    value = (annotations or {}).get(REFRESH_ANNOTATION)
    if value is None:
        return None
    return Refresh.HARD if value == "hard" else Refresh.NORMAL
