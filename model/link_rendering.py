"""The messages of `model.link` that say what an application's sources read to be rendered, and why they were last."""

from datetime import datetime

from model.identity import ApplicationKey
from model.link_message import Message


class GetRendering(Message, frozen=True):
    """-> RenderingAnswer"""

    application: ApplicationKey


class ReadPath(Message, frozen=True):
    """One thing that was read. `kind`: blob, tree, listing, below (a listing with all beneath), or absent: that nothing
    was there was read too. `id` is what Git calls its content."""

    kind: str
    path: str
    id: str = ""


class SourceRendering(Message, frozen=True):
    """One source. `commit` is what was looked at, the version for a chart. `consulted` names what else its manifests
    depend on, such as the version of the cluster. `reads` may be cut; `reads_total` never is."""

    repo_url: str
    commit: str
    type: str = ""
    path: str = ""
    chart: str = ""
    ref: str = ""
    from_cache: bool = False
    consulted: tuple[str, ...] = ()
    reads: tuple[ReadPath, ...] = ()
    reads_total: int = 0


class RenderingAnswer(Message, frozen=True):
    """`rendered_at` is None where nothing was rendered since the runtime started: all was there from before."""

    sources: tuple[SourceRendering, ...]
    reasons: tuple[str, ...] = ()
    rendered_at: datetime | None = None
