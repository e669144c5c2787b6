"""The messages of `model.link` that add destination clusters to a runtime and take them away.

A cluster's credential goes one way only: to the runtime, which keeps it in its home cluster.
"""

import msgspec

from model.link_change import Author, Problem
from model.link_message import Message
from model.report import CommitInfo


class AddCluster(Message, frozen=True):
    """-> ClusterAnswer. `ca_data` is base64 of PEM, as in a kubeconfig; "": the system's authorities."""

    name: str
    server: str
    token: str
    author: Author
    operation_id: str
    ca_data: str = ""
    server_name: str = ""
    insecure: bool = False
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"AddCluster(name={self.name!r}, server={self.server!r})"


class RemoveCluster(Message, frozen=True):
    """-> ClusterAnswer. Nothing changes in the cluster itself."""

    server: str
    author: Author
    operation_id: str


class InstallRollouts(Message, frozen=True):
    """-> ClusterAnswer: the controller of Rollouts for this cluster, committed to the shared configuration. `image` "":
    the runtime's own."""

    cluster: str
    author: Author
    operation_id: str
    image: str = ""


class ClusterAnswer(Message, frozen=True):
    """`commit` is the one that did it; without, `notice` says why it is not in Git. Problems: nothing was done."""

    operation_id: str
    commit: CommitInfo | None = None
    notice: str = ""
    server_version: str = ""
    problems: tuple[Problem, ...] = ()


ClusterRequest = AddCluster | RemoveCluster | InstallRollouts
