"""A runtime's own log: for administrators, asked of the runtime, which keeps its newest lines without secrets."""

import gzip
import io
import re
import tarfile

from api.access.authorize import not_visible
from api.access.viewer import Viewer
from api.actions.registration import require_administrator
from api.actions.runtimes import runtime
from api.errors import Invalid
from api.plane import ControlPlane
from model.link_log import LogLine, ReadRuntimeLog, RuntimeLogAnswer

MOST_LINES = 4_000
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


async def runtime_log(
    plane: ControlPlane, viewer: Viewer, name: str, *, lines: int, component: str = ""
) -> tuple[LogLine, ...]:
    """Raises NotVisible, Forbidden, Invalid, RuntimeUnavailable, TookTooLong, Refused."""
    if await runtime(plane, viewer, name) is None:
        raise not_visible(f"runtime {name:.80}")
    require_administrator(viewer, "read logs of runtimes")
    if not 1 <= lines <= MOST_LINES:
        raise Invalid(f"between 1 and {MOST_LINES} lines can be read", field="lines")
    answer = await plane.connected.ask(name, ReadRuntimeLog(lines, component), RuntimeLogAnswer)
    return answer.lines


def archive(runtime_name: str, lines: tuple[LogLine, ...]) -> bytes:
    """A .tar.gz with one file for each component."""
    texts: dict[str, list[str]] = {}
    for line in lines:
        texts.setdefault(_UNFIT.sub("-", line.component).strip(".-") or "other", []).append(line.text)
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for component, written in sorted(texts.items()):
            content = "".join(f"{text}\n" for text in written).encode()
            info = tarfile.TarInfo(f"{runtime_name}/{component}.log")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
