"""Speaks to Kubernetes clusters: connects, lists, watches, applies, deletes, and keeps a live picture of each cluster.

It never decides anything: what to apply comes from `gitsync.execute`, what health means comes in as a function.
`kubernetes_asyncio` is imported here only, and only for credentials that need a program or a token endpoint; requests,
lists and watches are bytes over aiohttp, decoded with msgspec, because typed models cost fifty times as much. Every
wait has a time limit, and its error names what was waited for. An unreachable cluster is a state of its cache, not an
exception that spreads.
"""
