"""The story of a push: the loop that looks at applications when there is a reason to, compares, and decides.

Decides when to look and when to act, and leaves the how to others: `gitsync.sourcing` says what Git wants,
`gitsync.diff` and `gitsync.health` judge, `gitsync.syncing` carries out, `gitsync.reporting` tells. Before it: watch
events, moved refs, and what `gitsync.serving` was asked to do. It never talks to Git or Kubernetes except through the
adapters.
"""
