"""Operations that are refused before anything is looked at, with the reason. Pure.

A rollback beside automated sync would be undone at once, so people have to switch that off first, as in Argo CD.
Manifests that come with the operation bypass Git: nobody can review them or find them again. They are for projects that
say so (`argosy.io/allow-local-manifests` on the AppProject), and never beside automated sync, except as a dry run.
"""

from gitsync.manifest.object import JsonObject
from model.kinds.application import Application, SyncOperation, sources_in_force

LOCAL_MANIFESTS_ANNOTATION = "argosy.io/allow-local-manifests"


def why_refused(application: Application, project: JsonObject, sync: SyncOperation, *, automated: bool) -> str:
    """Why the operation is not carried out, or "". `automated`: it comes from automated sync itself."""
    if automated or sync.dry_run:
        return _why_not_local(project, sync)
    if syncs_by_itself(application) and _names_other_sources(application, sync):
        return (
            "rollback cannot be initiated when auto-sync is enabled: it would be undone at once. "
            "Set spec.syncPolicy.automated.enabled to false first."
        )
    if sync.manifests and syncs_by_itself(application):
        return (
            "local manifests cannot be synced when auto-sync is enabled: they would be undone at once. "
            "Set spec.syncPolicy.automated.enabled to false first."
        )
    return _why_not_local(project, sync)


def syncs_by_itself(application: Application) -> bool:
    policy = application.spec.sync_policy
    return policy is not None and policy.automated is not None and policy.automated.enabled is not False


def _names_other_sources(application: Application, sync: SyncOperation) -> bool:
    wanted = sources_in_force(sync.source, sync.sources)
    return bool(wanted) and wanted != application.spec.all_sources


def _why_not_local(project: JsonObject, sync: SyncOperation) -> str:
    if not sync.manifests:
        return ""
    metadata = project.get("metadata") or {}
    if (metadata.get("annotations") or {}).get(LOCAL_MANIFESTS_ANNOTATION) != "true":
        return (
            f"project {metadata.get('name', '')} does not permit local manifests. Commit them, "
            f'or set {LOCAL_MANIFESTS_ANNOTATION}: "true" on the AppProject.'
        )
    spec = project.get("spec") or {}
    if spec.get("sourceIntegrity") or spec.get("signatureKeys"):
        return f"project {metadata.get('name', '')} demands signed sources, which local manifests are not."
    return ""
