"""The story of a push, and the parts that keep it going: loop, queue, comparison, sync, supervisor, status, link.

Decides when to look and when to act, and leaves the how to others: `gitsync.render` says what Git wants,
`gitsync.diff` and `gitsync.health` judge, `gitsync.plan` orders, `gitsync.execute` applies. Before it: watch events,
moved refs, and what `gitsync.serving` was asked to do. After it: the status of Applications and reports over the link.
It never talks to Git or Kubernetes except through the adapters, and only `supervisor` catches every exception.
"""
