"""What people and the control plane ask of a runtime, answered: things shown, operations run, changes committed.

Each request of `model.link` finds its answer here: it is authorised with the person's own Git permission, then carried
out through the parts of the engine. Never reconciles and never decides what Git wants. Before it: `reconcile.link`,
which receives requests. After it: the engine's loop, the ledger, and the commit queue of `gitsync.git`.
"""
