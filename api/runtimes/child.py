"""`python -m api.runtimes.child PARENT_PID PROGRAM ARGUMENTS...`: becomes the program, but ends when its parent does.

On Linux the kernel sends the signal, so even a parent that was killed takes its child along. Elsewhere only a parent
that ends in order does.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the kernel was told
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - the program is our own interpreter


if __name__ == "__main__":
    main()
