"""The control plane's end of RuntimeLink: connections of runtimes, requests to them, and what they report.

Never looks at clusters or Git itself, never decides who may ask. Before it: `api.endpoints` (the socket); after it:
`model.store.report` (what is reported) and `api.live` (who is told).
"""
