"""Answers the control plane's requests about applications: shows what is asked for, and acts for people.

Reading was authorised by the control plane. Acting is authorised here once more, with the person's own Git permission
on the repository that rules the application: a control plane that is wrong or taken over still cannot act for people
who may not. The empty actor is the runtime's own operator, who holds its credentials anyway.
"""

import asyncio
from collections.abc import AsyncIterator

from gitsync.application.record import Record
from gitsync.application.render_reasons import Reason, answer, files_of_tree
from gitsync.application.tree import hosts
from gitsync.audit.answers import commit_changes, manifest_history
from gitsync.diff.secrets import mask_secrets
from gitsync.git.address import redact
from gitsync.git.errors import RepositoryError
from gitsync.git.refs import is_full_commit
from gitsync.kube.errors import ClusterError, Conflict, Forbidden, NotFound
from gitsync.reporting.link import Refused
from gitsync.serving.application_diff import diff_application
from gitsync.serving.asked import Context, find_member, find_record, key_of, read_live, require_node
from gitsync.serving.deep_links import DeepLinks
from gitsync.serving.people import Acts
from gitsync.serving.release_changes import release_changes
from gitsync.serving.review import manifest_review
from gitsync.serving.rollouts import RolloutRequests
from gitsync.serving.shown import diff_answer
from gitsync.serving.streams import Streams
from gitsync.syncing.sync_window import shown_windows
from model.audit import AuditAnswer, GetCommitChanges, GetManifestHistory, ManifestHistory, ReadAudit, VerifySignatures
from model.health import Sync
from model.identity import ApplicationKey
from model.kinds.application import KIND
from model.link import (
    AccessAnswer,
    AnswerBody,
    CompareReleases,
    DeleteObject,
    DiffApplication,
    GetDeepLinks,
    GetManagedResources,
    GetRendering,
    GetResource,
    GetRollout,
    GetSyncWindows,
    GetTree,
    ListRollouts,
    ManagedAnswer,
    ManagedResourceAnswer,
    ProbeAccess,
    ReadLogs,
    ReadRuntimeLog,
    RefreshApplication,
    RenderingAnswer,
    RequestBody,
    ResourceAnswer,
    RollbackApplication,
    RunAction,
    RuntimeLogAnswer,
    SimulateRollout,
    StartSync,
    SteerRollout,
    SyncWindowsAnswer,
    TerminateOperation,
    TreeAnswer,
    WatchEvents,
    WatchRollout,
    WatchTree,
)
from model.link_access import GetManifestReview, ListGitTokens, PutGitToken, RemoveGitToken
from model.link_appset import PreviewApplicationSet
from model.link_change import (
    CreateApplication,
    DeleteApplication,
    DeleteGitSource,
    EditApplication,
    GetManifestFile,
    GetRestriction,
    ManageRuntime,
    PutGitSource,
    ValidateApplication,
)
from model.link_cluster import AddCluster, InstallRollouts, RemoveCluster
from model.link_setup import ConnectGitHost

_PROBE_AGE_SECONDS = 1.0  # the control plane keeps answers itself; two caches would add up
_MAX_PROBED = 500


