"""Builds of images, as CI reports them once an image is pushed. Pure.

Who reports chooses every word of it, and others read it beside their releases; so what it says is bounded, and its link
can only open a page.

Before it: `api.actions.image_builds` takes a report. After it: `model.store.image_build` keeps and finds builds.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from model.errors import InvalidValue
from model.image import ImageReference, parse_image
from model.release import Release

KEPT = timedelta(days=400)  # a year of releases, and what was deployed in the days before it
_LONGEST = 500
_LONGEST_URL = 1000
_MOST_KEYS = 50
_MOST_SECONDS = 30 * 24 * 3600.0


class ImageBuild(msgspec.Struct, frozen=True, omit_defaults=True):
    """One run of a CI that pushed `image`, spelled in full, with tag or digest or both. What is not known is empty.

    `ci` is the system (GitHub Actions, Jenkins ...), `name` the workflow or job, `builder` who or what ran it.
    `repository`, `branch` and `commit` are the source that it was built from.
    """

    image: str
    url: str
    reporter: str
    reported: datetime
    ci: str = ""
    name: str = ""
    repository: str = ""
    branch: str = ""
    commit: str = ""
    pull_requests: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    builder: str = ""
    duration_seconds: float | None = None


def checked_text(value: str | None, *, longest: int = _LONGEST) -> str:
    """One line of text. Raises InvalidValue."""
    text = (value or "").strip()
    if len(text) > longest:
        raise InvalidValue(f"it has more than {longest} characters")
    if not text.isprintable():
        raise InvalidValue("it has line breaks or control characters")
    return text


def checked_keys(values: Iterable[str] | None) -> tuple[str, ...]:
    """Keys of pull requests or issues, each once, without the mark in front (#12). Raises InvalidValue."""
    found = dict.fromkeys(checked_text(value, longest=100).lstrip("#!") for value in values or ())
    found.pop("", None)
    if len(found) > _MOST_KEYS:
        raise InvalidValue(f"at most {_MOST_KEYS} of them")
    return tuple(found)


def checked_page(value: str) -> str:
    """An address that a browser may open: http or https, and no password in it. Raises InvalidValue."""
    url = checked_text(value, longest=_LONGEST_URL)
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme.lower() not in ("http", "https") or any(one.isspace() for one in url):
        raise InvalidValue("it is no http or https address")
    if "@" in parts.netloc:
        raise InvalidValue("it has a user or password in it, which everybody would read")
    return url


def checked_repository(value: str | None) -> str:
    """A clone URL, or just a name. Raises InvalidValue."""
    text = checked_text(value)
    _, scheme, rest = text.partition("://")
    if scheme and ":" in rest.partition("@")[0] and "@" in rest:
        raise InvalidValue("it has a password in it, which everybody would read")
    return text


def checked_duration(value: float | None) -> float | None:
    """Raises InvalidValue."""
    if value is not None and not 0 <= value <= _MOST_SECONDS:
        raise InvalidValue("it is no number of seconds that a build takes")
    return value


def images_brought(release: Release) -> list[ImageReference]:
    """Images that its workloads did not have before, each once; what is no image to us is left out."""
    before = {one.key: one.images for one in release.workloads_before}
    texts = [text for one in release.workloads for text in one.images if text not in before.get(one.key, ())]
    found: dict[ImageReference, None] = {}
    for text in texts:
        with contextlib.suppress(InvalidValue):
            found[parse_image(text)] = None
    return list(found)


def build_deployed(
    image: ImageReference, builds: Mapping[str, Sequence[ImageBuild]], started: datetime
) -> ImageBuild | None:
    """The build of an image that a release brought which began then; `builds` are by the keys of images.

    A manifest that names a digest means that image, whatever its tag is now. Of several builds of a tag it is the
    newest that was told before the release began: what was built after it is not what it deployed. But CI may tell of
    a build only after the deployment has begun; so if there is none, it is the first that was told later.
    """
    found: Sequence[ImageBuild] = ()
    for key in image.keys:
        alike = builds.get(key, ())
        found = found or [one for one in alike if "@" in key or not (image.digest and "@" in one.image)]
    known = sorted(found, key=lambda build: build.reported)
    before = [build for build in known if build.reported <= started]
    return before[-1] if before else known[0] if known else None
