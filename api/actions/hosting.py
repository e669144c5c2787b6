"""A runtime inside the control plane, set up in three steps: install it, connect a Git host, connect a cluster.

Each step can be done again: what is there is left as it is, so a wizard may be closed and opened at any time.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from api.access.secret_token import RUNTIME, hash_token, new_token
from api.access.viewer import Viewer
from api.actions import runtimes
from api.actions.changes import CHANGE_SECONDS
from api.actions.registration import registered, require_administrator
from api.errors import ApiError, Invalid, Refused, TookTooLong
from api.installation.names import require_runtime_name
from api.live.tidings import CredentialChanged, Noted, Registered
from api.plane import ControlPlane
from api.runtimes.hosted import settle_hosted
from model.errors import Conflict
from model.link_access import GitTokensAnswer, PutGitToken
from model.link_change import Author, ChangeAnswer, PutGitSource
from model.link_setup import ConnectGitHost, GitHostAnswer
from model.listing import Hosting, RegisteredRuntime
from model.store import runtime as runtime_store

NAMESPACE = "argosy"
_BACK_SECONDS = 40.0  # until the process is there again with what it was told


@dataclass(frozen=True, slots=True)
class GitHostWanted:
    """`url`: host and organisation; the two repositories are below it."""

    url: str
    username: str
    token: str
    config_repository: str
    source_repository: str

    def repo_url(self, name: str) -> str:
        return f"{self.url.rstrip('/')}/{name}.git"


@dataclass(frozen=True, slots=True)
class GitHostConnected:
    """`made`: repositories that were not there before."""

    config_repo: str
    source_repo: str
    made: tuple[str, ...]
    change: ChangeAnswer


@dataclass(frozen=True, slots=True)
class Setup:
    """How far it is. `runtime` None: the first step is to be done; `reason`: why it cannot be. `needed`: there is no
    runtime at all, or one that was begun and is not whole."""

    runtime: RegisteredRuntime | None
    reason: str
    installed: bool
    git_connected: bool
    cluster_connected: bool
    needed: bool


async def setup(plane: ControlPlane, viewer: Viewer) -> Setup:
    """Of the first runtime that somebody set up in here and that the viewer may see."""
    seen = await runtimes.all_visible(plane, viewer)
    runtime = next((one for one in seen if one.hosting is not None), None)
    if runtime is None:
        reason = _why_not(plane)
        return Setup(None, reason, installed=False, git_connected=False, cluster_connected=False, needed=not seen)
    async with plane.database.read() as session:
        clusters = await runtime_store.count_clusters(session, [runtime.name])
    installed = runtime.summary is not None and not runtime.summary.starting
    connected = runtime.summary is not None and bool(runtime.summary.shared_config_repo)
    has_cluster = clusters.get(runtime.name, 0) > 1
    return Setup(
        runtime,
        "",
        installed=installed,
        git_connected=connected,
        cluster_connected=has_cluster,
        needed=not (installed and connected and has_cluster),
    )


async def create_hosted(plane: ControlPlane, viewer: Viewer, name: str, namespace: str) -> RegisteredRuntime:
    """Registers it and starts its process. Raises Forbidden, Invalid."""
    require_administrator(viewer, "set up hosted runtimes")
    require_runtime_name(name)
    require_runtime_name(namespace)
    if reason := _why_not(plane):
        raise Invalid(reason, field="name", suggestion="start argosy serve with --hosted-kubeconfig FILE or in-cluster")
    try:
        async with plane.database.write() as session:
            token_hash = hash_token(new_token(RUNTIME))  # its process gets another one when it starts
            await runtime_store.add(session, name, token_hash=token_hash, hosted=True, now=plane.clock())
            await runtime_store.set_hosting(session, name, Hosting(namespace))
    except Conflict as error:
        raise Invalid(str(error), field="name", suggestion="choose another name") from error
    runtime = await registered(plane, name)
    await settle_hosted(plane)
    plane.tidings.tell(Registered(name))
    return runtime


async def connect_git_host(
    plane: ControlPlane, viewer: Viewer, name: str, wanted: GitHostWanted, *, operation_id: str
) -> GitHostConnected:
    """Gives the runtime its credential and its repositories, and makes its first Git Source by a commit.

    Raises Forbidden, NotVisible, Invalid, RuntimeUnavailable, TookTooLong, Refused.
    """
    require_administrator(viewer, "connect runtimes with Git hosts")
    runtime = await registered(plane, name)
    config_repo, source_repo = wanted.repo_url(wanted.config_repository), wanted.repo_url(wanted.source_repository)
    question = ConnectGitHost(wanted.url, wanted.username, wanted.token, (config_repo, source_repo))
    answer = await plane.connected.ask(name, question, GitHostAnswer, deadline_seconds=CHANGE_SECONDS)
    for problem in answer.problems:
        raise Refused(problem.code, problem.message, suggestion=problem.suggestion, field=problem.field)
    await _use_config_repo(plane, runtime, config_repo)
    await _keep_own_token(plane, viewer, name, wanted)
    source = PutGitSource(f"{name}-git-source", source_repo, Author("", ""), operation_id, is_new=True)
    change = await plane.connected.ask(name, source, ChangeAnswer, deadline_seconds=CHANGE_SECONDS)
    plane.tidings.tell(Noted(new_repository=True))
    return GitHostConnected(config_repo, source_repo, answer.made, change)


async def _use_config_repo(plane: ControlPlane, runtime: RegisteredRuntime, config_repo: str) -> None:
    """A hosted one is started again with it; a hybrid one its operator has to tell. Raises Invalid, TookTooLong."""
    present = runtime.summary.shared_config_repo if runtime.summary else ""
    if present == config_repo:
        return
    if runtime.hosting is None:
        raise Invalid(
            f"the repositories are there, but runtime {runtime.name} does not use {config_repo} yet",
            field="runtime",
            suggestion=f"start it with --config-repo={config_repo}, then do this again",
        )
    async with plane.database.write() as session:
        await runtime_store.set_hosting(session, runtime.name, Hosting(runtime.hosting.namespace, config_repo))
    await settle_hosted(plane)
    plane.tidings.tell(Registered(runtime.name))

    def is_ready(one: RegisteredRuntime) -> bool:
        summary = one.summary
        return summary is not None and summary.shared_config_repo == config_repo and not summary.starting

    await _until(plane, runtime.name, is_ready)


async def _keep_own_token(plane: ControlPlane, viewer: Viewer, name: str, wanted: GitHostWanted) -> None:
    """The administrator's own permissions follow from it too; one that is no person's is simply not kept as theirs."""
    own = PutGitToken(viewer.name, wanted.url, wanted.username, wanted.token)
    try:
        await plane.connected.ask(name, own, GitTokensAnswer, deadline_seconds=CHANGE_SECONDS)
    except ApiError:
        return
    plane.tidings.tell(CredentialChanged(viewer.name))


async def _until(plane: ControlPlane, name: str, holds: Callable[[RegisteredRuntime], bool]) -> None:
    """Until the runtime is connected again and has reported what is wanted. Raises TookTooLong."""
    news = plane.connected.news
    try:
        async with asyncio.timeout(_BACK_SECONDS):
            while True:
                number = news.number
                if plane.connected.available(name) and holds(await registered(plane, name)):
                    return
                await news.wait(number)
    except TimeoutError as error:
        raise TookTooLong(
            f"runtime {name} is starting again and did not answer within {_BACK_SECONDS:.0f} s",
            suggestion="do this again in a moment; what was done stays",
        ) from error


def _why_not(plane: ControlPlane) -> str:
    return "" if plane.settings.hosted_home else "this control plane has no cluster in which hosted runtimes could live"
