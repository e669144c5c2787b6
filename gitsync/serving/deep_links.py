"""Brings what links of argocd-cm may name: the application, the object, its cluster and its project.

Asked when somebody looks, so nobody pays for what nobody opens. Of Secrets no data get here, of clusters no credential.
Before it: a request that was authorised. After it: `gitsync.configuration.deep_links`, which fills the templates in.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

import structlog

from gitsync.access.secret import secret_data
from gitsync.application.record import Record
from gitsync.application.tree import annotation_links
from gitsync.configuration.deep_links import LinkTemplate, links_for
from gitsync.diff.normalize import LAST_APPLIED
from gitsync.diff.secrets import is_secret
from gitsync.fleet.members import Member
from gitsync.manifest.object import JsonObject
from gitsync.serving.asked import Context
from model.link_deep_link import DeepLink, DeepLinksAnswer

log = structlog.get_logger("gitsync.serving")

_MOST_ADDRESSES = 20
_MOST_SAID = 1_000


class DeepLinks:
    """Says each problem once in the log, however often somebody looks."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._said: set[str] = set()

    def of_application(self, record: Record) -> DeepLinksAnswer:
        """The links that its manifest names itself come first, then the addresses of its objects."""
        own = annotation_links(record.raw["metadata"].get("annotations") or {})
        links = self._context.rules.links
        configured = self._filled((*links.application, *links.project), self._known_of(record))
        found = [DeepLink(title, url) for title, url in own]
        found += [DeepLink(urlsplit(url).netloc, url) for url in _addresses(record)]
        by_address: dict[str, DeepLink] = {}
        for link in (*found, *configured.links):
            by_address.setdefault(link.url, link)
        return DeepLinksAnswer(tuple(by_address.values()), configured.problems)

    def of_resource(self, record: Record, member: Member, body: JsonObject | None) -> DeepLinksAnswer:
        """`body` is as it may be shown. None: the object may not be seen, so nothing leads to it."""
        templates = self._context.rules.links.resource
        if body is None or not templates:
            return DeepLinksAnswer()
        return self._filled(templates, {**self._known_of(record, member), "resource": _without_data(body)})

    def _filled(self, templates: tuple[LinkTemplate, ...], data: JsonObject) -> DeepLinksAnswer:
        links, problems = links_for(templates, data, now=self._context.now())
        for problem in problems:
            if problem not in self._said:
                self._said = {problem} if len(self._said) >= _MOST_SAID else {*self._said, problem}
                log.warning("a configured link is not shown", reason=problem)
        return DeepLinksAnswer(tuple(links), tuple(problems))

    def _known_of(self, record: Record, member: Member | None = None) -> JsonObject:
        fleet, application = self._context.fleet(), told_of(record.raw)
        member = member or fleet.get(record.server)
        hidden = self._context.rules.settings.secret_annotations
        project = dict(self._context.loop.project_of(record) or {})
        project.pop("status", None)
        return {
            "application": application,
            "app": application,
            "project": told_of(project),
            "cluster": told_of_cluster(member, fleet.secret_of(member), hidden_annotations=hidden) if member else {},
        }


def told_of(body: JsonObject) -> JsonObject:
    """The same with labels and annotations, be they empty: so a condition may look for one without asking first."""
    metadata = body.get("metadata") or {}
    filled = {name: metadata.get(name) or {} for name in ("labels", "annotations")}
    return {**body, "metadata": {**metadata, **filled}}


def told_of_cluster(member: Member, secret: JsonObject | None, *, hidden_annotations: Iterable[str] = ()) -> JsonObject:
    """Labels and annotations are found at both of the places where Argo CD's versions have them. What was applied last
    holds the credential, so it goes."""
    data = secret_data(secret) if secret else {}
    metadata = (secret or {}).get("metadata") or {}
    marks = {name: dict(metadata.get(name) or {}) for name in ("labels", "annotations")}
    for hidden in (LAST_APPLIED, *hidden_annotations):
        marks["annotations"].pop(hidden, None)
    return {
        "name": member.name,
        "server": member.server,
        "namespaces": [one for part in data.get("namespaces", "").split(",") if (one := part.strip())],
        "project": data.get("project", ""),
        **marks,
        "metadata": {"name": member.name, **marks},
    }


def _without_data(body: JsonObject) -> JsonObject:
    told = told_of(body)
    if not is_secret(body):
        return told
    return {name: value for name, value in told.items() if name not in ("data", "stringData")}


def _addresses(record: Record) -> list[str]:
    return sorted({url for verdict in record.state for url in verdict.urls})[:_MOST_ADDRESSES]
