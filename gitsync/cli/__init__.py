"""Commands of `argosy` that run engine code: the runtime process, and what is said about files, offline.

Reads flags and prints; never decides. Before it: `api.cli`, which loads these by name, since control plane and engine
do not import each other. After it: `gitsync.runtime`, `gitsync.inspect` and the pure core.
"""
