"""What a scripted runtime says another revision of an application would change."""

from model.link import ApplicationDiffAnswer, DiffAnswer, DiffApplication, ObjectRef, RequestBody, ResourceChange

_WEB = ObjectRef("apps", "v1", "Deployment", "shop", "web")


def application_diff(body: RequestBody) -> ApplicationDiffAnswer:
    assert isinstance(body, DiffApplication)
    changes = (ResourceChange(_WEB, "CHANGE", DiffAnswer(modified=True)), ResourceChange(_WEB, "PRUNE"))
    return ApplicationDiffAnswer(() if body.manifests else ("1" * 40,), changes, ("a warning",))
