"""How an object does, told from the object alone: health, tree badges, and the sentence that explains an application.

Pure and quick: called once per event of the cluster. Never looks at other objects, except `explain` and `aggregate`,
which are handed what they look at. Before it: live objects from `gitsync.kube`; after it: wave gates of `gitsync.plan`,
application status and tree of `gitsync.reconcile`.

`assess` dispatches by group and kind; each kind's rule has its own file and yields what Argo CD would, since users
build gates upon it. Where we deviate on purpose, the file of the kind says so.
"""
