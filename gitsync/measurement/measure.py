"""Answers the questions of one AnalysisRun, all of them at once."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from gitsync.manifest.object import JsonObject
from gitsync.measurement.cloud_watch import measure_cloud_watch
from gitsync.measurement.datadog import measure_datadog
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.graphite import measure_graphite
from gitsync.measurement.http import Http
from gitsync.measurement.influxdb import measure_influxdb
from gitsync.measurement.job import measure_job
from gitsync.measurement.load_balancers import LoadBalancers
from gitsync.measurement.new_relic import measure_new_relic
from gitsync.measurement.prometheus import measure_prometheus
from gitsync.measurement.values import JobStore, Provider, ProviderSettings, Reading, SecretReader, Task
from gitsync.measurement.web import measure_web
from gitsync.rollout.analysis.arguments import Arguments
from gitsync.rollout.analysis.values import Answer, Phase, Question

PROVIDERS: dict[str, Provider] = {
    "prometheus": measure_prometheus,
    "web": measure_web,
    "job": measure_job,
    "datadog": measure_datadog,
    "newRelic": measure_new_relic,
    "cloudWatch": measure_cloud_watch,
    "graphite": measure_graphite,
    "influxdb": measure_influxdb,
}
_AT_ONCE = 20


class Measurements:
    """One per runtime. `close` ends its connections."""

    def __init__(
        self,
        secrets: SecretReader,
        jobs: JobStore,
        settings: ProviderSettings,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._secrets = secrets
        self._jobs = jobs
        self._settings = settings
        self._now = now
        self._http = Http()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def close(self) -> None:
        await self._http.close()

    def load_balancers(self) -> LoadBalancers:
        return LoadBalancers(self._http, self._settings.aws, now=self._now)

    async def take(self, run: JsonObject, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """One answer for each question; a measurement that failed is an answer too."""
        return tuple(await asyncio.gather(*(self._one(run, question) for question in questions)))

    async def _one(self, run: JsonObject, question: Question) -> Answer:
        async with self._slots:
            started_at = self._now()
            settings = (question.body.get("provider") or {}).get(question.provider) or {}
            task = Task(
                run=run,
                metric=question.metric,
                settings=settings,
                action=question.action,
                number=question.number,
                measurement=question.measurement,
                now=started_at,
                http=self._http,
                secrets=self._secrets,
                jobs=self._jobs,
                defaults=self._settings,
            )
            reading = await _read(task, question.provider)
            return _answer(task, reading, started_at, self._now())


async def _read(task: Task, name: str) -> Reading:
    provider = PROVIDERS.get(name)
    if provider is None:
        known = ", ".join(PROVIDERS)
        return Reading(phase=Phase.ERROR, message=f"the metric provider {name} is not supported; there are {known}")
    try:
        return await provider(task)
    except MeasurementFailed as failure:
        about = (task.measurement or {}).get("metadata") or {}
        return Reading(phase=Phase.ERROR, message=failure.message, about_measurement=dict(about))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as failure:
        message = f"the answer of {name} is not as expected ({type(failure).__name__})"
        return Reading(phase=Phase.ERROR, message=message)


def _answer(task: Task, reading: Reading, started_at: datetime, now: datetime) -> Answer:
    hidden = Arguments({}, tuple(task.hidden))
    done = reading.phase is None or reading.phase.completed
    return Answer(
        metric=task.metric,
        started_at=started_at,
        finished_at=now if done else None,
        value=reading.value,
        shown=hidden.redacted(reading.shown),
        phase=reading.phase,
        message=hidden.redacted(reading.message),
        about_metric={key: hidden.redacted(value) for key, value in reading.about_metric.items()},
        about_measurement={key: hidden.redacted(value) for key, value in reading.about_measurement.items()},
        resume_at=reading.resume_at,
    )
