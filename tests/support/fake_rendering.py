"""What a runtime says of the sources and sync windows of any application: one that was rendered again."""

from datetime import UTC, datetime

from model.link import GetRendering, GetSyncWindows, ReadRuntimeLog, RequestBody, RuntimeLogAnswer
from model.link_log import LogLine
from model.link_rendering import ReadPath, RenderingAnswer, SourceRendering
from model.link_window import SyncWindowInfo, SyncWindowsAnswer

RENDERED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def rendering(body: RequestBody) -> RenderingAnswer:
    assert isinstance(body, GetRendering)
    name = body.application.name
    source = SourceRendering(
        repo_url="https://git.example.com/apps.git",
        commit="1" * 40,
        type="Directory",
        path=f"apps/{name}",
        consulted=("ARGOCD_APP_NAME",),
        reads=(ReadPath("blob", f"apps/{name}/app.yaml", "2" * 40), ReadPath("absent", f"apps/{name}/Chart.yaml")),
        reads_total=2,
    )
    return RenderingAnswer((source,), (f"blob apps/{name}/app.yaml changed",), RENDERED_AT)


def sync_windows(body: RequestBody) -> SyncWindowsAnswer:
    assert isinstance(body, GetSyncWindows)
    return SyncWindowsAnswer((SyncWindowInfo("deny", "0 22 * * *", "2h", active=True, next_start=RENDERED_AT),))


def runtime_log(body: RequestBody) -> RuntimeLogAnswer:
    assert isinstance(body, ReadRuntimeLog)
    lines = (LogLine("gitsync.link", '{"event":"link is up"}'), LogLine("gitsync.sync", '{"event":"operation ended"}'))
    return RuntimeLogAnswer(tuple(line for line in lines if body.component in ("", line.component))[-body.lines :])
