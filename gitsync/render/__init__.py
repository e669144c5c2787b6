"""From a source of an Application to its manifests, as plain files of YAML and JSON.

It runs no program, reads nothing but the files of one commit, and knows nothing of clusters. Before it: `gitsync.git`
(trees); after it: `gitsync.manifest.prepare` fills in what depends on the application. What was read is remembered as
a closure, so that nothing is rendered twice and a commit concerns only those who read what it changed.
"""
