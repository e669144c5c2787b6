"""Fills a sandbox with the demo: repositories with a small shop, people with rights, and the first Git Source.

Repositories are seeded once and then belong to whoever pushes to them; rights and Secrets are told anew at every
start, since passwords may have changed. Never touches what people have committed.
"""

import shutil
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_urlsafe

from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import parse_manifests
from gitsync.sandbox.demo_history import past_commits, read_episodes
from gitsync.sandbox.errors import SandboxError
from gitsync.sandbox.githost import Access, Author, GitHost, SeededCommit
from gitsync.sandbox.objects import Objects
from gitsync.sandbox.seed_canary import seed_first_version
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.definitions import custom_resource_definitions, default_project, rollout_definitions

NAMESPACE = "argosy"
REPOSITORIES = ("platform", "apps", "config")
ROBOT = "argosy-runtime"

# Who may do what. Anybody who is not named has no repository, like eve. A Git Source is shown to those who may read the
# repository that its manifest is in: the first one that is made in the console puts all of them under `config`.
RIGHTS: dict[str, dict[str, Access]] = {
    "admin": dict.fromkeys(REPOSITORIES, Access.WRITE),
    "dana": {"platform": Access.WRITE, "apps": Access.WRITE, "config": Access.READ},
    "victor": dict.fromkeys(REPOSITORIES, Access.READ),
    ROBOT: dict.fromkeys(REPOSITORIES, Access.WRITE),
}

# Applications that are shown only where the program that renders them is installed.
RENDERED_BY = {"applications/reviews.yaml": "kustomize", "applications/emails.yaml": "helm"}

_CONTENT = Path(__file__).parent / "demo"
_GIT_SOURCES = "resources/runtimes/demo"
_PLATFORM_TEAM = Author("Platform team", "platform@shop.example.com")
_MANAGER = "argosy-demo"


class SeededElsewhere(SandboxError):
    """The data folder holds a demo whose manifests name another address."""


@dataclass(frozen=True, slots=True)
class GitUser:
    """A person of the demo: the same name and password for the console and for git."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class _FleetSize:
    """How many applications of the fleet the repositories hold."""

    marker: Path

    def read(self) -> int:
        return int(self.marker.read_text()) if self.marker.exists() else 0

    def write(self, applications: int) -> None:
        self.marker.write_text(str(applications))


async def seed_demo(
    objects: Objects,
    git_host: GitHost,
    *,
    data_dir: Path,
    public_git_url: str,
    users: Sequence[GitUser],
    applications: int,
    history: bool,
    now: datetime,
) -> None:
    """Makes sure that the demo is there, with a past if `history`.

    Raises SeededElsewhere if it is, but with another address in its manifests.
    """
    _claim_address(data_dir / "public-git-url", public_git_url)
    robot = GitUser(ROBOT, token_urlsafe(24))
    for user in (*users, robot):
        git_host.add_user(user.name, user.password)
    new: set[str] = set()
    for repository in REPOSITORIES:
        if await git_host.create_repository(repository):
            new.add(repository)
            files = dict(_files(repository, public_git_url))
            await git_host.commit_all(repository, "main", _commits(repository, files, history=history, now=now))
        for user in (*users, robot):
            git_host.set_access(repository, user.name, RIGHTS.get(user.name, {}).get(repository, Access.NONE))
    await _seed_fleet(
        git_host, _FleetSize(data_dir / "fleet-size"), public_git_url=public_git_url, applications=applications
    )
    for body in _cluster_objects(public_git_url, users, robot, fleet=_FleetSize(data_dir / "fleet-size").read() > 0):
        _put(objects, body)
    if "apps" in new:
        seed_first_version(objects)


def _commits(repository: str, files: dict[str, bytes], *, history: bool, now: datetime) -> list[SeededCommit]:
    if not history:
        return [SeededCommit(files, "First import", _PLATFORM_TEAM, now)]
    episodes = read_episodes() if repository == "apps" else []
    return past_commits(files, episodes, first_author=_PLATFORM_TEAM, now=now)


def _claim_address(marker: Path, public_git_url: str) -> None:
    if marker.exists() and (before := marker.read_text().strip()) != public_git_url:
        raise SeededElsewhere(
            f"the demo in {marker.parent} was made for {before}, and its manifests name that address; "
            "start it on that port again, or choose another data folder"
        )
    marker.write_text(public_git_url + "\n")


def _files(repository: str, public_git_url: str) -> Iterator[tuple[str, bytes]]:
    root = _CONTENT / repository
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and (name not in RENDERED_BY or shutil.which(RENDERED_BY[name])):
            yield name, path.read_bytes().replace(b"GIT_URL", public_git_url.encode())


async def _seed_fleet(git_host: GitHost, size: "_FleetSize", *, public_git_url: str, applications: int) -> None:
    """`--apps N`: N small applications, one directory each, in one commit a repository. A larger N adds the rest."""
    before = size.read()
    names = [f"app-{number:05d}" for number in range(before + 1, applications + 1)]
    if not names:
        return
    workloads = {f"fleet/{name}/manifests.yaml": _workload(name).encode() for name in names}
    manifests = {f"fleet/{name}.yaml": _application(name, public_git_url).encode() for name in names}
    message = f"Add {len(names)} small applications to the fleet"
    await git_host.commit_files("apps", "main", workloads, message=message, author=_PLATFORM_TEAM)
    await git_host.commit_files("platform", "main", manifests, message=message, author=_PLATFORM_TEAM)
    if not before:
        source = {f"{_GIT_SOURCES}/fleet.yaml": _git_source("fleet", public_git_url)}
        await git_host.commit_files("config", "main", source, message="Add the fleet", author=_PLATFORM_TEAM)
    size.write(applications)


def _workload(name: str) -> str:
    return f"""apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
