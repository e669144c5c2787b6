"""The runtime as a process: which part gets what, in which order parts start and stop, and its own HTTP port.

Puts together and decides nothing. Before it: `gitsync.cli.runtime`, which reads flags and environment. After it: all
other packages of `gitsync`.
"""
