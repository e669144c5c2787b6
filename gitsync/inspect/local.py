"""`argosy app diff --local`: an application's manifests, rendered from a checkout on this machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from gitsync.diff.whole import without_nulls
from gitsync.inspect.files import InspectError
from gitsync.inspect.render import render_application
from gitsync.manifest.canonical import canonical_json
from model.kinds.application import Application


def render_local(manifest: Mapping[str, Any], directory: Path) -> list[str]:
    """One JSON text for each object. `directory` is a checkout of the repository, or the application's folder in it."""
    try:
        application = msgspec.convert(without_nulls(dict(manifest)), Application, strict=False)
    except msgspec.ValidationError as error:
        raise InspectError(f"the application cannot be read: {error}", suggestion="Correct its manifest.") from error
    sources = application.spec.all_sources
    paths = [source.path for source in sources if source.path]
    if not all((directory / path).is_dir() for path in paths):
        if len(sources) != 1 or not directory.is_dir():
            message = f"{directory} has no folder {paths[0] if paths else '.'}"
            raise InspectError(message, suggestion="Give a checkout of the application's repository.")
        sources = (msgspec.structs.replace(sources[0], path="."),)
    spec = msgspec.structs.replace(application.spec, source=None, sources=sources)
    rendered = render_application(
        msgspec.structs.replace(application, spec=spec), {source.repo_url: directory for source in sources}
    )
    return [canonical_json(document.body).decode() for document in rendered]
