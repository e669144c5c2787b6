"""RuntimeLink: the messages between a runtime and the control plane, and nothing about sockets.

The runtime dials one WebSocket at `/link` (header `Authorization: Bearer <runtime token>`); each binary frame is one
message of this module in msgpack. The story of a connection:

    runtime        ->  Hello(session, last_acknowledged)
    control plane  ->  Welcome(resume_after)          None: "send me a snapshot"
    runtime        ->  Report(seq, items) ...         at-least-once, `seq` strictly +1 within a session
    control plane  ->  Acknowledge(seq)               only after `items` are committed to its database
    control plane  ->  Request(id, body)              answered by exactly one Response, or by StreamItem* StreamEnd
    control plane  ->  Cancel(id)                     the asker is gone; the runtime stops the work, in silence
    control plane  ->  Hint(repo_urls)                a webhook came; only a hint: the runtime asks the Git host

A runtime keeps its reports until they are acknowledged. If its queue overflows, or the control plane does not know the
session, it sends a snapshot: Report(items=(SnapshotBegin(), ..., SnapshotEnd())), which may span several Reports;
what a finished snapshot does not mention is gone, executions aside, which are history. Item order within an
application is the order of its states.
"""

from datetime import datetime

import msgspec

from model.audit import AuditAnswers, AuditRequest
from model.identity import ApplicationKey
from model.link_access import AccessAnswers, AccessRequest
from model.link_act import DeleteObject as DeleteObject
from model.link_act import ObjectRef as ObjectRef
from model.link_act import RefreshApplication as RefreshApplication
from model.link_act import RollbackApplication as RollbackApplication
from model.link_act import RunAction as RunAction
from model.link_act import StartSync as StartSync
from model.link_act import TerminateOperation as TerminateOperation
from model.link_appset import ApplicationSetPreviewAnswer as ApplicationSetPreviewAnswer
from model.link_appset import PreviewApplicationSet as PreviewApplicationSet
from model.link_change import ChangeAnswers, ChangeRequest
from model.link_cluster import ClusterAnswer as ClusterAnswer
from model.link_cluster import ClusterRequest
from model.link_deep_link import DeepLink as DeepLink
from model.link_deep_link import DeepLinksAnswer as DeepLinksAnswer
from model.link_deep_link import GetDeepLinks as GetDeepLinks
from model.link_diff import ApplicationDiffAnswer as ApplicationDiffAnswer
from model.link_diff import DiffApplication as DiffApplication
from model.link_diff import ResourceChange as ResourceChange
from model.link_log import ReadRuntimeLog as ReadRuntimeLog
from model.link_log import RuntimeLogAnswer as RuntimeLogAnswer
from model.link_message import Message
from model.link_object import ActionInfo as ActionInfo
from model.link_object import DiffAnswer as DiffAnswer
from model.link_object import EventInfo as EventInfo
from model.link_object import FieldDifference as FieldDifference
from model.link_object import GetManagedResources as GetManagedResources
from model.link_object import GetResource as GetResource
from model.link_object import GetTree as GetTree
from model.link_object import HostSummary as HostSummary
from model.link_object import ManagedAnswer as ManagedAnswer
from model.link_object import ManagedResourceAnswer as ManagedResourceAnswer
from model.link_object import ResourceAnswer as ResourceAnswer
from model.link_object import TreeAnswer as TreeAnswer
from model.link_object import TreeChange as TreeChange
from model.link_object import TreeNode as TreeNode
from model.link_object import WatchTree as WatchTree
from model.link_release import CompareReleases as CompareReleases
from model.link_release import Deployed as Deployed
from model.link_release import ReleaseChangesAnswer as ReleaseChangesAnswer
from model.link_release import ReleasedResource as ReleasedResource
from model.link_rendering import GetRendering as GetRendering
from model.link_rendering import RenderingAnswer as RenderingAnswer
from model.link_report import ApplicationChanged as ApplicationChanged
from model.link_report import ApplicationRemoved as ApplicationRemoved
from model.link_report import ClusterChanged as ClusterChanged
from model.link_report import ClusterRemoved as ClusterRemoved
from model.link_report import ExecutionFinished as ExecutionFinished
from model.link_report import ReportItem as ReportItem
from model.link_report import RepositoryChanged as RepositoryChanged
from model.link_report import RuntimeChanged as RuntimeChanged
from model.link_report import SnapshotBegin as SnapshotBegin
from model.link_report import SnapshotEnd as SnapshotEnd
from model.link_rollout import GetRollout as GetRollout
from model.link_rollout import ListRollouts as ListRollouts
from model.link_rollout import RolloutRequest as RolloutRequest
from model.link_rollout import RolloutsAnswer as RolloutsAnswer
from model.link_rollout import SimulateRollout as SimulateRollout
from model.link_rollout import SimulationAnswer as SimulationAnswer
from model.link_rollout import SteerRollout as SteerRollout
from model.link_rollout import WatchRollout as WatchRollout
from model.link_setup import ConnectGitHost as ConnectGitHost
from model.link_setup import GitHostAnswer as GitHostAnswer
from model.link_window import GetSyncWindows as GetSyncWindows
from model.link_window import SyncWindowsAnswer as SyncWindowsAnswer
from model.operation import Phase
from model.report import (
    ApplicationSummary,
    CommitInfo,
)

PROTOCOL = 1
CHECKED = 4200  # closes a socket whose Hello only asked; without a reason: it would be let in
MAX_FRAME_BYTES = 16 * 1024 * 1024


# ---- connection


class Hello(Message, frozen=True):
    """`session` is new at every start of the runtime; `runtime` must be the name that the token was made for."""

    runtime: str
    version: str
    session: str
    last_acknowledged: int
    protocol: int = PROTOCOL
    check: bool = False  # only asks whether it would be let in: the socket is closed with CHECKED and what is wrong


