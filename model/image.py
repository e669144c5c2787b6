"""References of container images, as manifests and CI name them. Pure.

`nginx`, `docker.io/nginx` and `index.docker.io/library/nginx:latest` are one image: a build is found whichever way a
manifest spells what CI reported.
"""

import re
from dataclasses import dataclass

from model.errors import InvalidValue

_DOCKER_HUB = "docker.io"
_HUB_NAMES = frozenset({_DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_NAME = re.compile(r"[a-z0-9]+(?:(?:[./]|__?|-+)[a-z0-9]+)*")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:]+\](?::\d{1,5})?")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,128}")
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class ImageReference:
    """`name` has its registry and, on Docker Hub, its account. Of tag and digest at least one is there."""

    name: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag, digest = f":{self.tag}" if self.tag else "", f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"

    @property
    def keys(self) -> tuple[str, ...]:
        """What it is found by: the digest says exactly which image it is, so it comes first."""
        found = (f"{self.name}@{self.digest}" if self.digest else "", f"{self.name}:{self.tag}" if self.tag else "")
        return tuple(key for key in found if key)


def parse_image(text: str) -> ImageReference:
    """Raises InvalidValue."""
    shown = repr(text[:80])
    rest, at, digest = text.partition("@")
    folder, slash, last = rest.rpartition("/")
    base, colon, tag = last.partition(":")  # a colon before the last slash belongs to a port
    name = f"{folder}{slash}{base}"
    host, slash, path = name.partition("/")
    if not (slash and ("." in host or ":" in host or host == "localhost")):
        host, path = _DOCKER_HUB, name
    if len(text) > _LONGEST or not _HOST.fullmatch(host) or not _NAME.fullmatch(path):
        raise InvalidValue(f"{shown} is no image; write it like registry.example.com/team/app:1.2.3")
    if colon and not _TAG.fullmatch(tag):
        raise InvalidValue(f"{shown} has a tag that no registry takes")
    if at and not _DIGEST.fullmatch(digest):
        raise InvalidValue(f"{shown} has a digest that is none; write it like sha256:<64 hexadecimal digits>")
    if host in _HUB_NAMES:
        host, path = _DOCKER_HUB, path if "/" in path else f"library/{path}"
    return ImageReference(f"{host}/{path}", tag or ("" if digest else "latest"), digest)
