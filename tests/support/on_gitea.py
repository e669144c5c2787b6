"""All of it on a real Gitea, in processes of their own: two replicas of the control plane in the test, and a runtime
that was registered with them, dials another address than theirs, and is told of pushes by Gitea's own webhooks.

Nothing here knows the insides of the runtime: people sign in at Gitea, click over GraphQL, and look at Gitea and at the
cluster for what came of it.
"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from api.access.oauth.provider import ProviderKind, SignInProvider
from api.endpoints.request import SESSION_COOKIE
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from tests.support.apart import RuntimeProgram, ensure_namespace
from tests.support.control_plane import Running
from tests.support.cut_line import CutLine, Stop
from tests.support.real_git_host import ADMIN, RealGitHost, running_git_host
from tests.support.replicas import joined, replica, shared_database
from tests.support.runtime import APPLICATION, NAMESPACE
from tests.support.sandbox_rig import World, running_world

PEOPLE = ("dana", "victor", "eve", "finn", "robot")
REPOSITORIES = ("apps", "team", "config")
OUTWARD = "127.0.0.2"  # where the runtime finds the control plane, which itself listens elsewhere
CALLBACK = "http://argosy.localhost:18000"
HOOK = "a-secret-of-the-webhook"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {version: 'VERSION'}\n"
RUNTIMES = "{ runtimes { nodes { metadata { name } available } } }"
CREATE_RUNTIME = 'mutation { outcome: createRuntime(name: "demo") { token errors { code } } }'
_PAYLOAD = """{ operationId diff pullRequestUrl commit { sha author { name } } errors { code message field line
  suggestion } }"""
CREATE = f"mutation($input: CreateApplicationInput!) {{ outcome: createApplication(input: $input) {_PAYLOAD} }}"
EDIT = f"mutation($input: EditApplicationInput!) {{ outcome: editApplication(input: $input) {_PAYLOAD} }}"
DELETE = f"mutation($input: DeleteApplicationInput!) {{ outcome: deleteApplication(input: $input) {_PAYLOAD} }}"
SOURCE = f"mutation($input: GitSourceInput!) {{ outcome: createGitSource(input: $input) {_PAYLOAD} }}"
Found = dict[str, Any]
Value = TypeVar("Value")


class Clocks:
    """Wall clock and monotonic clock of the control plane, which jump when told."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def wall(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead.total_seconds()


