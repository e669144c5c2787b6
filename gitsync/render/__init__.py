"""From a source of an Application to its manifests: plain files, Jsonnet, Kustomize and Helm.

Programs see a private copy of what was read and nothing else: no other repository, no credentials, no network. It
knows nothing of clusters beyond what it is told. Before it: `gitsync.git` (trees); after it: `gitsync.manifest.prepare`
fills in what depends on the application. What was read is remembered as a closure, so that nothing is rendered twice
and a commit concerns only those who read what it changed.
"""
