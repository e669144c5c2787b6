"""What the runtime knows of one application: its record, the verdict on each object, its tree, its status.

Counters and values that an event changes at O(1), whatever the size of the application. Never asks Git or a cluster,
never starts anything. Before it: comparisons and events of `gitsync.reconcile`. After it: `gitsync.reporting`, which
tells, and `gitsync.syncing`, which acts.
"""
