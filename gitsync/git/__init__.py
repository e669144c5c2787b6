"""Repositories as the engine sees them: refs, trees, history, and which paths changed between two commits.

The only importer of pygit2. It never checks files out, never writes to a repository of a Git host, and knows nothing of
Kubernetes. Before it: credentials that the runtime hands in; after it: `gitsync.render` reads trees, and
`gitsync.reconcile` listens to moved refs. Each mirror on disk has exactly one owner thread.
"""
