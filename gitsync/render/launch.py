"""Started by `program.py` between the runtime and a renderer: gives up what a renderer must not have, then becomes it.

Runs as a bare script with nothing of this package in reach. Arguments: limits as JSON, then the program and its own.
"""

import ctypes
import json
import os
import resource
import sys

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000


def main() -> None:
    limits = json.loads(sys.argv[1])
    _leave_network(limits["processes"])
    for kind, value in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NOFILE, limits["files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (capped, capped))
    os.umask(0o077)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 # a list of arguments, no shell


def _leave_network(processes: int) -> None:
    """A namespace without any network, where the kernel lets us; proxies that lead nowhere stand behind it."""
    try:
        left = ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK) == 0
    except (OSError, AttributeError):
        left = False
    if left:
        # Counted per namespace, so that this does not count what else the same user runs.
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))


if __name__ == "__main__":
    main()
