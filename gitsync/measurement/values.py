"""What providers are given, and what they give back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gitsync.manifest.object import JsonObject
from gitsync.measurement.http import Http
from gitsync.rollout.analysis.values import Action, Phase


class SecretReader(Protocol):
    """Decoded data of a Secret; None when it does not exist."""

    async def __call__(self, namespace: str, name: str) -> Mapping[str, str] | None: ...


class JobStore(Protocol):
    """Jobs and their pods in the cluster of the run."""

    async def create(self, body: JsonObject) -> JsonObject | None:
        """None when a Job of that name exists already."""

    async def get(self, namespace: str, name: str) -> JsonObject | None: ...

    async def delete(self, namespace: str, name: str) -> None: ...

    async def pods(self, namespace: str, job: str) -> list[JsonObject]: ...


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """`region` is the default one."""

    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    region: str = ""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """`namespace`: where the Secrets of Datadog, New Relic and InfluxDB are. Endpoints "": those of the vendors."""

    namespace: str = "argo-rollouts"
    prometheus_address: str = ""
    datadog_address: str = ""
    datadog_api_key: str = field(default="", repr=False)
    datadog_app_key: str = field(default="", repr=False)
    cloudwatch_endpoint: str = ""
    aws: AwsCredentials = AwsCredentials()


@dataclass(slots=True)
class Task:
    """One question for one provider. `settings` is the provider's part of the metric, secrets filled in.

    `hide` collects credentials, which are taken out of everything that is shown.
    """

    run: JsonObject
    metric: str
    settings: JsonObject = field(repr=False)
    action: Action
    number: int
    measurement: JsonObject | None
    now: datetime
    http: Http
    secrets: SecretReader
    jobs: JobStore
    defaults: ProviderSettings
    hidden: list[str] = field(default_factory=list, repr=False)

    def hide(self, credential: str) -> str:
        if credential:
            self.hidden.append(credential)
        return credential

    @property
    def namespace(self) -> str:
        return str(self.run["metadata"].get("namespace", ""))


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured. `phase` is set by providers that know themselves how it went."""

    value: Any = field(default=None, repr=False)
    shown: str = field(default="", repr=False)
    phase: Phase | None = None
    message: str = ""
    about_metric: dict[str, str] = field(default_factory=dict)
    about_measurement: dict[str, str] = field(default_factory=dict)
    resume_at: datetime | None = None


Provider = Callable[[Task], Awaitable[Reading]]