class Welcome(Message, frozen=True):
    """`resume_after`: newest `seq` of this session committed here; None: unknown session, send a snapshot."""

    resume_after: int | None
    heartbeat_seconds: float = 15.0


class Heartbeat(Message, frozen=True):
    """Both ways, at least every `heartbeat_seconds`; three missed ones end the connection."""


# ---- reports


class Report(Message, frozen=True):
    seq: int
    items: tuple[ReportItem, ...]


class Acknowledge(Message, frozen=True):
    seq: int


class Hint(Message, frozen=True):
    """Repositories that may have changed, as clone URLs; empty: all."""

    repo_urls: tuple[str, ...] = ()


# ---- values that answers carry; those about objects are in `model.link_object`


class AccessVerdict(Message, frozen=True):
    """What Git lets a person do with a repository. `reason` says why not, or why it could not be found out.

    `unknown`: the Git host did not say (it is down, or too slow); `read` and `write` mean nothing then.
    """

    repo_url: str
    read: bool
    write: bool
    reason: str = ""
    unknown: bool = False


# ---- requests; the answer to each is named in its docstring


class WatchEvents(Message, frozen=True):
    """-> stream of EventInfo: those that exist, then new ones; of one resource, or of all of the application"""

    application: ApplicationKey
    resource: ObjectRef | None = None


class ReadLogs(Message, frozen=True):
    """-> stream of LogLines"""

    application: ApplicationKey
    pod: ObjectRef
    container: str | None = None
    tail_lines: int = 500
    follow: bool = True


class ProbeAccess(Message, frozen=True):
    """-> AccessAnswer. Asked with the person's own Git credential, which the runtime keeps."""

    person: str
    repo_urls: tuple[str, ...]


RequestBody = (
    GetTree
    | WatchTree
    | GetResource
    | GetManagedResources
    | DiffApplication
    | CompareReleases
    | GetRendering
    | GetDeepLinks
    | GetSyncWindows
    | ReadRuntimeLog
    | WatchEvents
    | ReadLogs
    | StartSync
    | RefreshApplication
    | TerminateOperation
    | DeleteObject
    | RunAction
    | RollbackApplication
    | ProbeAccess
    | AuditRequest
    | AccessRequest
    | ChangeRequest
    | ClusterRequest
    | ConnectGitHost
    | PreviewApplicationSet
    | RolloutRequest
)

StreamedRequest = WatchTree | WatchEvents | ReadLogs | WatchRollout
"""Those that are answered by a stream of bodies; all others by one."""


# ---- answers


class LogLines(Message, frozen=True):
    """Some lines of one container's log, oldest first, each (time or None, text)."""

    pod: str
    container: str
    lines: tuple[tuple[datetime | None, str], ...]
    last: bool = False


class OperationAnswer(Message, frozen=True):
    """The application as it is after the request was accepted, so that the asker reads its own write.

    `phase` is that of a started operation; None for what is done at once.
    """

    operation_id: str
    summary: ApplicationSummary | None = None
    phase: Phase | None = None
    message: str = ""
    ledger_commit: CommitInfo | None = None
    pull_request_urls: tuple[str, ...] = ()


class AccessAnswer(Message, frozen=True):
    verdicts: tuple[AccessVerdict, ...]


AnswerBody = (
    TreeAnswer
    | TreeChange
    | ResourceAnswer
    | ManagedAnswer
    | ApplicationDiffAnswer
    | ReleaseChangesAnswer
    | RenderingAnswer
    | DeepLinksAnswer
    | SyncWindowsAnswer
    | RuntimeLogAnswer
    | LogLines
    | EventInfo
    | OperationAnswer
    | AccessAnswer
    | AuditAnswers
    | AccessAnswers
    | ChangeAnswers
    | ClusterAnswer
    | GitHostAnswer
    | ApplicationSetPreviewAnswer
    | RolloutsAnswer
    | SimulationAnswer
)


class Refusal(Message, frozen=True):
    """Why a request has no answer. `code` is one of the API's MutationErrorCode names, or INTERNAL_SERVER_ERROR."""

    code: str
    message: str
    suggestion: str = ""
    field: str = ""


class Request(Message, frozen=True):
    """`deadline_seconds` is how long the asker waits; streams ignore it."""

    id: int
    body: RequestBody
    deadline_seconds: float = 10.0


class Cancel(Message, frozen=True):
    id: int


class Response(Message, frozen=True):
    id: int
    body: AnswerBody | Refusal


class StreamItem(Message, frozen=True):
    id: int
    body: AnswerBody


class StreamEnd(Message, frozen=True):
    """`error` is None at a regular end (a pod that has ended, for instance)."""

    id: int
    error: Refusal | None = None


FromRuntime = Hello | Report | Response | StreamItem | StreamEnd | Heartbeat
ToRuntime = Welcome | Acknowledge | Request | Cancel | Hint | Heartbeat

_encoder = msgspec.msgpack.Encoder()
_from_runtime: msgspec.msgpack.Decoder[FromRuntime] = msgspec.msgpack.Decoder(FromRuntime)
_to_runtime: msgspec.msgpack.Decoder[ToRuntime] = msgspec.msgpack.Decoder(ToRuntime)


def encode(message: FromRuntime | ToRuntime) -> bytes:
    return _encoder.encode(message)


def decode_from_runtime(frame: bytes) -> FromRuntime:
    """Raises msgspec.DecodeError (ValidationError for a wrong shape); the connection ends then."""
    return _from_runtime.decode(frame)


def decode_to_runtime(frame: bytes) -> ToRuntime:
    """Raises msgspec.DecodeError (ValidationError for a wrong shape); the connection ends then."""
    return _to_runtime.decode(frame)