class Requests:
    """`gitsync.reporting.link.RequestServer`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._acts = Acts(context)
        self._links = DeepLinks(context)
        self._streams = Streams(context)
        self._rollouts = RolloutRequests(context, self._acts)

    async def answer(self, body: RequestBody) -> AnswerBody:
        try:
            return await self._answer(body)
        except NotFound as failure:
            raise Refused("NOT_FOUND_ERROR", failure.message) from failure
        except Conflict as failure:
            raise Refused("CONFLICT_ERROR", failure.message, suggestion=failure.suggestion) from failure
        except Forbidden as failure:
            raise Refused("FORBIDDEN_ERROR", failure.message, suggestion=failure.suggestion) from failure
        except ClusterError as failure:
            raise Refused("RUNTIME_UNAVAILABLE", failure.message, suggestion=failure.suggestion) from failure

    async def _answer(self, body: RequestBody) -> AnswerBody:
        match body:
            case GetTree(application=key):
                return self._tree(key)
            case GetResource():
                return await self._resource(body)
            case DiffApplication():
                return await diff_application(self._context, body)
            case CompareReleases():
                return await release_changes(self._context, body)
            case GetManagedResources():
                return await self._managed(body)
            case GetRendering(application=key):
                return await self._rendering(key)
            case GetDeepLinks(application=key):
                return self._links.of_application(find_record(self._context, key))
            case GetSyncWindows(application=key):
                return self._sync_windows(find_record(self._context, key))
            case ReadRuntimeLog():
                return RuntimeLogAnswer(self._context.recent.newest(body.lines, body.component))
            case ProbeAccess():
                return await self._access(body)
            case GetManifestReview(application=key, person=person):
                return await manifest_review(
                    find_record(self._context, key),
                    person,
                    reporter=self._context.reporter,
                    repositories=self._context.repositories,
                    credentials=self._context.git_tokens.credentials,
                    providers=self._context.probe.providers,
                )
            case ListGitTokens(person=person):
                return await self._context.git_tokens.list_of(person)
            case PutGitToken():
                return await self._context.git_tokens.put(body)
            case RemoveGitToken():
                return await self._context.git_tokens.remove(body)
            case ReadAudit():
                batches = await self._context.audit.read(body.known, wait_seconds=min(body.wait_seconds, 60.0))
                return AuditAnswer(batches)
            case GetCommitChanges():
                return await commit_changes(self._context.repositories, self._connected(body.repo_url), body.sha)
            case VerifySignatures(repo_url=shown, shas=shas):
                return await self._context.signatures.verify(self._connected(shown), shas)
            case GetManifestHistory():
                return await self._manifest_history(body.application)
            case ListRollouts() | GetRollout() | SteerRollout() | SimulateRollout():
                return await self._answer_rollout(body)
            case _:
                return await self._answer_act(body)

    async def _answer_act(self, body: RequestBody) -> AnswerBody:
        match body:
            case StartSync():
                return await self._acts.sync(body)
            case RefreshApplication():
                return await self._acts.refresh(body)
            case TerminateOperation():
                return await self._acts.terminate(body)
            case DeleteObject():
                return await self._acts.delete(body)
            case RunAction():
                return await self._acts.action(body)
            case RollbackApplication():
                return await self._acts.rollback(body)
            case _:
                return await self._answer_change(body)

    async def _answer_rollout(self, body: ListRollouts | GetRollout | SteerRollout | SimulateRollout) -> AnswerBody:
        match body:
            case ListRollouts():
                return await self._rollouts.list(body)
            case GetRollout():
                return await self._rollouts.get(body)
            case SteerRollout():
                return await self._rollouts.steer(body)
            case SimulateRollout():
                return await self._rollouts.simulate(body)

    async def _answer_change(self, body: RequestBody) -> AnswerBody:
        changes = self._context.changes
        match body:
            case CreateApplication():
                return await changes.changing.create(body)
            case EditApplication():
                return await changes.changing.edit(body)
            case DeleteApplication():
                return await changes.changing.delete(body)
            case ValidateApplication():
                return await changes.changing.validate(body)
            case GetManifestFile(application=key):
                return await changes.changing.file(key)
            case PutGitSource():
                return await changes.git_sources.put(body)
            case GetRestriction(git_source=key):
                return changes.git_sources.restriction(key)
            case DeleteGitSource():
                return await changes.git_sources.delete(body)
            case ManageRuntime():
                return await changes.own_installation.manage(body)
            case AddCluster():
                return await changes.clusters.add(body)
            case RemoveCluster():
                return await changes.clusters.remove(body)
            case InstallRollouts():
                return await changes.clusters.install_rollouts(body)
            case ConnectGitHost():
                return await changes.git_hosts.connect(body)
            case PreviewApplicationSet():
                return await self._context.previews.preview(body)
            case _:
                raise Refused("VALIDATION_ERROR", f"{type(body).__name__} is answered as a stream")

    def stream(self, body: RequestBody) -> AsyncIterator[AnswerBody]:
        match body:
            case WatchTree(application=key):
                find_record(self._context, key)
                return self._context.feeds.watch(key)
            case WatchEvents():
                return self._streams.events(body)
            case ReadLogs():
                return self._streams.logs(body)
            case WatchRollout():
                return self._rollouts.watch(body)
            case _:
                raise Refused("VALIDATION_ERROR", f"{type(body).__name__} is no stream")

    def _tree(self, key: ApplicationKey) -> TreeAnswer:
        record, member = find_member(self._context, key)
        nodes = self._context.feeds.tree(key)
        return TreeAnswer(tuple(nodes.values()), hosts(self._context.feeds.objects(record, member)))

    async def _resource(self, body: GetResource) -> ResourceAnswer:
        record, member = find_member(self._context, body.application)
        key = key_of(body.resource)
        node = require_node(self._context, record, member, key)
        refused = record.desired is not None and key in record.desired.refused
        live = None if refused else await read_live(member, body.resource)  # the project does not let it be seen
        wanted = record.desired.objects.get(key) if record.desired and not refused else None
        diff = await self._context.comparer.diff_of(record, member, wanted, live) if wanted else None
        desired, shown = mask_secrets(
            wanted.body if wanted else None, live, annotations=self._context.comparer.settings.secret_annotations
        )
        events = await self._streams.existing_events(member, body.resource, node.uid)
        linked = self._links.of_resource(record, member, shown or desired)
        return ResourceAnswer(
            node=node,
            desired=desired,
            live=shown,
            diff=diff_answer(diff) if diff else None,
            events=events,
            location=self._context.reporter.location_of(record, key),
            links=linked.links,
            link_problems=linked.problems,
        )

    async def _managed(self, body: GetManagedResources) -> ManagedAnswer:
        record, member = find_member(self._context, body.application)
        answers = []
        for verdict in record.state.sorted():
            if body.only_changed and verdict.sync is Sync.SYNCED:
                continue
            node = require_node(self._context, record, member, verdict.key)
            wanted = record.desired.objects.get(verdict.key) if record.desired else None
            diff = None
            refused = record.desired is not None and verdict.key in record.desired.refused
            if wanted is not None and not refused and verdict.sync is not Sync.SYNCED:
                live = await read_live(member, node.ref)
                found = await self._context.comparer.diff_of(record, member, wanted, live)
                diff = diff_answer(found) if found else None
            answers.append(ManagedResourceAnswer(node=node, diff=diff))
        return ManagedAnswer(tuple(answers))

    async def _rendering(self, key: ApplicationKey) -> RenderingAnswer:
        desired = find_record(self._context, key).desired
        note, reads = (desired.note, desired.reads) if desired else (None, ())
        texts: list[str] = []
        for reason in note.reasons if note else ():
            texts += await self._looked_up(reason)
        return answer(note, reads, texts)

    async def _looked_up(self, reason: Reason) -> list[str]:
        if reason.tree is None or not all(map(is_full_commit, reason.commits)):
            return [reason.told]
        try:
            changed = await self._context.repositories.changed_paths(reason.repo_url, *reason.commits)
        except RepositoryError:
            return [reason.told]
        return files_of_tree(reason, changed)

    def _connected(self, shown_url: str) -> str:
        """The address that is read from, of a repository as it is shown: only of one that is in use."""
        for url in self._context.repositories.urls():
            if redact(url) == shown_url:
                return url
        raise Refused("NOT_FOUND_ERROR", f"{shown_url:.200} is not connected to this runtime")

    def _sync_windows(self, record: Record) -> SyncWindowsAnswer:
        """Raises UnreadableWindow."""
        project, fleet = self._context.loop.project_of(record), self._context.fleet()
        return SyncWindowsAnswer(shown_windows(project, record.application, fleet, at=self._context.now()))

    async def _manifest_history(self, key: ApplicationKey) -> ManifestHistory:
        record = find_record(self._context, key)
        location = self._context.reporter.manifest_location(record)
        if location is None:
            return ManifestHistory()
        url = self._connected(redact(location.repo_url))
        return await manifest_history(self._context.repositories, url, location, kind=KIND, name=key.name)

    async def _access(self, body: ProbeAccess) -> AccessAnswer:
        if len(body.repo_urls) > _MAX_PROBED:
            raise Refused("VALIDATION_ERROR", f"at most {_MAX_PROBED} repositories can be asked for at once")
        probe = self._context.probe
        verdicts = await asyncio.gather(
            *(probe.verdict(body.person, url, max_age_seconds=_PROBE_AGE_SECONDS) for url in body.repo_urls)
        )
        return AccessAnswer(tuple(verdicts))
