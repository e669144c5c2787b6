"""The controllers of progressive delivery, each with what it stands on."""

from collections.abc import Callable, Mapping
from datetime import datetime

from gitsync.delivery.analysis_runs import AnalysisRunController, ClusterJobs, read_secret
from gitsync.delivery.balancers import BalancerQuestions
from gitsync.delivery.controller import Controller
from gitsync.delivery.experiments import ExperimentController
from gitsync.delivery.loop import MANAGER
from gitsync.delivery.rollouts import RolloutController
from gitsync.delivery.targets import TargetQuestions
from gitsync.kube.client import Cluster
from gitsync.measurement.measure import Measurements
from gitsync.measurement.values import AwsCredentials, ProviderSettings
from gitsync.rollout.analysis.runs import make_run
from gitsync.rollout.routing.route import missing, route
from gitsync.rollout.values import Parts
from gitsync.settings import RuntimeSettings
from gitsync.supervisor import Supervisor


def provider_settings(settings: RuntimeSettings) -> ProviderSettings:
    """Named as the upstream controller's and the vendors' own tools name them."""
    variables = settings.metric_variables
    return ProviderSettings(
        namespace=settings.namespace,
        prometheus_address=variables.get("ARGO_ROLLOUTS_PROMETHEUS_ADDRESS", ""),
        datadog_address=variables.get("DD_ADDRESS", ""),
        datadog_api_key=variables.get("DD_API_KEY", ""),
        datadog_app_key=variables.get("DD_APP_KEY", ""),
        aws=AwsCredentials(
            access_key=variables.get("AWS_ACCESS_KEY_ID", ""),
            secret_key=variables.get("AWS_SECRET_ACCESS_KEY", ""),
            session_token=variables.get("AWS_SESSION_TOKEN", ""),
            region=variables.get("AWS_REGION", ""),
        ),
    )


def measurements(cluster: Cluster, settings: RuntimeSettings, *, now: Callable[[], datetime]) -> Measurements:
    """To be closed by whoever made it."""

    async def secrets(namespace: str, name: str) -> Mapping[str, str] | None:
        return await read_secret(cluster, namespace, name)

    return Measurements(secrets, ClusterJobs(cluster, manager=MANAGER), provider_settings(settings), now=now)


def controllers(
    cluster: Cluster,
    *,
    supervisor: Supervisor,
    now: Callable[[], datetime],
    measurements: Measurements,
    verifies_target_groups: bool = False,
) -> tuple[Controller, ...]:
    """All of them; a further one is added here. `cluster` and `supervisor` are for those that ask others."""
    balancers: BalancerQuestions | None = None
    targets: TargetQuestions | None = None
    if verifies_target_groups:
        reader = measurements.load_balancers()
        balancers = BalancerQuestions(reader, now=now)
        targets = TargetQuestions(reader, cluster, now=now)
    return (
        RolloutController(Parts(route, make_run, missing), now=now, balancers=balancers, targets=targets),
        AnalysisRunController(cluster, measurements, now=now),
        ExperimentController(now=now),
    )
