"""The control plane at work: everything that requests, streams and runtimes share. Made once, by `api.lifespan`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.access.authorize import Authority
from api.access.favorites import Favorites
from api.access.oauth.client import OAuthClient
from api.access.sign_in import SignIn
from api.live.activity import Activity
from api.live.answers import SharedAnswers
from api.live.applications import LiveApplications
from api.live.changes import Changes
from api.live.runtimes import LiveRuntimes
from api.live.streams import OpenStreams
from api.live.tidings import Tidings
from api.live.trees import Trees
from api.replicas.dialled import LineServer
from api.replicas.roster import Roster
from api.runtimes.connected import ConnectedRuntimes
from api.runtimes.hosted import HostedProcesses
from api.runtimes.link import LinkServer
from api.settings import Settings
from api.supervisor import Supervisor
from model.database import Database


@dataclass(frozen=True, slots=True)
class ControlPlane:
    settings: Settings
    clock: Callable[[], datetime]
    database: Database
    connected: ConnectedRuntimes
    changes: Changes
    activity: Activity
    live: LiveApplications
    live_runtimes: LiveRuntimes
    answers: SharedAnswers
    trees: Trees
    streams: OpenStreams
    authority: Authority
    sign_in: SignIn
    oauth: OAuthClient
    favorites: Favorites
    link: LinkServer
    tidings: Tidings
    lines: LineServer
    roster: Roster
    hosted: HostedProcesses
    supervisor: Supervisor
