"""What a sync will do, decided before anything is done: an ordered list of actions, each with its reason.

Pure: the same desired objects, live objects and options always give the same plan; time, cluster and luck have no say.
Never looks at dry_run (only `gitsync.execute` does) and never does what it decides. Before it: desired objects, live
objects and the set of those that differ (`gitsync.diff`); after it: `gitsync.execute`, which asks `next_step` before
each step.

The rules of order, first to last: phase; wave; within a wave prunes before applies; the table of kinds; name. A
Namespace or CustomResourceDefinition that something earlier needs is lifted just before it. Waves of prunes are
mirrored, so that what was created last goes first.
"""
