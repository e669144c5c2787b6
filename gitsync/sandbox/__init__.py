"""A Kubernetes API and a Git host in one process: what the demo runs on and what tests talk to.

It holds objects in memory and speaks the real protocol to kubectl, client-go, and our own engine. It never runs a
container, never reaches out to another machine, and is no part of the engine: the engine meets it only over HTTPS.
Order inside: `store` keeps and counts, `api` modules decide what a write means, `server` speaks HTTP; `controllers` and
`githost` stand beside them and see objects only through `objects.Objects`.
"""
