"""The mark that says which application an object belongs to, written and read as Argo CD does.

`<application>:<group>/<kind>:<namespace>/<name>` in an annotation. The address inside it tells an object that we made
from a copy that some controller made of it, annotations and all. An installation may want a label beside it, or in its
place; a label holds no address, so what carries one is always taken for the original.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gitsync.manifest.object import JsonObject
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import TRACKING_ANNOTATION

FIELD_MANAGER = "argocd-controller"  # Argo CD's, so that a team can switch either way without losing field ownership
CLIENT_SIDE_APPLY = "kubectl-client-side-apply"  # how `kubectl apply` signs what it updates
INSTALLATION_ANNOTATION = "argocd.argoproj.io/installation-id"
ANNOTATION, BOTH, LABEL = "annotation", "annotation+label", "label"
_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_LONGEST_LABEL = 63


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """How objects are marked: `method` is ANNOTATION, BOTH or LABEL. `installation` tells several Argo CDs apart."""

    method: str = ANNOTATION
    label_key: str = "app.kubernetes.io/instance"
    installation: str = ""


DEFAULT_TRACKING = TrackingSettings()


@dataclass(frozen=True, slots=True)
class Tracking:
    """A parsed mark. `application` is "name", or "namespace_name" outside the control namespace."""

    application: str
    key: ResourceKey

    def refers_to(self, key: ResourceKey) -> bool:
        """Whether the object at `key` is the one that the mark was made for, and no copy of it."""
        same = (self.key.group, self.key.kind, self.key.name) == (key.group, key.kind, key.name)
        # A cluster-scoped object's mark carries the namespace that its application deploys to.
        return same and key.namespace in ("", self.key.namespace)


def application_instance(app: ApplicationKey, control_namespace: str) -> str:
    """The application's name inside marks."""
    return app.name if app.namespace == control_namespace else f"{app.namespace}_{app.name}"


def tracking_id(
    app: ApplicationKey, control_namespace: str, key: ResourceKey, *, destination_namespace: str = ""
) -> str:
    """The mark for an object. `destination_namespace` stands in for the namespace of cluster-scoped objects."""
    namespace = key.namespace or destination_namespace
    return f"{application_instance(app, control_namespace)}:{key.group}/{key.kind}:{namespace}/{key.name}"


def with_tracking(
    body: JsonObject,
    app: ApplicationKey,
    control_namespace: str,
    key: ResourceKey,
    *,
    destination_namespace: str = "",
    settings: TrackingSettings = DEFAULT_TRACKING,
) -> JsonObject:
    """The object with its mark. Definitions get none: they outlive the application that brought them."""
    if (key.group, key.kind) == _CRD:
        return body
    metadata = dict(body["metadata"])
    if settings.method != LABEL:
        mark = tracking_id(app, control_namespace, key, destination_namespace=destination_namespace)
        annotations = {**(metadata.get("annotations") or {}), TRACKING_ANNOTATION: mark}
        if settings.installation:
            annotations[INSTALLATION_ANNOTATION] = settings.installation
        else:
            annotations.pop(INSTALLATION_ANNOTATION, None)
        metadata["annotations"] = annotations
    if settings.method != ANNOTATION:
        instance = application_instance(app, control_namespace)
        shown = instance if settings.method == LABEL else instance[:_LONGEST_LABEL].rstrip("-._")
        metadata["labels"] = {**(metadata.get("labels") or {}), settings.label_key: shown}
    return {**body, "metadata": metadata}


def mark_in(
    labels: Mapping[str, str] | None,
    annotations: Mapping[str, str] | None,
    key: ResourceKey,
    settings: TrackingSettings = DEFAULT_TRACKING,
) -> str:
    """The tracking id that an object carries, or "". One of another installation is none of ours."""
    if settings.method == LABEL:
        application = (labels or {}).get(settings.label_key, "")
        if not application or (key.group, key.kind) == _CRD:
            return ""
        return f"{application}:{key.group}/{key.kind}:{key.namespace}/{key.name}"
    written = annotations or {}
    if settings.installation and written.get(INSTALLATION_ANNOTATION) != settings.installation:
        return ""
    return written.get(TRACKING_ANNOTATION, "")


def parse_tracking(value: str) -> Tracking | None:
    """The mark that `value` spells, or None when it is none."""
    application, _, rest = value.partition(":")
    type_part, _, address = rest.partition(":")
    group, slash, kind = type_part.rpartition("/")
    namespace, second_slash, name = address.partition("/")
    if not (application and slash and kind and second_slash and name):
        return None
    return Tracking(application, ResourceKey(group, kind, namespace, name))


def owner_application(annotations: Mapping[str, str]) -> str:
    """The application named by the mark among these annotations, or ""."""
    tracking = parse_tracking(annotations.get(TRACKING_ANNOTATION, ""))
    return tracking.application if tracking else ""
