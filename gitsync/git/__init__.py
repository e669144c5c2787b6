"""Repositories as the engine sees them: refs, trees, history, which paths changed between two commits, and new commits.

The only importer of pygit2. It never checks files out, changes a repository of a Git host only by pushing commits of
the commit queue, and knows nothing of Kubernetes. Before it: credentials that the runtime hands in; after it:
`gitsync.render` reads trees, `gitsync.reconcile` listens to moved refs and commits for people. Each mirror on disk has
one owner thread; the commit queue of a branch only adds objects to it.
"""
