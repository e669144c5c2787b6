"""What an operation brings along instead of naming a revision: manifests from somebody's disk.

They are read with the same limits as files of a repository.
"""

from gitsync.application.record import Desired, Record
from gitsync.fleet.members import Member
from gitsync.manifest.parse import parse_manifests
from gitsync.manifest.prepare import prepare
from gitsync.manifest.tracking import DEFAULT_TRACKING, TrackingSettings


def desire_local(
    record: Record, member: Member, manifests: tuple[str, ...], tracking: TrackingSettings = DEFAULT_TRACKING
) -> Desired:
    """The manifests as what the application wants. Raises ManifestError."""
    documents = [
        document
        for number, text in enumerate(manifests, start=1)
        for document in parse_manifests(text.encode(), file=f"manifest {number} of the operation")
    ]
    prepared = prepare(
        documents,
        app=record.key,
        control_namespace=record.key.namespace if record.instance == record.name else "",
        default_namespace=record.application.spec.destination.namespace,
        is_namespaced=member.cluster.discovery.is_namespaced,
        tracking=tracking,
    )
    return Desired(
        revision=record.revision,
        source_type=record.desired.source_type if record.desired else "",
        revisions=record.revisions,
        source_types=record.desired.source_types if record.desired else (),
        objects={one.key: one for one in prepared.objects},
        conditions=prepared.conditions,
    )