@dataclass
class OnGitea:
    """`planes` are two replicas; `line` is how the runtime reaches one of them. `accepted` are the ids of operations
    that somebody was told of as done."""

    git: RealGitHost
    world: World
    cluster: Cluster
    planes: tuple[Running, Running]
    line: CutLine
    runtime: RuntimeProgram
    clocks: Clocks
    accepted: list[str] = field(default_factory=list)

    @property
    def plane(self) -> Running:
        return self.planes[0]

    def url(self, repository: str) -> str:
        return self.git.clone_url("robot", repository)

    async def sign_in(self, person: str) -> None:
        """With the person's token at Gitea, which goes to the runtime."""
        async with self.plane.http() as client:
            answer = await client.post("/auth/sign-in/gitea", json={"token": self.git.tokens[person]})
            assert answer.status_code == 200, answer.text
            self.let_in(person, answer.json()["token"])

    async def sign_in_by_oauth(self, person: str) -> None:
        async with self.plane.http() as client:
            sent = await client.get("/auth/sign-in/gitea")
            back = await self.git.consent(person, sent.headers["location"])
            answer = await client.get("/auth/callback/gitea", params=dict(back.params))
            assert answer.status_code == 303, answer.text
            self.let_in(person, client.cookies[SESSION_COOKIE])

    def let_in(self, person: str, token: str) -> None:
        for plane in self.planes:
            plane.tokens[person] = token

    async def ask(self, person: str, document: str, *, replica: int = 0, **variables: Any) -> Any:
        """The one field that was asked for."""
        return next(iter((await self.planes[replica].query(person, document, **variables)).values()))

    async def click(
        self, person: str, document: str, *, replica: int = 0, patient: bool = True, **variables: Any
    ) -> Found:
        """An outcome; what was accepted is remembered. Patient people ask again where the runtime took too long."""

        async def answered() -> Found | None:
            found: Found = await self.ask(person, document, replica=replica, **variables)
            late = [one["code"] for one in found["errors"]] == ["RUNTIME_UNAVAILABLE"]
            return None if patient and late else found

        outcome = await until(answered)
        if outcome["errors"] == []:
            self.accepted.append(outcome["operationId"])
        return outcome

    async def create(
        self, person: str, name: str, operation_id: str = "", *, path: str = "", patient: bool = True, **more: Any
    ) -> Found:
        """With a `path` of another one's it is not synced by itself."""
        replica = more.pop("replica", 0)
        value = {
            "runtime": "demo",
            "gitSource": "team",
            "manifest": self.manifest(name, path=path),
            "commit": {"message": f"Add {name}"},
            "operationId": operation_id or f"add-{name}",
            **more,
        }
        return await self.click(person, CREATE, replica=replica, patient=patient, input=value)

    async def created(self, person: str, name: str, operation_id: str, **more: Any) -> Found:
        """Asked again and again, as somebody does who was told to try again, until it is accepted."""

        async def accepted() -> Found | None:
            outcome = await self.create(person, name, operation_id, patient=False, **more)
            return outcome if outcome["errors"] == [] else None

        return await until(accepted)

    def manifest(self, name: str, *, path: str = "") -> str:
        policy = "" if path else "automated: {prune: true}"
        return f"""# {name} is described here
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
spec:
  project: default
  source:
    repoURL: {self.url("apps")}
    targetRevision: main
    path: {path or name}  # what is deployed
  destination: {{server: https://kubernetes.default.svc, namespace: default}}
  syncPolicy: {{{policy}}}
"""

    async def write(self, repository: str, path: str, text: str) -> str:
        """A commit on main by robot, outside of Argosy, and its id."""
        place = f"/repos/robot/{repository}/contents/{path}"
        body: dict[str, Any] = {
            "content": base64.b64encode(text.encode()).decode(),
            "message": f"Write {path}",
            "branch": "main",
        }
        listed = await self.git.api("robot", "GET", f"/repos/robot/{repository}/git/trees/main?recursive=true")
        known = {one["path"]: one["sha"] for one in listed["tree"]}
        if path in known:
            made = await self.git.api("robot", "PUT", place, {**body, "sha": known[path]})
        else:
            made = await self.git.api("robot", "POST", place, body)
        return str(made["commit"]["sha"])

    def stopping(self, words: bytes, *, answered: bool) -> AbstractContextManager[Stop]:
        """The next request with these words is not heard by Gitea or, `answered`, its answer by nobody."""
        assert self.git.line is not None, "everybody reaches this Gitea through a line"
        return self.git.line.stopping(words, answered=answered)

    async def deploy(self, name: str, version: str) -> str:
        return await self.write("apps", f"{name}/c.yaml", CONFIG_MAP.replace("NAME", name).replace("VERSION", version))

    async def get(self, api_version: str, kind: str, namespace: str, name: str) -> JsonObject | None:
        return await self.cluster.get(GroupVersionKind.parse(api_version, kind), namespace, name)

    async def until_version(self, name: str, wanted: str) -> None:
        async def there() -> bool | None:
            found = await self.get("v1", "ConfigMap", "default", name)
            return (found is not None and found["data"]["version"] == wanted) or None

        await until(there)

    async def until_application(self, name: str, holds: Callable[[JsonObject], bool]) -> JsonObject:
        async def there() -> JsonObject | None:
            body = await self.cluster.get(APPLICATION, NAMESPACE, name)
            return body if body is not None and holds(body) else None

        return await until(there)

    async def until_available(self, person: str = "admin", *, available: bool = True) -> None:
        """Until the person sees the runtime so."""

        async def there() -> bool | None:
            nodes = (await self.ask(person, RUNTIMES))["nodes"]
            return any(node["available"] is available for node in nodes) or None

        await until(there)

    async def trailers(self) -> list[str]:
        """Operation ids in the commits of every branch, as Gitea has them; a Git Source's directory is its own."""
        found: list[str] = []
        for repository in REPOSITORIES:
            path = self.git.folder / "repositories" / "robot" / f"{repository}.git"
            process = await asyncio.create_subprocess_exec(
                *("git", "-C", str(path), "-c", "safe.directory=*", "log", "--branches"),
                "--format=%(trailers:key=Argosy-Operation-Id,valueonly)",
                stdout=asyncio.subprocess.PIPE,
            )
            output, _ = await process.communicate()
            assert process.returncode == 0
            found += [line for line in output.decode().split() if not line.endswith("-directory")]
        return found


