"""Which generated Applications may be written: their project exists and permits them, and their cluster is known.

The project is asked again when the Application is reconciled; here it keeps a generator from writing what it may not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from gitsync.appset.generate import Generation
from gitsync.appset.inputs import LOCAL_NAME, LOCAL_SERVER, ClusterInput
from gitsync.manifest.object import JsonObject
from gitsync.project.permits import violations
from model.kinds.application import Application, Destination

_LOCAL = ClusterInput(LOCAL_NAME, LOCAL_SERVER)


def validated(
    generation: Generation, projects: Mapping[str, JsonObject], clusters: Iterable[ClusterInput], *, here: str = ""
) -> Generation:
    """The generation without the Applications that may not be written; `rejected` says why each of them may not.

    `here` is another address of the cluster that the runtime lives in.
    """
    known = tuple(clusters)
    if here and here.rstrip("/") not in {one.server.rstrip("/") for one in known}:
        known = (*known, ClusterInput("", here, shut_out=any(one.shut_out for one in known)))
    why = {
        one["metadata"]["name"]: reason
        for one in generation.applications
        if (reason := objection(one, projects, known))
    }
    kept = tuple(one for one in generation.applications if one["metadata"]["name"] not in why)
    return replace(generation, applications=kept, rejected={**generation.rejected, **why})


def objection(body: JsonObject, projects: Mapping[str, JsonObject], clusters: tuple[ClusterInput, ...]) -> str:
    """Why this Application may not be written, or ""."""
    try:
        application = msgspec.convert(body, Application, strict=False)
    except msgspec.ValidationError as error:
        return f"the template gives no valid Application: {error}"
    name = application.spec.project or "default"
    if name not in projects:
        return f"application references project {name} which does not exist"
    destination = application.spec.destination
    if destination.server and destination.name:
        return "application destination can't have both name and server defined"
    cluster = _cluster(destination, clusters)
    if cluster is None:
        called = f"server {destination.server}" if destination.server else f"name {destination.name!r}"
        return f"application destination spec is invalid: there is no cluster with the {called}"
    if cluster.shut_out:
        return (
            "application destination spec is invalid: argocd-cm shuts the cluster of the runtime out as a destination"
        )
    place = Destination(server=cluster.server, name=cluster.name, namespace=destination.namespace)
    return "; ".join(one.message for one in violations(projects[name], application, (), destination=place))


def _cluster(destination: Destination, clusters: tuple[ClusterInput, ...]) -> ClusterInput | None:
    if destination.server:
        server = destination.server.rstrip("/")
        found = [one for one in clusters if one.server.rstrip("/") == server]
        return found[0] if found else (_LOCAL if server == LOCAL_SERVER else None)
    named = [one for one in clusters if destination.name and one.name == destination.name]
    if len(named) == 1:
        return named[0]
    return _LOCAL if not named and destination.name == _LOCAL.name else None
