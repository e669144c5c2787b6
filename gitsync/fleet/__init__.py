"""What is there: the home namespace with its applications, the clusters, and what each application may do where.

Follows objects and connections, and keeps them by name. Never compares, never syncs. Before it: watches of
`gitsync.kube`. After it: `gitsync.reconcile`, which looks at applications, and all who ask for a cluster or a permit.
"""
