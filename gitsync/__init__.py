"""Makes clusters agree with Git: the runtime. `python -m gitsync` is the process.

It renders what Git says, compares it with what clusters hold, plans and executes the difference, and reports.
It never serves people: what they see and ask comes through the control plane (`api`), which it only knows as
messages of `model.link`. The story of a push is `gitsync.reconcile.loop`.
"""
