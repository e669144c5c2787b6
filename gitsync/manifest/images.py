"""Container images that an object names, wherever its kind keeps its pods."""

from collections.abc import Iterator, Sequence

from gitsync.manifest.object import JsonObject

_POD_SPECS = (("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec"), ("spec",))
_ALL = ("initContainers", "containers")


def images_of(body: JsonObject) -> tuple[str, ...]:
    """Images of all containers, each once and by name."""
    return tuple(sorted(set(_images(body, _ALL))))


def images_run(body: JsonObject) -> tuple[str, ...]:
    """Images of the containers that keep running, in their order: what Argo CD writes into the result of a sync."""
    return tuple(_images(body, _ALL[1:]))


def _images(body: JsonObject, fields: Sequence[str]) -> Iterator[str]:
    for path in _POD_SPECS:
        spec: object = body
        for part in path:
            spec = spec.get(part) if isinstance(spec, dict) else None
        if isinstance(spec, dict) and "containers" in spec:
            for field in fields:
                for container in spec.get(field) or ():
                    if isinstance(container, dict) and isinstance(image := container.get("image"), str):
                        yield image
            return
