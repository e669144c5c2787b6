"""Runs controllers made of pure steps: follows the objects they look at, calls them, writes what they say.

One loop for all of them: a changed object queues itself, its owner and whoever is concerned; a pass gets everything
from memory and yields a `Step`; the step is written, and what was written is in memory before the next pass, so that
no pass acts on what it has changed already. Never decides anything: that is `gitsync.rollout`. Before it: the runtime,
which starts it; after it: `gitsync.kube`, through which everything is read and written.
"""
