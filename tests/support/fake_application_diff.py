"""What a scripted runtime says another revision of an application would change, and what a release did."""

from model.link import (
    ApplicationDiffAnswer,
    CompareReleases,
    DiffAnswer,
    DiffApplication,
    ObjectRef,
    ReleaseChangesAnswer,
    ReleasedResource,
    RequestBody,
    ResourceChange,
)

_WEB = ObjectRef("apps", "v1", "Deployment", "shop", "web")


def application_diff(body: RequestBody) -> ApplicationDiffAnswer:
    assert isinstance(body, DiffApplication)
    changes = (ResourceChange(_WEB, "CHANGE", DiffAnswer(modified=True)), ResourceChange(_WEB, "PRUNE"))
    return ApplicationDiffAnswer(() if body.manifests else ("1" * 40,), changes, ("a warning",))


def release_changes(body: RequestBody) -> ReleaseChangesAnswer:
    assert isinstance(body, CompareReleases)
    before, after = ({"kind": "Deployment", "spec": {"replicas": number}} for number in (2, 3))
    settings = ObjectRef("", "v1", "ConfigMap", "shop", "settings")
    return ReleaseChangesAnswer(
        (
            ReleasedResource(settings, "PRUNE", {"kind": "ConfigMap", "data": {"level": "info"}}),
            ReleasedResource(_WEB, "CHANGE", before, after),
            ReleasedResource(ObjectRef("", "v1", "Service", "shop", "web"), "ADD", cut=True),
        )
    )
