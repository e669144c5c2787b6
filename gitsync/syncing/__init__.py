"""An operation on an application from beginning to end: who asked, what it may do now, each attempt, the outcome.

The order of steps is planned by `gitsync.plan`, and `gitsync.execute` applies them; here is when, whether, and what is
told of it. Before it: `gitsync.reconcile.autosync`, and people who ask. After it: the status of the Application.
"""
