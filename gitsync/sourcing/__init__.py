"""What Git wants of an application: its sources resolved, read, checked for signatures, rendered and remembered.

Never compares with a cluster. Before it: moved refs and changed specs. After it: `gitsync.reconcile.compare`, and the
syncs that apply what was rendered. Git and the rendering programs are reached only through `gitsync.git` and
`gitsync.render`.
"""
