"""HTTP and WebSocket routes: decoding requests, encoding answers, and nothing else.

Never decides who may do what, never runs SQL. Before it: `api.app` (the route table); after it: `api.schema`,
`api.access`, `api.runtimes`.
"""
