"""Typed views of the Kubernetes kinds we speak: what we read and write of them, never all that they hold.

A view is decoded from JSON and drops what it does not know; so a view is never sent back whole. Writes are patches
of the fields we own. Never does I/O. Before it: raw objects from `gitsync.kube`; after it: everything that decides.
"""
