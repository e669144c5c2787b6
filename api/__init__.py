"""Lets people and programs see and steer: the control plane. `argosy serve` is the process.

It keeps what runtimes report in a read model, answers GraphQL from it, asks runtimes for what only they know (trees,
diffs, logs, Git permissions) while somebody looks, and passes on what people want done. It never talks to a cluster or
to a Git host of a runtime, and holds none of their credentials. `api.app` puts it together.
"""