async def until(read: Callable[[], Awaitable[Value | None]]) -> Value:
    """What is read, once it is there."""
    async with asyncio.timeout(120):
        while (found := await read()) is None:  # noqa: ASYNC110 - of other processes, without an event
            await asyncio.sleep(0.05)
    return found


@asynccontextmanager
async def running_on_gitea(folder: Path) -> AsyncIterator[OnGitea]:
    """dana may write everything and victor read it; finn may write `team`; eve nothing. Git Source `team` is there."""
    async with AsyncExitStack() as stack:
        git = await stack.enter_async_context(running_git_host(folder / "gitea", *PEOPLE, stoppable=True))
        world = await stack.enter_async_context(running_world(folder / "world"))
        clocks = Clocks()
        settings = {"sign_in": (await _provider(git),), "public_url": CALLBACK, "webhook_secret": HOOK}
        settings |= {"clock": clocks.wall, "monotonic": clocks.monotonic}
        url = await shared_database()
        one = await stack.enter_async_context(replica(folder / "plane", url, **settings))
        two = await stack.enter_async_context(replica(folder / "plane", url, **settings))
        await joined(one)
        await joined(two)
        line = CutLine(int(one.address.rpartition(":")[2]), address=OUTWARD)
        stack.enter_context(line.running())
        await _repositories(git, f"{two.address}/webhooks/git")
        cluster = await Cluster.connect(world.access)
        stack.push_async_callback(cluster.close)
        await _credential(cluster, git)
        token = (await one.query("admin", CREATE_RUNTIME))["outcome"]["token"]
        runtime = RuntimeProgram(
            folder / "runtime.log",
            *("--kubeconfig", str(world.sandbox.kubeconfig), "--namespace", NAMESPACE, "--name", "demo"),
            *("--link", f"ws://{OUTWARD}:{line.port}/link", "--token", token),
            *("--config-repo", git.clone_url("robot", "config"), "--poll-seconds", "3600"),
            *("--data-dir", str(folder / "runtime")),
        )
        stack.push_async_callback(runtime.stop)
        on = OnGitea(git, world, cluster, (one, two), line, runtime, clocks)
        await runtime.start()
        await on.until_available()
        await cluster.discovery.refresh()
        await on.sign_in_by_oauth("dana")
        await asyncio.gather(*map(on.sign_in, ("victor", "eve", "finn")))
        await on.until_available("dana")  # whoever may read its shared configuration sees it
        value = {"runtime": "demo", "name": "team", "repoURL": on.url("team"), "revision": "main", "path": "sources"}
        made = await on.click("dana", SOURCE, input={**value, "operationId": "source-team"})
        assert made["errors"] == [], made["errors"]
        await on.until_application("team", lambda body: bool((body.get("status") or {}).get("sync")))
        yield on


async def _provider(git: RealGitHost) -> SignInProvider:
    body = {"name": "argosy", "redirect_uris": [f"{CALLBACK}/auth/callback/gitea"], "confidential_client": True}
    made = await git.api(ADMIN, "POST", "/user/applications/oauth2", body)
    return SignInProvider(
        "gitea",
        ProviderKind.GITEA,
        made["client_id"],
        made["client_secret"],
        git.url,
        own_names=True,
        runtimes=("demo",),
        personal_tokens=True,
    )


async def _repositories(git: RealGitHost, webhook: str) -> None:
    """Every push is told to that address, signed."""
    for name in REPOSITORIES:
        people = {"dana": "write", "victor": "read", **({"finn": "write"} if name == "team" else {})}
        await git.repository("robot", name, **people)
        hook = {"type": "gitea", "active": True, "events": ["push"]}
        hook["config"] = {"url": webhook, "content_type": "json", "secret": HOOK}
        await git.api("robot", "POST", f"/repos/robot/{name}/hooks", hook)


async def _credential(cluster: Cluster, git: RealGitHost) -> None:
    """The runtime's own, as whoever installs it makes it."""
    await ensure_namespace(cluster, NAMESPACE)
    labels = {"argocd.argoproj.io/secret-type": "repo-creds"}
    data = {"url": git.url, "username": "robot", "password": git.tokens["robot"]}
    metadata = {"name": "gitea", "namespace": NAMESPACE, "labels": labels}
    await cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
