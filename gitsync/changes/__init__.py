"""What people change in Git, as functions of a tree: which file holds an application, and what is to be in it after.

Reads the files of one commit and says which contents change; never commits, asks no host and no cluster. Before it:
`gitsync.reconcile` knows who asks and where; after it: the commit queue of `gitsync.git` calls these functions on the
newest commit, as often as somebody else was faster.
"""
