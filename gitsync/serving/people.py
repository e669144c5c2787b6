"""What people do to applications and their objects: sync, refresh, terminate, delete, actions.

Each checks the person's permission in Git right before it acts. A sync is written into the Application's `operation`
field, where every other client of the field would look for it; the same operation id asked for twice is one sync.
What changes something is written down in the ledger before it runs; a refresh changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import msgspec

from gitsync.actions.values import ActionImpossible
from gitsync.application.actions import carry_out, created_keys, placed
from gitsync.application.record import Record, read_application
from gitsync.application.refresh import Refresh
from gitsync.changes.check import UNAVAILABLE, WHEN_IT_IS_BACK
from gitsync.errors import GitsyncError
from gitsync.kube.client import PatchKind, Propagation
from gitsync.kube.limits import Budget
from gitsync.lua.errors import ScriptError
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.rollback_hold import Hold, annotation_of
from gitsync.reporting.journalling import LEDGER_COMMIT, OPERATION_ID, REFUSED, Written, stops_something
from gitsync.reporting.link import Refused
from gitsync.serving.asked import Context, find_member, find_record, key_of, require_node
from gitsync.serving.rollback import follows_git, release_of, sync_to
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.application import GROUP, KIND, REFRESH_ANNOTATION, REFRESH_TIME_ANNOTATION, VERSION
from model.link import (
    DeleteObject,
    OperationAnswer,
    RefreshApplication,
    RollbackApplication,
    RunAction,
    StartSync,
    SteerRollout,
    TerminateOperation,
)
from model.operation import Phase
from model.report import CommitInfo

_MANAGER = "argosy"
_SUCCEEDED = "Succeeded"
_PROPAGATIONS: dict[str, Propagation] = {name: name for name in get_args(Propagation)}


class Acts:
    """Everything that changes something because a person asked for it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def sync(self, body: StartSync) -> OperationAnswer:
        record = find_record(self._context, body.application)
        await self.authorise(record, body.actor)
        if asked_before(record, body.operation_id):
            return self.answer(record, body.operation_id)
        self._require_idle(record)
        operation = operation_of(body, record)
        written = Written(None)
        if not body.dry_run:  # a dry run changes nothing
            written = await self.write_down(record, "SYNC", body, reason=body.reason or "", parameters=told(body))
        if written.ended is not None:
            return self.done_before(record, body.operation_id, written)
        return await self._start(record, operation, written.commit, body.operation_id)

    async def rollback(self, body: RollbackApplication) -> OperationAnswer:
        record, member = find_member(self._context, body.application)
        await self.authorise(record, body.actor)
        if asked_before(record, body.operation_id):
            return self.answer(record, body.operation_id)
        if not follows_git(record):
            self._require_idle(record)
        if body.pull_request and not follows_git(record):
            raise Refused(
                "VALIDATION_ERROR",
                f"{record.key} does not sync by itself: it is synced to the release, and Git stays as it is",
                field="pullRequest",
            )
        release = release_of(record, body.history_id)
        parameters = {
            "historyId": body.history_id,
            "revision": release.shown_revision,
            "prune": body.prune,
            "pullRequest": body.pull_request or None,
        }
        written = await self.write_down(record, "ROLLBACK", body, parameters=parameters)
        commit = written.commit
        if written.ended is not None and written.ended.outcome == _SUCCEEDED:
            return self.done_before(record, body.operation_id, written)
        if not follows_git(record):
            return await self._start(record, sync_to(release, record, body), commit, body.operation_id)
        record.reverting = True  # nothing newer is synced while the revert is on its way
        try:
            reverted = await self._context.changes.rollbacks.revert(record, member, release, body)
            if reverted.awaited:
                await self._patch(record, annotation_of(Hold(release.id, body.actor, reverted.awaited)))
        except GitsyncError as failure:
            outcome = REFUSED if isinstance(failure, Refused) else "Failed"
            self._context.journalling.ended(body.operation_id, commit, outcome, failure.message)
            raise
        finally:
            record.reverting = False
            self._context.loop.want(record.key, Refresh.NORMAL)
        message = reverted.message
        if reverted.awaited and self._context.loop.watching_only:
            message += "; the engine that is in charge here does not hold automated sync meanwhile"
        self._context.journalling.ended(body.operation_id, commit, _SUCCEEDED, message)
        answer = self.answer(record, body.operation_id, done=True, commit=commit, message=message)
        pages = tuple(one.page for one in reverted.awaited if one.page)
        return msgspec.structs.replace(answer, pull_request_urls=pages)

    def _require_idle(self, record: Record) -> None:
        waiting = record.raw.get("operation")
        if self._context.loop.operation_in_progress(record) or (waiting and waiting != record.handled_operation):
            raise Refused(
                "ALREADY_RUNNING",
                f"another operation of {record.key} is in progress",
                suggestion="Wait for it to end, or terminate it.",
            )

    async def _start(
        self, record: Record, operation: JsonObject, commit: CommitInfo | None, operation_id: str
    ) -> OperationAnswer:
        """Writes the operation into the Application, unless another one began while this one was written down."""
        try:
            self._require_idle(record)
        except Refused as refused:
            self._context.journalling.ended(operation_id, commit, REFUSED, refused.message)
            raise
        if commit is not None:
            info = {"name": LEDGER_COMMIT, "value": commit.sha}
            operation = {**operation, "info": [*operation.get("info", ()), info]}
        # A JSON patch replaces; a merge patch would mix the new operation with one that waits to be removed.
        await self._write(record, [{"op": "add", "path": "/operation", "value": operation}], "json")
        self._context.loop.start_requested(record)
        return self.answer(record, operation_id, commit=commit)

    async def refresh(self, body: RefreshApplication) -> OperationAnswer:
        record = find_record(self._context, body.application)
        await self.authorise(record, body.actor)
        if self._context.loop.watching_only:
            word, at = "hard" if body.hard else "normal", self._context.now().isoformat()
            await self._patch(
                record, {"metadata": {"annotations": {REFRESH_ANNOTATION: word, REFRESH_TIME_ANNOTATION: at}}}
            )
        else:
            self._context.loop.want(record.key, Refresh.HARD if body.hard else Refresh.NORMAL)
        return self.answer(record, body.operation_id, done=True)

    async def terminate(self, body: TerminateOperation) -> OperationAnswer:
        record = find_record(self._context, body.application)
        await self.authorise(record, body.actor, stops=True)
        if not self._context.loop.operation_in_progress(record):
            raise Refused("VALIDATION_ERROR", f"no operation of {record.key} is in progress")
        commit = (await self.write_down(record, "TERMINATE", body, stops=True)).commit
        if self._context.loop.watching_only:
            await self._patch(record, {"status": {"operationState": {"phase": Phase.TERMINATING.value}}})
        else:
            self._context.loop.terminate(record)
        self._context.journalling.ended(body.operation_id, commit, _SUCCEEDED)
        return self.answer(record, body.operation_id, commit=commit)

    async def delete(self, body: DeleteObject) -> OperationAnswer:
        if body.propagation not in _PROPAGATIONS:
            raise Refused("VALIDATION_ERROR", f"propagation is one of {', '.join(_PROPAGATIONS)}", field="propagation")
        record, member = find_member(self._context, body.application)
        await self.authorise(record, body.actor)
        key = key_of(body.resource)
        try:
            require_node(self._context, record, member, key)
        except Refused as refusal:
            return await self._again(record, body, refusal)
        live = member.cache.get(key)
        if live is None:
            return await self._again(record, body, Refused("NOT_FOUND_ERROR", f"{key} does not exist in the cluster"))
        parameters = {"resource": str(key), "propagation": body.propagation}
        written = await self.write_down(record, "DELETE_RESOURCE", body, parameters=parameters)
        if written.ended is not None:
            return self.done_before(record, body.operation_id, written)
        with self.outcome(body.operation_id, written.commit):
            await member.cluster.delete(
                live.gvk,
                key.namespace,
                key.name,
                propagation=_PROPAGATIONS[body.propagation],
                uid=live.uid,
                budget=Budget.PEOPLE,
            )
        return self.answer(record, body.operation_id, done=True, commit=written.commit)

    async def action(self, body: RunAction) -> OperationAnswer:
        record, member = find_member(self._context, body.application)
        await self.authorise(record, body.actor, stops=stops_something(body.action))
        key = key_of(body.resource)
        require_node(self._context, record, member, key)
        gvk = GroupVersionKind(body.resource.group, body.resource.version, body.resource.kind)
        live = await member.cluster.get(gvk, key.namespace, key.name)
        if live is None:
            raise Refused("NOT_FOUND_ERROR", f"{key} does not exist in the cluster")
        try:
            impacts = self._context.actions.run(live, body.action, body.parameters)
        except (ActionImpossible, ScriptError) as impossible:
            refusal = Refused("VALIDATION_ERROR", impossible.message, suggestion=impossible.suggestion)
            return await self._again(record, body, refusal)
        impacts = placed(member.cluster, impacts, key.namespace)
        refused = self._context.loop.refused(record, member, created_keys(impacts))
        for reason in refused.values():
            raise Refused("FORBIDDEN_ERROR", reason)
        parameters = {"resource": str(key), "action": body.action, "parameters": body.parameters}
        written = await self.write_down(
            record,
            "ACTION",
            body,
            reason=body.reason,
            parameters=parameters,
            stops=stops_something(body.action),
        )
        if written.ended is not None:
            return self.done_before(record, body.operation_id, written)
        with self.outcome(body.operation_id, written.commit):
            await carry_out(member.cluster, key, gvk.version, impacts)
        return self.answer(record, body.operation_id, done=True, commit=written.commit)

    async def write_down(
        self,
        record: Record,
        action: str,
        body: StartSync | TerminateOperation | DeleteObject | RunAction | RollbackApplication | SteerRollout,
        *,
        reason: str = "",
        parameters: dict[str, Any] | None = None,
        stops: bool = False,
    ) -> Written:
        return await self._context.journalling.write_down(
            record.key,
            action,
            operation_id=body.operation_id,
            actor=body.actor,
            actor_email=body.actor_email,
            reason=reason,
            parameters=parameters,
            stops=stops,
        )

    @contextmanager
    def outcome(self, operation_id: str, commit: CommitInfo | None) -> Iterator[None]:
        """Notes how what is done at once ended."""
        try:
            yield
        except GitsyncError as failure:
            self._context.journalling.ended(operation_id, commit, "Failed", failure.message)
            raise
        self._context.journalling.ended(operation_id, commit, _SUCCEEDED)

    async def authorise(self, record: Record, actor: str, *, stops: bool = False) -> None:
        """Raises Refused unless the person may push to the repository that rules the application. While its host is
        away, having been able to a moment ago is enough to stop something."""
        if not actor:
            return
        url = self._context.reporter.access_repo_url(record)
        verdict = await self._context.probe.verdict(actor, url)
        if verdict.unknown:
            if stops and self._context.probe.could_write_lately(actor, url):
                return
            raise Refused(UNAVAILABLE, verdict.reason, suggestion=WHEN_IT_IS_BACK)
        if not verdict.write:
            raise Refused(
                "FORBIDDEN_ERROR",
                f"{actor} may not change {record.key}: {verdict.reason or 'no permission to push to its repository'}",
            )

    async def _patch(self, record: Record, patch: JsonObject) -> None:
        await self._write(record, patch, "merge")

    async def _write(self, record: Record, patch: JsonObject | list[JsonObject], kind: PatchKind) -> None:
        """Write into the Application, and see the result at once instead of waiting for the watch."""
        address = ResourceKey(GROUP, KIND, record.key.namespace, record.key.name)
        raw = await self._context.home.patch(address, VERSION, patch, kind=kind, manager=_MANAGER, budget=Budget.PEOPLE)
        self._context.loop.application_seen(raw, read_application(raw))

    async def _again(self, record: Record, body: DeleteObject | RunAction, refusal: Refused) -> OperationAnswer:
        """What cannot be done may have been done already, by an earlier try with the same id. Raises the refusal."""
        written = await self._context.journalling.ended_before(body.operation_id)
        if written is None:
            raise refusal
        return self.done_before(record, body.operation_id, written)

    def done_before(self, record: Record, operation_id: str, written: Written) -> OperationAnswer:
        """The same operation id once more, after the operation has ended: it is not carried out again."""
        assert written.ended is not None, "the caller looked"
        told = ": ".join(filter(None, (written.ended.outcome, written.ended.message)))
        return self.answer(record, operation_id, done=True, commit=written.commit, message=told)

    def answer(
        self,
        record: Record,
        operation_id: str,
        *,
        done: bool = False,
        commit: CommitInfo | None = None,
        message: str = "",
    ) -> OperationAnswer:
        """The application as it is now; `done`: nothing goes on in the background."""
        state = record.operation_state
        return OperationAnswer(
            operation_id=operation_id,
            summary=self._context.reporter.summary(record),
            phase=Phase(state.phase) if state is not None and not done and state.phase in list(Phase) else None,
            message=message or (state.message if state is not None and not done else ""),
            ledger_commit=commit,
        )


