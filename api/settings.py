"""Settings of the control plane. Nothing else in `api` reads the environment."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.access.oauth.provider import SignInProvider, read_providers

IN_CLUSTER = "in-cluster"
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class HostedRuntime:
    """A runtime that the control plane starts and supervises as its child."""

    name: str
    kubeconfig: Path | None  # None: the cluster that this process runs in
    namespace: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InitialUser:
    """A user made at start unless it exists."""

    name: str
    password: str
    email: str = ""
    is_admin: bool = False


CHANGELOG_PATH = "/changelog"


@dataclass(frozen=True, slots=True)
class Settings:
    """`hosted_home`: kubeconfig of the cluster that hosted runtimes live in which people set up, or IN_CLUSTER; None:
    they cannot.

    `admin_password` None: a random one is made at the first start and printed once.

    `allowed_origins` are other sites that may call the API with cookies, beside its own. `git_forward_url`: where
    requests below /git/ go; None: there is no such path. `public_url`: where people reach this site,
    for providers to send them back to; None: as the request says. `replica_url`: where other replicas on the same
    database reach this one; None: found out where the database is a PostgreSQL. `console`: import string of an
    ASGI application or factory. `secure_runtime_version`: the oldest that a runtime may be;
    "": as this release knows. `changelog_url`: where people read what changed in which version; "": what came with this
    release.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path(".argosy")
    database_url: str | None = None
    admin_password: str | None = None
    users: tuple[InitialUser, ...] = ()
    hosted_runtime: HostedRuntime | None = None
    hosted_home: str | None = None
    account: str = "argosy"
    demo: bool = False
    demo_history: bool = False
    git_forward_url: str | None = None
    webhook_secret: str | None = None
    allowed_origins: tuple[str, ...] = ()
    console: str | None = "web.app:console"
    log_level: str = "info"
    secure_cookies: bool = False
    session_hours: float = 12.0
    sign_in: tuple[SignInProvider, ...] = ()
    public_url: str | None = None
    replica_url: str | None = None
    replica_beat_seconds: float = 5.0
    secure_runtime_version: str = ""
    changelog_url: str = ""

    @property
    def replica_address(self) -> str | None:
        """Where other replicas reach this one; None: it is alone, as one with a database file of its own is."""
        if self.replica_url is not None or not self.database.startswith("postgres") or self.port == 0:
            return self.replica_url
        if self.host in _EVERYWHERE:
            return f"http://{_own_address()}:{self.port}"
        return self.local_url

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'argosy.db'}"

    @property
    def local_url(self) -> str:
        """Where this control plane answers on this machine."""
        host = "127.0.0.1" if self.host in _EVERYWHERE else self.host
        return f"http://{host}:{self.port}"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    default = Settings()
    return Settings(
        host=environment.get("ARGOSY_HOST", default.host),
        port=int(environment.get("ARGOSY_PORT", default.port)),
        data_dir=Path(environment.get("ARGOSY_DATA_DIR", default.data_dir)),
        database_url=environment.get("ARGOSY_DATABASE_URL"),
        admin_password=environment.get("ARGOSY_ADMIN_PASSWORD"),
        webhook_secret=environment.get("ARGOSY_WEBHOOK_SECRET"),
        hosted_home=environment.get("ARGOSY_HOSTED_KUBECONFIG"),
        allowed_origins=tuple(filter(None, environment.get("ARGOSY_ALLOWED_ORIGINS", "").split(","))),
        log_level=environment.get("ARGOSY_LOG", default.log_level),
        secure_cookies=environment.get("ARGOSY_SECURE_COOKIES", "") == "true",
        sign_in=read_providers(Path(environment["ARGOSY_SIGN_IN"]).read_bytes())
        if "ARGOSY_SIGN_IN" in environment
        else (),
        public_url=environment.get("ARGOSY_PUBLIC_URL"),
        replica_url=environment.get("ARGOSY_REPLICA_URL"),
        secure_runtime_version=environment.get("ARGOSY_SECURE_RUNTIME_VERSION", ""),
        changelog_url=environment.get("ARGOSY_CHANGELOG_URL", ""),
    )


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How the command line reaches a control plane."""

    server: str
    token: str | None


def client_from_environment(environment: Mapping[str, str] = os.environ) -> ClientSettings:
    port = environment.get("ARGOSY_PORT", "8000")
    return ClientSettings(
        server=environment.get("ARGOSY_SERVER", f"http://127.0.0.1:{port}"), token=environment.get("ARGOSY_TOKEN")
    )


def server_from_environment(environment: Mapping[str, str] = os.environ) -> str | None:
    """The control plane that ARGOSY_SERVER names; None: nobody says."""
    return environment.get("ARGOSY_SERVER")


def child_environment(**extra: str) -> dict[str, str]:
    """The environment for a process that this one starts."""
    return {**os.environ, **extra}


def demo_user_password(environment: Mapping[str, str] = os.environ) -> str | None:
    """Password of the demo's people other than the administrator; None: the administrator's."""
    return environment.get("ARGOSY_USER_PASSWORD")


def _own_address() -> str:
    """This machine's address as it knows itself by name: in a cluster that of the pod."""
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"
