"""What a runtime says of sources, sync windows and links of any application: one that was rendered again."""

from datetime import UTC, datetime

from model.link import (
    DeepLink,
    DeepLinksAnswer,
    GetDeepLinks,
    GetRendering,
    GetSyncWindows,
    ReadRuntimeLog,
    RequestBody,
    RuntimeLogAnswer,
)
from model.link_log import LogLine
from model.link_rendering import ReadPath, RenderingAnswer, SourceRendering
from model.link_window import SyncWindowInfo, SyncWindowsAnswer

RENDERED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


HARM = DeepLink("Harm", "javascript:alert(1)")  # as a runtime would send it that was taken over
UNSHOWN = "resource.links of argocd-cm, entry 2 (Traces) is not shown: its url names something that is not there"


def deep_links(body: RequestBody) -> DeepLinksAnswer:
    assert isinstance(body, GetDeepLinks)
    logs = DeepLink("Logs", f"https://logs.example.test/{body.application.name}", "Lines of all of its pods")
    return DeepLinksAnswer((logs, HARM), (UNSHOWN.replace("resource", "application"),))


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