data:
  GREETING: hello from {name}
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app: {name}
  ports:
    - port: 80
      targetPort: 8080
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      serviceAccountName: {name}
      containers:
        - name: app
          image: registry.example.com/fleet/app:1.0.0
          envFrom:
            - configMapRef:
                name: {name}
"""


def _application(name: str, public_git_url: str) -> str:
    return f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
  namespace: {NAMESPACE}
  labels:
    team: fleet
  finalizers:
    - resources-finalizer.argocd.argoproj.io
spec:
  project: default
  source:
    repoURL: {public_git_url}/apps.git
    targetRevision: main
    path: fleet/{name}
  destination:
    server: https://kubernetes.default.svc
    namespace: fleet
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    syncOptions:
      - CreateNamespace=true
"""


def _cluster_objects(
    public_git_url: str, users: Sequence[GitUser], robot: GitUser, *, fleet: bool
) -> Iterator[JsonObject]:
    yield from custom_resource_definitions()
    yield from rollout_definitions()
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    yield default_project(NAMESPACE)
    yield _secret(
        "demo-git-host",
        {"argocd.argoproj.io/secret-type": "repo-creds"},
        {"type": "git", "url": public_git_url, "username": robot.name, "password": robot.password},
    )
    for user in users:
        yield _secret(
            f"git-credential-{user.name}",
            {"argosy.io/git-credential": "true"},
            {"person": user.name, "username": user.name, "password": user.password, "url": public_git_url},
        )
    yield parse_manifests(_git_source("platform", public_git_url), file="platform.yaml")[0].body
    environments = _CONTENT / "config" / _GIT_SOURCES / "environments.yaml"
    yield from (one.body for one in parse_manifests(environments.read_bytes(), file=environments.name))
    if fleet:
        yield parse_manifests(_git_source("fleet", public_git_url), file="fleet.yaml")[0].body


def _git_source(name: str, public_git_url: str) -> bytes:
    """As it stands in the shared configuration, from which a runtime can be rebuilt."""
    text = (_CONTENT / "config" / _GIT_SOURCES / "platform.yaml").read_bytes()
    if name != "platform":
        text = text.replace(b"name: platform", f"name: {name}".encode()).replace(b"applications", name.encode())
    return text.replace(b"GIT_URL", public_git_url.encode())


def _secret(name: str, labels: dict[str, str], data: dict[str, str]) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "type": "Opaque",
        "data": {key: b64encode(value.encode()).decode() for key, value in data.items()},
    }


def _put(objects: Objects, body: JsonObject) -> None:
    """Creates the object; of one that is there, only a Secret's data is brought up to date."""
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    metadata = body["metadata"]
    existing = objects.get(ResourceKey(gvk.group, gvk.kind, metadata.get("namespace", ""), metadata["name"]))
    if existing is None:
        objects.create(body, manager=_MANAGER)
    elif gvk.kind == "Secret":
        objects.update({**existing, "data": body["data"]}, manager=_MANAGER)
