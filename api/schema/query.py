"""What can be read."""

from importlib.metadata import version as installed_version

import strawberry

from api.actions import (
    activity,
    app_groups,
    application_sets,
    audit,
    environments,
    hosting,
    pipelines,
    reading,
    releases,
    rollouts,
    runtime_logs,
    statistics,
)
from api.actions import git_tokens as git_token_actions
from api.actions import people as people_actions
from api.actions import runtimes as runtime_actions
from api.actions.operations import Target
from api.actions.paging import Found
from api.actions.rollouts import RolloutFilter
from api.context import Context, Info
from api.types.account import ApiToken, Person
from api.types.app_group import AppGroup, AppGroupFilterArgs, AppGroupSortArg
from api.types.application import Application, shown, shown_page
from api.types.application_set import ApplicationSetPreview, ApplicationSetPreviewInput
from api.types.audit import AuditEntry, AuditFilterArgs, audit_filter
from api.types.cluster import Cluster
from api.types.enums import SortingOrder
from api.types.environment import Environment
from api.types.facets import ApplicationFacets
from api.types.git_source import GitSource
from api.types.git_token import GitToken
from api.types.hosting import HostedSetup
from api.types.inputs import ApplicationKindArg, ApplicationsFilterArgs, ApplicationSortArg, filter_value
from api.types.node import Node
from api.types.notification import Notification, NotificationFilterArgs
from api.types.person import User, VersionInfo
from api.types.pipeline import PipelineFilterArgs, PipelineStatistics
from api.types.problem import Warning
from api.types.product import Product
from api.types.release import GitopsRelease, GitopsReleaseFilterArgs, GitopsReleaseSortArg
from api.types.rollout import Rollout, RolloutFilterArgs
from api.types.runtime import Runtime, RuntimeLogLine
from api.types.shared import SAME_FOR_EQUALS
from api.types.slices import Pagination, Slice, slice_of
from api.types.statistics import DoraFilterArgs, DoraStatistics, HomeFilterArgs, HomeStatistics
from model.app_group import EVERY_GROUP, FAVORITE_KINDS, AppGroupSort
from model.app_group import AppGroup as AppGroupValue
from model.errors import InvalidIdentity
from model.identity import ApplicationId, decode_node_id
from model.listing import Membership
from model.notification import NotificationFilter
from model.release import ReleaseFilter
from model.report import ApplicationKind


