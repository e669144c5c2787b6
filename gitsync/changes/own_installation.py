"""A runtime's own installation as files of the shared configuration, so that it manages itself. Pure.

`installations/<runtime>/runtime.yaml` has its objects as they are in its cluster, whoever installed them: with
the image, the flags and the rights that they have there, so taking them into Git changes nothing. The Secret with its
token stays out.
"""

import re
from collections.abc import Callable, Sequence

from gitsync.changes.errors import BadInput
from gitsync.changes.git_source import place_of
from gitsync.changes.shared_configuration import INSTALLATIONS, OWN_APPLICATION, SharedConfiguration
from gitsync.git.change import Contents, checked_path
from gitsync.git.tree import Files, find
from gitsync.manifest.object import JsonObject
from gitsync.manifest.yaml_text import yaml_text

_OF_THE_CLUSTER = re.compile(
    r"meta\.helm\.sh/|kubectl\.kubernetes\.io/last-applied|deployment\.kubernetes\.io/|argocd\.argoproj\.io/tracking-id"
)
_OF_HELM = "app.kubernetes.io/managed-by"
_SECRET_NAME = re.compile(r"TOKEN|PASSWORD|SECRET|_KEY", re.IGNORECASE)


def as_installed(live: JsonObject) -> JsonObject:
    """What somebody asked for, without what the cluster and Helm wrote down for themselves."""
    metadata = live["metadata"]
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != _OF_HELM}
    annotations = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if not _OF_THE_CLUSTER.match(key)
    }
    kept = {"name": metadata["name"], "namespace": metadata.get("namespace"), "labels": labels}
    kept["annotations"] = annotations
    rest = {key: value for key, value in live.items() if key not in ("metadata", "status", "secrets")}
    return {**rest, "metadata": {key: value for key, value in kept.items() if value}}


def why_not_in_git(deployment: JsonObject) -> str:
    """A value in the Deployment that must not stand in Git: "" when there is none. Never the value itself."""
    for container in deployment["spec"]["template"]["spec"].get("containers") or ():
        for argument in container.get("args") or ():
            if str(argument).partition("=")[0] == "--token":
                return "the flag --token"
        for variable in container.get("env") or ():
            if variable.get("value") and _SECRET_NAME.search(str(variable.get("name"))):
                return f"the variable {variable['name']}"
    return ""


def own_installation(objects: Sequence[JsonObject], configuration: SharedConfiguration) -> Callable[[Files], Contents]:
    """The edit raises BadInput where the installation is in Git already."""
    place = place_of(configuration.runtime, configuration.repo_url)
    application = checked_path(f"{place.path}/{OWN_APPLICATION}.yaml")
    manifests = checked_path(f"{INSTALLATIONS}/{configuration.runtime}/runtime.yaml")

    def edit(files: Files) -> Contents:
        for path in (application, manifests):
            if find(files, path).entry is not None:
                raise BadInput(
                    f"{path} is there already: the installation of {configuration.runtime} is in Git",
                    field="runtime",
                    suggestion=f"Look at the application {OWN_APPLICATION}; to begin anew, remove the file first.",
                )
        return {
            application: yaml_text(configuration.installation()).encode(),
            manifests: "---\n".join(map(yaml_text, objects)).encode(),
        }

    return edit