def asked_before(record: Record, operation_id: str) -> bool:
    """Whether this very operation was accepted already: it waits, runs, or was the last one."""
    waiting = (record.raw.get("operation") or {}).get("info") or ()
    state = record.operation_state
    infos = {(one.get("name"), one.get("value")) for one in waiting}
    infos |= {(one.name, one.value) for one in state.operation.info} if state is not None else set()
    return bool(operation_id) and (OPERATION_ID, operation_id) in infos


def told(body: StartSync) -> dict[str, Any]:
    """What the ledger says about a sync: everything that somebody chose."""
    return {
        "revision": body.revision,
        "prune": body.prune,
        "force": body.force or None,
        "strategy": body.strategy,
        "resources": [f"{one.group}/{one.kind} {one.namespace}/{one.name}" for one in body.resources],
        "syncOptions": list(body.sync_options),
    }


def operation_of(body: StartSync, record: Record) -> JsonObject:
    """The `operation` field that asks for this sync, as Argo CD's own clients write it."""
    policy = record.application.spec.sync_policy
    automated = policy.automated if policy else None
    sync: JsonObject = {}
    if body.revision:
        sync["revision"] = body.revision
    if body.prune if body.prune is not None else bool(automated and automated.prune):
        sync["prune"] = True
    if body.dry_run:
        sync["dryRun"] = True
    sync["syncStrategy"] = _strategy(body)
    if body.resources:
        sync["resources"] = [msgspec.to_builtins(one) for one in body.resources]
    if options := body.sync_options or (policy.sync_options if policy else ()):
        sync["syncOptions"] = list(options)
    info = [{"name": OPERATION_ID, "value": body.operation_id}] if body.operation_id else []
    if body.reason:
        info.append({"name": "Reason", "value": body.reason})
    operation: JsonObject = {"initiatedBy": {"username": body.actor}, "sync": sync}
    if info:
        operation["info"] = info
    if retry := _retry(body, record):
        operation["retry"] = retry
    return operation


def _strategy(body: StartSync) -> JsonObject:
    if body.strategy not in (None, "", "hook", "apply"):
        raise Refused("VALIDATION_ERROR", "strategy is hook or apply", field="strategy")
    force = {"force": True} if body.force else {}
    return {body.strategy or "hook": force}


def _retry(body: StartSync, record: Record) -> JsonObject:
    if body.retry_limit is None:
        policy = record.application.spec.sync_policy
        written: Any = msgspec.to_builtins(policy.retry) if policy and policy.retry else {}
        return dict(written)
    back_off = {
        "duration": body.retry_duration,
        "factor": body.retry_factor,
        "maxDuration": body.retry_max_duration,
    }
    retry: JsonObject = {"limit": body.retry_limit}
    if given := {name: value for name, value in back_off.items() if value is not None}:
        retry["backoff"] = given
    return retry
