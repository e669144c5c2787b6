"""The controllers and simulated nodes of the sandbox: what makes objects move.

They act as the controllers of a real cluster do, seen from outside: same fields, same conditions, same reasons. They
look at the store only through `gitsync.sandbox.objects.Objects`, follow its events and never poll, never sleep, never
run a container; what a container would do is read from what its manifest says (`behaviour`).
"""

from gitsync.sandbox.controllers.start import RunningControllers, start_controllers

__all__ = ["RunningControllers", "start_controllers"]
