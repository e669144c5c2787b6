"""Applies a plan to a cluster, and takes an application's objects away when it is deleted.

Before it: `gitsync.plan` says what is to be done and when the next wave may begin. After it: `gitsync.reconcile` writes
the results into the Application. It decides nothing about order or ownership, except the one check that nobody may
leave out: right before a deletion the object must still carry the mark of this very application. It never sleeps
through a wave: events of the live cache open the gate. Only here is `dry_run` looked at.
"""
