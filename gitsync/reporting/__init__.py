"""What is told of applications: their status in the cluster, reports over the link, trees that somebody looks at.

Each of them writes or sends only what changed, and loses nothing when the other side is away. Never decides anything.
Before it: whoever changed a record. After it: the Kubernetes API, and `api.runtimes` at the other end of the link.
"""
