"""A Git host for the demo and the tests: bare repositories over smart HTTP, as a forge serves them.

Speaks the real protocol through the git program, so that every Git client works against it, and knows the few things
of a forge that the rest of Argosy looks at: who may read and write which repository, webhooks after a push, and a page
for a commit.

Never runs a hook, never follows a path out of its data folder, never contacts a host by itself except the webhooks it
was given. `gitsync.sandbox` starts and seeds it; clients are `gitsync.git`, the permission probe of `gitsync.access`,
and people's git.
"""

from gitsync.sandbox.githost.account import Access
from gitsync.sandbox.githost.fault import Fault, FaultKind
from gitsync.sandbox.githost.host import GitHost
from gitsync.sandbox.githost.limits import GitHostLimits
from gitsync.sandbox.githost.push import Push, RefMove
from gitsync.sandbox.githost.seed import Author, SeededCommit
from gitsync.sandbox.githost.webhook import Webhook

__all__ = [
    "Access",
    "Author",
    "Fault",
    "FaultKind",
    "GitHost",
    "GitHostLimits",
    "Push",
    "RefMove",
    "SeededCommit",
    "Webhook",
]
