"""`argosy inspect project` and `argosy inspect windows`: what a project permits an application, and when."""

from collections.abc import Sequence
from datetime import UTC, datetime

from gitsync.access.secret import SECRET_TYPE_LABEL, read_repository_secret
from gitsync.configuration.engine_config import CONFIG_MAP, read_engine_config
from gitsync.configuration.projects import scoped_cluster
from gitsync.inspect.files import application_among, is_application, project_among, read_application, read_documents
from gitsync.inspect.scope import scopes
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import ParsedDocument
from gitsync.manifest.prepare import prepare
from gitsync.project.effective import ScopedRepository, Surroundings, effective
from gitsync.project.permits import violations
from gitsync.project.windows import Ruling, decide, windows_of
from model.identity import ApplicationKey
from model.kinds.application import Application


def project_of_file(file: str, around: Sequence[JsonObject], projects: str) -> list[JsonObject]:
    """What the project of the Application in a file objects to. `around` is what the file `projects` holds."""
    documents = read_documents(file)
    application = application_among(documents, file)
    wanted = [document for document in documents if not is_application(document.body)]
    project = effective_among(around, project_among(around, application.spec.project, projects))
    return inspect_project(project, application, wanted)


def windows_of_file(file: str, around: Sequence[JsonObject], projects: str, at: datetime) -> JsonObject:
    """Whether the Application in a file may be synced at that time."""
    application = read_application(file)
    return inspect_windows(project_among(around, application.spec.project, projects), application, at)


def effective_among(bodies: Sequence[JsonObject], project: JsonObject) -> JsonObject:
    """The project with what other objects of its file add to it: Secrets of repositories and clusters, global projects
    and the argocd-cm that names them."""
    projects = {str(body["metadata"].get("name")): body for body in bodies if body["kind"] == "AppProject"}
    kinds = [(body, (body["metadata"].get("labels") or {}).get(SECRET_TYPE_LABEL)) for body in bodies]
    secrets = [read_repository_secret(body) for body, kind in kinds if kind == "repository"]
    configs = [body for body in bodies if body["kind"] == "ConfigMap" and body["metadata"].get("name") == CONFIG_MAP]
    around = Surroundings(
        tuple(ScopedRepository(one.url, one.project, one.credential is not None) for one in secrets),
        tuple(scoped_cluster(body) for body, kind in kinds if kind == "cluster"),
        read_engine_config(configs[0].get("data") or {}).global_projects if configs else (),
    )
    return effective(project, projects, around)


def inspect_project(
    project: JsonObject, application: Application, documents: Sequence[ParsedDocument]
) -> list[JsonObject]:
    """The violations, as conditions. `documents` are the application's manifests, where they are at hand."""
    metadata = application.metadata
    prepared = prepare(
        documents,
        app=ApplicationKey(metadata.namespace, metadata.name),
        control_namespace=metadata.namespace,
        default_namespace=application.spec.destination.namespace,
        is_namespaced=scopes((), [document.body for document in documents]),
    )
    found = violations(project, application, prepared.objects)
    return [{"type": one.type, "message": one.message} for one in found]


def inspect_windows(project: JsonObject, application: Application, at: datetime) -> JsonObject:
    """Whether the application may be synced at that time, by itself and by people, and which window decided."""
    windows = windows_of(project, application.metadata.name, application.spec.destination)
    automated, manual = decide(windows, at, manual=False), decide(windows, at, manual=True)
    return {
        "at": _time(at),
        "allowed": automated.allowed,
        "manualAllowed": manual.allowed,
        "reason": automated.reason,
        "window": automated.windows[0].written if automated.windows else None,
        "changesAt": _changes(automated),
        "windows": [
            {
                "index": one.position,
                "kind": "deny" if one.denies else "allow",
                "active": one.is_active(at),
                "nextStart": _time(start) if (start := one.next_start(at)) else None,
            }
            for one in windows
        ],
    }


def _changes(ruling: Ruling) -> str | None:
    return _time(ruling.changes_at) if ruling.changes_at else None


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
