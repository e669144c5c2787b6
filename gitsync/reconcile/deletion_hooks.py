"""Hooks that run when an application is deleted: before its objects go, or after they are gone.

They are what Git has now. Each carries the version of it that ran: after a restart, and at each new try, a run of the
same version counts as it ended, and a corrected hook runs anew.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from gitsync.application.record import Desired, Record
from gitsync.application.refresh import Refresh
from gitsync.errors import Failed
from gitsync.execute.apply_plan import Execution
from gitsync.execute.hooks import Earlier, end_hook
from gitsync.fleet.home import Home
from gitsync.fleet.impersonation import Acting
from gitsync.fleet.members import Member
from gitsync.fleet.permission import permitted
from gitsync.manifest.annotations import HookType, hook_types, is_hook
from gitsync.plan.build import build_deletion_hooks
from gitsync.plan.values import Plan
from gitsync.sourcing.sources import Sources
from gitsync.syncing.attempt import plan_options, wave_limit
from model.kinds.application import POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER, SyncOperation
from model.operation import Phase

log = structlog.get_logger("gitsync.deletion")

_FINALIZERS = {HookType.PRE_DELETE: PRE_DELETE_FINALIZER, HookType.POST_DELETE: POST_DELETE_FINALIZER}


class DeletionHookFailed(Failed):
    """A hook of a deletion did not succeed; the deletion does not go on without it."""


def hook_finalizers(desired: Desired) -> list[str]:
    """The finalizers that an application needs for the hooks that it has."""
    types = {one for wanted in desired.objects.values() if is_hook(wanted.body) for one in hook_types(wanted.body)}
    names = [name for hook_type, name in _FINALIZERS.items() if hook_type in types]
    return [spelling for name in names for spelling in (name, f"{name}/cleanup")]


@dataclass(frozen=True, slots=True)
class DeletionHooks:
    """Runs them."""

    home: Home
    sources: Sources
    acting: Acting

    async def run(
        self, record: Record, member: Member, hook_type: HookType, *, succeeded: Callable[[], Awaitable[None]]
    ) -> None:
        """Returns when all of the type have succeeded. Raises GitsyncError.

        `succeeded` writes that down before their objects go, so that none of them runs again.
        """
        plan, began = await self._plan(record, member, hook_type)
        if not plan.steps:
            return

        async def on_record(execution: Execution) -> None:
            if not execution.failed:
                await succeeded()

        log.info("hooks of deletion", application=str(record.key), type=hook_type.value)
        outcome = await Execution(
            plan,
            cluster=self.acting.cluster(record, member),
            live=member.cache,
            application=record.instance,
            earlier=Earlier(began),
            on_record=on_record,
            wave_seconds=wave_limit(record),
        ).run()
        if outcome.phase is not Phase.SUCCEEDED:
            failed = [one for one in outcome.results if one.hook_phase == Phase.FAILED.value]
            which = f"{failed[0].kind} {failed[0].namespace}/{failed[0].name}: {failed[0].message}" if failed else ""
            raise DeletionHookFailed(
                f"{hook_type} hook failed: {which or outcome.message}",
                suggestion="Correct the hook in Git, or remove its finalizer from the application to go without it.",
            )

    async def clean(self, record: Record, member: Member, hook_type: HookType) -> None:
        """Lets objects go whose hooks have succeeded, where an earlier process could not. Raises GitsyncError."""
        plan, _ = await self._plan(record, member, hook_type)
        cluster = self.acting.cluster(record, member)
        for task in plan.tasks:
            if task.hook is not None and member.cache.get(task.key) is not None:
                remove = task.hook.removed_when_succeeded
                await end_hook(cluster, task.gvk, task.key, record.instance, remove=remove)

    async def _plan(self, record: Record, member: Member, hook_type: HookType) -> tuple[Plan, datetime]:
        """What is to run, and when the deletion began. Raises GitsyncError."""
        desired = await self.sources.desire(record, member, refresh=Refresh.RESOLVE)
        project = self.home.projects.get(record.application.spec.project or "default") or {}
        desired, _ = permitted(project, record.application, member, desired)
        hooks = [one for one in desired.objects.values() if is_hook(one.body) and hook_type in hook_types(one.body)]
        for hook in hooks:
            if why := desired.refused.get(hook.key):
                raise DeletionHookFailed(f"{hook_type} hook is not run: {why}")
        began: datetime | None = record.application.metadata.deletion_timestamp
        assert began is not None, "only applications that are being deleted get here"
        options = plan_options(record, SyncOperation(), revision=desired.revision, began=began)
        return build_deletion_hooks(hooks, {}, hook_type=hook_type, options=options), began
