"""Secrets that stand in the shared configuration in the format of SOPS, opened with the runtime's own age keys.

Only what the runtime's own namespace in its home cluster is to hold: whoever may read Secrets there could read the
keys, too, so nobody learns more than before. Anybody else's encrypted Secret stays as it is written.
"""

from dataclasses import replace

from gitsync.application.record import Record
from gitsync.fleet.members import Member
from gitsync.git.address import same_place
from gitsync.kube.access import IN_CLUSTER_SERVER
from gitsync.kube.client import Cluster
from gitsync.manifest.parse import ParsedDocument
from gitsync.sops.age import identities_in
from gitsync.sops.document import is_encrypted, opened
from gitsync.sops.errors import NotOpened
from gitsync.sourcing.signing_keys import age_keys


class EncryptedSecrets:
    """Those of one runtime."""

    def __init__(self, home: Cluster, namespace: str, config_repo: str) -> None:
        self._home = home
        self._namespace = namespace
        self._config_repo = config_repo

    async def opened(self, record: Record, member: Member, documents: list[ParsedDocument]) -> list[ParsedDocument]:
        """The documents, with the runtime's own Secrets in clear. Raises NotOpened, or why the keys cannot be read."""
        if not self._config_repo or member.server != IN_CLUSTER_SERVER:
            return documents
        ours = {at for at, one in enumerate(documents) if is_encrypted(one.body) and self._is_ours(record, one)}
        if not ours:
            return documents
        identities = identities_in(await age_keys(self._home, self._namespace))
        return [_opened(one, identities) if at in ours else one for at, one in enumerate(documents)]

    def _is_ours(self, record: Record, document: ParsedDocument) -> bool:
        spec, body = record.application.spec, document.body
        namespace = body["metadata"].get("namespace") or spec.destination.namespace
        source = spec.all_sources[document.origin.source]
        return (
            (body["apiVersion"], body["kind"], namespace) == ("v1", "Secret", self._namespace)
            and not source.chart
            and same_place(source.repo_url) == same_place(self._config_repo)
        )


def _opened(document: ParsedDocument, identities: list[str]) -> ParsedDocument:
    try:
        return replace(document, body=opened(document.body, identities))
    except NotOpened as failure:
        name = document.body["metadata"].get("name")
        raise NotOpened(
            f"{document.origin}: Secret {name} is encrypted: {failure.message}", suggestion=failure.suggestion
        ) from failure