@strawberry.type
class Query:
    @strawberry.field(description="Null: it does not exist, or the viewer may not see it.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return await _node(info.context, id)

    @strawberry.field(description="Null when nobody is signed in.")
    def me(self, info: Info) -> User | None:
        viewer = info.context.viewer
        return User.of(viewer, info.context.plane.settings.account) if viewer else None

    @strawberry.field
    def version(self, info: Info) -> VersionInfo:
        settings = info.context.plane.settings
        return VersionInfo(version=installed_version("argosy"), demo_history=settings.demo_history)

    @strawberry.field(description="Null: it does not exist, or the viewer may not see it.")
    async def runtime(self, info: Info, name: str) -> Runtime | None:
        context = info.context
        found = await runtime_actions.runtime(context.plane, context.signed_in(), name)
        return Runtime.of(found, available=context.plane.connected.available(name)) if found else None

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def runtimes(self, info: Info, pagination: Pagination = None) -> Slice[Runtime]:
        context = info.context
        found = await runtime_actions.runtimes(context.plane, context.signed_in(), pagination)
        available = context.plane.connected.available
        return slice_of(found.page, lambda one: Runtime.of(one, available=available(one.name)), found.count)

    @strawberry.field(
        description="The newest lines of a runtime's own log, oldest first; for administrators. All of it as .tar.gz: "
        "GET /runtimes/NAME/logs."
    )
    async def runtime_log(
        self, info: Info, runtime: str, component: str | None = None, lines: int = 1000
    ) -> list[RuntimeLogLine]:
        plane, viewer = info.context.plane, info.context.signed_in()
        found = await runtime_logs.runtime_log(plane, viewer, runtime, lines=lines, component=component or "")
        return [RuntimeLogLine(component=line.component, text=line.text) for line in found]

    @strawberry.field(description="How far the set-up of a runtime inside the control plane is, in three steps.")
    async def hosted_setup(self, info: Info) -> HostedSetup:
        return HostedSetup.of(await hosting.setup(info.context.plane, info.context.signed_in()), info.context)

    @strawberry.field
    async def clusters(self, info: Info, runtime: str | None = None, pagination: Pagination = None) -> Slice[Cluster]:
        found = await runtime_actions.clusters(info.context.plane, info.context.signed_in(), runtime, pagination)
        return slice_of(found.page, Cluster.of, found.count)

    @strawberry.field
    async def git_sources(
        self, info: Info, runtime: str | None = None, pagination: Pagination = None
    ) -> Slice[GitSource]:
        found = await reading.git_sources(info.context.plane, info.context.signed_in(), runtime, pagination)
        return slice_of(found.page, GitSource.of, found.count)

    @strawberry.field(
        description="Null: it does not exist, or the viewer may not read the repository that holds its manifest (the "
        "two look the same).",
        metadata={SAME_FOR_EQUALS: True},
    )
    async def application(
        self,
        info: Info,
        runtime: str,
        name: str,
        namespace: str | None = None,
        kind: ApplicationKindArg = None,
    ) -> Application | None:
        context, is_set = info.context, kind is ApplicationKind.APPLICATION_SET
        found = await reading.application(context.plane, context.signed_in(), runtime, name, namespace, is_set=is_set)
        return shown(await context.stars())(found) if found else None

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def applications(
        self,
        info: Info,
        filters: ApplicationsFilterArgs | None = None,
        sort: ApplicationSortArg | None = None,
        pagination: Pagination = None,
    ) -> Slice[Application]:
        context, order = info.context, sort or ApplicationSortArg.default()
        found = await reading.applications(
            context.plane,
            context.signed_in(),
            filter_value(filters),
            pagination,
            sort=order.column,
            descending=order.order is SortingOrder.desc,
        )
        return await shown_page(info, found)

    @strawberry.field(
        description="Where the stream of applications stands before this request reads its pages: subscribe `after` it "
        "to hear of every later change, without a snapshot.",
        metadata={SAME_FOR_EQUALS: True},
    )
    def applications_cursor(self, info: Info) -> str:
        info.context.signed_in()
        return info.context.plane.live.cursor()

    @strawberry.field(
        description="How many applications there are per value, under the given filters; one query for the counter "
        "strip and the filter boxes.",
        metadata={SAME_FOR_EQUALS: True},
    )
    def application_facets(self, info: Info, filters: ApplicationsFilterArgs | None = None) -> ApplicationFacets:
        info.context.signed_in()
        return ApplicationFacets(wanted=filter_value(filters))

    @strawberry.field(description="Groups of applications, by name unless sorted otherwise.")
    async def app_groups(
        self,
        info: Info,
        filters: AppGroupFilterArgs | None = None,
        sort: AppGroupSortArg | None = None,
        pagination: Pagination = None,
    ) -> Slice[AppGroup]:
        found, starred = await _groups(info.context, Membership.GROUP, filters, sort, pagination)
        return slice_of(found.page, lambda one: AppGroup.of(one, starred=starred), found.count)

    @strawberry.field(description="Null: there is no such group, or the viewer may see no application of it.")
    async def app_group(self, info: Info, name: str) -> AppGroup | None:
        found, starred = await _group(info.context, Membership.GROUP, name)
        return AppGroup.of(found, starred=starred) if found else None

    @strawberry.field(description="Products, by name unless sorted otherwise.")
    async def products(
        self,
        info: Info,
        filters: AppGroupFilterArgs | None = None,
        sort: AppGroupSortArg | None = None,
        pagination: Pagination = None,
    ) -> Slice[Product]:
        found, starred = await _groups(info.context, Membership.PRODUCT, filters, sort, pagination)
        return slice_of(found.page, lambda one: Product.of(one, starred=starred), found.count)

    @strawberry.field(description="Null: there is no such product, or the viewer may see no application of it.")
    async def product(self, info: Info, name: str) -> Product | None:
        found, starred = await _group(info.context, Membership.PRODUCT, name)
        return Product.of(found, starred=starred) if found else None

    @strawberry.field(
        description="Environments of the runtimes that the viewer sees, production first. `search`: part of the name."
    )
    async def environments(
        self, info: Info, search: str | None = None, pagination: Pagination = None
    ) -> Slice[Environment]:
        plane, viewer = info.context.plane, info.context.signed_in()
        found = await environments.environments(plane, viewer, (search or "").strip(), pagination)
        return slice_of(found.page, Environment.of, found.count)

    @strawberry.field(
        description="Everything that is wrong now, over all applications the viewer may see.",
        metadata={SAME_FOR_EQUALS: True},
    )
    async def warnings(
        self, info: Info, filters: ApplicationsFilterArgs | None = None, pagination: Pagination = None
    ) -> Slice[Warning]:
        context = info.context
        found = await reading.warnings(context.plane, context.signed_in(), filter_value(filters), pagination)
        return slice_of(found.page, Warning.of, found.count)

    @strawberry.field(description="What an ApplicationSet would generate, create, change and delete. It is not done.")
    async def application_set_preview(self, info: Info, input: ApplicationSetPreviewInput) -> ApplicationSetPreview:
        plane, viewer = info.context.plane, info.context.signed_in()
        return ApplicationSetPreview.of(
            await application_sets.preview(
                plane,
                viewer,
                runtime=input.runtime,
                git_source=input.git_source,
                manifest=input.manifest or "",
                name=input.name or "",
            )
        )

    @strawberry.field(description="The viewer's own tokens that the runtime keeps; each is asked whether it is good.")
    async def git_tokens(self, info: Info, runtime: str) -> list[GitToken]:
        context = info.context
        found = await git_token_actions.git_tokens(context.plane, context.signed_in(), runtime)
        return [GitToken.of(runtime, one) for one in found]

    @strawberry.field(description="The viewer's own API tokens.")
    async def api_tokens(self, info: Info) -> list[ApiToken]:
        found = await people_actions.api_tokens(info.context.plane, info.context.signed_in())
        return [ApiToken.of(one) for one in found]

    @strawberry.field(description="Everybody who may sign in; for administrators.")
    async def people(self, info: Info) -> list[Person]:
        found = await people_actions.people(info.context.plane, info.context.signed_in())
        return [Person.of(one) for one in found]

    @strawberry.field(description="What was changed, by whom, why; read from the Git changelog. Newest first.")
    async def audit_log(
        self, info: Info, filters: AuditFilterArgs | None = None, pagination: Pagination = None
    ) -> Slice[AuditEntry]:
        context = info.context
        found = await audit.audit_log(context.plane, context.signed_in(), audit_filter(filters), pagination)
        return slice_of(found.page, AuditEntry.of, found.count)

    @strawberry.field(description="What has just happened or is under way, newest first; kept for two weeks.")
    async def notifications(
        self, info: Info, filters: NotificationFilterArgs | None = None, pagination: Pagination = None
    ) -> Slice[Notification]:
        context, wanted = info.context, filters.value() if filters else NotificationFilter()
        found = await activity.notifications(context.plane, context.signed_in(), wanted, pagination)
        return slice_of(found.page, Notification.of, found.count)

    @strawberry.field(description="Deployments of applications, newest first unless sorted otherwise.")
    async def gitops_releases(
        self,
        info: Info,
        filters: GitopsReleaseFilterArgs | None = None,
        sort: GitopsReleaseSortArg | None = None,
        pagination: Pagination = None,
    ) -> Slice[GitopsRelease]:
        context = info.context
        found = await releases.releases(
            context.plane,
            context.signed_in(),
            filters.value(await _starred(context)) if filters else ReleaseFilter(),
            pagination,
            sort=sort.field.value if sort else "startedAt",
            descending=sort is None or sort.order is SortingOrder.desc,
        )
        return slice_of(found.page, GitopsRelease.of, found.count)

    @strawberry.field(
        description="One Rollout of an application; null: it does not exist, or the viewer may not see it."
    )
    async def rollout(
        self,
        info: Info,
        runtime: str,
        application_name: str,
        name: str,
        namespace: str,
        application_namespace: str | None = None,
    ) -> Rollout | None:
        context, target = info.context, Target(runtime, application_name, application_namespace)
        ref = rollouts.reference(namespace, name)
        found = await rollouts.rollout(context.plane, context.signed_in(), target, ref)
        return Rollout.of(found, context.plane.clock()) if found else None

    @strawberry.field(description="Rollouts of all applications that the viewer may see, by application.")
    async def rollouts(
        self, info: Info, filters: RolloutFilterArgs | None = None, pagination: Pagination = None
    ) -> Slice[Rollout]:
        context, wanted = info.context, filters.value() if filters else RolloutFilter()
        found = await rollouts.rollouts(context.plane, context.signed_in(), wanted, pagination)
        return slice_of(found.page, lambda one: Rollout.of(one, context.plane.clock()), found.count)

    @strawberry.field(description="How often applications were deployed, and how it went.")
    async def home_statistics(self, info: Info, filters: HomeFilterArgs) -> HomeStatistics:
        context = info.context
        found = await statistics.deployments(context.plane, context.signed_in(), filters.value(), filters.window())
        return HomeStatistics.of(found)

    @strawberry.field(description="How often workflows ran to their end, and how it went.")
    async def pipeline_statistics(self, info: Info, filters: PipelineFilterArgs) -> PipelineStatistics:
        context = info.context
        found = await pipelines.executions(context.plane, context.signed_in(), filters.value(), filters.window())
        return PipelineStatistics.of(found)

    @strawberry.field(description="The four key metrics of software delivery, over what the viewer may see.")
    async def dora_statistics(self, info: Info, filters: DoraFilterArgs) -> DoraStatistics:
        context = info.context
        wanted = filters.value(await _starred(context))
        found = await statistics.deployments(context.plane, context.signed_in(), wanted, filters.window())
        return DoraStatistics.of(await statistics.with_medians(context.plane, found))


async def _starred(context: Context) -> frozenset[str]:
    return await context.plane.favorites.applications(context.signed_in().name)


async def _groups(
    context: Context,
    of: Membership,
    filters: AppGroupFilterArgs | None,
    sort: AppGroupSortArg | None,
    pagination: Pagination,
) -> tuple[Found[AppGroupValue], frozenset[str]]:
    """A page of groups or products, and the names of those that the viewer starred."""
    found = await app_groups.app_groups(
        context.plane,
        context.signed_in(),
        filters.value() if filters else EVERY_GROUP,
        pagination,
        of=of,
        sort=sort.column if sort else AppGroupSort.NAME,
        descending=sort is not None and sort.order is SortingOrder.desc,
    )
    return found, await _starred_names(context, of)


async def _group(context: Context, of: Membership, name: str) -> tuple[AppGroupValue | None, frozenset[str]]:
    found = await app_groups.app_group(context.plane, context.signed_in(), name, of)
    return found, await _starred_names(context, of) if found else frozenset()


async def _starred_names(context: Context, of: Membership) -> frozenset[str]:
    return await context.plane.favorites.of_kind(context.signed_in().name, FAVORITE_KINDS[of])


async def _node(context: Context, node_id: str) -> Node | None:
    viewer = context.signed_in()
    try:
        kind, parts = decode_node_id(node_id)
    except InvalidIdentity:
        return None
    match kind, parts:
        case "Application" | "ApplicationSet" | "GitSource", (runtime, namespace, name):
            is_set = kind == "ApplicationSet"
            found = await reading.application(context.plane, viewer, runtime, name, namespace, is_set=is_set)
            if found is None:
                return None
            if kind != "GitSource":
                return shown(await context.stars())(found)
            return GitSource.of(found) if found.summary.kind is ApplicationKind.GIT_SOURCE else None
        case "AppGroup", (name,):
            group, starred = await _group(context, Membership.GROUP, name)
            return AppGroup.of(group, starred=starred) if group else None
        case "Product", (name,):
            product, starred = await _group(context, Membership.PRODUCT, name)
            return Product.of(product, starred=starred) if product else None
        case "Environment", (name,):
            environment = await environments.environment(context.plane, viewer, name)
            return Environment.of(environment) if environment else None
        case "Runtime", (name,):
            registered = await runtime_actions.runtime(context.plane, viewer, name)
            return Runtime.of(registered, available=context.plane.connected.available(name)) if registered else None
        case "Cluster", (runtime_name, server):
            cluster = await runtime_actions.cluster(context.plane, viewer, runtime_name, server)
            return Cluster.of(cluster) if cluster else None
        case "AuditEntry", (runtime_name, repo, sha):
            entry = await audit.audit_entry(context.plane, viewer, runtime_name, repo, sha)
            return AuditEntry.of(entry) if entry else None
        case "GitopsRelease", (runtime, namespace, name, uid, number) if number.isdecimal():
            address = ApplicationId(runtime, namespace, name)
            release = await releases.release(context.plane, viewer, address, uid, int(number))
            return GitopsRelease.of(release) if release else None
        case "Rollout", (runtime, app_namespace, app_name, namespace, name):
            target, ref = Target(runtime, app_name, app_namespace), rollouts.reference(namespace, name)
            shown_rollout = await rollouts.rollout(context.plane, viewer, target, ref)
            return Rollout.of(shown_rollout, context.plane.clock()) if shown_rollout else None
        case "Notification", (key,):
            told = await activity.notification(context.plane, viewer, key)
            return Notification.of(told) if told else None
        case "User", (name,) if name == viewer.name:
            return User.of(viewer, context.plane.settings.account)
    return None
